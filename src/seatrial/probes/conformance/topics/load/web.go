package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "load/http-kept-alive",
		Contract: "net/http serves 1,000 connections at once, each used for three requests, without an error.",
		Source:   "package net/http, Transport and Server; RFC 9112, 9.3",
		Breaks:   "Services lose requests when many clients stay connected.",
		Needs:    []string{"threads", "loopback"},
		Seconds:  60,
		Run:      keptAlive,
	}, suite.Case{
		ID:       "load/http-connection-each",
		Contract: "net/http serves 400 requests on a connection each, closed after it, without an error.",
		Source:   "package net/http, Request.Close; RFC 9112, 9.6",
		Breaks:   "Health checks and short-lived clients use up ports or descriptors.",
		Needs:    []string{"threads", "loopback"},
		Seconds:  60,
		Run:      connectionEach,
	}, suite.Case{
		ID:       "load/read-deadlines",
		Contract: "Of 500 connections that read with a deadline and get nothing, each is told that its time is over, once.",
		Source:   "package net, Conn.SetReadDeadline; Go runtime/netpoll.go",
		Breaks:   "Idle connections are never closed: servers run out of descriptors.",
		Needs:    []string{"threads", "loopback"},
		Seconds:  20,
		Run:      readDeadlines,
	})
}

// server serves on loopback, and counts the connections.
func server(t *suite.T) (url string, opened *atomic.Int64, stop func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Unknown("no listener on loopback: %v", err)
	}
	opened = new(atomic.Int64)
	s := &http.Server{
		ErrorLog: log.New(io.Discard, "", 0),
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			w.Write(append(body, " answered"...))
		}),
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				opened.Add(1)
			}
		},
	}
	go s.Serve(listener)
	return "http://" + listener.Addr().String(), opened, func() { s.Close() }
}

// errorsSeen counts errors, and keeps the first.
type errorsSeen struct {
	lock  sync.Mutex
	count int
	first error
}

func (e *errorsSeen) add(err error) {
	if err == nil {
		return
	}
	e.lock.Lock()
	defer e.lock.Unlock()
	if e.count++; e.first == nil {
		e.first = err
	}
}

// judge fails the case if there were any.
func (e *errorsSeen) judge(t *suite.T, what string, tried int) {
	t.Value(what, tried)
	t.Value("errors", e.count)
	if e.count > 0 {
		t.Errorf("%d of %d %s failed, the first with: %v", e.count, tried, what, e.first)
	}
}

func ask(ctx context.Context, client *http.Client, url, question string, last bool) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader([]byte(question)))
	if err != nil {
		return err
	}
	request.Close = last
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && string(body) != question+" answered" {
		err = fmt.Errorf("the answer to %q is %q", question, body)
	}
	return err
}

func keptAlive(t *suite.T) {
	const connections, rounds = 1000, 3
	if limit := descriptors(); limit < 2*connections+100 {
		t.NA("%d connections, both ends in one process, need more than the %d descriptors that it may have (RLIMIT_NOFILE)",
			connections, limit)
	}
	url, opened, stop := server(t)
	defer stop()
	transport := &http.Transport{MaxIdleConns: connections, MaxIdleConnsPerHost: connections}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	ctx, cancel := context.WithTimeout(context.Background(), t.Patience(50*time.Second))
	defer cancel()
	var failed errorsSeen
	for range rounds {
		// All are connected before the first is answered, so that each has its own connection.
		var pool sync.WaitGroup
		var begun atomic.Int64
		everybody := make(chan struct{})
		for i := range connections {
			pool.Go(func() {
				reader, writer := io.Pipe()
				go func() {
					fmt.Fprintf(writer, "question %d", i)
					if begun.Add(1) == connections {
						close(everybody)
					}
					select {
					case <-everybody:
					case <-ctx.Done():
					}
					writer.Close()
				}()
				request, _ := http.NewRequestWithContext(ctx, http.MethodPost, url, reader)
				response, err := client.Do(request)
				if err != nil {
					failed.add(err)
					return
				}
				defer response.Body.Close()
				body, err := io.ReadAll(response.Body)
				if err == nil && string(body) != fmt.Sprintf("question %d answered", i) {
					err = fmt.Errorf("the answer to question %d is %q", i, body)
				}
				failed.add(err)
			})
		}
		pool.Wait()
	}
	failed.judge(t, "requests", rounds*connections)
	// A connection whose request is not told to be written 50 ms after its answer is not used again (net/http,
	// maxWriteWaitBeforeConnReuse): that is so for some on a busy machine.
	if n := opened.Load(); failed.count == 0 && (n < connections || n > 2*connections) {
		t.Errorf("%d connections were made for %d clients: they were not kept alive, or shared", n, connections)
	}
}

func connectionEach(t *suite.T) {
	const requests, atOnce = 400, 16
	url, opened, stop := server(t)
	defer stop()
	client := &http.Client{Transport: &http.Transport{}}
	ctx, cancel := context.WithTimeout(context.Background(), t.Patience(50*time.Second))
	defer cancel()
	var failed errorsSeen
	inParallel(requests, atOnce, func(i int) {
		failed.add(ask(ctx, client, url, fmt.Sprint("question ", i), true))
	})
	failed.judge(t, "requests", requests)
	if n := opened.Load(); failed.count == 0 && n != requests {
		t.Errorf("%d connections were made for %d requests", n, requests)
	}
}

// inParallel runs tasks, so many at once.
func inParallel(tasks, atOnce int, run func(i int)) {
	var pool sync.WaitGroup
	var next atomic.Int64
	for range atOnce {
		pool.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= tasks {
					return
				}
				run(i)
			}
		})
	}
	pool.Wait()
}

func readDeadlines(t *suite.T) {
	const connections = 500
	if limit := descriptors(); limit < 2*connections+100 {
		t.NA("%d connections, both ends in one process, need more than the %d descriptors that it may have (RLIMIT_NOFILE)",
			connections, limit)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Unknown("no listener on loopback: %v", err)
	}
	defer listener.Close()
	accepted := make(chan net.Conn, connections)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			accepted <- conn
		}
	}()
	var failed errorsSeen
	var clients []net.Conn
	defer func() {
		for _, conn := range clients {
			conn.Close()
		}
		for range len(accepted) {
			(<-accepted).Close()
		}
	}()
	for range connections {
		conn, err := net.DialTimeout("tcp", listener.Addr().String(), t.Patience(5*time.Second))
		if err != nil {
			failed.add(err)
			break
		}
		clients = append(clients, conn)
	}
	var pool sync.WaitGroup
	for i, conn := range clients {
		pool.Go(func() {
			limit := time.Duration(10+i%20) * time.Millisecond
			began := time.Now()
			conn.SetReadDeadline(began.Add(limit))
			_, err := conn.Read(make([]byte, 1))
			var timeout net.Error
			switch {
			case !errors.As(err, &timeout) || !timeout.Timeout():
				failed.add(fmt.Errorf("a read that should have run out of time gave %v", err))
			case time.Since(began) < limit:
				failed.add(fmt.Errorf("a deadline in %v was over after %v", limit, time.Since(began)))
			}
		})
	}
	pool.Wait()
	failed.judge(t, "reads", connections)
}
