package load

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"sync/atomic"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "load/tls-handshakes",
		Contract: "Of 300 TLS handshakes (1.2, 1.3, resumed ones), sixteen at a time, none fails, and data passes.",
		Source:   "package crypto/tls; RFC 8446; RFC 5246",
		Breaks:   "Clients are refused now and then, for reasons nobody finds.",
		Needs:    []string{"threads", "loopback"},
		Seconds:  60,
		Run:      handshakes,
	})
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
	patience := t.Patience(30 * time.Second)
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
