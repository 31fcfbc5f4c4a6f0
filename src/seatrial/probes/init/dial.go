package main

import (
	"encoding/binary"
	"net"
	"sync"
	"time"
)

// Connections into the guest, which the host asks for over a port of their own: `seatrial/machines/network.py` is the
// other end. Every frame's payload begins with the number of its connection (4 bytes, big-endian).
const (
	networkPort = "seatrial.network"

	kindDial = 'C' // from the host: an address as net.Dial has it; answered by kindDone or kindError
	// Both ways: kindData, and kindEnd of what this end sends.

	dialPatience = 5 * time.Second
)

type connections struct {
	link *channel
	lock sync.Mutex
	open map[uint32]*connection
}

type connection struct {
	incoming *stream
	number   [4]byte
}

// serveNetwork makes the connections that the host asks for, for as long as the machine runs.
func serveNetwork() {
	port, err := openPort(networkPort)
	if err != nil {
		return
	}
	c := &connections{link: &channel{port: port}, open: map[uint32]*connection{}}
	for {
		kind, payload, err := c.link.receive()
		if err != nil || len(payload) < 4 {
			return
		}
		number := binary.BigEndian.Uint32(payload)
		if kind == kindDial {
			one := &connection{incoming: newStream(false), number: [4]byte(payload)}
			c.lock.Lock()
			c.open[number] = one
			c.lock.Unlock()
			go c.serve(number, one, string(payload[4:]))
			continue
		}
		c.lock.Lock()
		one := c.open[number]
		c.lock.Unlock()
		switch {
		case one == nil: // the guest's end has gone meanwhile
		case kind == kindData:
			one.incoming.push(payload[4:])
		case kind == kindEnd:
			one.incoming.end()
		}
	}
}

func (c *connections) serve(number uint32, one *connection, address string) {
	defer func() {
		c.lock.Lock()
		delete(c.open, number)
		c.lock.Unlock()
	}()
	to, err := net.DialTimeout("tcp", address, dialPatience)
	if err != nil {
		c.send(one, kindError, []byte(err.Error()))
		return
	}
	defer to.Close()
	c.send(one, kindDone, nil)
	go func() {
		buffer := make([]byte, 32<<10)
		for {
			n, err := one.incoming.Read(buffer)
			if err != nil { // EOF alone
				to.(*net.TCPConn).CloseWrite()
				return
			}
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
	}()
	buffer := make([]byte, 32<<10)
	for {
		n, err := to.Read(buffer)
		if n > 0 && c.send(one, kindData, buffer[:n]) != nil {
			return
		}
		if err != nil {
			c.send(one, kindEnd, nil)
			return
		}
	}
}

func (c *connections) send(one *connection, kind byte, data []byte) error {
	return c.link.send(kind, append(one.number[:], data...))
}
