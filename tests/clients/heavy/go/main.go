package main

import (
	"fmt"
	"os"
)

func main() {
	clients := map[string]func() call{"sdk": typed, "common": common, "openapi": openAPI}
	client, known := clients[os.Args[1]]
	if !known {
		must(nil, fmt.Errorf("no client %q", os.Args[1]))
	}
	tell(client())
}
