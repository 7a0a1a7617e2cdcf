package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/vpc"
)

func key() *credentials.AccessKeyCredential {
	return credentials.NewAccessKeyCredential(os.Getenv("WEIR_ACCESS_KEY_ID"), os.Getenv("WEIR_ACCESS_KEY_SECRET"))
}

// typed is the generated client of alibaba-cloud-sdk-go: a struct per request.
func typed() call {
	client, err := vpc.NewClientWithOptions(os.Getenv("WEIR_REGION"), sdk.NewConfig().WithScheme("HTTP"), key())
	must(nil, err)
	client.Domain = os.Getenv("WEIR_ADDRESS")
	requestOf := map[string]func() any{
		"CreateFlowLog":          func() any { return vpc.CreateCreateFlowLogRequest() },
		"DescribeFlowLogs":       func() any { return vpc.CreateDescribeFlowLogsRequest() },
		"ModifyFlowLogAttribute": func() any { return vpc.CreateModifyFlowLogAttributeRequest() },
		"TagResources":           func() any { return vpc.CreateTagResourcesRequest() },
		"ListTagResources":       func() any { return vpc.CreateListTagResourcesRequest() },
		"DeactiveFlowLog":        func() any { return vpc.CreateDeactiveFlowLogRequest() },
		"ActiveFlowLog":          func() any { return vpc.CreateActiveFlowLogRequest() },
		"DeleteFlowLog":          func() any { return vpc.CreateDeleteFlowLogRequest() },
	}
	return func(action string, parameters values) (values, error) {
		request := requestOf[action]()
		for name, value := range parameters {
			set(reflect.ValueOf(request).Elem().FieldByName(name), value)
		}
		method := reflect.ValueOf(client).MethodByName(action)
		results := method.Call([]reflect.Value{reflect.ValueOf(request)})
		if failed, ok := results[1].Interface().(error); ok {
			return nil, reported(failed)
		}
		return document(results[0].Interface().(responses.AcsResponse)), nil
	}
}

// set puts a plain value into a field of a request: text, a number kept as text, or a pointer to a list.
func set(field reflect.Value, value any) {
	switch one := value.(type) {
	case []string:
		field.Set(reflect.ValueOf(&one))
	case []map[string]string:
		list := reflect.New(field.Type().Elem())
		for _, element := range one {
			item := reflect.New(list.Elem().Type().Elem()).Elem()
			for name, text := range element {
				item.FieldByName(name).SetString(text)
			}
			list.Elem().Set(reflect.Append(list.Elem(), item))
		}
		field.Set(list)
	default:
		field.SetString(fmt.Sprint(one))
	}
}

// common is the untyped request of the same SDK, which the aliyun command line is made of.
func common() call {
	client, err := sdk.NewClientWithOptions(os.Getenv("WEIR_REGION"), sdk.NewConfig(), key())
	must(nil, err)
	return func(action string, parameters values) (values, error) {
		request := requests.NewCommonRequest()
		request.Method, request.Scheme = "POST", "http"
		request.Domain, request.Version, request.ApiName = os.Getenv("WEIR_ADDRESS"), "2016-04-28", action
		for name, value := range parameters {
			switch one := value.(type) {
			case []string:
				for at, text := range one {
					request.QueryParams[fmt.Sprintf("%s.%d", name, at+1)] = text
				}
			case []map[string]string:
				for at, element := range one {
					for field, text := range element {
						request.QueryParams[fmt.Sprintf("%s.%d.%s", name, at+1, field)] = text
					}
				}
			default:
				request.QueryParams[name] = fmt.Sprint(one)
			}
		}
		response, err := client.ProcessCommonRequest(request)
		if err != nil {
			return nil, reported(err)
		}
		return document(response), nil
	}
}

func document(response responses.AcsResponse) values {
	found := values{}
	must(nil, json.Unmarshal(response.GetHttpContentBytes(), &found))
	return found
}

func reported(err error) error {
	var failed *sdkerrors.ServerError
	if !errors.As(err, &failed) {
		return err
	}
	return &refusal{failed.HttpStatus(), failed.ErrorCode(), failed.Message(), failed.RequestId()}
}
