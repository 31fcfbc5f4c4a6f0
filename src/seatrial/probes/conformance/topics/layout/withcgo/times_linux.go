package withcgo

// #include "system.h"
import "C"

import (
	"syscall"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "layout/struct-timespec",
		Contract: "struct timespec is one layout in C, in cgo and in syscall.Timespec.",
		Source:   threeViews + "timespec(3type); musl 1.2.0 release notes (time64)",
		Breaks:   "Time-outs passed to C are torn on 32-bit ports.",
		Run:      func(t *suite.T) { threefold[C.struct_timespec, syscall.Timespec](t, "timespec") },
	}, suite.Case{
		ID:       "layout/struct-timeval",
		Contract: "struct timeval is one layout in C, in cgo and in syscall.Timeval.",
		Source:   threeViews + "timeval(3type); musl 1.2.0 release notes (time64)",
		Breaks:   "Time-outs passed to C (select, libpcap) are torn on 32-bit ports.",
		Run:      func(t *suite.T) { threefold[C.struct_timeval, syscall.Timeval](t, "timeval") },
	}, suite.Case{
		ID:       "layout/struct-rusage",
		Contract: "struct rusage is one layout in C, in cgo and in syscall.Rusage.",
		Source:   threeViews + "getrusage(2); musl include/sys/resource.h (reserved words at the end)",
		Breaks:   "C writes past the structure that Go allocated.",
		Run:      func(t *suite.T) { threefold[C.struct_rusage, syscall.Rusage](t, "rusage", inUnions()...) },
	}, suite.Case{
		ID:       "layout/struct-rlimit",
		Contract: "struct rlimit is one layout in C, in cgo and in syscall.Rlimit.",
		Source:   threeViews + "getrlimit(2), with 64-bit limits",
		Breaks:   "Limits that Go reads and C sets differ.",
		Run:      func(t *suite.T) { threefold[C.struct_rlimit, syscall.Rlimit](t, "rlimit") },
	}, suite.Case{
		ID:       "layout/struct-tms",
		Contract: "struct tms is one layout in C, in cgo and in syscall.Tms.",
		Source:   threeViews + "times(2)",
		Breaks:   "CPU times are of other processes than said.",
		Run:      func(t *suite.T) { threefold[C.struct_tms, syscall.Tms](t, "tms") },
	}, suite.Case{
		ID:       "layout/struct-timex",
		Contract: "struct timex is one layout in C, in cgo and in syscall.Timex.",
		Source:   threeViews + "adjtimex(2); musl 1.2.0 release notes (time64)",
		Breaks:   "Time daemons that use libc from Go set wrong rates.",
		Run:      func(t *suite.T) { threefold[C.struct_timex, syscall.Timex](t, "timex") },
	}, suite.Case{
		ID:       "layout/struct-utsname",
		Contract: "struct utsname is one layout in C, in cgo and in syscall.Utsname.",
		Source:   threeViews + "uname(2)",
		Breaks:   "Names of the machine are cut.",
		Run:      func(t *suite.T) { threefold[C.struct_utsname, syscall.Utsname](t, "utsname") },
	}, suite.Case{
		ID:       "layout/struct-sysinfo",
		Contract: "struct sysinfo is one layout in C, in cgo and in syscall.Sysinfo_t.",
		Source:   threeViews + "sysinfo(2); musl include/sys/sysinfo.h (reserved bytes at the end)",
		Breaks:   "C writes past the structure that Go allocated.",
		Run:      func(t *suite.T) { threefold[C.struct_sysinfo, syscall.Sysinfo_t](t, "sysinfo") },
	})
}
