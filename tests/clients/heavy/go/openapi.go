package main

import (
	"encoding/json"
	"errors"
	"os"

	openapi "github.com/alibabacloud-go/darabonba-openapi/v2/client"
	"github.com/alibabacloud-go/darabonba-openapi/v2/utils"
	"github.com/alibabacloud-go/tea/dara"
	"github.com/alibabacloud-go/tea/tea"
)

// openAPI is the engine under every generated Go client of the current SDK generation: ACS3 signatures. The parts of
// CallApi are those that the generated clients pass.
func openAPI() call {
	client, err := openapi.NewClient(&openapi.Config{
		AccessKeyId:     dara.String(os.Getenv("WEIR_ACCESS_KEY_ID")),
		AccessKeySecret: dara.String(os.Getenv("WEIR_ACCESS_KEY_SECRET")),
		Endpoint:        dara.String(os.Getenv("WEIR_ADDRESS")),
		Protocol:        dara.String("http"),
	})
	must(nil, err)
	return func(action string, parameters values) (values, error) {
		params := &openapi.Params{
			Action: dara.String(action), Version: dara.String("2016-04-28"), Protocol: dara.String("HTTPS"),
			Pathname: dara.String("/"), Method: dara.String("POST"), AuthType: dara.String("AK"),
			Style: dara.String("RPC"), ReqBodyType: dara.String("formData"), BodyType: dara.String("json"),
		}
		request := &openapi.OpenApiRequest{Query: utils.Query(parameters)}
		answer, err := client.CallApi(params, request, &dara.RuntimeOptions{})
		var failed *tea.SDKError
		if errors.As(err, &failed) {
			answer := struct{ RequestId string }{}
			must(nil, json.Unmarshal([]byte(*failed.Data), &answer))
			return nil, &refusal{*failed.StatusCode, *failed.Code, *failed.Message, answer.RequestId}
		}
		if err != nil {
			return nil, err
		}
		return answer["body"].(values), nil
	}
}
