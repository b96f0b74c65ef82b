// Servers with net/http, which listen with MPTCP unless told not to: server PORT4 PORT6
// PORT_DUAL. Each answers with "ADDRESS PORT" of its peer, and "mptcp" or "tcp".
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
)

type connection struct{}

func kind(r *http.Request) string {
	c := r.Context().Value(connection{}).(*net.TCPConn)
	if used, err := c.MultipathTCP(); err == nil && used {
		return "mptcp"
	}
	return "tcp"
}

func answer(w http.ResponseWriter, r *http.Request) {
	host, port, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Fprintf(w, "%s %s %s\n", host, port, kind(r))
}

func serve(network, port string, done chan error) {
	l, err := net.Listen(network, ":"+port)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{
		Handler: http.HandlerFunc(answer),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connection{}, c)
		},
	}
	done <- server.Serve(l)
}

func main() {
	done := make(chan error)
	for i, network := range []string{"tcp4", "tcp6", "tcp"} {
		go serve(network, os.Args[1+i], done)
	}
	log.Fatal(<-done)
}
