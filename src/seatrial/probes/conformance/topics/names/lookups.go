package names

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/names/alone"
	"seatrial.example/conformance/topics/names/server"
)

func init() {
	suite.Register(suite.Case{
		ID:       "names/addresses-by-family",
		Contract: "A lookup finds the addresses of the family that was asked for: of both, of IPv4 only, of IPv6 only.",
		Source:   "RFC 1035, RFC 3596; package net, Resolver.LookupIP; Go net/dnsclient_unix.go",
		Breaks:   "Programs reach no host, or try only addresses that are not routed.",
		Needs:    []string{"loopback"},
		Run:      byFamily,
	}, suite.Case{
		ID:       "names/missing-told",
		Contract: "A name that does not exist, or has no such record, is `no such host`: IsNotFound, and nothing else.",
		Source:   "RFC 1035 4.1.1 (RCODE 3), RFC 2308; package net, DNSError",
		Breaks:   "Programs try again for ever, or take a failing server for a name that is gone.",
		Needs:    []string{"loopback"},
		Run:      missing,
	}, suite.Case{
		ID:       "names/failing-server-told",
		Contract: "A server that fails (SERVFAIL) or refuses is no missing name; a failing one is temporary.",
		Source:   "RFC 1035 4.1.1 (RCODE 2 and 5); Go net/dnsclient_unix.go, checkHeader",
		Breaks:   "A hiccup of the name server looks like a service that was taken down.",
		Needs:    []string{"loopback"},
		Run:      failing,
	}, suite.Case{
		ID:       "names/silence-times-out",
		Contract: "A server that does not answer: the lookup ends at its deadline, IsTimeout and not IsNotFound.",
		Source:   "package net, DNSError; package context, DeadlineExceeded; Go net/net.go, mapErr",
		Breaks:   "Requests hang beyond their deadline, or give up on a name that exists.",
		Needs:    []string{"loopback"},
		Run:      silence,
	}, suite.Case{
		ID:       "names/alias-followed",
		Contract: "A chain of aliases (CNAME) ends at the address, and names its last one.",
		Source:   "RFC 1034 3.6.2; package net, Resolver.LookupCNAME",
		Breaks:   "Hosts behind load balancers and content networks are not found.",
		Needs:    []string{"loopback"},
		Run:      alias,
	}, suite.Case{
		ID:       "names/truncated-asked-by-tcp",
		Contract: "An answer that is cut (TC) is asked for again by TCP, and is whole then.",
		Source:   "RFC 1035 4.2.1, RFC 7766; Go net/dnsclient_unix.go, exchange",
		Breaks:   "Services with many addresses are not found, or only some of them.",
		Needs:    []string{"loopback"},
		Run:      truncated,
	}, suite.Case{
		ID:       "names/malformed-survived",
		Contract: "Noise, cut messages, and answers to others' questions are passed over; the right answer is taken.",
		Source:   "RFC 5452 4; Go net/dnsclient_unix.go, dnsPacketRoundTrip",
		Breaks:   "Whoever sends packets to a port decides where programs connect to.",
		Needs:    []string{"loopback"},
		Run:      malformed,
	}, suite.Case{
		ID:       "names/larger-answers-offered",
		Contract: "A query says (EDNS0) that answers of 1232 bytes are welcome.",
		Source:   "RFC 6891; Go net/dnsclient_unix.go, maxDNSPacketSize",
		Breaks:   "Each larger answer takes a second query by TCP, which some networks do not let through.",
		Needs:    []string{"loopback"},
		Run:      offered,
	}, suite.Case{
		ID:       "names/other-records",
		Contract: "Mail servers come by preference, texts whole, services with port, name servers and reverse names as they are.",
		Source:   "RFC 1035 3.3, RFC 2782; package net, LookupMX, LookupTXT, LookupSRV, LookupNS, LookupAddr",
		Breaks:   "Service discovery, mail delivery and domain checks (ACME, SPF) fail.",
		Needs:    []string{"loopback"},
		Run:      otherRecords,
	}, suite.Case{
		ID:       "names/many-at-once",
		Contract: "Many lookups at once each get their own answer.",
		Source:   "package net, Resolver: safe for concurrent use; RFC 5452 9.1, query ids and ports",
		Breaks:   "Under load programs connect to another host than they asked for.",
		Needs:    []string{"loopback"},
		Run:      manyAtOnce,
	}, suite.Case{
		ID:       "names/numbers-need-no-server",
		Contract: "Addresses written as numbers are found without a question to any server.",
		Source:   "package net, LookupHost; RFC 1123 2.1; Go net/lookup.go, lookupIPAddr",
		Breaks:   "Programs that are given addresses fail where name resolution does.",
		Needs:    []string{"loopback"},
		Run:      numbers,
	})
}

func byFamily(t *suite.T) {
	own, resolver := asking(t)
	defer own.Close()
	for _, c := range []struct{ network, name, expected string }{
		{"ip", "both", "192.0.2.1 2001:db8::1"},
		{"ip4", "both", "192.0.2.1"},
		{"ip6", "both", "2001:db8::1"},
		{"ip", "four", "192.0.2.4"},
		{"ip", "six", "2001:db8::6"},
	} {
		if got, err := looked(t, resolver, c.network, full(c.name)); strings.Join(got, " ") != c.expected || err != nil {
			t.Errorf("%s of %s: %v (%v); %s was expected", c.network, full(c.name), got, err, c.expected)
		}
	}
}

// refusedAs expects lookups to fail in one way.
func refusedAs(t *suite.T, resolver *net.Resolver, network, name, expected, text string) {
	got, err := looked(t, resolver, network, full(name))
	if err == nil {
		t.Errorf("%s of %s: %v; an error was expected", network, full(name), got)
	} else if alone.Kind(err) != expected || !strings.Contains(err.Error(), text) {
		t.Errorf("%s of %s: %v (%s); %q (%s) was expected", network, full(name), err, alone.Kind(err), text, expected)
	}
}

func missing(t *suite.T) {
	own, resolver := asking(t)
	defer own.Close()
	refusedAs(t, resolver, "ip", "missing", "not found", "no such host")
	refusedAs(t, resolver, "ip", "empty", "not found", "no such host")
	refusedAs(t, resolver, "ip6", "four", "not found", "no such host")
}

func failing(t *suite.T) {
	own, resolver := asking(t)
	defer own.Close()
	refusedAs(t, resolver, "ip", "fails", "temporary", "server misbehaving")
	refusedAs(t, resolver, "ip", "refused", "", "server misbehaving")
}

func silence(t *suite.T) {
	own, resolver := asking(t)
	defer own.Close()
	patience := t.Patience(30 * time.Millisecond)
	began := time.Now()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	found, err := resolver.LookupIP(ctx, "ip4", full("silent"))
	took := time.Since(began)
	if err == nil || !strings.HasPrefix(alone.Kind(err), "time-out") || took < patience || took > patience+t.Patience(2*time.Second) {
		t.Fatalf("after %v, of %v: %v, %v (%s); a time-out was expected", took, patience, found, err, alone.Kind(err))
	}
}

func alias(t *suite.T) {
	own, resolver := asking(t)
	defer own.Close()
	if got, err := looked(t, resolver, "ip4", full("alias")); err != nil || strings.Join(got, " ") != "192.0.2.4" {
		t.Errorf("%s: %v (%v); 192.0.2.4 was expected", full("alias"), got, err)
	}
	ctx, cancel := enough(t)
	defer cancel()
	// Of a longer chain Go names one or the other, by whether the answer without address comes first (Go 1.27).
	if last, err := resolver.LookupCNAME(ctx, full("once")); last != full("four") || err != nil {
		t.Errorf("the last alias is %q (%v); %q was expected", last, err, full("four"))
	}
}

func truncated(t *suite.T) {
	own, resolver := asking(t)
	defer own.Close()
	byUDP(t, own)
	got, err := looked(t, resolver, "ip4", full("large"))
	asked := own.Asked()
	if len(got) != server.Many || err != nil || !slices.Contains(asked, "tcp A large."+server.Zone) {
		t.Fatalf("%d addresses (%v) of %d; the server was asked %q", len(got), err, server.Many, asked)
	}
}

func malformed(t *suite.T) {
	own, resolver := asking(t)
	defer own.Close()
	byUDP(t, own)
	if got, err := looked(t, resolver, "ip4", full("malformed")); err != nil || strings.Join(got, " ") != "192.0.2.7" {
		t.Fatalf("after four messages that are no answers: %v (%v); 192.0.2.7 was expected", got, err)
	}
}

func offered(t *suite.T) {
	own, resolver := asking(t)
	defer own.Close()
	if _, err := looked(t, resolver, "ip4", full("four")); err != nil {
		t.Fatalf("%v", err)
	}
	if size := own.Offered(); size != 1232 {
		t.Fatalf("the server was offered %d bytes; 1232 was expected", size)
	}
}

func otherRecords(t *suite.T) {
	own, resolver := asking(t)
	defer own.Close()
	ctx, cancel := enough(t)
	defer cancel()
	check := func(what string, got []string, err error, expected ...string) {
		if err != nil || !slices.Equal(got, expected) {
			t.Errorf("%s: %q (%v); %q was expected", what, got, err, expected)
		}
	}
	var got []string
	mails, err := resolver.LookupMX(ctx, full("mail"))
	for _, mail := range mails {
		got = append(got, fmt.Sprint(mail.Pref, " ", mail.Host))
	}
	check("mail servers", got, err, "10 "+full("early"), "20 "+full("late"))
	texts, err := resolver.LookupTXT(ctx, full("text"))
	check("texts", texts, err, "one two")
	_, services, err := resolver.LookupSRV(ctx, "ship", "tcp", server.Zone+".")
	got = nil
	for _, service := range services {
		got = append(got, fmt.Sprint(service.Priority, " ", service.Weight, " ", service.Port, " ", service.Target))
	}
	check("services", got, err, "5 7 443 "+full("four"))
	keepers, err := resolver.LookupNS(ctx, full("zone"))
	got = nil
	for _, keeper := range keepers {
		got = append(got, keeper.Host)
	}
	check("name servers", got, err, full("keeper"))
	hosts, err := resolver.LookupAddr(ctx, "192.0.2.4")
	check("reverse names", hosts, err, full("four"))
}

func manyAtOnce(t *suite.T) {
	own, resolver := asking(t)
	defer own.Close()
	var pool sync.WaitGroup
	for i := range server.Many {
		pool.Go(func() {
			name, expected := full(fmt.Sprint("n", i)), fmt.Sprintf("192.0.2.%d", i+1)
			if got, err := looked(t, resolver, "ip4", name); err != nil || strings.Join(got, " ") != expected {
				t.Errorf("%s: %v (%v); %s was expected", name, got, err, expected)
			}
		})
	}
	pool.Wait()
}

func numbers(t *suite.T) {
	own, resolver := asking(t)
	defer own.Close()
	for _, number := range []string{"192.0.2.33", "2001:db8::33", "127.0.0.1", "::1"} {
		if suite.Planted("names-numbers-asked") {
			looked(t, resolver, "ip", full("four"))
		}
		if got, err := looked(t, resolver, "ip", number); err != nil || strings.Join(got, " ") != number {
			t.Errorf("%s: %v (%v)", number, got, err)
		}
	}
	if asked := own.Asked(); len(asked) != 0 {
		t.Errorf("the server was asked %q", asked)
	}
}
