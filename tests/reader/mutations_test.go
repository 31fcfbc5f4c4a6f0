// Damages a binary, what is told of it and the log of a run, again and again, and puts every want to each: nothing may
// panic, hang or take much memory. test_mutations.py copies this file beside the reader's source and runs it.
package main

import (
	"encoding/json"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
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
	whole, err := mapped(asked.File, asked.Offset, asked.Size)
	if err != nil {
		t.Fatal(err)
	}
	ran, err := os.ReadFile(os.Getenv("MUTATE_LOG"))
	if err != nil {
		t.Fatal(err)
	}
	m := &mutator{whole: whole, log: ran, logged: filepath.Join(t.TempDir(), "log"), asked: asked}
	without := strings.Fields(os.Getenv("MUTATE_WITHOUT"))
	undamaged := m.ask(t, nil)
	for _, want := range asked.Wants {
		if undamaged[want.Name] == slices.Contains(without, want.Name) {
			t.Fatalf("whole as it is, %s is answered: %v", want.Name, undamaged[want.Name])
		}
	}
	seed, count, answered := number(t, "MUTATE_SEED"), number(t, "MUTATE_COUNT"), map[string]int{}
	var faults []string
	var lock sync.Mutex
	request.OnBug = func(bug *request.Bug) {
		lock.Lock()
		defer lock.Unlock()
		faults = append(faults, bug.Error())
	}
	start, longest := time.Now(), time.Duration(0)
	for i := seed; i < seed+count; i++ {
		watch := time.AfterFunc(slow, func() { panic("case " + strconv.FormatInt(i, 10) + " does not end") })
		begun := time.Now()
		for name, known := range m.ask(t, rand.New(rand.NewSource(i))) {
			if known {
				answered[name]++
			}
		}
		longest = max(longest, time.Since(begun))
		watch.Stop()
		if len(faults) > 0 {
			t.Fatalf("case %d: %s", i, faults[0])
		}
	}
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	t.Logf("%d cases in %.0f s, the longest %.1f s, %d MB at most for a file of %d MB, answered %v", count,
		time.Since(start).Seconds(), longest.Seconds(), used.Maxrss>>10, asked.Size>>20, answered)
	// Damage that always ends in "unknown" at the first check would prove little.
	for _, want := range asked.Wants {
		if answered[want.Name] == 0 && !slices.Contains(without, want.Name) {
			t.Errorf("%s was never answered", want.Name)
		}
	}
}

// mutator makes damaged copies of a binary and of the log of a run, and asks the reader about them.
type mutator struct {
	whole, log []byte
	logged     string // the name of the damaged log
	asked      request.Request
	copied     []byte
}

// ask damages one copy, except without chance, and tells which wants are answered.
func (m *mutator) ask(t *testing.T, chance *rand.Rand) map[string]bool {
	m.copied = append(m.copied[:0], m.whole...)
	ran := slices.Clone(m.log)
	about := m.asked.Image
	if chance != nil {
		about = told(about, chance)
		for range []int{0, 1, 1, 1, 4, 32}[chance.Intn(6)] {
			damage(m.copied, m.asked.Image.Sections, chance)
			damage(ran, nil, chance)
		}
	}
	known := map[string]bool{}
	read, err := image.New(m.copied, about)
	if err != nil {
		return known
	}
	wants := slices.Clone(m.asked.Wants)
	for i := range wants {
		if wants[i].Name == "coverage" {
			if err := os.WriteFile(m.logged, ran, 0o600); err != nil {
				t.Fatal(err)
			}
			wants[i].Args = json.RawMessage(fmt.Sprintf(`{"log": %q}`, m.logged))
		}
	}
	answer := request.Respond(read, wants)
	for name, part := range answer.Parts {
		_, unknown := part.(request.Unknown)
		known[name] = !unknown
	}
	if _, err := json.Marshal(answer); err != nil {
		t.Fatal(err)
	}
	return known
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
