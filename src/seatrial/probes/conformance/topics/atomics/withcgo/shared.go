package withcgo

// #include <stdlib.h>
// #include "litmus.h"
import "C"

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
)

// shared is memory of C that both sides change.
type shared struct {
	wide   uint64
	narrow uint32
	flag   uint32
	answer uint32
	_      uint32
	data   [8]uint32
}

func newShared(t *suite.T) (*shared, func()) {
	block := C.calloc(1, C.size_t(unsafe.Sizeof(shared{})))
	if block == nil {
		t.Unknown("no memory")
	}
	return (*shared)(block), func() { C.free(block) }
}

func addTogether(t *suite.T) {
	const turns, each = 20_000, 2
	s, release := newShared(t)
	defer release()
	var pool sync.WaitGroup
	for range each {
		pool.Go(func() { C.seatrial_add((*C.uint32_t)(&s.narrow), (*C.uint64_t)(&s.wide), turns) })
		pool.Go(func() {
			for i := range turns {
				atomic.AddUint32(&s.narrow, 1)
				atomic.AddUint64(&s.wide, 1<<32+1)
				if i%64 == 0 {
					runtime.Gosched()
				}
			}
		})
	}
	pool.Wait()
	const all = 2 * each * turns
	if s.narrow != all || s.wide != all<<32+all {
		t.Fatalf("%d threads of C and %d of Go added %d times each: 32 bits hold %d, 64 bits %#x; expected %d and %#x",
			each, each, turns, s.narrow, s.wide, all, uint64(all<<32+all))
	}
}

func publish(t *suite.T) {
	const rounds = 300
	s, release := newShared(t)
	defer release()
	enough := time.Now().Add(t.Patience(time.Second)) // beside busy programs each round costs milliseconds
	done := make(chan struct{})
	go func() {
		defer close(done)
		C.seatrial_publish((*C.uint32_t)(&s.data[0]), (*C.uint32_t)(&s.flag), (*C.uint32_t)(&s.answer), rounds)
	}()
	stale := 0
	for round := uint32(1); round <= rounds; round++ {
		for tries := 0; atomic.LoadUint32(&s.flag) < round; tries++ {
			if tries > 200 {
				runtime.Gosched()
			}
		}
		for _, n := range s.data {
			if n != round {
				stale++
				break
			}
		}
		if time.Now().After(enough) {
			atomic.StoreUint32(&s.answer, rounds) // to all that are left
			break
		}
		atomic.StoreUint32(&s.answer, round)
	}
	<-done
	if stale > 0 {
		t.Fatalf("%d of %d times Go saw C's flag, and data from before it", stale, rounds)
	}
}
