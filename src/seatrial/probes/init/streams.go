package main

import (
	"io"
	"os"
	"strconv"
	"sync"
	"syscall"
	"unsafe"
)

// A window is the size of a terminal.
type window struct {
	Rows    uint16 `json:"rows"`
	Columns uint16 `json:"columns"`
}

// streams are stdin, stdout and stderr of a command: three pipes, or one terminal.
type streams struct {
	child     []uintptr // as the command gets them
	childEnds []*os.File
	ours      []*os.File
	terminal  *os.File // nil for pipes
	input     *stream
	output    sync.WaitGroup
}

func connect(link *channel, order *order, size *window) (*streams, error) {
	if size != nil {
		return connectTerminal(link, order, *size)
	}
	s := &streams{input: order.input}
	inRead, inWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	errRead, errWrite, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s.childEnds = []*os.File{inRead, outWrite, errWrite}
	s.ours = []*os.File{inWrite, outRead, errRead}
	for _, end := range s.childEnds {
		s.child = append(s.child, end.Fd())
	}
	go func() {
		io.Copy(inWrite, order.input)
		inWrite.Close()
	}()
	s.copy(link, kindStdout, outRead)
	s.copy(link, kindStderr, errRead)
	return s, nil
}

// connectTerminal makes a pseudoterminal, as pty(7) says.
func connectTerminal(link *channel, order *order, size window) (*streams, error) {
	master, err := os.OpenFile("/dev/pts/ptmx", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	var unlock, number int32
	if err := ioctl(master, syscall.TIOCSPTLCK, unsafe.Pointer(&unlock)); err != nil {
		return nil, err
	}
	if err := ioctl(master, syscall.TIOCGPTN, unsafe.Pointer(&number)); err != nil {
		return nil, err
	}
	slave, err := os.OpenFile("/dev/pts/"+strconv.Itoa(int(number)), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	s := &streams{childEnds: []*os.File{slave}, ours: []*os.File{master}, terminal: master, input: order.input}
	s.resize(size)
	fd := slave.Fd()
	s.child = []uintptr{fd, fd, fd}
	go io.Copy(master, order.input)
	s.copy(link, kindStdout, master)
	return s, nil
}

func ioctl(file *os.File, request uintptr, argument unsafe.Pointer) error {
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, file.Fd(), request, uintptr(argument)); errno != 0 {
		return errno
	}
	return nil
}

func (s *streams) resize(size window) {
	if s.terminal != nil {
		ioctl(s.terminal, syscall.TIOCSWINSZ, unsafe.Pointer(&[4]uint16{size.Rows, size.Columns}))
	}
}

func (s *streams) copy(link *channel, kind byte, from *os.File) {
	s.output.Add(1)
	go func() {
		defer s.output.Done()
		copyOut(link, kind, from)
	}()
}

func (s *streams) closeChildEnds() {
	for _, end := range s.childEnds {
		end.Close()
	}
}

// finish waits until everything that was said is on its way, and closes our ends.
func (s *streams) finish() {
	s.output.Wait()
	s.input.end()
	for _, end := range s.ours {
		end.Close()
	}
}
