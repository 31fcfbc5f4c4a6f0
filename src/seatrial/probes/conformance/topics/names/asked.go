package names

import (
	"context"
	"net"
	"slices"
	"time"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/names/server"
)

// asking is a name server of this case's own, and Go's resolver that asks it whatever the system's says.
func asking(t *suite.T) (*server.Server, *net.Resolver) {
	own, err := server.Start("127.0.0.1:0")
	if err != nil {
		t.Unknown("needs a name server on loopback: %v", err)
	}
	var dialer net.Dialer
	return own, &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		if own.NoUDP != nil {
			network = "tcp"
		}
		return dialer.DialContext(ctx, network, own.Address)
	}}
}

// byUDP ends a case that is about UDP where there is none.
func byUDP(t *suite.T, own *server.Server) {
	if own.NoUDP != nil {
		t.Unknown("needs UDP: %v", own.NoUDP)
	}
}

// full is a name that no search domain is added to.
func full(name string) string { return name + "." + server.Zone + "." }

// enough is time for any answer.
func enough(t *suite.T) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), t.Patience(3*time.Second))
}

// looked is a lookup: addresses in order, as texts.
func looked(t *suite.T, resolver *net.Resolver, network, name string) ([]string, error) {
	ctx, cancel := enough(t)
	defer cancel()
	found, err := resolver.LookupIP(ctx, network, name)
	var texts []string
	for _, address := range found {
		texts = append(texts, address.String())
	}
	slices.Sort(texts)
	return texts, err
}
