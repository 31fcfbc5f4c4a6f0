package atomics

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "atomics/mutex-excludes",
		Contract: "One goroutine at a time holds a sync.Mutex, and sees what the one before it wrote.",
		Source:   "The Go Memory Model, \"Locks\"; Go internal/sync/mutex.go",
		Breaks:   "Everything that shares data.",
		Needs:    []string{"threads"},
		Run:      onOneCPUToo(mutexExcludes),
	}, suite.Case{
		ID:       "atomics/rwmutex-excludes",
		Contract: "Writers of a sync.RWMutex are alone; readers see nothing half written.",
		Source:   "The Go Memory Model, \"Locks\"; Go sync/rwmutex.go",
		Breaks:   "Caches and configuration under an RWMutex are read in the middle of a change.",
		Needs:    []string{"threads"},
		Run:      onOneCPUToo(readersExclude),
	}, suite.Case{
		ID:       "atomics/once-runs-once",
		Contract: "sync.Once runs its function once, and nobody returns from Do before its effects can be seen.",
		Source:   "The Go Memory Model, \"Once\"; Go sync/once.go",
		Breaks:   "Singletons are made twice, or used before they are ready.",
		Needs:    []string{"threads"},
		Run:      onOneCPUToo(onceRunsOnce),
	}, suite.Case{
		ID:       "atomics/waitgroup-waits",
		Contract: "WaitGroup.Wait returns after all Done, and what came before a Done can then be seen.",
		Source:   "package sync, WaitGroup.Done; Go sync/waitgroup.go (counter and waiters in one 64-bit word)",
		Breaks:   "Results of workers are collected before they are there.",
		Needs:    []string{"threads"},
		Run:      onOneCPUToo(waitGroupWaits),
	}, suite.Case{
		ID:       "atomics/cond-wakes",
		Contract: "sync.Cond.Signal wakes one waiter, Broadcast all of them, and none is lost.",
		Source:   "package sync, Cond; Go runtime/sema.go, notifyList",
		Breaks:   "Queues stop although there is work: their consumers sleep for ever.",
		Needs:    []string{"threads"},
		Run:      condWakes,
	}, suite.Case{
		ID:       "atomics/channels-publish",
		Contract: "What was written before a send is seen after its receive, and a full channel's sends wait for receives.",
		Source:   "The Go Memory Model, \"Channel communication\"; Go runtime/chan.go",
		Breaks:   "Pipelines work on data of the round before; channels used as semaphores let too many in.",
		Needs:    []string{"threads"},
		Run:      onOneCPUToo(channelsPublish),
	}, suite.Case{
		ID:       "atomics/spinning-sees-the-store",
		Contract: "A goroutine that spins on an atomic load sees another's store in the end, on one CPU too.",
		Source:   "Go 1.14 release notes, \"Runtime\"; Go runtime/preempt.go",
		Breaks:   "Spin locks and busy waits never end.",
		Needs:    []string{"threads"},
		Seconds:  2,
		Run:      spinningSees,
	})
}

// locker is the lock, unless a fault is planted: an open one lets everybody in.
func locker(lock sync.Locker) sync.Locker {
	if suite.Planted("atomics-lock-open") {
		return open{}
	}
	return lock
}

type open struct{}

func (open) Lock()   {}
func (open) Unlock() {}

func mutexExcludes(t *suite.T) {
	var mutex sync.Mutex
	lock := locker(&mutex)
	first, second, torn := 0, 0, 0
	together(func(int) {
		for i := range turns {
			lock.Lock()
			before := first
			if before != second {
				torn++
			}
			if i%64 == 0 {
				runtime.Gosched()
			}
			first = before + 1
			second = before + 1
			lock.Unlock()
		}
	})
	if first != contenders*turns || second != first || torn > 0 {
		t.Fatalf("two counters under a lock hold %d and %d, expected %d; %d times they differed inside it",
			first, second, contenders*turns, torn)
	}
}

func readersExclude(t *suite.T) {
	var mutex sync.RWMutex
	write, read := locker(&mutex), locker(mutex.RLocker())
	var pair [2]int
	var torn atomic.Int64
	together(func(who int) {
		for i := range turns {
			if who < 2 {
				write.Lock()
				before := pair[0]
				if i%64 == 0 {
					runtime.Gosched()
				}
				pair[0] = before + 1
				pair[1] = before + 1
				write.Unlock()
				continue
			}
			read.Lock()
			before := pair[0]
			if i%64 == 0 {
				runtime.Gosched()
			}
			if before != pair[1] {
				torn.Add(1)
			}
			read.Unlock()
		}
	})
	if n := torn.Load(); n > 0 || pair[0] != 2*turns {
		t.Fatalf("%d readers saw half a write; %d writes count, expected %d", n, pair[0], 2*turns)
	}
}

// A doer is a sync.Once.
type doer interface{ Do(func()) }

// early lets everybody else pass while the first is still at it.
type early struct{ begun atomic.Bool }

func (o *early) Do(run func()) {
	if o.begun.CompareAndSwap(false, true) {
		runtime.Gosched()
		run()
	}
}

func onceRunsOnce(t *suite.T) {
	var runs, unready atomic.Int64
	const rounds = 500
	for range rounds {
		var once doer = new(sync.Once)
		if suite.Planted("atomics-published-early") {
			once = new(early)
		}
		var made *[4]int
		together(func(int) {
			once.Do(func() {
				runs.Add(1)
				made = &[4]int{1, 2, 3, 4}
			})
			if made == nil || *made != [4]int{1, 2, 3, 4} {
				unready.Add(1)
			}
		})
	}
	if runs.Load() != rounds || unready.Load() > 0 {
		t.Fatalf("in %d rounds the function ran %d times; %d callers came back too early", rounds, runs.Load(), unready.Load())
	}
}

func waitGroupWaits(t *suite.T) {
	missing := 0
	const rounds = 500
	for round := range rounds {
		var group sync.WaitGroup
		var result [contenders]int
		group.Add(contenders)
		for who := range contenders {
			go func() {
				if suite.Planted("atomics-published-early") {
					group.Done()
					runtime.Gosched()
					result[who] = round + 1
					return
				}
				result[who] = round + 1
				group.Done()
			}()
		}
		group.Wait()
		for _, r := range result {
			if r != round+1 {
				missing++
			}
		}
	}
	if missing > 0 {
		t.Fatalf("%d of %d results were not there after Wait", missing, rounds*contenders)
	}
}

// condWakes: tickets are given out one Signal each, and taken by waiters; then all that still wait are told to go.
func condWakes(t *suite.T) {
	const waiters, tickets = 32, 500
	var lock sync.Mutex
	cond := sync.NewCond(&lock)
	left, taken, asleep, ended, stop := 0, 0, 0, 0, false
	for range waiters {
		go func() {
			lock.Lock()
			defer lock.Unlock()
			for !stop {
				asleep++
				cond.Wait()
				asleep--
				if left > 0 {
					left--
					taken++
				}
			}
			ended++
		}()
	}
	deadline := time.Now().Add(t.Patience(time.Second))
	until := func(holds func() bool) {
		for time.Now().Before(deadline) {
			lock.Lock()
			done := holds()
			lock.Unlock()
			if done {
				return
			}
			runtime.Gosched()
		}
	}
	for given := range tickets {
		until(func() bool { return asleep > 0 && left < asleep && (given > 0 || asleep == waiters) })
		lock.Lock()
		left++
		cond.Signal()
		lock.Unlock()
	}
	until(func() bool { return left == 0 && asleep == waiters })
	lock.Lock()
	stop = true
	if suite.Planted("atomics-wake-lost") {
		cond.Signal()
	} else {
		cond.Broadcast()
	}
	lock.Unlock()
	until(func() bool { return ended == waiters })
	lock.Lock()
	defer lock.Unlock()
	if taken != tickets || ended != waiters {
		t.Fatalf("%d of %d tickets were taken; %d of %d waiters woke in the end", taken, tickets, ended, waiters)
	}
}

func channelsPublish(t *suite.T) {
	const messages, most = 4000, 2
	data := make([]int, messages)
	direct := make(chan int)
	go func() {
		defer close(direct)
		for i := range data {
			if suite.Planted("atomics-published-early") {
				direct <- i
				runtime.Gosched()
				data[i] = i + 1
				continue
			}
			data[i] = i + 1
			direct <- i
		}
	}()
	unseen := 0
	for i := range direct {
		if data[i] != i+1 {
			unseen++
		}
	}
	places := make(chan struct{}, most)
	if suite.Planted("atomics-lock-open") {
		places = make(chan struct{}, contenders)
	}
	var within, crowded atomic.Int64
	together(func(int) {
		for range turns / 4 {
			places <- struct{}{}
			if within.Add(1) > most {
				crowded.Add(1)
			}
			runtime.Gosched()
			within.Add(-1)
			<-places
		}
	})
	if unseen > 0 || crowded.Load() > 0 {
		t.Fatalf("of %d messages, %d came without what was written before; %d times more than %d were within",
			messages, unseen, crowded.Load(), most)
	}
}

func spinningSees(t *suite.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var flag, answer atomic.Int32
	go func() {
		if !suite.Planted("atomics-store-unseen") {
			flag.Store(1)
		}
		for answer.Load() == 0 {
		}
		flag.Store(2)
	}()
	for flag.Load() == 0 {
	}
	answer.Store(1)
	for flag.Load() != 2 {
	}
}
