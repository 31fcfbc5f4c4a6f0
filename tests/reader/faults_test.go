// test_faults.py copies this file beside the reader's source and runs it.
package main

import (
	"encoding/json"
	"os"
	"syscall"
	"testing"

	"seatrial.example/reader/image"
	"seatrial.example/reader/request"
)

// TestFault takes a page of the code away, as if the file had been cut off while it is mapped, and asks twice: nothing
// may be told that only seems whole.
func TestFault(t *testing.T) {
	raw, err := os.ReadFile(os.Getenv("FAULT_REQUEST"))
	if err != nil {
		t.Fatal(err)
	}
	var asked request.Request
	if err := json.Unmarshal(raw, &asked); err != nil {
		t.Fatal(err)
	}
	data, err := mapped(asked.File, asked.Offset, asked.Size)
	if err != nil {
		t.Fatal(err)
	}
	m, err := image.New(data, asked.Image)
	if err != nil {
		t.Fatal(err)
	}
	text := m.Section(".text")
	page := (text.Offset + text.Size/2) / 4096 * 4096
	if err := syscall.Mprotect(data[page:page+4096], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	// Of a want that is asked for twice, the second answer is told.
	parts := request.Respond(m, append(asked.Wants, asked.Wants...)).Parts
	for want, lost := range map[string]bool{"isa": true, "syscalls": true, "functions": false} {
		if _, unknown := parts[want].(request.Unknown); unknown != lost {
			t.Errorf("%s: %v", want, parts[want])
		}
	}
}
