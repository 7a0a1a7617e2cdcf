// The log service's story of tests/clients/sls_story.py through aliyun-log-go-sdk: its client, producer and consumer.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"sync"
	"time"

	sls "github.com/aliyun/aliyun-log-go-sdk"
	consumer "github.com/aliyun/aliyun-log-go-sdk/consumer"
	"github.com/aliyun/aliyun-log-go-sdk/producer"
	"github.com/gogo/protobuf/proto"
)

const (
	rows        = 20
	waitSeconds = 60
)

var (
	endpoint = os.Getenv("WEIR_SLS_ENDPOINT")
	id       = os.Getenv("WEIR_ACCESS_KEY_ID")
	secret   = os.Getenv("WEIR_ACCESS_KEY_SECRET")
	project  = os.Getenv("WEIR_PROJECT")
	store    = os.Getenv("WEIR_LOG_STORE")
)

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func note(number int) string { return fmt.Sprintf("row-%02d", number) }

// put sends the first rows one group each by the client.
func put(client sls.ClientInterface) {
	for number := 0; number < rows; number++ {
		content := &sls.LogContent{Key: proto.String("note"), Value: proto.String(note(number))}
		log := &sls.Log{Time: proto.Uint32(uint32(time.Now().Unix())), Contents: []*sls.LogContent{content}}
		group := &sls.LogGroup{Topic: proto.String("t"), Source: proto.String("s"), Logs: []*sls.Log{log}}
		check(client.PutLogs(project, store, group))
	}
}

// answers counts what the producer reports of every log's batch.
type answers struct {
	left   sync.WaitGroup
	failed error
}

func (a *answers) Success(*producer.Result) { a.left.Done() }

func (a *answers) Fail(result *producer.Result) {
	a.failed = errors.New(result.GetErrorMessage())
	a.left.Done()
}

// produce sends the second rows by the producer. That it was answered is what counts: closing it may hang in the SDK.
func produce() {
	config := producer.GetDefaultProducerConfig()
	config.Endpoint, config.AccessKeyID, config.AccessKeySecret = endpoint, id, secret
	config.AllowLogLevel = "error"
	made := must(producer.NewProducer(config))
	made.Start()
	told := &answers{}
	for number := rows; number < 2*rows; number++ {
		log := producer.GenerateLog(uint32(time.Now().Unix()), map[string]string{"note": note(number)})
		told.left.Add(1)
		check(made.SendLogWithCallBack(project, store, "t", "s", log, told))
	}
	told.left.Wait()
	check(told.failed)
}

func notesOf(groups *sls.LogGroupList) (found []string) {
	for _, group := range groups.LogGroups {
		for _, log := range group.Logs {
			for _, content := range log.Contents {
				if content.GetKey() == "note" {
					found = append(found, content.GetValue())
				}
			}
		}
	}
	return found
}

func pull(client sls.ClientInterface, shards []*sls.Shard) (found []string) {
	for _, shard := range shards {
		cursor := must(client.GetCursor(project, store, shard.ShardID, "begin"))
		end := must(client.GetCursor(project, store, shard.ShardID, "end"))
		for cursor != end {
			groups, next, err := client.PullLogs(project, store, shard.ShardID, cursor, end, 7)
			check(err)
			found = append(found, notesOf(groups)...)
			cursor = next
		}
	}
	sort.Strings(found)
	return found
}

// consume reads everything with the consumer library, in order across the split.
func consume() []string {
	var lock sync.Mutex
	var found []string
	worker := consumer.InitConsumerWorkerWithCheckpointTracker(consumer.LogHubConfig{
		Endpoint: endpoint, AccessKeyID: id, AccessKeySecret: secret, Project: project, Logstore: store,
		ConsumerGroupName: "go-readers", ConsumerName: "one", CursorPosition: consumer.BEGIN_CURSOR,
		InOrder: true, HeartbeatIntervalInSecond: 1, AutoCommitIntervalInMS: 1000, AllowLogLevel: "error",
	}, func(_ int, groups *sls.LogGroupList, tracker consumer.CheckPointTracker) (string, error) {
		lock.Lock()
		defer lock.Unlock()
		found = append(found, notesOf(groups)...)
		return "", tracker.SaveCheckPoint(true)
	})
	worker.Start()
	deadline := time.Now().Add(waitSeconds * time.Second)
	for time.Now().Before(deadline) {
		lock.Lock()
		count := len(found)
		lock.Unlock()
		if count >= 2*rows {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	worker.StopAndWait()
	return found
}

func main() {
	out := os.Stdout
	os.Stdout = os.Stderr // the libraries print
	client := sls.CreateNormalInterface(endpoint, id, secret, "")
	check(client.CreateLogStore(project, store, 7, 1, false, 64))
	key := sls.IndexKey{Token: []string{","}, Type: "text", DocValue: true}
	check(client.CreateIndex(project, store, sls.Index{Keys: map[string]sls.IndexKey{"note": key}}))
	put(client)
	must(client.SplitShard(project, store, 0, "80000000000000000000000000000000"))
	produce()
	shards := must(client.ListShards(project, store))
	from, to := time.Now().Unix()-3600, time.Now().Unix()+60
	found := must(client.GetLogs(project, store, "", from, to, "note: row-0*", 100, 0, false))
	count := must(client.GetLogsV3(project, store, &sls.GetLogRequest{From: from, To: to, Query: "* | SELECT count(1) AS n"}))
	histogram := must(client.GetHistograms(project, store, "", from, to, "*"))
	_, missing := client.GetLogStore(project, "absent")
	var refused *sls.Error
	errors.As(missing, &refused)
	notes := []string{}
	for _, row := range found.Logs {
		notes = append(notes, row["note"])
	}
	sort.Strings(notes)
	states := []string{}
	for _, shard := range shards {
		states = append(states, shard.Status)
	}
	told := map[string]any{
		"shards": states, "found": notes, "count": count.Logs[0]["n"], "histogram": histogram.Count,
		"pulled": pull(client, shards), "consumed": consume(), "missing": refused.Code,
	}
	io.WriteString(out, string(must(json.Marshal(told))))
}
