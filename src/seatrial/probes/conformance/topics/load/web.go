package load

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
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
		Seconds:  20,
		Run:      keptAlive,
	}, suite.Case{
		ID:       "load/http-connection-each",
		Contract: "net/http serves 400 requests on a connection each, closed after it, without an error.",
		Source:   "package net/http, Request.Close; RFC 9112, 9.6",
		Breaks:   "Health checks and short-lived clients use up ports or descriptors.",
		Needs:    []string{"threads", "loopback"},
		Seconds:  20,
		Run:      connectionEach,
	}, suite.Case{
		ID:       "load/tls-handshakes",
		Contract: "Of 300 TLS handshakes (1.2, 1.3, resumed ones), sixteen at a time, none fails, and data passes.",
		Source:   "package crypto/tls; RFC 8446; RFC 5246",
		Breaks:   "Clients are refused now and then, for reasons nobody finds.",
		Needs:    []string{"threads", "loopback"},
		Seconds:  20,
		Run:      handshakes,
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
	ctx, cancel := context.WithTimeout(context.Background(), t.Patience(15*time.Second))
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
	if n := opened.Load(); failed.count == 0 && n != connections {
		t.Errorf("%d connections were made for %d clients: they were not kept alive, or shared", n, connections)
	}
}

func connectionEach(t *suite.T) {
	const requests, atOnce = 400, 16
	url, opened, stop := server(t)
	defer stop()
	client := &http.Client{Transport: &http.Transport{}}
	ctx, cancel := context.WithTimeout(context.Background(), t.Patience(15*time.Second))
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

// identity is a certificate for "loopback.example", and who trusts it.
func identity() (tls.Certificate, *x509.CertPool, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"loopback.example"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, trusted, nil
}

func handshakes(t *suite.T) {
	const connections, atOnce = 300, 16
	certificate, trusted, err := identity()
	if err != nil {
		t.Fatalf("no certificate could be made: %v", err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}})
	if err != nil {
		t.Unknown("no listener on loopback: %v", err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				io.Copy(conn, conn)
			}()
		}
	}()
	caches := []tls.ClientSessionCache{nil, tls.NewLRUClientSessionCache(4)}
	patience := t.Patience(10 * time.Second)
	var failed errorsSeen
	var resumed atomic.Int64
	inParallel(connections, atOnce, func(i int) {
		config := &tls.Config{RootCAs: trusted, ServerName: "loopback.example", ClientSessionCache: caches[i/2%2]}
		config.MaxVersion = []uint16{tls.VersionTLS12, tls.VersionTLS13}[i%2]
		failed.add(echo(listener.Addr().String(), config, patience, &resumed))
	})
	failed.judge(t, "handshakes", connections)
	if failed.count == 0 && resumed.Load() == 0 {
		t.Errorf("no handshake was resumed, although half of the clients kept their sessions")
	}
}

// echo sends 20,000 bytes and gets them back.
func echo(address string, config *tls.Config, patience time.Duration, resumed *atomic.Int64) error {
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: patience}, "tcp", address, config)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	if conn.ConnectionState().DidResume {
		resumed.Add(1)
	}
	sent := bytes.Repeat([]byte("0123456789"), 2000)
	if _, err := conn.Write(sent); err != nil {
		return err
	}
	back := make([]byte, len(sent))
	if _, err := io.ReadFull(conn, back); err != nil {
		return err
	}
	if !bytes.Equal(back, sent) {
		return errors.New("other bytes came back than were sent")
	}
	return nil
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
