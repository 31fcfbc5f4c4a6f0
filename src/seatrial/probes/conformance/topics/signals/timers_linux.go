//go:build !mips && !mipsle && !mips64 && !mips64le

package signals

import (
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "signals/timer-overrun",
		Contract: "A periodic timer whose signal is still pending counts how often it expired meanwhile.",
		Source:   "timer_getoverrun(2)",
		Breaks:   "The CPU profiler and programs that pace themselves by timers cannot tell what they missed.",
		Run:      timerOverrun,
	}, suite.Case{
		ID:       "signals/timer-to-one-thread",
		Contract: "A timer with SIGEV_THREAD_ID signals the thread that it names, and no other, with the timer's value.",
		Source:   "timer_create(2), SIGEV_THREAD_ID; Go runtime/os_linux.go, setThreadCPUProfiler",
		Breaks:   "The CPU profiler blames the wrong threads, or gets no samples.",
		Needs:    []string{"threads"},
		Run:      timerToOneThread,
	}, suite.Case{
		ID:       "signals/timer-on-thread-cpu-time",
		Contract: "A timer on a thread's CPU time expires when that thread has computed so long, and not while it sleeps.",
		Source:   "timer_create(2), CLOCK_THREAD_CPUTIME_ID; Go runtime/os_linux.go, setThreadCPUProfiler",
		Breaks:   "CPU profiles show sleeping goroutines, or nothing.",
		Run:      timerOnCPUTime,
	}, suite.Case{
		ID:       "signals/interval-timer-alarm",
		Contract: "setitimer(ITIMER_REAL) sends SIGALRM again and again, until it is disarmed.",
		Source:   "setitimer(2)",
		Breaks:   "Watchdogs of programs and of C libraries in them do not bark.",
		Run:      alarm,
	}, suite.Case{
		ID:       "signals/interval-timer-cpu-time",
		Contract: "setitimer(ITIMER_VIRTUAL) sends SIGVTALRM when the process has computed so long.",
		Source:   "setitimer(2); Go runtime/signal_unix.go, setProcessCPUProfilerTimer (ITIMER_PROF works alike)",
		Breaks:   "The CPU profiler's timer of the whole process, which catches threads without their own, is dead.",
		Run:      virtualAlarm,
	})
}

// newTimer makes a timer that signals one thread with a value (struct sigevent, asm-generic/siginfo.h).
func newTimer(t *suite.T, clock uintptr, tid int, signal syscall.Signal, value uintptr) (id int32) {
	const threadID = 4 // SIGEV_THREAD_ID
	var event [8]uint64
	start := unsafe.Pointer(&event)
	width := unsafe.Sizeof(uintptr(0))
	*(*uintptr)(start) = value
	*(*int32)(unsafe.Add(start, width)) = int32(signal)
	*(*int32)(unsafe.Add(start, width+4)) = threadID
	*(*int32)(unsafe.Add(start, width+8)) = int32(tid)
	if _, _, errno := syscall.RawSyscall(syscall.SYS_TIMER_CREATE, clock, uintptr(start), uintptr(unsafe.Pointer(&id))); errno != 0 {
		t.Fatalf("timer_create: %v", errno)
	}
	return id
}

func setTimer(t *suite.T, id int32, every time.Duration) {
	period := syscall.NsecToTimespec(int64(every))
	value := [2]syscall.Timespec{period, period}
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_TIMER_SETTIME, uintptr(id), 0, uintptr(unsafe.Pointer(&value)), 0, 0, 0); errno != 0 {
		t.Fatalf("timer_settime: %v", errno)
	}
}

func deleteTimer(id int32) { syscall.RawSyscall(syscall.SYS_TIMER_DELETE, uintptr(id), 0, 0) }

const (
	clockMonotonic = 1
	clockThread    = 3
)

func timerOverrun(t *suite.T) {
	const period, wait = time.Millisecond, 12 * time.Millisecond
	block(firstQueued)
	id := newTimer(t, clockMonotonic, thread(), firstQueued, 1)
	defer deleteTimer(id)
	began := time.Now()
	setTimer(t, id, period)
	time.Sleep(wait)
	got, errno := await(of(firstQueued), t.Patience(time.Second))
	if errno != 0 {
		t.Fatalf("the timer's signal did not come: %v", errno)
	}
	counted, _, errno := syscall.RawSyscall(syscall.SYS_TIMER_GETOVERRUN, uintptr(id), 0, 0)
	if errno != 0 {
		t.Fatalf("timer_getoverrun: %v", errno)
	}
	most := int(time.Since(began) / period)
	if int(counted) < int(wait/period)-2 || int(counted) > most {
		t.Fatalf("after %v a timer of %v has overrun %d times; %d to %d were expected", wait, period, counted,
			int(wait/period)-2, most)
	}
	if got.overrun() != int32(counted) {
		t.Fatalf("timer_getoverrun says %d, the signal %d", counted, got.overrun())
	}
}

func timerToOneThread(t *suite.T) {
	block(firstQueued)
	other := make(chan int)
	pendingThere := make(chan bool)
	go func() {
		block(firstQueued)
		other <- thread()
		<-other
		pendingThere <- pending().has(firstQueued)
	}()
	<-other
	id := newTimer(t, clockMonotonic, thread(), firstQueued, 77)
	defer deleteTimer(id)
	setTimer(t, id, time.Millisecond)
	got, errno := await(of(firstQueued), t.Patience(time.Second))
	setTimer(t, id, 0)
	other <- 0
	there := <-pendingThere
	if errno != 0 {
		t.Fatalf("the timer's signal did not come to its thread (at another: %v): %v", there, errno)
	}
	if got.code() != fromTimer || got.timer() != id && got.timer() < 0 || got.value() != 77 {
		t.Fatalf("it came with code %d and value %d; %d and 77 were expected", got.code(), got.value(), fromTimer)
	}
	if there {
		t.Fatalf("the signal came to a thread that the timer does not name")
	}
}

func timerOnCPUTime(t *suite.T) {
	amount := t.Patience(4 * time.Millisecond) // what leads to the sleep takes some of it, and more where all is slower
	block(firstQueued)
	id := newTimer(t, clockThread, thread(), firstQueued, 1)
	defer deleteTimer(id)
	setTimer(t, id, amount)
	time.Sleep(amount * 4)
	if _, errno := await(of(firstQueued), 0); errno == 0 {
		t.Fatalf("the timer expired while its thread slept")
	}
	for began := time.Now(); time.Since(began) < t.Patience(2*time.Second); {
		for range 10_000 {
			spun++
		}
		if pending().has(firstQueued) {
			return
		}
	}
	t.Fatalf("the timer did not expire while its thread was busy for %v", t.Patience(2*time.Second))
}

// spun is what busy loops count up, so that no compiler leaves them out.
var spun int

// Which interval timers there are: linux/time.h.
const (
	timerReal    = 0
	timerVirtual = 1
)

func intervalTimer(t *suite.T, which uintptr, every time.Duration) {
	period := syscall.NsecToTimeval(int64(every))
	value := [2]syscall.Timeval{period, period}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETITIMER, which, uintptr(unsafe.Pointer(&value)), 0); errno != 0 {
		t.Fatalf("setitimer: %v", errno)
	}
}

func alarm(t *suite.T) {
	received, stop := notified(syscall.SIGALRM)
	defer stop()
	began := time.Now()
	intervalTimer(t, timerReal, 2*time.Millisecond)
	defer intervalTimer(t, timerReal, 0)
	for range 3 {
		arrives(t, received, syscall.SIGALRM)
	}
	if took := time.Since(began); took < 6*time.Millisecond {
		t.Fatalf("three alarms, 2ms apart, came within %v", took)
	}
}

func virtualAlarm(t *suite.T) {
	received, stop := notified(syscall.SIGVTALRM)
	defer stop()
	intervalTimer(t, timerVirtual, 2*time.Millisecond)
	defer intervalTimer(t, timerVirtual, 0)
	for began := time.Now(); time.Since(began) < t.Patience(2*time.Second); {
		for range 10_000 {
			spun++
		}
		if len(received) > 0 {
			return
		}
	}
	t.Fatalf("no SIGVTALRM came while the process was busy for %v", t.Patience(2*time.Second))
}
