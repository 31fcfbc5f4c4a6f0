// Damages a binary, and what is told of it, again and again, and puts every want to each: nothing may panic, hang or
// take much memory. test_mutations.py copies this file beside the reader's source and runs it.
package main

import (
	"encoding/json"
	"math/rand"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"seatrial.example/reader/image"
	"seatrial.example/reader/request"
)

const slow = 60 * time.Second // for what takes one second on a machine that is very busy

func number(t *testing.T, name string) int64 {
	value, err := strconv.ParseInt(os.Getenv(name), 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return value
}

// TestLimit takes more memory than it was given, in a process of its own.
func TestLimit(t *testing.T) {
	if os.Getenv("MUTATE_GREEDY") != "" {
		limit(1<<20, 128<<20)
		var kept [][]byte
		for range 512 {
			kept = append(kept, make([]byte, 1<<20))
		}
		runtime.KeepAlive(kept)
		return
	}
	greedy := exec.Command(os.Args[0], "-test.run=TestLimit")
	greedy.Env = append(os.Environ(), "MUTATE_GREEDY=1")
	said, err := greedy.CombinedOutput()
	// Go's runtime says that it is out of memory, or dies where it did not expect to be refused.
	refused := strings.Contains(string(said), "out of memory") || strings.Contains(string(said), "SIGSEGV")
	if err == nil || !refused {
		t.Fatalf("512 MB within a limit of 128 MB ended with %v: %s", err, said)
	}
}

func TestMutations(t *testing.T) {
	raw, err := os.ReadFile(os.Getenv("MUTATE_REQUEST"))
	if err != nil {
		t.Fatal(err)
	}
	var asked request.Request
	if err := json.Unmarshal(raw, &asked); err != nil {
		t.Fatal(err)
	}
	limit(asked.Size, asked.Memory) // as in the reader: what needs more ends the process
	seed, answered := number(t, "MUTATE_SEED"), map[string]int{}
	for i := range number(t, "MUTATE_COUNT") {
		chance := rand.New(rand.NewSource(seed + i))
		var faults []string
		var lock sync.Mutex
		request.OnBug = func(bug *request.Bug) {
			lock.Lock()
			defer lock.Unlock()
			faults = append(faults, bug.Error())
		}
		watch := time.AfterFunc(slow, func() { panic("case " + strconv.FormatInt(seed+i, 10) + " does not end") })
		try(t, asked, chance, answered)
		watch.Stop()
		if len(faults) > 0 {
			t.Fatalf("case %d: %s", seed+i, faults[0])
		}
	}
	t.Logf("answered %v", answered)
	// Damage that always ends in "unknown" at the first check would prove little.
	for _, want := range asked.Wants {
		if want.Args != nil && answered[want.Name] == 0 {
			t.Errorf("%s was never answered", want.Name)
		}
	}
}

// try damages one copy and asks for everything.
func try(t *testing.T, asked request.Request, chance *rand.Rand, answered map[string]int) {
	data, err := mapped(asked.File, asked.Offset, asked.Size)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Munmap(data[:cap(data):cap(data)]) }()
	about := told(asked.Image, chance)
	for range []int{0, 1, 1, 1, 4, 32}[chance.Intn(6)] {
		damage(data, asked.Image.Sections, chance)
	}
	m, err := image.New(data, about)
	if err != nil {
		return
	}
	answer := request.Respond(m, asked.Wants)
	for name, part := range answer.Parts {
		if _, unknown := part.(request.Unknown); !unknown {
			answered[name]++
		}
	}
	if _, err := json.Marshal(answer); err != nil {
		t.Fatal(err)
	}
}

var extremes = []uint64{
	0, 1, 7, 0x7f, 0xff, 0x7fff, 0xffff, 1 << 20, 0x7fffffff, 0x80000000, 0xffffffff, 1 << 40, 1<<63 - 1, 1 << 63, 1<<64 - 1,
}

// damage changes a few bytes somewhere in a section, most often near its start.
func damage(data []byte, sections []image.Section, chance *rand.Rand) {
	at, size := 0, len(data)
	if len(sections) > 0 {
		s := sections[chance.Intn(len(sections))]
		if s.Size > 0 && s.Offset+s.Size <= uint64(len(data)) {
			at, size = int(s.Offset), int(s.Size)
		}
	}
	if chance.Intn(10) < 6 {
		size = min(size, 4096)
	}
	at += chance.Intn(size)
	width := []int{1, 2, 4, 8}[chance.Intn(4)]
	at -= at % width
	switch chance.Intn(4) {
	case 0:
		data[at] ^= 1 << chance.Intn(8)
	case 1, 2:
		value := extremes[chance.Intn(len(extremes))]
		for i := range width {
			if at+i < len(data) {
				data[at+i] = byte(value >> (8 * i))
			}
		}
	case 3:
		from := chance.Intn(len(data))
		copy(data[at:min(at+64, len(data))], data[from:min(from+64, len(data))])
	}
}

// told is the description with, now and then, numbers that are wrong.
func told(about image.Description, chance *rand.Rand) image.Description {
	if chance.Intn(3) > 0 {
		return about
	}
	about.Sections = append([]image.Section(nil), about.Sections...)
	about.Segments = append([]image.Segment(nil), about.Segments...)
	about.SymbolTables = append([]image.SymbolTable(nil), about.SymbolTables...)
	about.Relocations = append([]image.RelocationTable(nil), about.Relocations...)
	value := extremes[chance.Intn(len(extremes))]
	switch kind := chance.Intn(5); {
	case kind == 0 && len(about.Sections) > 0:
		s := &about.Sections[chance.Intn(len(about.Sections))]
		*[]*uint64{&s.Addr, &s.Offset, &s.Size, &s.MemSize}[chance.Intn(4)] = value
	case kind == 1 && len(about.Segments) > 0:
		s := &about.Segments[chance.Intn(len(about.Segments))]
		*[]*uint64{&s.Addr, &s.Offset, &s.FileSize, &s.MemSize}[chance.Intn(4)] = value
	case kind == 2 && len(about.SymbolTables) > 0:
		s := &about.SymbolTables[chance.Intn(len(about.SymbolTables))]
		*[]*uint64{&s.Offset, &s.Count, &s.Names, &s.Size}[chance.Intn(4)] = value
	case kind == 3 && len(about.Relocations) > 0:
		r := &about.Relocations[chance.Intn(len(about.Relocations))]
		*[]*uint64{&r.Offset, &r.Size, &r.Base}[chance.Intn(3)] = value
	default:
		about.Bits = 96 - about.Bits
	}
	return about
}
