//go:build !mips && !mipsle && !mips64 && !mips64le

package syscalls

import (
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "syscalls/all-doors-alike",
		Contract: "Syscall, Syscall6, RawSyscall and RawSyscall6 give the same results and errors for the same calls.",
		Source:   "package syscall; Go internal/runtime/syscall/linux/asm_linux_*.s",
		Breaks:   "The runtime (raw) and the standard library (not raw) see two different kernels.",
		Run:      allDoors,
	}, suite.Case{
		ID:       "syscalls/results-like-errors",
		Contract: "Results from -4096 downwards are no errors: only -4095 to -1 are.",
		Source:   "syscall(2); proc(5), /proc/pid/mem: offsets are addresses; Linux arch/*/include/asm/syscall.h",
		Breaks:   "Addresses and offsets high up look like errors: debuggers and, on 32-bit ports, allocators fail.",
		Run:      likeErrors,
	}, suite.Case{
		ID:       "syscalls/negative-priority",
		Contract: "The kernel's getpriority gives 20 minus the nice value, 1 to 40, so that no result looks like an error.",
		Source:   "getpriority(2), \"C library/kernel differences\"; Go syscall.Getpriority returns the kernel's form",
		Breaks:   "Schedulers and agents that read nice values take them for errors or for their opposite.",
		Run:      rawPriority,
	}, suite.Case{
		ID:       "syscalls/six-arguments",
		Contract: "A system call gets all six of its arguments.",
		Source:   "syscall(2), \"Architecture calling conventions\"; pselect(2), \"C library/kernel differences\"",
		Breaks:   "mmap of files, futexes and splices use memory and offsets that nobody asked for.",
		Run:      sixArguments,
	}, suite.Case{
		ID:       "syscalls/results-per-thread",
		Contract: "Each thread gets the results and the errors of its own calls, and success leaves no error behind.",
		Source:   "syscall(2); Go syscall.Syscall: errno is a result, not a variable",
		Breaks:   "Under load calls fail that succeeded, with the errors of other goroutines.",
		Run:      perThread,
	}, suite.Case{
		ID:       "syscalls/wide-arguments",
		Contract: "64-bit offsets reach the kernel whole, split over registers as the port's convention says.",
		Source:   "syscall(2), \"Architecture-specific requirements\": pairs of registers, aligned to even ones on arm",
		Breaks:   "32-bit programs read and cut large files at the wrong place.",
		Run:      wideArguments,
	}, suite.Case{
		ID:       "syscalls/gather-and-scatter",
		Contract: "writev and readv take their parts in order and to the byte, and more than IOV_MAX parts give EINVAL.",
		Source:   "readv(2); Go internal/poll/writev.go (net.Buffers)",
		Breaks:   "HTTP/2 frames and log lines that are written in parts come out mixed up or cut.",
		Run:      gather,
	})
}

func allDoors(t *suite.T) {
	type door struct {
		name string
		make func(number, a, b uintptr) (uintptr, uintptr, syscall.Errno)
	}
	doors := []door{
		{"Syscall", func(n, a, b uintptr) (uintptr, uintptr, syscall.Errno) { return syscall.Syscall(n, a, b, 0) }},
		{"Syscall6", func(n, a, b uintptr) (uintptr, uintptr, syscall.Errno) { return syscall.Syscall6(n, a, b, 0, 0, 0, 0) }},
		{"RawSyscall", func(n, a, b uintptr) (uintptr, uintptr, syscall.Errno) { return syscall.RawSyscall(n, a, b, 0) }},
		{"RawSyscall6", func(n, a, b uintptr) (uintptr, uintptr, syscall.Errno) {
			return syscall.RawSyscall6(n, a, b, 0, 0, 0, 0)
		}},
	}
	self := uintptr(syscall.Getpid())
	for _, expected := range []struct {
		what            string
		number, a, b, r uintptr
		errno           syscall.Errno
	}{
		{"getpid", syscall.SYS_GETPID, 0, 0, self, 0},
		{"close(-1)", syscall.SYS_CLOSE, anyDescriptor, 0, anyDescriptor, syscall.EBADF},
		{"kill(self, 0)", syscall.SYS_KILL, self, 0, 0, 0},
		{"kill(self, 999)", syscall.SYS_KILL, self, 999, anyDescriptor, syscall.EINVAL},
		{"getpgid(0) of nobody", syscall.SYS_GETPGID, 1 << 30, 0, anyDescriptor, syscall.ESRCH},
	} {
		for _, d := range doors {
			if r, _, errno := d.make(expected.number, expected.a, expected.b); r != expected.r || errno != expected.errno {
				t.Errorf("%s through %s: result %d, %s; %d and %s were expected", expected.what, d.name, int(r), shown(errno),
					int(expected.r), shown(expected.errno))
			}
		}
	}
}

// likeErrors seeks in the file of this process's memory, where an offset is an address, and so may be any number.
func likeErrors(t *suite.T) {
	memory, err := os.Open("/proc/self/mem")
	if err != nil {
		t.Unknown("needs /proc/self/mem: %v", err)
	}
	defer memory.Close()
	for _, offset := range []int{-4096, -4097, -8192, -1 << 30, 4095, 1 << 30} {
		if result, errno := call(syscall.SYS_LSEEK, memory.Fd(), uintptr(offset), 0); int(result) != offset || errno != 0 {
			t.Errorf("seeking to %d: result %d, %s", offset, int(result), shown(errno))
		}
	}
}

// rawPriority works on a thread of its own, which ends with the case: on Linux nice values are the threads'.
func rawPriority(t *suite.T) {
	runtime.LockOSThread()
	const nice = 19 // nobody is nicer, so that everybody may set it
	if now, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0); err != nil || now < 1 || now > 40 {
		t.Fatalf("getpriority: %d, %v; 1 to 40 was expected", now, err)
	}
	if err := syscall.Setpriority(syscall.PRIO_PROCESS, 0, nice); err != nil {
		t.Fatalf("setpriority: %v", err)
	}
	if now, err := syscall.Getpriority(syscall.PRIO_PROCESS, 0); now != 20-nice || err != nil {
		t.Fatalf("with the nice value %d the kernel says %d, %v; %d was expected", nice, now, err, 20-nice)
	}
}

// sixArguments asks pselect6, of which the fifth argument is the time and the sixth a signal set with its size.
func sixArguments(t *suite.T) {
	from, to := pair(t, 0)
	defer syscall.Close(from)
	defer syscall.Close(to)
	if from >= 32 || to >= 32 {
		t.Unknown("needs descriptors under 32, and got %d and %d", from, to)
	}
	ask := func(count int, size uintptr) (ready uintptr, sets [3]syscall.FdSet, errno syscall.Errno) {
		var none syscall.Timespec
		mask := struct {
			signals *uint64
			size    uintptr
		}{new(uint64), size}
		for i := range sets {
			sets[i].Bits[0] = 1<<from | 1<<to
		}
		ready, errno = call(syscall.SYS_PSELECT6, uintptr(count), uintptr(unsafe.Pointer(&sets[0])), uintptr(unsafe.Pointer(&sets[1])), uintptr(unsafe.Pointer(&sets[2])),
			uintptr(unsafe.Pointer(&none)), uintptr(unsafe.Pointer(&mask)))
		return ready, sets, errno
	}
	if _, err := syscall.Write(to, []byte("x")); err != nil {
		t.Fatalf("write: %v", err)
	}
	ready, sets, errno := ask(max(from, to)+1, 8)
	if errno != 0 || ready != 2 || sets[0].Bits[0] != 1<<from || sets[1].Bits[0] != 1<<to || sets[2].Bits[0] != 0 {
		t.Errorf("one end readable and one writable: %d, %s, sets %#x %#x %#x", int(ready), shown(errno), sets[0].Bits[0],
			sets[1].Bits[0], sets[2].Bits[0])
	}
	if ready, _, errno = ask(0, 8); ready != 0 || errno != 0 {
		t.Errorf("of no descriptors %d were ready, %s", int(ready), shown(errno))
	}
	if _, _, errno = ask(max(from, to)+1, 5); errno != syscall.EINVAL {
		t.Errorf("a signal set of 5 bytes in the sixth argument: %s; EINVAL was expected", shown(errno))
	}
}

func perThread(t *suite.T) {
	const threads, rounds = 4, 500
	self := uintptr(syscall.Getpid())
	var pool sync.WaitGroup
	for i := range threads {
		pool.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			tid := uintptr(syscall.Gettid())
			for range rounds {
				if r, _, errno := syscall.RawSyscall(syscall.SYS_GETTID, 0, 0, 0); r != tid || errno != 0 {
					t.Errorf("thread %d: gettid gave %d, %s; %d was expected", i, int(r), shown(errno), tid)
					return
				}
				if _, _, errno := syscall.RawSyscall(syscall.SYS_TGKILL, self, tid, uintptr(900+i)); errno != syscall.EINVAL {
					t.Errorf("thread %d: a signal that does not exist: %s; EINVAL was expected", i, shown(errno))
					return
				}
			}
		})
	}
	pool.Wait()
}

// wide are the registers of a 64-bit argument, the ports of 32 bits being little-endian.
func wide(v uint64) []uintptr {
	if unsafe.Sizeof(uintptr(0)) == 8 {
		return []uintptr{uintptr(v)}
	}
	return []uintptr{uintptr(uint32(v)), uintptr(v >> 32)}
}

// wideText is read into: a variable of the package does not move.
var wideText [4]byte

// wideArguments gives pread64 its offset as the fourth argument, and ftruncate64 its length as the second, which on arm
// moves to the third register.
func wideArguments(t *suite.T) {
	const place = 5<<30 + 12345
	name := filepath.Join(t.Dir(), "large")
	file, err := os.Create(name)
	must(t, err)
	defer file.Close()
	length := []uintptr{file.Fd()}
	truncate := uintptr(syscall.SYS_FTRUNCATE)
	if unsafe.Sizeof(truncate) == 4 {
		truncate = numbered(0, 194, 194, 0, 0, 0) // ftruncate64
	}
	if runtime.GOARCH == "arm" {
		length = append(length, 0)
	}
	if _, errno := call(truncate, append(length, wide(place+4)...)...); errno == syscall.EFBIG || errno == syscall.EINVAL {
		t.NA("this file system has no files of 5 GiB: %s", shown(errno))
	} else if errno != 0 {
		t.Fatalf("ftruncate: %s", shown(errno))
	}
	if info, err := file.Stat(); err != nil || info.Size() != place+4 {
		t.Fatalf("a file that was cut to %d bytes is of %d (%v)", int64(place+4), info.Size(), err)
	}
	if _, err := file.WriteAt([]byte("here"), place); err != nil {
		t.Fatalf("writing at %d: %v", int64(place), err)
	}
	into := uintptr(unsafe.Pointer(&wideText))
	count, errno := call(syscall.SYS_PREAD64, append([]uintptr{file.Fd(), into, 4}, wideAligned(3, place)...)...)
	if count != 4 || errno != 0 || string(wideText[:]) != "here" {
		t.Fatalf("pread64 at %d: %d bytes, %s, %q; %q was written there", int64(place), int(count), shown(errno), wideText, "here")
	}
}

// wideAligned is a 64-bit argument after so many others: on arm it begins at an even register.
func wideAligned(after int, v uint64) []uintptr {
	if runtime.GOARCH == "arm" && after%2 == 1 {
		return append([]uintptr{0}, wide(v)...)
	}
	return wide(v)
}

func gather(t *suite.T) {
	from, to := pair(t, 0)
	defer syscall.Close(from)
	defer syscall.Close(to)
	parts := []string{"one ", "t", "", "wo and ", "three"}
	vector := make([]syscall.Iovec, len(parts))
	for i, part := range parts {
		vector[i].Base = named(part)
		vector[i].SetLen(len(part))
	}
	if count, errno := call(syscall.SYS_WRITEV, uintptr(to), uintptr(unsafe.Pointer(&vector[0])), uintptr(len(vector))); count != 17 || errno != 0 {
		t.Fatalf("writev of 17 bytes: %d, %s", int(count), shown(errno))
	}
	first, second := make([]byte, 6), make([]byte, 20)
	into := []syscall.Iovec{{Base: &first[0]}, {Base: &second[0]}}
	into[0].SetLen(len(first))
	into[1].SetLen(len(second))
	count, errno := call(syscall.SYS_READV, uintptr(from), uintptr(unsafe.Pointer(&into[0])), 2)
	if count != 17 || errno != 0 || string(first)+string(second[:11]) != "one two and three" {
		t.Fatalf("readv: %d, %s, %q and %q", int(count), shown(errno), first, second)
	}
	many := make([]syscall.Iovec, 1025)
	if _, errno := call(syscall.SYS_WRITEV, uintptr(to), uintptr(unsafe.Pointer(&many[0])), 1025); errno != syscall.EINVAL {
		t.Fatalf("writev of 1025 parts: %s; EINVAL was expected", shown(errno))
	}
}
