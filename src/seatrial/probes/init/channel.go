package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A frame is the length of its payload (4 bytes, big-endian), its kind (1 byte) and the payload: JSON or plain bytes.
// `seatrial/machines/channel.py` is the other end.
const (
	// From the host.
	kindBegin  = 'B' // JSON: clock and entropy; answered by kindSeen
	kindUnpack = 'U' // then data: a cpio archive; answered by kindDone
	kindGet    = 'G' // a path; answered by data
	kindRun    = 'R' // JSON: a command, then data: its stdin; answered by output and kindEnded
	kindSignal = 'S' // JSON: a signal for the command that runs
	kindWindow = 'W' // JSON: the size of its terminal
	kindPing   = 'P' // answered by kindAlive at once, whatever else goes on

	// To the host.
	kindHello  = 'H' // JSON: seconds since the kernel's start
	kindSeen   = 'V'
	kindDone   = 'O'
	kindError  = 'X' // a sentence
	kindStdout = '1'
	kindStderr = '2'
	kindEnded  = 'Z' // JSON
	kindAlive  = 'A'

	// Both ways.
	kindData = 'D'
	kindEnd  = 'E' // of the data

	portName     = "seatrial"
	largestFrame = 1 << 20
	portPatience = 20 * time.Second
	hostPatience = 10 * time.Second
)

// An order is a frame that starts something, with the data that comes after it.
type order struct {
	kind    byte
	payload []byte
	input   *stream
	control chan frame
}

type frame struct {
	kind    byte
	payload []byte
}

// A channel is the virtio-serial port.
type channel struct {
	orders chan *order
	failed error // why there are no more orders
	port   int
	lock   sync.Mutex
}

// openChannel opens the port over which orders come.
func openChannel() (*channel, error) {
	port, err := openPort(portName)
	if err != nil {
		return nil, err
	}
	link := &channel{orders: make(chan *order), port: port}
	go link.read()
	return link, nil
}

// openPort waits for a port to appear: the driver asks the host for it after the device was found.
func openPort(wanted string) (int, error) {
	deadline := time.Now().Add(portPatience)
	for {
		names, _ := filepath.Glob("/sys/class/virtio-ports/*/name")
		for _, file := range names {
			name, _ := os.ReadFile(file)
			if strings.TrimSpace(string(name)) != wanted {
				continue
			}
			device := "/dev/" + filepath.Base(filepath.Dir(file))
			port, err := syscall.Open(device, syscall.O_RDWR|syscall.O_CLOEXEC, 0)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", device, err)
			}
			return port, nil
		}
		if time.Now().After(deadline) {
			return 0, fmt.Errorf("the virtio-serial port %s has not come", wanted)
		}
		time.Sleep(time.Millisecond)
	}
}

func (link *channel) send(kind byte, payload []byte) error {
	message := make([]byte, 5, 5+len(payload))
	binary.BigEndian.PutUint32(message, uint32(len(payload)))
	message[4] = kind
	message = append(message, payload...)
	link.lock.Lock()
	defer link.lock.Unlock()
	for len(message) > 0 {
		n, err := syscall.Write(link.port, message)
		if err == syscall.EINTR || err == syscall.EAGAIN {
			continue
		}
		if err != nil {
			return fmt.Errorf("writing to the host: %w", err)
		}
		message = message[n:]
	}
	return nil
}

func (link *channel) sendJSON(kind byte, value any) error {
	payload, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return link.send(kind, payload)
}

// fill reads until the buffer is full. A host that is gone ends the machine: whoever would have, was killed before the
// machine was known to be there.
func (link *channel) fill(buffer []byte) error {
	var alone time.Time
	for len(buffer) > 0 {
		n, err := syscall.Read(link.port, buffer)
		if err == syscall.EINTR || err == syscall.EAGAIN {
			continue
		}
		if err != nil {
			return fmt.Errorf("reading from the host: %w", err)
		}
		switch {
		case n > 0:
			alone = time.Time{}
		case alone.IsZero(): // for a moment after a snapshot was restored, too
			alone = time.Now()
			if err := restartTimers(); err != nil { // the next sleep needs them
				return err
			}
		case time.Since(alone) > hostPatience:
			must("waiting for the host", errors.New("nobody is at the other end"))
		default:
			time.Sleep(time.Millisecond)
		}
		buffer = buffer[n:]
	}
	return nil
}

func (link *channel) receive() (kind byte, payload []byte, err error) {
	var head [5]byte
	if err := link.fill(head[:]); err != nil {
		return 0, nil, err
	}
	length := binary.BigEndian.Uint32(head[:])
	if length > largestFrame {
		return 0, nil, fmt.Errorf("a frame of %d bytes", length)
	}
	payload = make([]byte, length)
	return head[4], payload, link.fill(payload)
}

// read hands out orders, and what belongs to an order to the order.
func (link *channel) read() {
	defer close(link.orders)
	var current *order
	for {
		kind, payload, err := link.receive()
		if err != nil {
			link.failed = err
			return
		}
		if kind == kindBegin { // here and now: waking another goroutine may take a timer (usleep in runqgrab, runtime/proc.go)
			if link.failed = restartTimers(); link.failed != nil {
				return
			}
		}
		switch kind {
		case kindPing:
			if link.failed = link.send(kindAlive, nil); link.failed != nil {
				return
			}
		case kindData:
			if current != nil {
				current.input.push(payload)
			}
		case kindEnd:
			if current != nil {
				current.input.end()
			}
		case kindSignal, kindWindow:
			if current != nil {
				select {
				case current.control <- frame{kind, payload}:
				default: // nobody listens, or far too many have come
				}
			}
		default:
			current = &order{kind: kind, payload: payload, input: newStream(kind == kindUnpack), control: make(chan frame, 64)}
			link.orders <- current
		}
	}
}
