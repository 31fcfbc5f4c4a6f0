package main

import (
	"io"
	"sync"
)

const patientBytes = 4 << 20

// A stream is data on its way from the host to whoever carries out the order; an io.Reader.
//
// A patient one makes the host wait when nobody reads. The stdin of a command is not: a signal must reach a command
// that reads nothing.
type stream struct {
	lock    sync.Mutex
	changed *sync.Cond
	patient bool
	parts   [][]byte
	bytes   int
	ended   bool
}

func newStream(patient bool) *stream {
	s := &stream{patient: patient}
	s.changed = sync.NewCond(&s.lock)
	return s
}

func (s *stream) push(part []byte) {
	s.lock.Lock()
	defer s.lock.Unlock()
	for s.patient && s.bytes > patientBytes && !s.ended {
		s.changed.Wait()
	}
	if !s.ended {
		s.parts = append(s.parts, part)
		s.bytes += len(part)
	}
	s.changed.Broadcast()
}

func (s *stream) end() {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.ended = true
	s.changed.Broadcast()
}

// Read implements io.Reader.
func (s *stream) Read(buffer []byte) (int, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	for len(s.parts) == 0 {
		if s.ended {
			return 0, io.EOF
		}
		s.changed.Wait()
	}
	n := copy(buffer, s.parts[0])
	if n == len(s.parts[0]) {
		s.parts = s.parts[1:]
	} else {
		s.parts[0] = s.parts[0][n:]
	}
	s.bytes -= n
	s.changed.Broadcast()
	return n, nil
}

// discard reads to the end of the data, so that what comes next on the channel is the next order.
func (s *stream) discard() {
	io.Copy(io.Discard, s)
}
