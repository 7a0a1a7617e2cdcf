// The story of tests/clients/story.py for Go: told through one call, printed as a JSON report.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

const (
	name         = "story"
	description  = "流日志 a+b & c=d ~ * ü"
	changed      = "changed: 'single' \"double\" %20 <tag>"
	stateSeconds = 20
	pause        = 50 * time.Millisecond
)

type values = map[string]any

// call makes one call of an action; a refusal is a *refusal.
type call func(action string, parameters values) (values, error)

// refusal is what a client reports of a refused call.
type refusal struct {
	Status    int    `json:"status"`
	Code      string `json:"code"`
	Message   string `json:"message"`
	RequestID string `json:"request_id"`
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.Status, r.Code, r.Message) }

func must(answer values, err error) values {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return answer
}

func only(from values, names ...string) values {
	kept := values{}
	for _, one := range names {
		kept[one] = from[one]
	}
	return kept
}

func until(condition func() bool, what string) {
	deadline := time.Now().Add(stateSeconds * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			must(nil, fmt.Errorf("not within %d s: %s", stateSeconds, what))
		}
		time.Sleep(pause)
	}
}

func tell(say call) {
	region := os.Getenv("WEIR_REGION")
	wanted := values{
		"RegionId":            region,
		"ResourceType":        "VPC",
		"ResourceId":          os.Getenv("WEIR_VPC_ID"),
		"TrafficType":         "All",
		"ProjectName":         os.Getenv("WEIR_PROJECT"),
		"LogStoreName":        os.Getenv("WEIR_LOG_STORE"),
		"FlowLogName":         name,
		"Description":         description,
		"AggregationInterval": 1,
		"TrafficPath":         []string{"all"},
	}
	created := must(say("CreateFlowLog", wanted))
	one := values{"RegionId": region, "FlowLogId": created["FlowLogId"]}
	page := func() []any {
		return must(say("DescribeFlowLogs", one))["FlowLogs"].(values)["FlowLog"].([]any)
	}
	described := func() values {
		found := page()[0].(values)
		found["TrafficPath"] = found["TrafficPath"].(values)["TrafficPathList"]
		return found
	}
	reach := func(state string) string {
		until(func() bool { return described()["Status"] == state }, "the flow log is "+state)
		return state
	}
	change := func(action string, more values) {
		parameters := values{"RegionId": region, "FlowLogId": created["FlowLogId"]}
		for key, value := range more {
			parameters[key] = value
		}
		must(say(action, parameters))
	}

	reach("Active")
	first := described()
	_, refused := say("CreateFlowLog", wanted)
	change("ModifyFlowLogAttribute", values{"Description": changed, "AggregationInterval": 5})
	reach("Active")
	modified := described()
	ids := []string{created["FlowLogId"].(string)}
	must(say("TagResources", values{
		"RegionId": region, "ResourceType": "FLOWLOG", "ResourceId": ids,
		"Tag": []map[string]string{{"Key": "team", "Value": "a/b c"}},
	}))
	tagged := values{}
	found := must(say("ListTagResources", values{"RegionId": region, "ResourceType": "FLOWLOG", "ResourceId": ids}))
	for _, tag := range found["TagResources"].(values)["TagResource"].([]any) {
		tagged[tag.(values)["TagKey"].(string)] = tag.(values)["TagValue"]
	}
	change("DeactiveFlowLog", nil)
	inactive := reach("Inactive")
	change("ActiveFlowLog", nil)
	active := reach("Active")
	change("DeleteFlowLog", nil)
	until(func() bool { return len(page()) == 0 }, "the flow log is gone")

	report, err := json.Marshal(values{
		"created": only(created, "FlowLogId", "Success"),
		"described": only(first, "Status", "FlowLogName", "Description", "RegionId", "ResourceType", "TrafficType",
			"ProjectName", "LogStoreName", "AggregationInterval", "TrafficPath", "IpVersion", "BusinessStatus"),
		"refused":  refused,
		"modified": only(modified, "Status", "FlowLogName", "Description", "AggregationInterval"),
		"tagged":   tagged,
		"states":   []string{inactive, active},
		"left":     must(say("DescribeFlowLogs", one))["TotalCount"],
	})
	must(nil, err)
	fmt.Println(string(report))
}
