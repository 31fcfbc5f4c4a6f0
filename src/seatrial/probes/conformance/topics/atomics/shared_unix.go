//go:build unix

package atomics

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Helper("atomics-add", addInChild)
	suite.Register(suite.Case{
		ID:       "atomics/between-processes",
		Contract: "Atomics on a file that two processes map MAP_SHARED are atomic between them.",
		Source:   "mmap(2), MAP_SHARED; package sync/atomic",
		Breaks:   "Databases and caches in shared memory lose updates, or take one lock twice.",
		Needs:    []string{"threads", "self-exec"},
		Run:      betweenProcesses,
	})
}

// board is what the two processes share.
type board struct {
	ready  atomic.Uint32
	turn   atomic.Uint32
	narrow atomic.Uint32
	_      uint32
	wide   atomic.Uint64
	lock   atomic.Uint32
	plain  uint32 // under lock
}

const sharedTurns = 20_000

func mapBoard(name string) (*board, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if err := file.Truncate(int64(os.Getpagesize())); err != nil {
		return nil, err
	}
	bytes, err := syscall.Mmap(int(file.Fd()), 0, os.Getpagesize(), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err != nil {
		return nil, err
	}
	return (*board)(unsafe.Pointer(&bytes[0])), nil
}

// newBoard is a board, and the name of its file.
func newBoard(t *suite.T) (*board, string) {
	name := filepath.Join(t.Dir(), "board")
	b, err := mapBoard(name)
	if err != nil {
		t.Unknown("no file could be mapped: %v", err)
	}
	return b, name
}

// unmap takes the board away again.
func (b *board) unmap() {
	syscall.Munmap(unsafe.Slice((*byte)(unsafe.Pointer(b)), os.Getpagesize()))
}

func (b *board) add() {
	for range sharedTurns {
		b.narrow.Add(1)
		b.wide.Add(1<<32 + 1)
		for !b.lock.CompareAndSwap(0, 1) {
		}
		b.plain++
		b.lock.Store(0)
	}
}

// addInChild says that it is there, waits for a word, and adds.
func addInChild(args []string) int {
	b, err := mapBoard(args[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	b.ready.Store(1)
	fmt.Println("ready")
	io.ReadFull(os.Stdin, make([]byte, 1))
	b.add()
	return 0
}

func betweenProcesses(t *suite.T) {
	b, name := newBoard(t)
	defer b.unmap()
	child := t.Self("atomics-add", name)
	in, _ := child.StdinPipe()
	out, _ := child.StdoutPipe()
	if err := child.Start(); err != nil {
		t.Unknown("no second process: %v", err)
	}
	io.ReadFull(out, make([]byte, len("ready\n")))
	if b.ready.Load() != 1 {
		in.Close()
		child.Wait()
		t.Fatalf("what the other process stored is not seen here")
	}
	in.Write([]byte("x"))
	in.Close() // it goes on without the word, too
	b.add()
	if err := child.Wait(); err != nil {
		t.Fatalf("the other process: %v", err)
	}
	const want = 2 * sharedTurns
	if n, w, p := b.narrow.Load(), b.wide.Load(), b.plain; n != want || w != want<<32+want || p != want {
		t.Fatalf("two processes added %d times each: 32 bits hold %d, 64 bits %#x, a number under a spin lock %d; expected %d, %#x, %d",
			sharedTurns, n, w, p, want, uint64(want<<32+want), want)
	}
}
