//go:build unix

package signals

import (
	"os"
	"os/signal"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID: "signals/sigusr2-acknowledged",
		Contract: "Under load, of 100,000 SIGUSR2, each sent when the one before was acknowledged, " +
			"exactly 100,000 are handled.",
		Source:  "POSIX.1-2017, 2.4.1 Signal Generation and Delivery; package os/signal",
		Breaks:  "Reloads, log rotation and the shutdown of services by signals work nearly always.",
		Seconds: 60,
		Run:     acknowledged,
	}, suite.Case{
		ID:       "signals/bursts-coalesce",
		Contract: "Of a burst of signals that nobody acknowledges at least one is handled, and at most as many as were sent.",
		Source:   "signal(7), \"Queueing and delivery semantics for standard signals\"",
		Breaks:   "A reload that was asked for twice in short order never happens, or happens for ever.",
		Run:      bursts,
	})
}

// notified is a channel with room for many signals, and what stops them.
func notified(signals ...os.Signal) (received chan os.Signal, stop func()) {
	received = make(chan os.Signal, 4096)
	signal.Notify(received, signals...)
	return received, func() { signal.Stop(received) }
}

// arrives expects the next notification to be of one signal.
func arrives(t *suite.T, received <-chan os.Signal, expected os.Signal) {
	select {
	case got := <-received:
		if got != expected {
			t.Fatalf("got %v, expected %v", got, expected)
		}
	case <-time.After(t.Patience(2 * time.Second)):
		t.Fatalf("%v was sent and not handled within %v", expected, t.Patience(2*time.Second))
	}
}

// load keeps a program busy as services are: two goroutines that allocate and talk to each other.
func load() (stop func()) {
	before := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(before + 2)
	var over atomic.Bool
	var pool sync.WaitGroup
	there, back := make(chan []byte), make(chan []byte)
	pool.Go(func() {
		defer close(there)
		for !over.Load() {
			there <- make([]byte, 512)
			<-back
		}
	})
	pool.Go(func() {
		for letter := range there {
			back <- append(letter, 1)
		}
	})
	return func() {
		over.Store(true)
		pool.Wait()
		runtime.GOMAXPROCS(before)
	}
}

func acknowledged(t *suite.T) {
	const natively = 100_000
	count := natively
	if slower := t.Patience(time.Second).Seconds(); slower > 1 {
		count = int(natively / slower)
	}
	t.Value("sent", count)
	defer load()()
	received, stop := notified(syscall.SIGUSR2)
	defer stop()
	patience := t.Patience(2 * time.Second)
	lost := time.NewTimer(patience)
	self := syscall.Getpid()
	for i := 1; i <= count; i++ {
		if err := syscall.Kill(self, syscall.SIGUSR2); err != nil {
			t.Fatalf("signal %d: kill: %v", i, err)
		}
		lost.Reset(patience)
		select {
		case <-received:
		case <-lost.C:
			t.Fatalf("signal %d of %d was not handled within %v", i, count, patience)
		}
	}
	stop() // waits for what is on its way
	if extra := len(received); extra != 0 {
		t.Fatalf("%d were sent and %d handled", count, count+extra)
	}
}

func bursts(t *suite.T) {
	const rounds, size = 40, 25
	received, stop := notified(syscall.SIGUSR2)
	defer stop()
	handled, self := 0, syscall.Getpid()
	for range rounds {
		for range size {
			if err := syscall.Kill(self, syscall.SIGUSR2); err != nil {
				t.Fatalf("kill: %v", err)
			}
		}
		arrives(t, received, syscall.SIGUSR2)
		handled++
	}
	time.Sleep(2 * time.Millisecond)
	stop()
	if handled += len(received); handled > rounds*size {
		t.Fatalf("%d were sent and %d handled", rounds*size, handled)
	}
}
