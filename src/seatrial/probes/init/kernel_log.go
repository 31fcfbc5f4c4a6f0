package main

import (
	"bytes"
	"strconv"
	"strings"
	"syscall"
)

const (
	warning      = 4 // level of syslog(2)
	mostLogLines = 100
)

// A kernelLog is /dev/kmsg from here on.
type kernelLog struct{ fd int }

func followKernelLog() (kernelLog, error) {
	fd, err := syscall.Open("/dev/kmsg", syscall.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return kernelLog{}, err
	}
	const seekEnd = 2
	_, err = syscall.Seek(fd, 0, seekEnd)
	return kernelLog{fd}, err
}

// warnings returns what the kernel itself has said meanwhile at level warning or graver, and ends the following.
// Document: the kernel's Documentation/ABI/testing/dev-kmsg.
func (log kernelLog) warnings() []string {
	defer syscall.Close(log.fd)
	lines := []string{}
	buffer := make([]byte, 8192)
	for len(lines) < mostLogLines {
		n, err := syscall.Read(log.fd, buffer)
		if err == syscall.EPIPE || err == syscall.EINTR { // records were overwritten: go on with what is left
			continue
		}
		if err != nil || n <= 0 {
			break
		}
		prefix, rest, found := bytes.Cut(buffer[:n], []byte(";"))
		priority, _, _ := strings.Cut(string(prefix), ",")
		level, err := strconv.Atoi(priority)
		if !found || err != nil || level > warning { // above 7: not the kernel's own facility
			continue
		}
		message, _, _ := bytes.Cut(rest, []byte("\n")) // continuation lines are key=value pairs
		lines = append(lines, string(message))
	}
	return lines
}
