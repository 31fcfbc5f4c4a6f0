package network

import (
	"crypto"
	"crypto/tls"
	"io"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

func init() {
	suite.Register(suite.Case{
		ID:       "network/tls12-suites",
		Contract: "TLS 1.2 works with each ECDHE suite that Go offers, with RSA and ECDSA certificates, and carries data whole.",
		Source:   "RFC 5246, RFC 5289, RFC 7905; Go crypto/tls.CipherSuites",
		Breaks:   "Older servers and middleboxes cannot be reached: databases, LDAP, message brokers.",
		Needs:    []string{"loopback"},
		Run:      tls12Suites,
	}, suite.Case{
		ID:       "network/tls13-key-exchanges",
		Contract: "TLS 1.3 works with each group that Go offers: X25519, P-256, P-384, P-521 and X25519MLKEM768.",
		Source:   "RFC 8446, 4.2.7; draft-ietf-tls-ecdhe-mlkem; Go crypto/tls.CurveID",
		Breaks:   "No HTTPS: the assembly of a curve is wrong for this CPU.",
		Needs:    []string{"loopback"},
		Run:      tls13Groups,
	}, suite.Case{
		ID:       "network/tls13-signatures",
		Contract: "TLS 1.3 works with RSA, ECDSA and Ed25519 certificates.",
		Source:   "RFC 8446, 4.2.3; Go crypto/tls, SignatureScheme",
		Breaks:   "Servers with one kind of certificate cannot be reached.",
		Needs:    []string{"loopback"},
		Run:      tls13Signatures,
	}, suite.Case{
		ID:       "network/tls-client-certificate",
		Contract: "A server that wants a client's certificate gets it and verifies it, and refuses clients without one.",
		Source:   "RFC 8446, 4.3.2, 4.4.2 and 4.4.3; Go crypto/tls.RequireAndVerifyClientCert",
		Breaks:   "Kubernetes, etcd and service meshes: nobody gets in, or anybody.",
		Needs:    []string{"loopback"},
		Run:      clientCertificate,
	}, suite.Case{
		ID:       "network/tls-resumption",
		Contract: "A second connection resumes the first one's session, in TLS 1.2 and 1.3.",
		Source:   "RFC 5077; RFC 8446, 2.2; Go crypto/tls.ClientSessionCache",
		Breaks:   "Each connection costs a full handshake: many times the CPU time.",
		Needs:    []string{"loopback"},
		Run:      resumption,
	}, suite.Case{
		ID:       "network/tls-protocol-chosen",
		Contract: "Both ends agree on a protocol that both offer (ALPN), and end the handshake if there is none.",
		Source:   "RFC 7301, 3.2; Go crypto/tls.Config.NextProtos",
		Breaks:   "HTTP/2 and gRPC are not spoken, or by one end only.",
		Needs:    []string{"loopback"},
		Run:      protocolChosen,
	})
}

// talk makes a TLS connection, sends data there and back, and gives both ends' views.
func talk(t *suite.T, client, server *tls.Config) (a, b tls.ConnectionState, err error) {
	near, far := pair(t)
	defer near.Close()
	defer far.Close()
	ended := make(chan error, 1)
	go func() {
		conn := tls.Server(far, server)
		defer conn.Close()
		err := conn.Handshake()
		b = conn.ConnectionState()
		if err == nil {
			_, err = io.CopyN(conn, conn, int64(len(talked)))
		}
		ended <- err
	}()
	conn := tls.Client(near, client)
	err = conn.Handshake()
	a = conn.ConnectionState()
	if err == nil {
		sent := make(chan error, 1)
		go func() {
			_, err := conn.Write(talked)
			sent <- err
		}()
		got := make([]byte, len(talked))
		if _, err = io.ReadFull(conn, got); err == nil {
			err = <-sent
			same(t, "what was sent and sent back", got, talked)
		}
	}
	if err != nil {
		near.Close()
	}
	if failed := <-ended; failed != nil && err == nil {
		err = failed
	}
	return a, b, err
}

var talked = pattern(40_000)

func tls12Suites(t *suite.T) {
	for _, row := range []struct {
		key    func() (crypto.Signer, error)
		suites []uint16
	}{
		{rsaKey, []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256}},
		{ecdsaKey, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256}},
	} {
		certificate, pool := certified(t, row.key)
		for _, number := range row.suites {
			a, _, err := talk(t,
				&tls.Config{RootCAs: pool, ServerName: "localhost", MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{number}},
				&tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12})
			if name := tls.CipherSuiteName(number); err != nil {
				t.Errorf("%s: %s", name, codes.Describe(err))
			} else if a.Version != tls.VersionTLS12 || a.CipherSuite != number {
				t.Errorf("%s was asked for; %s with %s came", name, tls.VersionName(a.Version), tls.CipherSuiteName(a.CipherSuite))
			}
		}
	}
}

// tls13 is a connection with this version, asserted.
func tls13(t *suite.T, what string, client, server *tls.Config) tls.ConnectionState {
	client.MinVersion, client.ServerName = tls.VersionTLS13, "localhost"
	a, _, err := talk(t, client, server)
	if err != nil {
		t.Errorf("%s: %s", what, codes.Describe(err))
	} else if a.Version != tls.VersionTLS13 {
		t.Errorf("%s: %s was spoken", what, tls.VersionName(a.Version))
	}
	return a
}

func tls13Groups(t *suite.T) {
	certificate, pool := certified(t, ecdsaKey)
	for _, group := range []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521, tls.X25519MLKEM768} {
		a := tls13(t, group.String(), &tls.Config{RootCAs: pool, CurvePreferences: []tls.CurveID{group}},
			&tls.Config{Certificates: []tls.Certificate{certificate}})
		if a.Version == tls.VersionTLS13 && a.CurveID != group {
			t.Errorf("%v was asked for; %v came", group, a.CurveID)
		}
		t.Value("suite", tls.CipherSuiteName(a.CipherSuite))
	}
}

func tls13Signatures(t *suite.T) {
	for _, row := range []struct {
		name string
		key  func() (crypto.Signer, error)
	}{{"RSA", rsaKey}, {"ECDSA", ecdsaKey}, {"Ed25519", edKey}} {
		certificate, pool := certified(t, row.key)
		tls13(t, row.name, &tls.Config{RootCAs: pool}, &tls.Config{Certificates: []tls.Certificate{certificate}})
	}
}

func clientCertificate(t *suite.T) {
	certificate, pool := certified(t, ecdsaKey)
	server := &tls.Config{Certificates: []tls.Certificate{certificate}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool}
	client := &tls.Config{RootCAs: pool, ServerName: "localhost", Certificates: []tls.Certificate{certificate}}
	_, b, err := talk(t, client, server)
	works(t, "a client with a certificate", err)
	if len(b.VerifiedChains) == 0 || !b.PeerCertificates[0].Equal(certificate.Leaf) {
		t.Errorf("the server verified %d chains; one of the client's certificate was expected", len(b.VerifiedChains))
	}
	client.Certificates = nil
	if _, _, err := talk(t, client, server); err == nil {
		t.Errorf("a client without a certificate was let in")
	}
}

func resumption(t *suite.T) {
	certificate, pool := certified(t, ecdsaKey)
	server := &tls.Config{Certificates: []tls.Certificate{certificate}}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		client := &tls.Config{RootCAs: pool, ServerName: "localhost", MaxVersion: version, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
		for i, want := range []bool{false, true} {
			a, b, err := talk(t, client, server)
			works(t, tls.VersionName(version), err)
			if a.DidResume != want || b.DidResume != want {
				t.Errorf("%s, connection %d: resumed is %v at the client and %v at the server; %v was expected",
					tls.VersionName(version), i+1, a.DidResume, b.DidResume, want)
			}
		}
	}
}

func protocolChosen(t *suite.T) {
	certificate, pool := certified(t, ecdsaKey)
	server := &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"second", "first"}}
	client := &tls.Config{RootCAs: pool, ServerName: "localhost", NextProtos: []string{"other", "first"}}
	a, b, err := talk(t, client, server)
	works(t, "a protocol that both offer", err)
	if a.NegotiatedProtocol != "first" || b.NegotiatedProtocol != "first" {
		t.Errorf("the client speaks %q and the server %q; \"first\" was expected", a.NegotiatedProtocol, b.NegotiatedProtocol)
	}
	client.NextProtos = []string{"other"}
	if _, _, err := talk(t, client, server); err == nil {
		t.Errorf("a handshake without a common protocol succeeded")
	}
}
