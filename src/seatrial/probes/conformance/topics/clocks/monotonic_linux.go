package clocks

import (
	"runtime"
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "clocks/monotonic-across-cpus",
		Contract: "A thread that is moved from CPU to CPU never sees the monotonic clock go backwards.",
		Source:   "clock_gettime(2), CLOCK_MONOTONIC; Linux kernel/time/clocksource.c (unstable clocksources)",
		Breaks:   "After each migration of a thread time jumps: timers fire early or late, profiles and traces are wrong.",
		Needs:    []string{"two-cpus"},
		Run:      acrossCPUs,
	}, suite.Case{
		ID:       "clocks/vdso-agrees-with-system-call",
		Contract: "The monotonic clock is the same whether it is read through the vDSO or by a system call.",
		Source:   "vdso(7); Linux lib/vdso/gettimeofday.c",
		Breaks:   "Go reads the vDSO while C libraries and sandboxes make system calls: their times cannot be compared.",
		Run:      agrees,
	}, suite.Case{
		ID:       "clocks/resolution",
		Contract: "clock_getres(CLOCK_MONOTONIC) is one nanosecond: the kernel has high-resolution timers.",
		Source:   "clock_getres(2); time(7), \"High-resolution timers\"",
		Breaks:   "Every timer and time-out is rounded up to the kernel's tick, 1 to 10 ms.",
		Run:      resolution,
	})
}

func acrossCPUs(t *suite.T) {
	runtime.LockOSThread() // the case's thread ends with it, and its affinity too
	var allowed [128]uint64
	size, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_GETAFFINITY, 0, unsafe.Sizeof(allowed), uintptr(unsafe.Pointer(&allowed)))
	if errno != 0 {
		t.Unknown("sched_getaffinity: %v", errno)
	}
	mask := unsafe.Slice((*byte)(unsafe.Pointer(&allowed)), size)
	last, moves := reading(), 0
	for round := 0; round < 20; round++ {
		for cpu := 0; cpu < len(mask)*8; cpu++ {
			one := onlyCPU(cpu, len(mask))
			if !both(mask, one) {
				continue
			}
			if _, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, uintptr(len(one)), uintptr(unsafe.Pointer(&one[0]))); errno != 0 {
				t.Unknown("sched_setaffinity: %v", errno)
			}
			moves++
			for range 50 {
				now := reading()
				if now < last {
					t.Fatalf("after %d moves, on CPU %d: the clock went back by %v", moves, cpu, last-now)
				}
				last = now
			}
		}
	}
}

// onlyCPU is a CPU mask, an array of longs in the machine's byte order.
func onlyCPU(cpu, size int) []byte {
	words := make([]uintptr, (size+int(unsafe.Sizeof(uintptr(0)))-1)/int(unsafe.Sizeof(uintptr(0))))
	bits := int(unsafe.Sizeof(uintptr(0))) * 8
	words[cpu/bits] = 1 << (cpu % bits)
	return unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), size)
}

func both(a, b []byte) bool {
	for i := range a {
		if a[i]&b[i] != 0 {
			return true
		}
	}
	return false
}

// agrees uses that time.Since is CLOCK_MONOTONIC less a constant. Each pair of system calls around a reading bounds
// that constant; if the clocks are one, some value lies in all the bounds.
func agrees(t *suite.T) {
	runtime.LockOSThread()
	least, most := time.Duration(-1<<62), time.Duration(1<<62)
	for i := 0; i < 2000; i++ {
		before := kernelClock(clockMonotonic)
		between := reading()
		after := kernelClock(clockMonotonic)
		least, most = max(least, before-between), min(most, after-between)
		if least > most {
			t.Fatalf("reading %d: the two are at least %v apart", i, least-most)
		}
	}
}

func resolution(t *suite.T) {
	var step syscall.Timespec
	if _, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETRES, clockMonotonic, uintptr(unsafe.Pointer(&step)), 0); errno != 0 {
		t.Fatalf("clock_getres: %v", errno)
	}
	t.Value("nanoseconds", step.Nano())
	if step.Nano() != 1 {
		t.Fatalf("it is %v", time.Duration(step.Nano()))
	}
}
