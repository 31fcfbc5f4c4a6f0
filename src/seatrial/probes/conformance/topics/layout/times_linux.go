package layout

import (
	"runtime"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "layout/timespec",
		Contract: "clock_gettime writes exactly a syscall.Timespec: seconds, then nanoseconds below a thousand millions.",
		Source:   "clock_gettime(2); timespec(3type); " + goTypes,
		Breaks:   "The runtime's clock is torn: on 32-bit ports the nanoseconds are read from the high half of the seconds.",
		Run:      timespec,
	}, suite.Case{
		ID:       "layout/timeval",
		Contract: "gettimeofday writes exactly a syscall.Timeval: seconds, then microseconds below a million.",
		Source:   "gettimeofday(2); timeval(3type); " + goTypes,
		Breaks:   "Resource usage and socket time-outs, which use the same structure, are misread.",
		Run:      timeval,
	}, suite.Case{
		ID:       "layout/itimerval",
		Contract: "getitimer writes exactly two Timevals, interval first.",
		Source:   "getitimer(2); Go runtime/defs_linux_GOARCH.go, itimerval",
		Breaks:   "The CPU profiler's timer, set with it, fires at the wrong rate or never.",
		Run:      itimerval,
	}, suite.Case{
		ID:       "layout/itimerspec",
		Contract: "timerfd_gettime writes exactly two Timespecs, interval first.",
		Source:   "timerfd_create(2); Go runtime/defs_linux_GOARCH.go, itimerspec",
		Breaks:   "Per-thread profiling timers (timer_settime) and event loops on timerfd run at wrong intervals.",
		Run:      itimerspec,
	}, suite.Case{
		ID:       "layout/rusage",
		Contract: "getrusage writes exactly a syscall.Rusage; peak memory, page faults and waits are in their fields.",
		Source:   "getrusage(2); " + goTypes,
		Breaks:   "exec.Cmd's ProcessState reports wrong times and memory.",
		Run:      rusage,
	}, suite.Case{
		ID:       "layout/tms",
		Contract: "times writes exactly a syscall.Tms: the user and system ticks of this process.",
		Source:   "times(2); sysconf(3), _SC_CLK_TCK: 100 on all of Go's ports; " + goTypes,
		Breaks:   "Programs that measure CPU time in ticks divide the wrong numbers.",
		Run:      tms,
	}, suite.Case{
		ID:       "layout/timex",
		Contract: "adjtimex writes exactly a syscall.Timex: tolerance, precision, tick and time are in their fields.",
		Source:   "adjtimex(2); Linux include/uapi/linux/timex.h and kernel/time/ntp.c",
		Breaks:   "Time daemons written in Go set the clock's rate from neighbouring fields.",
		Run:      timex,
	})
}

func timespec(t *suite.T) {
	got := whole(t, "timespec", func(into *syscall.Timespec) error {
		return raw(syscall.SYS_CLOCK_GETTIME, 0, at(into))
	})
	if early := time.Since(time.Unix(got.Unix())); early < 0 || early > t.Patience(5*time.Second) {
		t.Errorf("the time is %v, which is %v before now", time.Unix(got.Unix()), early)
	}
	within(t, "tv_nsec", int64(got.Nsec), 0, 999_999_999)
}

func timeval(t *suite.T) {
	got := whole(t, "timeval", func(into *syscall.Timeval) error { // Go itself may ask the vDSO
		return raw(syscall.SYS_GETTIMEOFDAY, at(into), 0)
	})
	if early := time.Since(time.Unix(got.Unix())); early < 0 || early > t.Patience(5*time.Second) {
		t.Errorf("the time is %v, which is %v before now", time.Unix(got.Unix()), early)
	}
	within(t, "tv_usec", int64(got.Usec), 0, 999_999)
}

// A pair of times: the value that a timer counts down from after each expiry, and what is left until the next.
type pair[S any] struct{ interval, value S }

func itimerval(t *suite.T) {
	const real = 0 // ITIMER_REAL, which the runtime leaves alone
	set := &pair[syscall.Timeval]{syscall.NsecToTimeval(7_250_000_000), syscall.NsecToTimeval(5000_500_000_000)}
	if err := raw(syscall.SYS_SETITIMER, real, at(set), 0); err != nil {
		refused(t, "setitimer", err)
	}
	got := whole(t, "itimerval", func(into *pair[syscall.Timeval]) error {
		return raw(syscall.SYS_GETITIMER, real, at(into))
	})
	if err := raw(syscall.SYS_SETITIMER, real, at(new(pair[syscall.Timeval])), 0); err != nil {
		t.Errorf("setitimer: %v", err)
	}
	// A tick of grace: kernels round intervals up to theirs.
	within(t, "it_interval in us", got.interval.Nano()/1000, 7_250_000, 7_260_000)
	within(t, "it_value in us", got.value.Nano()/1000, 4_900_000_000, 5_000_520_000)
}

func itimerspec(t *suite.T) {
	fd, err := number6(syscall.SYS_TIMERFD_CREATE, 1, syscall.O_CLOEXEC)
	if err != nil {
		refused(t, "timerfd_create", err)
	}
	defer syscall.Close(int(fd))
	set := &pair[syscall.Timespec]{syscall.NsecToTimespec(7_000_000_011), syscall.NsecToTimespec(5000_500_000_000)}
	if err := raw(syscall.SYS_TIMERFD_SETTIME, fd, 0, at(set), 0); err != nil {
		refused(t, "timerfd_settime", err)
	}
	got := whole(t, "itimerspec", func(into *pair[syscall.Timespec]) error {
		return raw(syscall.SYS_TIMERFD_GETTIME, fd, at(into))
	})
	same(t, "it_interval in ns", got.interval.Nano(), 7_000_000_011)
	within(t, "it_value in ns", got.value.Nano(), 4900_000_000_000, 5000_500_000_000)
}

func rusage(t *suite.T) {
	runtime.LockOSThread() // to count this thread's own faults and waits
	const thread, pages = 1, 100
	count := func() *syscall.Rusage {
		return whole(t, "rusage", func(into *syscall.Rusage) error { return syscall.Getrusage(thread, into) })
	}
	before := count()
	memory, err := syscall.Mmap(-1, 0, pages*syscall.Getpagesize(), syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		t.Unknown("mmap: %v", err)
	}
	defer syscall.Munmap(memory)
	const noHugePages = 15
	_ = syscall.Madvise(memory, noHugePages) // older kernels have none to forbid
	for i := 0; i < len(memory); i += syscall.Getpagesize() {
		memory[i] = 1
	}
	const sleeps = 3
	after := before
	// On a busy machine a sleep may be over before the thread has gone to sleep.
	for tries := 0; tries < 100*sleeps && after.Nvcsw-before.Nvcsw < sleeps; tries++ {
		_ = raw(syscall.SYS_NANOSLEEP, at(&syscall.Timespec{Nsec: 1000}), 0)
		after = count()
	}
	within(t, "the growth of ru_minflt", int64(after.Minflt-before.Minflt), pages, 50*pages)
	within(t, "the growth of ru_nvcsw", int64(after.Nvcsw-before.Nvcsw), sleeps, 1000)
	same(t, "ru_nsignals, which Linux does not keep", int64(after.Nsignals), 0)
	all := whole(t, "rusage", func(into *syscall.Rusage) error { return syscall.Getrusage(syscall.RUSAGE_SELF, into) })
	peak := toldNumber(t, "/proc/self/status", "VmHWM")
	within(t, "ru_maxrss", uint64(all.Maxrss), peak*3/4, peak*3/2)
	within(t, "ru_utime and ru_stime in us", (all.Utime.Nano()+all.Stime.Nano())/1000, 1, 1<<40)
	within(t, "tv_usec of ru_stime", int64(all.Stime.Usec), 0, 999_999)
}

// burned is a process that has used at least so much CPU time that ticks can be compared.
func burned(t *suite.T) (usage syscall.Rusage) {
	for deadline := time.Now().Add(t.Patience(4 * time.Second)); ; {
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			t.Fatalf("getrusage: %v", err)
		}
		if usage.Utime.Nano() > 20e6 {
			return usage
		}
		if time.Now().After(deadline) {
			t.Unknown("this process does not get to 20 ms of CPU time")
		}
		for i := 0; i < 1e5; i++ {
			spent++
		}
	}
}

var spent uint64

func tms(t *suite.T) {
	var returned uintptr
	usage := burned(t)
	got := whole(t, "tms", func(into *syscall.Tms) error {
		ticks, err := syscall.Times(into)
		returned = ticks
		return err
	})
	var after, children syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	_ = syscall.Getrusage(syscall.RUSAGE_CHILDREN, &children)
	const tick, rounded = 10_000_000, 1 // kernels that tick at 250 Hz round down twice for 32-bit programs
	within(t, "tms_utime", int64(got.Utime), usage.Utime.Nano()/tick-rounded, after.Utime.Nano()/tick)
	within(t, "tms_stime", int64(got.Stime), usage.Stime.Nano()/tick-rounded, after.Stime.Nano()/tick)
	within(t, "tms_cutime", int64(got.Cutime), children.Utime.Nano()/tick-rounded, children.Utime.Nano()/tick)
	if returned == 0 {
		t.Errorf("times returned no ticks")
	}
}

func timex(t *suite.T) {
	var state int
	got := whole(t, "timex", func(into *syscall.Timex) (err error) {
		into.Modes = 0 // only ask
		state, err = syscall.Adjtimex(into)
		return err
	})
	within(t, "the clock's state", int64(state), 0, 5)
	same(t, "tolerance", int64(got.Tolerance), 500<<16) // MAXFREQ, 500 parts in a million
	same(t, "precision in us", int64(got.Precision), 1)
	within(t, "tick in us", int64(got.Tick), 9000, 11000)
	within(t, "constant", int64(got.Constant), 0, 10)
	const nanoseconds = 0x2000 // STA_NANO: the time is a timespec
	fraction := int64(999_999)
	if got.Status&nanoseconds != 0 {
		fraction = 999_999_999
	}
	within(t, "the fraction of time", int64(got.Time.Usec), 0, fraction)
	now := time.Now().Unix()
	within(t, "the seconds of time", int64(got.Time.Sec), now-30, now)
	within(t, "the shift of time against TAI", int64(got.Tai), 0, 60)
}
