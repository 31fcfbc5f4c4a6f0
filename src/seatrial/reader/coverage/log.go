// Package coverage tells which instructions of a program were executed in a run, from the log that QEMU's user
// emulation writes with `-d in_asm,exec` (QEMU's accel/tcg/cpu-exec.c and translator.c).
//
// A block is listed when it is translated (IN), and traced when it begins (Trace). Once two blocks are linked the
// second may follow the first without a trace; linking itself shows that the first one came to its end. A block that
// begins may stop at any instruction that faults: only a block that came to its end counts as executed.
package coverage

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
)

// block is a straight piece of code as QEMU translated it.
type block struct {
	start, last uint64 // addresses of the first and of the last instruction
	name        string // the function, as QEMU's reading of the symbols has it
	traced      bool
	ended       bool // came to its end at least once
}

// runLog is what was read of a log.
type runLog struct {
	blocks   []*block
	byStart  map[uint64]*block // the latest translation
	byHost   map[uint64]*block // by the address of the translated code
	previous map[uint64]*block // the block that each CPU began last
	handler  func(*block) bool
	traces   int
	odd      int // lines that should have been readable
}

// endOfLog is the line by which the caller ends a log in a FIFO.
const endOfLog = "End of log\n"

// errNoListing says that the log names no instructions.
var errNoListing = errors.New("the emulator lists no instructions of this architecture")

// read reads a log to its end. handler tells whether a block is where a signal's handler begins: the block before it
// on the same CPU may have been left in its middle. A log in a FIFO ends with the line "End of log".
func read(from io.Reader, handler func(*block) bool) (*runLog, error) {
	l := &runLog{
		byStart: map[uint64]*block{}, byHost: map[uint64]*block{}, previous: map[uint64]*block{}, handler: handler,
	}
	lines := bufio.NewReaderSize(from, 1<<20)
	var open *block
	listed := false
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			l.odd++
			continue
		}
		switch {
		case bytes.HasPrefix(line, []byte("Trace ")):
			l.trace(line)
		case bytes.HasPrefix(line, []byte("0x")):
			if open != nil {
				listed = l.instruction(open, line) || listed
			}
		case bytes.HasPrefix(line, []byte("Linking TBs ")):
			l.link(line)
		case bytes.HasPrefix(line, []byte("IN:")):
			open = &block{name: strings.TrimSpace(string(line[3:]))}
		case len(line) <= 1:
			open = nil
		}
		if errors.Is(err, io.EOF) || string(line) == endOfLog {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if !listed && l.traces > 0 {
		return nil, errNoListing
	}
	return l, nil
}

// instruction takes a line such as "0x00087570:  f94003e0  ldr      x0, [sp]".
func (l *runLog) instruction(of *block, line []byte) bool {
	colon := bytes.IndexByte(line, ':')
	if colon < 0 {
		l.odd++
		return false
	}
	address, err := strconv.ParseUint(string(line[2:colon]), 16, 64)
	if err != nil {
		l.odd++
		return false
	}
	if of.last = address; of.start == 0 {
		of.start = address
		l.blocks = append(l.blocks, of)
		l.byStart[address] = of
	}
	return true
}

// trace takes a line such as "Trace 0: 0x7f2093a00100 [81009331/0000000000089f20/00000001/00000200] main.main".
func (l *runLog) trace(line []byte) {
	l.traces++
	cpu, rest, _ := bytes.Cut(line[len("Trace "):], []byte(": 0x"))
	host, rest, _ := bytes.Cut(rest, []byte(" ["))
	_, rest, _ = bytes.Cut(rest, []byte("/"))
	pc, _, whole := bytes.Cut(rest, []byte("/"))
	number, err := hex(cpu)
	at, err1 := hex(host)
	start, err2 := hex(pc)
	if !whole || err != nil || err1 != nil || err2 != nil {
		l.odd++
		return
	}
	begun := l.byHost[at]
	if begun == nil || begun.start != start {
		// New, or QEMU emptied its buffer and used the place again.
		if begun = l.byStart[start]; begun == nil {
			l.odd++
			delete(l.previous, number)
			return
		}
		l.byHost[at] = begun
	}
	begun.traced = true
	if before := l.previous[number]; before != nil && !before.ended && !l.handler(begun) {
		before.ended = true
	}
	l.previous[number] = begun
}

// link takes a line such as "Linking TBs 0x7f5214000200 index 0 -> 0x7f5214000340".
func (l *runLog) link(line []byte) {
	host, _, _ := bytes.Cut(line[len("Linking TBs "):], []byte(" "))
	at, err := hex(bytes.TrimPrefix(host, []byte("0x")))
	if err != nil {
		l.odd++
		return
	}
	if from := l.byHost[at]; from != nil {
		from.ended = true
	}
}

// hex reads digits without a prefix; a log has millions of them.
func hex(digits []byte) (uint64, error) {
	if len(digits) == 0 || len(digits) > 16 {
		return 0, strconv.ErrSyntax
	}
	var value uint64
	for _, c := range digits {
		switch {
		case c >= '0' && c <= '9':
			value = value<<4 | uint64(c-'0')
		case c >= 'a' && c <= 'f':
			value = value<<4 | uint64(c-'a'+10)
		default:
			return 0, strconv.ErrSyntax
		}
	}
	return value, nil
}
