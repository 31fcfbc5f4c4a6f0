// Command reader walks code, Go's metadata and DWARF of one binary for seatrial.
//
// It reads a request as JSON on standard input (package request) and answers with one JSON document, on standard
// output or in the file that the request names.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
	"syscall"

	_ "seatrial.example/reader/callers"
	_ "seatrial.example/reader/conventions"
	_ "seatrial.example/reader/coverage"
	_ "seatrial.example/reader/guards"
	"seatrial.example/reader/image"
	"seatrial.example/reader/request"
	_ "seatrial.example/reader/syscalls"
	_ "seatrial.example/reader/wants"
)

const smallest = 64 << 20 // bytes of heap that a small file may well need

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var asked request.Request
	if err := json.NewDecoder(bufio.NewReader(os.Stdin)).Decode(&asked); err != nil {
		return fmt.Errorf("the request cannot be read: %w", err)
	}
	if asked.Memory > 0 {
		limit(asked.Size, asked.Memory)
	}
	debug.SetPanicOnFault(true) // see request.Respond
	data, err := mapped(asked.File, asked.Offset, asked.Size)
	if err != nil {
		return err
	}
	m, err := image.New(data, asked.Image)
	if err != nil {
		return err
	}
	out := os.Stdout
	if asked.Answer != "" {
		if out, err = os.Create(asked.Answer); err != nil {
			return err
		}
	}
	buffered := bufio.NewWriterSize(out, 1<<16)
	if err := json.NewEncoder(buffered).Encode(request.Respond(m, asked.Wants)); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	return out.Close()
}

// mapped maps a file privately: pages that relocations write to are copied, the file is never changed.
func mapped(name string, offset, size uint64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	about, err := file.Stat()
	if err != nil {
		return nil, err
	}
	whole := uint64(about.Size())
	if offset > whole || size > whole-offset || size == 0 {
		return nil, fmt.Errorf("%s has changed: %d bytes, not %d from %d on", name, whole, size, offset)
	}
	data, err := syscall.Mmap(int(file.Fd()), 0, int(whole), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("mmap %s: %w", name, err)
	}
	return data[offset : offset+size : offset+size], nil
}
