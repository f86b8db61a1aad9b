// A registry that serves the referrers API of the OCI distribution specification, in memory, on a free port of
// 127.0.0.1, which it prints. The pinned registry server doesn't serve it.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"time"

	"cuelabs.dev/go/oci/ociregistry/ocimem"
	"cuelabs.dev/go/oci/ociregistry/ociserver"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(listener.Addr())
	server := &http.Server{Handler: ociserver.New(ocimem.New(), nil), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.Serve(listener))
}
