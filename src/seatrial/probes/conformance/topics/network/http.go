package network

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

func init() {
	suite.Register(suite.Case{
		ID:       "network/http-keep-alive",
		Contract: "Requests one after the other use one connection.",
		Source:   "RFC 9112, 9.3; Go net/http.Transport",
		Breaks:   "Each request costs a connection; clients run out of ports.",
		Needs:    []string{"loopback"},
		Run:      httpKeepAlive,
	}, suite.Case{
		ID:       "network/http2",
		Contract: "Over TLS HTTP/2 is spoken, and requests at the same time share one connection.",
		Source:   "RFC 9113, 3.2 and 5; Go net/http, \"HTTP/2\"",
		Breaks:   "gRPC, Kubernetes and etcd clients do not work.",
		Needs:    []string{"loopback"},
		Run:      http2,
	}, suite.Case{
		ID:       "network/http-shutdown",
		Contract: "A server that shuts down takes no new connections and finishes the requests it has.",
		Source:   "Go net/http.Server.Shutdown; close(2), accept(2)",
		Breaks:   "Each deployment breaks requests, or never ends.",
		Needs:    []string{"loopback"},
		Run:      httpShutdown,
	}, suite.Case{
		ID:       "network/http-hijack",
		Contract: "After a 101 answer the connection is a plain one, both ways at once.",
		Source:   "RFC 9110, 15.2.2; RFC 6455, 1.2; Go net/http.Hijacker",
		Breaks:   "WebSockets, kubectl exec and tunnels do not work.",
		Needs:    []string{"loopback"},
		Run:      httpHijack,
	}, suite.Case{
		ID:       "network/http-flush",
		Contract: "What a server flushes is at the client before the answer ends.",
		Source:   "RFC 9112, 7.1; Go net/http.Flusher; WHATWG HTML, Server-sent events",
		Breaks:   "Event streams, logs and watches stand still.",
		Needs:    []string{"loopback"},
		Run:      httpFlush,
	})
}

// serving is a server on the loopback interface and a client without proxies; stop ends both.
func serving(t *suite.T, handler http.Handler, secure bool) (url string, client *http.Client, server *http.Server, opened *atomic.Int32, stop func()) {
	opened = new(atomic.Int32)
	server = &http.Server{Handler: handler, ConnState: func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}}
	transport := &http.Transport{ForceAttemptHTTP2: secure}
	client = &http.Client{Transport: transport, Timeout: t.Patience(5 * time.Second)}
	listener := listening(t)
	url = "http://" + listener.Addr().String()
	if secure {
		certificate, pool := certified(t, ecdsaKey)
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
		url = "https://" + listener.Addr().String()
		go server.ServeTLS(listener, "", "")
	} else {
		go server.Serve(listener)
	}
	return url, client, server, opened, func() {
		transport.CloseIdleConnections()
		server.Close()
	}
}

// echo reads all before it answers: HTTP/1 is not spoken both ways at once.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if text, err := io.ReadAll(r.Body); err == nil {
		w.Write(text)
	}
})

// echoed sends a text to be sent back, and says with which protocol it came.
func echoed(client *http.Client, url string, text []byte) (proto string, err error) {
	response, err := client.Post(url, "application/octet-stream", bytes.NewReader(text))
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	got, err := io.ReadAll(response.Body)
	if err == nil && !bytes.Equal(got, text) {
		err = fmt.Errorf("%d bytes were sent and %d others came back", len(text), len(got))
	}
	return response.Proto, err
}

func httpKeepAlive(t *suite.T) {
	url, client, _, opened, stop := serving(t, echo, false)
	defer stop()
	for i := range 10 {
		if _, err := echoed(client, url, pattern(1000*i)); err != nil {
			t.Fatalf("request %d: %s", i+1, codes.Describe(err))
		}
	}
	// Beside busy programs net/http may give up a connection whose writer is late (maxWriteWaitBeforeConnReuse).
	if n := opened.Load(); n > 5 {
		t.Fatalf("10 requests used %d connections; 1 was expected, or few on a busy machine", n)
	}
}

func http2(t *suite.T) {
	url, client, _, opened, stop := serving(t, echo, true)
	defer stop()
	if _, err := echoed(client, url, pattern(100)); err != nil {
		t.Fatalf("a request: %s", codes.Describe(err))
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			if proto, err := echoed(client, url, pattern(20_000+i)); err != nil || proto != "HTTP/2.0" {
				t.Errorf("request %d: %q, %s; HTTP/2.0 was expected", i, proto, codes.Describe(err))
			}
		})
	}
	all.Wait()
	if n := opened.Load(); n != 1 {
		t.Errorf("9 requests used %d connections; 1 was expected", n)
	}
}

func httpShutdown(t *suite.T) {
	begun, proceed := make(chan bool), make(chan bool)
	url, client, server, _, stop := serving(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-proceed
		echo(w, r)
	}), false)
	defer stop()
	answered := make(chan error, 1)
	go func() {
		_, err := echoed(client, url, pattern(3000))
		answered <- err
	}()
	select {
	case <-begun:
	case err := <-answered:
		t.Fatalf("the request did not arrive: %s", codes.Describe(err))
	}
	ended := make(chan error, 1)
	closed := make(chan bool)
	server.RegisterOnShutdown(func() { close(closed) })
	limit, cancel := context.WithTimeout(context.Background(), t.Patience(3*time.Second))
	defer cancel()
	go func() { ended <- server.Shutdown(limit) }()
	<-closed // by now its listeners are
	_, err := net.Dial("tcp4", url[len("http://"):])
	fails(t, "connecting during the shutdown", err, refused)
	select {
	case err := <-ended:
		t.Errorf("the shutdown ended before the request (%s)", codes.Describe(err))
		ended <- err
	default:
	}
	close(proceed)
	works(t, "the request that was there", <-answered)
	works(t, "the shutdown", <-ended)
}

func httpHijack(t *suite.T) {
	url, _, _, _, stop := serving(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, both, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Errorf("taking the connection: %s", codes.Describe(err))
			return
		}
		defer conn.Close()
		both.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		both.Flush()
		io.Copy(conn, both)
	}), false)
	defer stop()
	conn, err := net.Dial("tcp4", url[len("http://"):])
	works(t, "connecting", err)
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(t.Patience(3 * time.Second)))
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	works(t, "asking", err)
	reader := bufio.NewReader(conn)
	response, err := http.ReadResponse(reader, nil)
	works(t, "the answer", err)
	if response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("the answer is %s; 101 was expected", response.Status)
	}
	for i := range 5 {
		text, got := pattern(10+i*1000), make([]byte, 10+i*1000)
		_, err := conn.Write(text)
		works(t, "sending", err)
		_, err = io.ReadFull(reader, got)
		works(t, "reading what is sent back", err)
		same(t, "a message", got, text)
	}
}

func httpFlush(t *suite.T) {
	const events = 30 // of a read and of one that finds nothing each: a fault in every fifth call meets some
	seen := make(chan bool)
	stopped := make(chan bool)
	url, client, _, _, stop := serving(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		flush := http.NewResponseController(w)
		for i := range events {
			fmt.Fprintf(w, "data: %d\n", i)
			if err := flush.Flush(); err != nil {
				t.Errorf("flushing: %s", codes.Describe(err))
			}
			select {
			case <-seen: // the next one goes out only when this one has arrived
			case <-stopped:
				return
			}
		}
	}), false)
	defer stop()
	defer close(stopped)
	response, err := client.Get(url)
	works(t, "asking", err)
	defer response.Body.Close()
	reader := bufio.NewReader(response.Body)
	for i := range events {
		line, err := reader.ReadString('\n')
		if want := fmt.Sprintf("data: %d\n", i); line != want {
			t.Fatalf("event %d came as %q (%s); %q was expected", i, line, codes.Describe(err), want)
		}
		seen <- true
	}
	if _, err := reader.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last event: %s; the end was expected", codes.Describe(err))
	}
}
