package runtimes

import (
	"iter"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "runtimes/channels-under-contention",
		Contract: "Of what many goroutines send each value is received once, and each sender's values in their order.",
		Source:   "Go specification, \"Channel types\"; The Go Memory Model, \"Channel communication\"",
		Breaks:   "Work is lost or done twice.",
		Run:      channels,
	}, suite.Case{
		ID:       "runtimes/select-is-fair",
		Contract: "select chooses among ready channels by chance, about equally often.",
		Source:   "Go specification, \"Select statements\": uniform pseudo-random selection",
		Breaks:   "A busy channel starves the others: shutdown and time-outs are not seen.",
		Run:      selectFair,
	}, suite.Case{
		ID:       "runtimes/timers-in-order",
		Contract: "Timers fire in the order of their deadlines, all of them, and none before its time.",
		Source:   "package time, NewTimer; Go runtime/time.go",
		Breaks:   "Time-outs overtake each other; retries come before the pause they were to make.",
		Run:      timersInOrder,
	}, suite.Case{
		ID:       "runtimes/timers-stopped-stay-quiet",
		Contract: "After Stop or Reset of a timer no old value comes out of its channel.",
		Source:   "package time, Timer.Stop: since Go 1.23",
		Breaks:   "A time-out that was called off ends a request that goes well.",
		Run:      timersStopped,
	}, suite.Case{
		ID:       "runtimes/pool-gives-to-one",
		Contract: "An object of a sync.Pool is in the hands of one goroutine at a time.",
		Source:   "package sync, Pool; Go sync/poolqueue.go: a lock-free queue that leans on atomics",
		Breaks:   "Two requests write into one buffer: answers get mixed up.",
		Needs:    []string{"threads"},
		Run:      poolGives,
	}, suite.Case{
		ID:       "runtimes/mutex-excludes",
		Contract: "A mutex lets one goroutine in at a time, and all of them get in.",
		Source:   "package sync, Mutex; internal/sync/mutex.go: starvation mode",
		Breaks:   "Shared data is torn; some requests wait for ever.",
		Needs:    []string{"threads"},
		Run:      mutexExcludes,
	}, suite.Case{
		ID:       "runtimes/pulled-iterators",
		Contract: "iter.Pull switches between an iterator and its caller without a value lost, and hands panics over.",
		Source:   "package iter, Pull; Go runtime/coro.go, coroswitch",
		Breaks:   "Programs with iterators hang, crash or lose values.",
		Run:      pulled,
	}, suite.Case{
		ID:       "runtimes/goexit-runs-deferred",
		Contract: "Goexit ends one goroutine, after its deferred calls, and no other; recover does not see it.",
		Source:   "package runtime, Goexit",
		Breaks:   "Locks stay locked; testing's FailNow ends more than the test.",
		Run:      goexit,
	})
}

func channels(t *suite.T) {
	const senders, receivers, each = 8, 4, 1500
	type item struct{ sender, number int }
	shared := make(chan item, 3)
	var sending, receiving sync.WaitGroup
	for s := range senders {
		sending.Go(func() {
			for n := range each {
				if suite.Planted("runtimes-value-lost") && s == 3 && n == 77 {
					continue
				}
				shared <- item{s, n}
			}
		})
	}
	var seen [senders][each]atomic.Int32
	for range receivers {
		receiving.Go(func() {
			last := [senders]int{}
			for got := range shared {
				if got.number < last[got.sender] {
					t.Errorf("of sender %d, value %d came after %d", got.sender, got.number, last[got.sender])
					return
				}
				last[got.sender] = got.number
				seen[got.sender][got.number].Add(1)
			}
		})
	}
	sending.Wait()
	close(shared)
	receiving.Wait()
	for s := range seen {
		for n := range seen[s] {
			if times := seen[s][n].Load(); times != 1 {
				t.Fatalf("value %d of sender %d was received %d times", n, s, times)
			}
		}
	}
}

func selectFair(t *suite.T) {
	const choices, rounds = 4, 20_000
	var ready [choices]chan int
	for i := range ready {
		ready[i] = make(chan int, 1)
		if !suite.Planted("runtimes-one-channel-starves") || i != 2 {
			ready[i] <- i
		}
	}
	var chosen [choices]int
	for range rounds {
		var which int
		select {
		case which = <-ready[0]:
		case which = <-ready[1]:
		case which = <-ready[2]:
		case which = <-ready[3]:
		}
		chosen[which]++
		ready[which] <- which
	}
	for i, n := range chosen {
		if n < rounds/choices*9/10 || n > rounds/choices*11/10 { // eight standard deviations
			t.Errorf("of %d choices among %d, channel %d was chosen %d times", rounds, choices, i, n)
		}
	}
}

func timersInOrder(t *suite.T) {
	const count = 30
	type firing struct {
		which int
		early time.Duration
	}
	fired := make(chan firing, count)
	began := time.Now()
	for i := range count {
		which := (i * 7) % count // in no order
		wait := time.Duration(which+1) * 300 * time.Microsecond
		if suite.Planted("runtimes-timer-early") && which == 20 {
			wait = time.Nanosecond
		}
		deadline := time.Now().Add(time.Duration(which+1) * 300 * time.Microsecond)
		time.AfterFunc(wait, func() { fired <- firing{which, time.Until(deadline)} })
	}
	var order []int
	for range count {
		select {
		case got := <-fired:
			if got.early > 0 {
				t.Errorf("timer %d fired %v early", got.which, got.early)
			}
			order = append(order, got.which)
		case <-time.After(t.Patience(3 * time.Second)):
			t.Fatalf("%d timers of %d fired within %v", len(order), count, time.Since(began))
		}
	}
	slices.Sort(order)
	if order = slices.Compact(order); len(order) != count {
		t.Errorf("%d different timers fired; %d were started", len(order), count)
	}
	inOrder(t)
}

// inOrder: one goroutine sleeps until two deadlines, and takes the timers of both after them.
func inOrder(t *suite.T) {
	for range 5 {
		second, first := time.NewTimer(2*time.Millisecond), time.NewTimer(time.Millisecond)
		a, b := <-first.C, <-second.C
		if !a.Before(b) {
			t.Errorf("a timer of 1ms fired %v after one of 2ms", a.Sub(b))
		}
	}
}

func timersStopped(t *suite.T) {
	for range 3 {
		timer := time.NewTimer(time.Nanosecond)
		time.Sleep(200 * time.Microsecond) // it has fired
		if !suite.Planted("runtimes-stale-timer") {
			timer.Stop()
		}
		select {
		case <-timer.C:
			t.Fatalf("a stopped timer's channel has a value")
		default:
		}
		began := time.Now()
		timer.Reset(time.Millisecond)
		if at := <-timer.C; at.Sub(began) < time.Millisecond {
			t.Fatalf("after Reset an old value came")
		}
	}
}

func poolGives(t *suite.T) {
	type object struct{ owner atomic.Int32 }
	pool := sync.Pool{New: func() any { return new(object) }}
	var workers sync.WaitGroup
	for w := range int32(6) {
		workers.Go(func() {
			for i := range 4000 {
				held := pool.Get().(*object)
				if !held.owner.CompareAndSwap(0, w+1) {
					t.Errorf("an object was given to two goroutines")
					return
				}
				if i%200 == 0 {
					runtime.Gosched()
				}
				if !suite.Planted("runtimes-pool-forgets") {
					held.owner.Store(0)
				}
				pool.Put(held)
			}
		})
	}
	for range 4 {
		runtime.GC() // empties pools
	}
	workers.Wait()
}

func mutexExcludes(t *suite.T) {
	const workers, rounds = 6, 3000
	var lock sync.Mutex
	var pool sync.WaitGroup
	counter, inside := 0, 0
	for range workers {
		pool.Go(func() {
			for i := range rounds {
				lock.Lock()
				if inside++; inside != 1 {
					t.Errorf("%d goroutines hold the mutex", inside)
				}
				if i%500 == 0 {
					time.Sleep(10 * time.Microsecond) // others wait long: the mutex goes into starvation mode
				}
				counter++
				if !suite.Planted("runtimes-mutex-shared") {
					inside--
				}
				lock.Unlock()
			}
		})
	}
	pool.Wait()
	if counter != workers*rounds {
		t.Errorf("%d rounds were counted; %d were made", counter, workers*rounds)
	}
}

func pulled(t *suite.T) {
	const values = 5000
	numbers := func(yield func(int) bool) {
		for i := range values {
			if suite.Planted("runtimes-value-lost") && i == 77 {
				continue
			}
			if !yield(i) {
				return
			}
		}
	}
	next, stop := iter.Pull(iter.Seq[int](numbers))
	for i := range values {
		if got, ok := next(); !ok || got != i {
			t.Fatalf("value %d came as %d, %v", i, got, ok)
		}
		if i%500 == 0 {
			runtime.GC() // moves nothing, but scans the iterator's stack
		}
	}
	if _, ok := next(); ok {
		t.Errorf("there are more values than were made")
	}
	stop()
	cleanedUp := false
	next, stop = iter.Pull(iter.Seq[int](func(yield func(int) bool) {
		defer func() { cleanedUp = true }()
		numbers(yield)
	}))
	next()
	if stop(); !cleanedUp {
		t.Errorf("an iterator that was stopped did not run its deferred calls")
	}
	next, stop = iter.Pull(iter.Seq[int](func(func(int) bool) { panic("inside") }))
	defer stop()
	defer func() {
		if said := recover(); said != "inside" {
			t.Errorf("recovered %v from an iterator's panic", said)
		}
	}()
	next()
}

func goexit(t *suite.T) {
	var steps []string
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer func() {
			if said := recover(); said != nil {
				t.Errorf("recover saw %v", said)
			}
			steps = append(steps, "outer")
		}()
		defer func() { steps = append(steps, "inner") }()
		if !suite.Planted("runtimes-goexit-goes-on") {
			runtime.Goexit()
		}
		steps = append(steps, "after")
	}()
	<-ended
	if !slices.Equal(steps, []string{"inner", "outer"}) {
		t.Fatalf("these ran, in this order: %v", steps)
	}
}
