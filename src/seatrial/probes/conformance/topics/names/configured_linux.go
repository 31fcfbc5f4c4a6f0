package names

import (
	"slices"
	"strings"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/names/alone"
)

func init() {
	suite.Register(suite.Case{
		ID:       "names/hosts-file-first",
		Contract: "A name in /etc/hosts has the address that stands there, both ways, and no server is asked.",
		Source:   "hosts(5), nsswitch.conf(5); Go net/conf.go, net/hosts.go",
		Breaks:   "Containers and tests that pin names reach the real host.",
		Needs:    []string{"self-exec"},
		Run:      hostsFirst,
	}, suite.Case{
		ID:       "names/search-domains",
		Contract: "A short name is tried with the search domains in turn, one with enough dots (ndots) as it is first.",
		Source:   "resolv.conf(5), search and ndots; Go net/dnsconfig_unix.go",
		Breaks:   "Services of a Kubernetes namespace do not find each other, or ask five times for each name.",
		Needs:    []string{"self-exec"},
		Run:      searchDomains,
	}, suite.Case{
		ID:       "names/next-server",
		Contract: "When the first name server cannot be reached, or fails, the next one is asked.",
		Source:   "resolv.conf(5), nameserver; Go net/dnsclient_unix.go, tryOneName",
		Breaks:   "One name server down is an outage.",
		Needs:    []string{"self-exec"},
		Run:      nextServer,
	}, suite.Case{
		ID:       "names/configured-time-out",
		Contract: "Servers that do not answer: the lookup ends after timeout × attempts of resolv.conf, as a time-out.",
		Source:   "resolv.conf(5), timeout and attempts; Go net/dnsclient_unix.go",
		Breaks:   "Each lookup takes 10 seconds while a name server is down, whatever the operator set.",
		Needs:    []string{"self-exec"},
		Run:      configuredTimeOut,
	}, suite.Case{
		ID:       "names/resolver-told",
		Contract: "A pure Go program says (GODEBUG=netdns=2) that Go's resolver looks in files, then asks DNS.",
		Source:   "package net, \"Name Resolution\"; nsswitch.conf(5); Go net/conf.go",
		Breaks:   "Nobody can tell why a name resolves otherwise here than there.",
		Needs:    []string{"self-exec"},
		Run:      resolverTold,
	}, suite.Case{
		ID:       "names/localhost-needs-no-server",
		Contract: "localhost is this machine, with no server at all.",
		Source:   "RFC 6761 6.3; hosts(5)",
		Breaks:   "Programs that talk to their own side-car fail where the name server does.",
		Needs:    []string{"self-exec"},
		Run:      localhost,
	}, suite.Case{
		ID:       "names/connects-without-ipv6",
		Contract: "On a machine without IPv6 a name with addresses of both families is connected to by IPv4.",
		Source:   "RFC 6555; package net, Dialer.FallbackDelay; Go net/dial.go, net/addrselect.go",
		Breaks:   "Programs fail at the first IPv6 address, although the other one works.",
		Needs:    []string{"self-exec"},
		Run:      withoutIPv6,
	})
}

func hostsFirst(t *suite.T) {
	setting := alone.Setting{Resolv: alone.ToResolv(), Hosts: "192.0.2.77 hosts.seatrial.test by-hand # told by hand\n"}
	outcomes := alone.Check(t, setting, []alone.Want{
		{Lookup: alone.Lookup{Kind: "ip", Name: "hosts.seatrial.test"}, Found: "192.0.2.77"},
		{Lookup: alone.Lookup{Kind: "ip", Name: "by-hand"}, Found: "192.0.2.77"},
		{Lookup: alone.Lookup{Kind: "addr", Name: "192.0.2.77"}, Found: "hosts.seatrial.test. by-hand"},
	})
	for _, o := range outcomes {
		if len(o.Asked) != 0 {
			t.Errorf("for a name in /etc/hosts the server was asked %q", o.Asked)
		}
	}
}

func searchDomains(t *suite.T) {
	setting := alone.Setting{Resolv: alone.ToResolv("search nowhere.test seatrial.test", "options ndots:2")}
	outcomes := alone.Check(t, setting, []alone.Want{
		{Lookup: alone.Lookup{Kind: "ip4", Name: "ship.sea"}, Found: "192.0.2.9"},
		{Lookup: alone.Lookup{Kind: "ip4", Name: "four.seatrial.test"}, Kind: "", Found: "192.0.2.4"},
	})
	inTurn := [][]string{
		{"udp A ship.sea.nowhere.test", "udp A ship.sea.seatrial.test"},
		{"udp A four.seatrial.test"},
	}
	for i, expected := range inTurn {
		if !slices.Equal(outcomes[i].Asked, expected) {
			t.Errorf("the server was asked %q; %q was expected", outcomes[i].Asked, expected)
		}
	}
}

func nextServer(t *suite.T) {
	setting := alone.Setting{Resolv: "nameserver 127.0.0.9\nnameserver 127.0.0.1\noptions timeout:2\n"}
	alone.Check(t, setting, []alone.Want{{Lookup: alone.Lookup{Kind: "ip4", Name: "four.seatrial.test."}, Found: "192.0.2.4"}})
}

func configuredTimeOut(t *suite.T) {
	setting := alone.Setting{Resolv: alone.ToResolv("options timeout:1 attempts:1")}
	outcomes := alone.Check(t, setting, []alone.Want{{
		Lookup: alone.Lookup{Kind: "ip4", Name: "silent.seatrial.test."}, Kind: "time-out, temporary", Text: "i/o timeout",
	}})
	if took := outcomes[0].Milliseconds; took < 990 || took > 4000 {
		t.Errorf("it ended after %d ms; 1000 were configured", took)
	}
}

func resolverTold(t *suite.T) {
	setting := alone.Setting{Resolv: alone.ToResolv(), Lookups: []alone.Lookup{{Kind: "ip4", Name: "four.seatrial.test."}}}
	_, said := alone.Ask(t, setting, "GODEBUG=netdns=2")
	const expected = "hostLookupOrder(four.seatrial.test.) = files,dns"
	if !strings.Contains(said, expected) || strings.Contains(said, "cgo DNS resolver") {
		t.Fatalf("it says %q; %q was expected", said, expected)
	}
}

func localhost(t *suite.T) {
	setting := alone.Setting{Resolv: "", Hosts: "127.0.0.1 localhost\n::1 localhost\n"}
	outcomes := alone.Check(t, setting, []alone.Want{
		{Lookup: alone.Lookup{Kind: "ip4", Name: "localhost"}, Found: "127.0.0.1"},
		{Lookup: alone.Lookup{Kind: "ip", Name: "localhost"}, Found: "127.0.0.1 ::1"},
	})
	for _, o := range outcomes {
		if len(o.Asked) != 0 {
			t.Errorf("for localhost the server was asked %q", o.Asked)
		}
	}
}

func withoutIPv6(t *suite.T) {
	setting := alone.Setting{Resolv: alone.ToResolv(), NoIPv6: true}
	alone.Check(t, setting, []alone.Want{{Lookup: alone.Lookup{Kind: "dial", Name: "local.seatrial.test."}, Found: "127.0.0.1:7777"}})
}
