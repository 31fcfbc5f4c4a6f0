package runtimes

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"strings"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "runtimes/cpu-profile-has-samples",
		Contract: "The CPU profiler takes about 100 samples for each second of computing, and names the function.",
		Source:   "package runtime/pprof, StartCPUProfile; Go runtime/cpuprof.go",
		Breaks:   "Nobody can find out what a slow program is doing.",
		Needs:    []string{"real-time"},
		Seconds:  30,
		Run:      cpuProfile,
	}, suite.Case{
		ID:       "runtimes/execution-trace-is-whole",
		Contract: "An execution trace is a sequence of whole batches, ends in order, and shows the task it was taken of.",
		Source:   "package runtime/trace; Go internal/trace/batch.go",
		Breaks:   "go tool trace refuses the trace of a production incident.",
		Run:      executionTrace,
	}, suite.Case{
		ID:       "runtimes/environment-read",
		Contract: "The runtime reads GODEBUG, GOGC and GOMAXPROCS from the environment when a program starts.",
		Source:   "package runtime, \"Environment Variables\"",
		Breaks:   "What operators set has no effect.",
		Needs:    []string{"self-exec"},
		Run:      environment,
	}, suite.Case{
		ID:       "runtimes/random-by-process",
		Contract: "Each process has random numbers of its own: the same program started again has others.",
		Source:   "package math/rand/v2; getauxval(3), AT_RANDOM; Go runtime/rand.go, randinit",
		Breaks:   "Hash seeds can be guessed (collision attacks), names of temporary files and ids of requests collide.",
		Needs:    []string{"self-exec"},
		Run:      randomByProcess,
	})
	suite.Helper("runtimes-environment", func([]string) int {
		fmt.Print(runtime.GOMAXPROCS(0), " ")
		for range 4 {
			runtime.GC()
		}
		return 0
	})
	suite.Helper("runtimes-random", func([]string) int {
		if suite.Planted("runtimes-same-random") {
			fmt.Print(4)
			return 0
		}
		fmt.Print(rand.Uint64())
		return 0
	})
}

// busyForProfile computes until the time is over. Its name is looked for.
//
//go:noinline
func busyForProfile(length time.Duration) (turns uint64) {
	for began := time.Now(); time.Since(began) < length; {
		for range 10_000 {
			turns = turns*3 + 1
		}
	}
	return turns
}

// cpuProfile gives a machine that has other work to do, too, more time.
func cpuProfile(t *suite.T) {
	const least = 3
	var count uint64
	lengths := []time.Duration{100 * time.Millisecond, 300 * time.Millisecond, time.Second, 5 * time.Second}
	for _, length := range lengths { // beside busy programs, much less of it is computed
		var profile bytes.Buffer
		if err := pprof.StartCPUProfile(&profile); err != nil {
			t.Unknown("somebody else takes a profile: %v", err)
		}
		busyForProfile(length)
		pprof.StopCPUProfile()
		unpacked, err := gzip.NewReader(&profile)
		var text []byte
		if err == nil {
			text, err = io.ReadAll(unpacked)
		}
		if err != nil {
			t.Fatalf("the profile is damaged: %v", err)
		}
		if count = samplesIn(text); count >= least {
			if !bytes.Contains(text, []byte("busyForProfile")) {
				t.Fatalf("%d samples, and none of the function that was busy", count)
			}
			return
		}
	}
	t.Fatalf("%d samples within %v; at least %d were expected", count, lengths[len(lengths)-1], least)
}

// samplesIn adds up how often each place was seen (profile.proto: Profile.sample is 2, Sample.value is 2, of which the
// first is the count).
func samplesIn(profile []byte) (total uint64) {
	eachField(profile, func(number, _ uint64, sample []byte) {
		if number != 2 {
			return
		}
		first := true
		eachField(sample, func(number, value uint64, packed []byte) {
			if number == 2 && first {
				if packed != nil {
					value, _ = binary.Uvarint(packed)
				}
				total += value
				first = false
			}
		})
	})
	return total
}

// eachField calls f for each field of a message of protocol buffers, up to where it is damaged: with its number, and
// its value or its content.
func eachField(message []byte, f func(number, value uint64, content []byte)) {
	for len(message) > 0 {
		key, n := binary.Uvarint(message)
		if n <= 0 {
			return
		}
		value, m := binary.Uvarint(message[n:])
		if m <= 0 {
			return
		}
		message = message[n+m:]
		switch key & 7 {
		case 0: // a number
			f(key>>3, value, nil)
		case 2: // something of a length
			if value > uint64(len(message)) {
				return
			}
			f(key>>3, 0, message[:value])
			message = message[value:]
		default:
			return
		}
	}
}

func executionTrace(t *suite.T) {
	var whole bytes.Buffer
	if err := trace.Start(&whole); err != nil {
		t.Unknown("somebody else takes a trace: %v", err)
	}
	done := make(chan struct{})
	go func() {
		trace.Log(context.Background(), "seatrial", "a word to be found again")
		close(done)
	}()
	<-done
	runtime.GC()
	trace.Stop()
	text := whole.Bytes()
	if suite.Planted("runtimes-trace-cut") {
		text = text[:len(text)-len(text)/3]
	}
	var minor int
	header := len("go 1.25 trace\x00\x00\x00")
	if _, err := fmt.Sscanf(string(text[:min(len(text), header)]), "go 1.%d trace\x00\x00\x00", &minor); err != nil {
		t.Fatalf("it does not begin as a trace does: %q", text[:min(len(text), header)])
	}
	if !bytes.Contains(text, []byte("a word to be found again")) {
		t.Errorf("what was logged is not in it")
	}
	if err := wholeBatches(text[header:]); err != nil {
		t.Errorf("the trace is damaged: %v", err)
	}
}

// wholeBatches reads over the batches of a trace (Go internal/trace/batch.go).
func wholeBatches(text []byte) error {
	const batch, experimental, endOfGeneration = 1, 49, 52
	in := bytes.NewReader(text)
	for count := 0; ; count++ {
		kind, err := in.ReadByte()
		if err == io.EOF && count > 0 {
			return nil
		} else if err != nil {
			return err
		}
		if kind == endOfGeneration {
			continue
		}
		if kind == experimental {
			in.ReadByte()
		} else if kind != batch {
			return fmt.Errorf("batch %d begins with event %d", count, kind)
		}
		var size uint64
		for range 4 { // generation, thread, time, size
			if size, err = binary.ReadUvarint(in); err != nil {
				return fmt.Errorf("batch %d ends in its header: %w", count, err)
			}
		}
		if size > uint64(in.Len()) {
			return fmt.Errorf("batch %d is said to have %d bytes, and %d are left", count, size, in.Len())
		}
		in.Seek(int64(size), io.SeekCurrent)
	}
}

func environment(t *suite.T) {
	run := func(settings ...string) (out, said string) {
		var problems bytes.Buffer
		helper := t.Self("runtimes-environment")
		helper.Stderr = &problems
		if !suite.Planted("runtimes-environment-lost") {
			helper.Env = append(os.Environ(), settings...)
		}
		text, err := helper.Output()
		if err != nil {
			t.Fatalf("a helper failed: %v, %s", err, problems.String())
		}
		return string(text), problems.String()
	}
	out, said := run("GOMAXPROCS=3", "GODEBUG=gctrace=1")
	if out != "3 " {
		t.Errorf("with GOMAXPROCS=3 it is %s", out)
	}
	if strings.Count(said, "gc ") < 3 || !strings.Contains(said, "3 P") {
		t.Errorf("with GODEBUG=gctrace=1 of four collections with 3 P these are told: %.300q", said)
	}
	if _, said := run("GODEBUG="); strings.Contains(said, "gc 1") {
		t.Errorf("without GODEBUG collections are told: %.300q", said)
	}
}

func randomByProcess(t *suite.T) {
	seen := map[string]bool{}
	for range 3 {
		out, err := t.Self("runtimes-random").Output()
		if err != nil {
			t.Fatalf("a helper failed: %v", err)
		}
		if seen[string(out)] {
			t.Fatalf("two processes drew the same number, %s", out)
		}
		seen[string(out)] = true
	}
}
