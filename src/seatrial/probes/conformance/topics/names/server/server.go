package server

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
)

// A Server answers on one address, by UDP and TCP.
type Server struct {
	Address string
	NoUDP   error // why it answers by TCP only; nil when it does not
	packets net.PacketConn
	streams net.Listener
	lock    sync.Mutex
	asked   []string
	largest int
}

// Zone is what all names end in that this server knows.
const Zone = "seatrial.test"

// Many is how many addresses the name large.<Zone> has: too many for a UDP answer, and not more than the 48 that musl
// returns (src/network/lookup.h, MAXADDRS).
const Many = 40

func manyAddress(i int) string { return fmt.Sprintf("192.0.2.%d", i+1) }

const (
	noError  = 0
	failure  = 2
	noDomain = 3
	refused  = 5
)

// zone are the records by name; a name with no records exists all the same.
var zone = func() map[string][]record {
	in := func(name string) string { return name + "." + Zone }
	all := map[string][]record{
		in("both"):      {address(in("both"), "192.0.2.1"), address(in("both"), "2001:db8::1")},
		in("four"):      {address(in("four"), "192.0.2.4")},
		in("six"):       {address(in("six"), "2001:db8::6")},
		in("empty"):     nil,
		in("malformed"): {address(in("malformed"), "192.0.2.7")},
		in("hosts"):     {address(in("hosts"), "192.0.2.8")},
		in("local"):     {address(in("local"), "127.0.0.1"), address(in("local"), "::1")},
		in("ship.sea"):  {address(in("ship.sea"), "192.0.2.9")},
		in("alias"):     {named(in("alias"), typeCNAME, in("second")), named(in("second"), typeCNAME, in("four")), address(in("four"), "192.0.2.4")},
		in("once"):      {named(in("once"), typeCNAME, in("four")), address(in("four"), "192.0.2.4")},
		in("mail"): {
			{in("mail"), typeMX, append(numbers(20), encoded(in("late"))...)},
			{in("mail"), typeMX, append(numbers(10), encoded(in("early"))...)},
		},
		in("text"):               {{in("text"), typeTXT, []byte("\x04one \x03two")}},
		in("zone"):               {named(in("zone"), typeNS, in("keeper"))},
		in("_ship._tcp"):         {{in("_ship._tcp"), typeSRV, append(numbers(5, 7, 443), encoded(in("four"))...)}},
		"4.2.0.192.in-addr.arpa": {named("4.2.0.192.in-addr.arpa", typePTR, in("four"))},
	}
	for i := range Many {
		all[in("large")] = append(all[in("large")], address(in("large"), manyAddress(i)))
		one := in(fmt.Sprint("n", i))
		all[one] = []record{address(one, manyAddress(i))}
	}
	return all
}()

// Start serves at an address with a port; with port 0 on one that is free for both. Where there is no UDP (wine) it
// serves by TCP.
func Start(address string) (*Server, error) {
	var err error
	for range 20 { // a port that UDP got may be taken for TCP
		s := &Server{}
		place := address
		if s.packets, s.NoUDP = net.ListenPacket("udp", address); s.NoUDP == nil {
			place = s.packets.LocalAddr().String()
			go s.servePackets()
		}
		if s.streams, err = net.Listen("tcp", place); err != nil {
			s.Close()
			continue
		}
		s.Address = s.streams.Addr().String()
		go s.serveStreams()
		return s, nil
	}
	return nil, err
}

// Close stops it.
func (s *Server) Close() {
	if s.packets != nil {
		s.packets.Close()
	}
	if s.streams != nil {
		s.streams.Close()
	}
}

// Asked are the questions so far, as "udp A four.seatrial.test", and forgets them.
func (s *Server) Asked() []string {
	s.lock.Lock()
	defer s.lock.Unlock()
	asked := s.asked
	s.asked = nil
	return asked
}

// Offered is the largest answer by UDP that an asker said it takes (EDNS0); 0 when none said so.
func (s *Server) Offered() int {
	s.lock.Lock()
	defer s.lock.Unlock()
	return s.largest
}

// reply is what a question is answered with: no message at all, one, or several.
func (s *Server) reply(transport string, message []byte) [][]byte {
	q, ok := parse(message)
	if !ok {
		return nil
	}
	s.lock.Lock()
	s.asked = append(s.asked, strings.Join([]string{transport, typeNames[q.kind], q.name}, " "))
	s.largest = max(s.largest, q.size)
	s.lock.Unlock()
	records, known := zone[q.name]
	switch q.name {
	case "silent." + Zone:
		return nil
	case "fails." + Zone:
		return [][]byte{answer(q, failure, false, nil)}
	case "refused." + Zone:
		return [][]byte{answer(q, refused, false, nil)}
	}
	if !known {
		return [][]byte{answer(q, noDomain, false, nil)}
	}
	var fitting []record
	for _, r := range records {
		if r.kind == q.kind || r.kind == typeCNAME {
			fitting = append(fitting, r)
		}
	}
	whole := answer(q, noError, false, fitting)
	const mostByUDP = 512
	if transport == "udp" && len(whole) > mostByUDP {
		return [][]byte{answer(q, noError, true, nil)}
	}
	if q.name == "malformed."+Zone && transport == "udp" {
		return append(spoiled(q, whole), whole)
	}
	return [][]byte{whole}
}

// spoiled are messages that an asker must not take for an answer: noise, one that is cut, another's, another question's.
func spoiled(q question, whole []byte) [][]byte {
	others := append([]byte(nil), whole...)
	binary.BigEndian.PutUint16(others, q.id+1)
	elsewhere := q
	elsewhere.raw = append(encoded("elsewhere."+Zone), q.raw[len(q.raw)-4:]...)
	return [][]byte{{1, 2, 3}, whole[:14], others, answer(elsewhere, noError, false, nil)}
}

func (s *Server) servePackets() {
	buffer := make([]byte, 4000)
	for {
		size, from, err := s.packets.ReadFrom(buffer)
		if err != nil {
			return
		}
		for _, message := range s.reply("udp", buffer[:size]) {
			s.packets.WriteTo(message, from)
		}
	}
}

func (s *Server) serveStreams() {
	for {
		connection, err := s.streams.Accept()
		if err != nil {
			return
		}
		go func() {
			defer connection.Close()
			for {
				var length [2]byte
				if _, err := io.ReadFull(connection, length[:]); err != nil {
					return
				}
				message := make([]byte, binary.BigEndian.Uint16(length[:]))
				if _, err := io.ReadFull(connection, message); err != nil {
					return
				}
				for _, message := range s.reply("tcp", message) {
					connection.Write(append(numbers(uint16(len(message))), message...))
				}
			}
		}()
	}
}
