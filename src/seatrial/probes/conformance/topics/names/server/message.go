// Package server is a small name server for the cases of this topic: what it answers is decided by the name.
package server

import (
	"encoding/binary"
	"net/netip"
	"strings"
)

// Types of records (RFC 1035, 3596, 2782, 6891).
const (
	typeA     = 1
	typeNS    = 2
	typeCNAME = 5
	typePTR   = 12
	typeMX    = 15
	typeTXT   = 16
	typeAAAA  = 28
	typeSRV   = 33
	typeOPT   = 41
)

var typeNames = map[uint16]string{
	typeA: "A", typeNS: "NS", typeCNAME: "CNAME", typePTR: "PTR", typeMX: "MX", typeTXT: "TXT", typeAAAA: "AAAA", typeSRV: "SRV",
}

// A question as it came.
type question struct {
	id   uint16
	name string // in small letters, without the last dot
	kind uint16
	raw  []byte // as it is repeated in the answer
	size int    // what the asker says that it takes by UDP (EDNS0); 0 when it does not say
}

const headerSize = 12

// parse reads a query: a header, one question and perhaps an OPT record.
func parse(message []byte) (q question, ok bool) {
	if len(message) < headerSize || binary.BigEndian.Uint16(message[4:]) != 1 {
		return q, false
	}
	q.id = binary.BigEndian.Uint16(message)
	at := headerSize
	var labels []string
	for {
		if at >= len(message) {
			return q, false
		}
		length := int(message[at])
		if at++; length == 0 {
			break
		}
		if length > 63 || at+length > len(message) {
			return q, false
		}
		labels = append(labels, string(message[at:at+length]))
		at += length
	}
	if at+4 > len(message) {
		return q, false
	}
	q.name = strings.ToLower(strings.Join(labels, "."))
	q.kind = binary.BigEndian.Uint16(message[at:])
	q.raw = message[headerSize : at+4]
	if extra := message[at+4:]; len(extra) >= 11 && extra[0] == 0 && binary.BigEndian.Uint16(extra[1:]) == typeOPT {
		q.size = int(binary.BigEndian.Uint16(extra[3:]))
	}
	return q, true
}

// encoded is a name in labels.
func encoded(name string) (wire []byte) {
	for _, label := range strings.Split(strings.TrimSuffix(name, "."), ".") {
		if label != "" {
			wire = append(append(wire, byte(len(label))), label...)
		}
	}
	return append(wire, 0)
}

// A record of an answer.
type record struct {
	name string
	kind uint16
	data []byte
}

func address(name, text string) record {
	place := netip.MustParseAddr(text)
	if place.Is4() {
		return record{name, typeA, place.AsSlice()}
	}
	return record{name, typeAAAA, place.AsSlice()}
}

func named(name string, kind uint16, other string) record { return record{name, kind, encoded(other)} }

func numbers(values ...uint16) (wire []byte) {
	for _, value := range values {
		wire = binary.BigEndian.AppendUint16(wire, value)
	}
	return wire
}

// answer makes a message: recursion is available and the answer authoritative.
func answer(q question, code byte, truncated bool, records []record) []byte {
	flags := uint16(0x8580) | uint16(code)
	if truncated {
		flags |= 0x0200
		records = nil
	}
	message := append(numbers(q.id, flags, 1, uint16(len(records)), 0, 0), q.raw...)
	for _, r := range records {
		message = append(message, encoded(r.name)...)
		message = append(message, numbers(r.kind, 1, 0, 60, uint16(len(r.data)))...)
		message = append(message, r.data...)
	}
	return message
}
