package runtimes

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unique"
	"weak"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "runtimes/gc-keeps-what-is-reachable",
		Contract: "Under load the garbage collector keeps all that is reachable, unchanged, and collects the rest.",
		Source:   "Go runtime/mgc.go; package runtime, GC",
		Breaks:   "Memory of living objects is given away: values change, programs crash at random.",
		Run:      keepsReachable,
	}, suite.Case{
		ID:       "runtimes/gc-while-pointers-move",
		Contract: "Objects that are moved between places while the collector runs are not lost.",
		Source:   "Go runtime/mbarrier.go: the write barrier needs the CPU's memory order as sync/atomic promises it",
		Breaks:   "Lists and maps under change lose elements, on machines with weak memory order first.",
		Needs:    []string{"threads"},
		Run:      pointersMove,
	}, suite.Case{
		ID:       "runtimes/finalizers-run",
		Contract: "Each finalizer of an object that is unreachable runs, once.",
		Source:   "package runtime, SetFinalizer",
		Breaks:   "Descriptors of files that nobody closed leak until there are no more.",
		Run:      finalizers,
	}, suite.Case{
		ID:       "runtimes/cleanups-run",
		Contract: "Each cleanup of an object that is unreachable runs, once, with its argument; a stopped one does not.",
		Source:   "package runtime, AddCleanup and Cleanup.Stop",
		Breaks:   "What is kept outside Go's heap (maps, handles) is never given back, or twice.",
		Run:      cleanups,
	}, suite.Case{
		ID:       "runtimes/weak-pointers",
		Contract: "A weak pointer leads to its object while that lives, and to nil once it is collected.",
		Source:   "package weak, Pointer",
		Breaks:   "Caches hand out memory that is something else by now, or never shrink.",
		Run:      weakPointers,
	}, suite.Case{
		ID:       "runtimes/unique-handles",
		Contract: "Handles of equal values are equal, whichever thread made them, also after collections.",
		Source:   "package unique, Make",
		Breaks:   "net/netip compares zones, and programs interned strings, by handles: equal ones differ.",
		Run:      uniqueHandles,
	}, suite.Case{
		ID:       "runtimes/memory-limit-honoured",
		Contract: "With a memory limit and no GOGC the collector still runs often enough to stay near the limit.",
		Source:   "package runtime/debug, SetMemoryLimit; A Guide to the Go Garbage Collector, \"Memory limit\"",
		Breaks:   "Programs in containers are killed for their memory although most of it is garbage.",
		Run:      memoryLimit,
	}, suite.Case{
		ID:       "runtimes/memory-statistics-add-up",
		Contract: "What a program allocates is what the statistics count: objects, bytes, and collections.",
		Source:   "package runtime, MemStats",
		Breaks:   "Dashboards and limits built on the statistics are wrong.",
		Run:      statistics,
	})
}

type node struct {
	value       uint64
	left, right *node
	padding     [3]uint64
}

// grow makes a tree of 1<<depth - 1 nodes with known values.
func grow(depth int, value uint64) *node {
	if depth == 0 {
		return nil
	}
	return &node{value: value, left: grow(depth-1, 2*value), right: grow(depth-1, 2*value+1)}
}

// check counts the nodes that have their values.
func (n *node) check(value uint64) int {
	if n == nil || n.value != value || n.padding != [3]uint64{} {
		return 0
	}
	return 1 + n.left.check(2*value) + n.right.check(2*value+1)
}

func keepsReachable(t *suite.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	const depth, kept = 9, 12
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	trees := make([]*node, kept)
	var pool sync.WaitGroup
	for i := range trees {
		pool.Go(func() {
			trees[i] = grow(depth, 1)
			for range 20 {
				if n := grow(depth, 1).check(1); n != 1<<depth-1 {
					t.Errorf("a new tree of %d nodes has %d", 1<<depth-1, n)
				}
			}
		})
	}
	pool.Wait()
	runtime.GC()
	if suite.Planted("runtimes-collector-takes-too-much") {
		trees[3].left.right = nil
	}
	for i, tree := range trees {
		if n := tree.check(1); n != 1<<depth-1 {
			t.Errorf("tree %d of %d nodes, which was kept, has %d", i, 1<<depth-1, n)
		}
	}
	runtime.ReadMemStats(&after)
	if after.NumGC == before.NumGC || after.Frees == before.Frees {
		t.Errorf("%d collections, %d objects freed: more were expected", after.NumGC-before.NumGC, after.Frees-before.Frees)
	}
}

// pointersMove shuffles nodes between slots, each of which at most one goroutine uses at a time, while collecting.
func pointersMove(t *suite.T) {
	const slots, movers = 512, 3
	var places [slots]atomic.Pointer[node]
	for i := range places {
		places[i].Store(&node{value: uint64(i)})
	}
	var over atomic.Bool
	var pool sync.WaitGroup
	for range movers {
		pool.Go(func() {
			for !over.Load() {
				var hand *node
				for range 64 {
					hand = places[rand.IntN(slots)].Swap(hand)
				}
				for i := rand.IntN(slots); hand != nil; i = (i + 1) % slots {
					if places[i].CompareAndSwap(nil, hand) {
						hand = nil
					}
				}
				runtime.Gosched()
			}
		})
	}
	for range 10 {
		runtime.GC()
	}
	over.Store(true)
	pool.Wait()
	if suite.Planted("runtimes-collector-takes-too-much") {
		places[7].Store(nil)
	}
	seen := map[uint64]int{}
	for i := range places {
		if n := places[i].Load(); n != nil && n.value < slots {
			seen[n.value]++
		}
	}
	if len(seen) != slots {
		t.Fatalf("of %d objects %d are left", slots, len(seen))
	}
}

// collected collects until something has happened, or patience is at its end.
func collected(t *suite.T, happened func() bool) bool {
	for began := time.Now(); time.Since(began) < t.Patience(2*time.Second); time.Sleep(100 * time.Microsecond) {
		runtime.GC()
		if happened() {
			return true
		}
	}
	return happened()
}

func finalizers(t *suite.T) {
	const objects = 200
	var ran [objects]atomic.Int32
	var total atomic.Int32
	for i := range objects {
		runtime.SetFinalizer(&node{value: uint64(i)}, func(n *node) {
			if !suite.Planted("runtimes-nothing-dies") {
				ran[n.value].Add(1)
				total.Add(1)
			}
		})
	}
	if !collected(t, func() bool { return total.Load() >= objects }) {
		t.Fatalf("of %d finalizers %d ran", objects, total.Load())
	}
	for i := range ran {
		if n := ran[i].Load(); n != 1 {
			t.Errorf("finalizer %d ran %d times", i, n)
		}
	}
}

func cleanups(t *suite.T) {
	const objects = 200
	var ran [objects]atomic.Int32
	var total, stopped atomic.Int32
	for i := range objects {
		object := &node{}
		runtime.AddCleanup(object, func(which int) {
			if !suite.Planted("runtimes-nothing-dies") {
				ran[which].Add(1)
				total.Add(1)
			}
		}, i)
		runtime.AddCleanup(object, func(int) { stopped.Add(1) }, i).Stop()
		runtime.KeepAlive(object)
	}
	if !collected(t, func() bool { return total.Load() >= objects }) {
		t.Fatalf("of %d cleanups %d ran", objects, total.Load())
	}
	for i := range ran {
		if n := ran[i].Load(); n != 1 {
			t.Errorf("cleanup %d ran %d times", i, n)
		}
	}
	if n := stopped.Load(); n != 0 {
		t.Errorf("%d cleanups ran that had been stopped", n)
	}
}

var keep *node

func weakPointers(t *suite.T) {
	alive, dead := grow(3, 1), grow(3, 1)
	toAlive, toDead := weak.Make(alive), weak.Make(dead)
	if suite.Planted("runtimes-nothing-dies") {
		keep = dead
	}
	if toDead.Value() != dead || toDead != weak.Make(dead) {
		t.Errorf("a weak pointer does not lead to its object")
	}
	dead = nil
	if !collected(t, func() bool { return toDead.Value() == nil }) {
		t.Errorf("a weak pointer leads to an object that nobody has kept")
	}
	if toAlive.Value() != alive || alive.check(1) != 7 {
		t.Errorf("a weak pointer does not lead to its object, which was kept")
	}
	runtime.KeepAlive(alive)
}

func uniqueHandles(t *suite.T) {
	const values, threads = 100, 4
	made := make([][]unique.Handle[string], threads)
	var pool sync.WaitGroup
	for i := range made {
		pool.Go(func() {
			for n := range values {
				text := fmt.Sprint("value ", n)
				if suite.Planted("runtimes-handles-differ") && i == 1 {
					text = strings.ToUpper(text)
				}
				made[i] = append(made[i], unique.Make(text))
				if n%25 == 0 {
					runtime.GC()
				}
			}
		})
	}
	pool.Wait()
	for i := range made {
		for n, handle := range made[i] {
			if handle != made[0][n] || handle.Value() != fmt.Sprint("value ", n) {
				t.Fatalf("thread %d's handle of value %d is another: %q", i, n, handle.Value())
			}
		}
	}
}

var garbage []byte

func memoryLimit(t *suite.T) {
	const above = 16 << 20
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1))
	var before, now runtime.MemStats
	runtime.ReadMemStats(&before)
	if !suite.Planted("runtimes-no-limit") {
		debug.SetMemoryLimit(int64(before.Sys-before.HeapReleased) + above)
	}
	most := uint64(0)
	for i := range 6 * above / (64 << 10) {
		garbage = make([]byte, 64<<10)
		if i%64 == 0 {
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapAlloc)
		}
	}
	garbage = nil
	if now.NumGC == before.NumGC || most > before.HeapAlloc+3*above {
		t.Fatalf("with a limit %d MiB above what was used, %d MiB of garbage were kept, and %d collections made", above>>20,
			(most-before.HeapAlloc)>>20, now.NumGC-before.NumGC)
	}
}

func statistics(t *suite.T) {
	const objects, size = 1000, 1024
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	kept := make([][]byte, objects)
	for i := range kept {
		kept[i] = make([]byte, size)
	}
	if suite.Planted("runtimes-no-limit") {
		kept = nil
		runtime.GC()
	}
	runtime.ReadMemStats(&after)
	count, bytes := after.Mallocs-before.Mallocs, after.TotalAlloc-before.TotalAlloc
	if count < objects || count > 2*objects || bytes < objects*size || bytes > 2*objects*size {
		t.Errorf("%d objects of %d bytes were made; %d objects and %d bytes were counted", objects, size, count, bytes)
	}
	if after.NumGC != before.NumGC || after.HeapAlloc < before.HeapAlloc+objects*size {
		t.Errorf("without a collection (%d were counted) the heap grew by %d bytes", after.NumGC-before.NumGC,
			int64(after.HeapAlloc)-int64(before.HeapAlloc))
	}
	runtime.KeepAlive(kept)
}
