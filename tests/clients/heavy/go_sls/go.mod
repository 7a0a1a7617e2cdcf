module weir.test/sls

go 1.23

require (
	github.com/aliyun/aliyun-log-go-sdk v0.1.100
	github.com/gogo/protobuf v1.3.2
)
