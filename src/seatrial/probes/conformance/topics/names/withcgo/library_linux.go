package withcgo

import "C" // without it this would be in programs too whose package net does not call the C library

import (
	"fmt"
	"slices"
	"strings"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/names/alone"
	"seatrial.example/conformance/topics/names/server"
)

func init() {
	suite.Register(suite.Case{
		ID:       "names/c-library-by-family",
		Contract: "getaddrinfo finds the addresses of the family that was asked for: of both, of IPv4 only, of IPv6 only.",
		Source:   "getaddrinfo(3); Go net/cgo_unix.go, cgoLookupHostIP",
		Breaks:   "Programs built with cgo reach no host, or try only addresses that are not routed.",
		Needs:    []string{"self-exec"},
		Run:      byFamily,
	}, suite.Case{
		ID:       "names/c-library-missing-told",
		Contract: "Of a name that does not exist, or has no such address, getaddrinfo says EAI_NONAME or EAI_NODATA: no such host.",
		Source:   "getaddrinfo(3), EAI_NONAME and EAI_NODATA; Go net/cgo_unix.go",
		Breaks:   "Programs try again for ever, or take a failing server for a name that is gone.",
		Needs:    []string{"self-exec"},
		Run:      missing,
	}, suite.Case{
		ID:       "names/c-library-failing-told",
		Contract: "Of a server that fails getaddrinfo says EAI_AGAIN: temporary, and not that the name is missing.",
		Source:   "getaddrinfo(3), EAI_AGAIN; Go net/cgo_unix.go, addrinfoErrno.Temporary",
		Breaks:   "A hiccup of the name server looks like a service that was taken down.",
		Needs:    []string{"self-exec"},
		Run:      failing,
	}, suite.Case{
		ID:       "names/c-library-silence-ends",
		Contract: "When no server answers getaddrinfo says EAI_AGAIN, after the timeout and the attempts of resolv.conf.",
		Source:   "resolv.conf(5), timeout and attempts; getaddrinfo(3)",
		Breaks:   "A thread for each lookup waits for ever; in the end there are no more threads.",
		Needs:    []string{"self-exec"},
		Run:      silence,
	}, suite.Case{
		ID:       "names/c-library-follows-alias",
		Contract: "getaddrinfo follows a chain of aliases (CNAME) to the address.",
		Source:   "RFC 1034 3.6.2; getaddrinfo(3)",
		Breaks:   "Hosts behind load balancers and content networks are not found.",
		Needs:    []string{"self-exec"},
		Run:      alias,
	}, suite.Case{
		ID:       "names/c-library-asks-by-tcp",
		Contract: "getaddrinfo asks by TCP again when an answer is cut (TC), and has all addresses then.",
		Source:   "RFC 7766; resolv.conf(5); musl 1.2.4, release notes: DNS over TCP",
		Breaks:   "On an older musl services with many addresses are not found (Kubernetes head-less services).",
		Needs:    []string{"self-exec"},
		Run:      truncated,
	}, suite.Case{
		ID:       "names/c-library-hosts-file-first",
		Contract: "A name in /etc/hosts has the address that stands there, and no server is asked.",
		Source:   "hosts(5), nsswitch.conf(5)",
		Breaks:   "Containers and tests that pin names reach the real host.",
		Needs:    []string{"self-exec"},
		Run:      hostsFirst,
	}, suite.Case{
		ID:       "names/c-library-search-domains",
		Contract: "A short name is tried with the search domains in turn.",
		Source:   "resolv.conf(5), search and ndots",
		Breaks:   "Services of a Kubernetes namespace do not find each other.",
		Needs:    []string{"self-exec"},
		Run:      searchDomains,
	}, suite.Case{
		ID:       "names/c-library-reverse",
		Contract: "getnameinfo finds the name of an address.",
		Source:   "getnameinfo(3), NI_NAMEREQD; Go net/cgo_unix.go, cgoLookupAddrPTR",
		Breaks:   "Logs and access rules by name do not work.",
		Needs:    []string{"self-exec"},
		Run:      reverse,
	}, suite.Case{
		ID:       "names/c-library-many-at-once",
		Contract: "getaddrinfo may be called from many threads at once; each gets its own answer.",
		Source:   "getaddrinfo(3), ATTRIBUTES: MT-Safe; Go net/cgo_unix.go, a thread for each lookup",
		Breaks:   "Under load programs connect to another host than they asked for, or crash.",
		Needs:    []string{"self-exec", "threads"},
		Run:      manyAtOnce,
	}, suite.Case{
		ID:       "names/c-library-told",
		Contract: "A program with cgo that is told to (GODEBUG=netdns=cgo) asks the C library, and says so.",
		Source:   "package net, \"Name Resolution\"; Go net/conf.go",
		Breaks:   "Nobody can tell why a name resolves otherwise here than there.",
		Needs:    []string{"self-exec"},
		Run:      told,
	})
}

const askLibrary = "GODEBUG=netdns=cgo"

func full(name string) string { return name + "." + server.Zone + "." }

func ip(kind, name string) alone.Lookup { return alone.Lookup{Kind: kind, Name: name} }

// quick is a resolv.conf with which failing takes a second at most.
var quick = alone.Setting{Resolv: alone.ToResolv("options timeout:1 attempts:1")}

func byFamily(t *suite.T) {
	alone.Check(t, quick, []alone.Want{
		{Lookup: ip("ip", full("both")), Found: "192.0.2.1 2001:db8::1"},
		{Lookup: ip("ip4", full("both")), Found: "192.0.2.1"},
		{Lookup: ip("ip6", full("both")), Found: "2001:db8::1"},
		{Lookup: ip("ip", full("four")), Found: "192.0.2.4"},
		{Lookup: ip("ip", full("six")), Found: "2001:db8::6"},
	}, askLibrary)
}

func missing(t *suite.T) {
	alone.Check(t, quick, []alone.Want{
		{Lookup: ip("ip", full("missing")), Kind: "not found", Text: "no such host"},
		{Lookup: ip("ip", full("empty")), Kind: "not found", Text: "no such host"},
	}, askLibrary)
}

func failing(t *suite.T) {
	alone.Check(t, quick, []alone.Want{{Lookup: ip("ip4", full("fails")), Kind: "temporary"}}, askLibrary)
}

func silence(t *suite.T) {
	outcomes := alone.Check(t, quick, []alone.Want{{Lookup: ip("ip4", full("silent")), Kind: "temporary"}}, askLibrary)
	if took := outcomes[0].Milliseconds; took < 900 || took > 4000 {
		t.Errorf("it ended after %d ms; 1000 were configured", took)
	}
}

func alias(t *suite.T) {
	alone.Check(t, quick, []alone.Want{{Lookup: ip("ip4", full("alias")), Found: "192.0.2.4"}}, askLibrary)
}

func truncated(t *suite.T) {
	setting := quick
	setting.Lookups = []alone.Lookup{ip("ip4", full("large"))}
	outcomes, _ := alone.Ask(t, setting, askLibrary)
	got := outcomes[0]
	asked := slices.Contains(got.Asked, "tcp A large."+server.Zone)
	if len(got.Found) != server.Many || !asked {
		t.Fatalf("%d addresses of %d (%s); the server was asked %q", len(got.Found), server.Many, got.Error, got.Asked)
	}
}

func hostsFirst(t *suite.T) {
	setting := alone.Setting{Resolv: quick.Resolv, Hosts: "192.0.2.77 hosts.seatrial.test by-hand # told by hand\n"}
	for _, o := range alone.Check(t, setting, []alone.Want{
		{Lookup: ip("ip4", "hosts.seatrial.test"), Found: "192.0.2.77"},
		{Lookup: ip("ip4", "by-hand"), Found: "192.0.2.77"},
	}, askLibrary) {
		if len(o.Asked) != 0 {
			t.Errorf("for a name in /etc/hosts the server was asked %q", o.Asked)
		}
	}
}

func searchDomains(t *suite.T) {
	setting := alone.Setting{Resolv: alone.ToResolv("search nowhere.test seatrial.test", "options ndots:2 timeout:1 attempts:1")}
	outcomes := alone.Check(t, setting, []alone.Want{{Lookup: ip("ip4", "ship.sea"), Found: "192.0.2.9"}}, askLibrary)
	if expected := []string{"udp A ship.sea.nowhere.test", "udp A ship.sea.seatrial.test"}; !slices.Equal(outcomes[0].Asked, expected) {
		t.Errorf("the server was asked %q; %q was expected", outcomes[0].Asked, expected)
	}
}

func reverse(t *suite.T) {
	alone.Check(t, quick, []alone.Want{{Lookup: ip("addr", "192.0.2.4"), Found: full("four")}}, askLibrary)
}

func manyAtOnce(t *suite.T) {
	setting := quick
	setting.AtOnce, setting.Resolv = true, alone.ToResolv()
	var wants []alone.Want
	for i := range 30 {
		wants = append(wants, alone.Want{Lookup: ip("ip4", full(fmt.Sprint("n", i))), Found: fmt.Sprintf("192.0.2.%d", i+1)})
	}
	alone.Check(t, setting, wants, askLibrary)
}

func told(t *suite.T) {
	setting := quick
	setting.Lookups = []alone.Lookup{ip("ip4", full("four"))}
	_, said := alone.Ask(t, setting, askLibrary+"+2")
	const expected = "hostLookupOrder(four.seatrial.test.) = cgo"
	if !strings.Contains(said, expected) {
		t.Fatalf("it says %q; %q was expected", said, expected)
	}
}
