//go:build !mips && !mipsle && !mips64 && !mips64le

package syscalls

import (
	"bytes"
	"fmt"
	"math/bits"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "syscalls/numbers",
		Contract: "The calls that this port's numbers stand for are the calls that answer.",
		Source:   "Go syscall/zsysnum_linux_*.go; linux/arch/*/…/syscall.tbl; proc(5)",
		Breaks:   "Everything: a port's table of numbers that is off by one reads where it should write.",
		Run:      numbers,
	}, suite.Case{
		ID:       "syscalls/machine-name",
		Contract: "uname names the machine as kernels of this port do, and the release that /proc names.",
		Source:   "uname(2); suite/expected/syscalls.json",
		Breaks:   "Agents and installers fetch programs for another machine.",
		Run:      machineName,
	}, suite.Case{
		ID:       "syscalls/thread-names",
		Contract: "PR_SET_NAME names the calling thread, 15 bytes at most, as PR_GET_NAME and /proc show it.",
		Source:   "prctl(2), PR_SET_NAME; proc(5), /proc/pid/task/tid/comm",
		Breaks:   "Profilers, debuggers and top show the wrong threads.",
		Run:      threadNames,
	}, suite.Case{
		ID:       "syscalls/affinity-mask-size",
		Contract: "sched_getaffinity returns how many bytes it wrote, with as many bits as NumCPU, and refuses too small a buffer.",
		Source:   "sched_setaffinity(2), \"C library/kernel differences\"; Go runtime/os_linux.go, getproccount",
		Breaks:   "Go counts CPUs that are not there, or one only.",
		Run:      affinitySize,
	}, suite.Case{
		ID:       "syscalls/sandbox-readable",
		Contract: "A process can read whether a seccomp filter holds it, by prctl and in /proc alike.",
		Source:   "prctl(2), PR_GET_SECCOMP; proc(5), /proc/pid/status",
		Breaks:   "Container runtimes and agents set up a sandbox twice, or never.",
		Run:      sandbox,
	}, suite.Case{
		ID:       "syscalls/on-all-threads",
		Contract: "AllThreadsSyscall makes a call on each thread of the process.",
		Source:   "package syscall, AllThreadsSyscall; Go runtime/os_linux.go, syscall_runtime_doAllThreadsSyscall",
		Breaks:   "setuid, setgid and capabilities change for some threads only: privileges stay.",
		Needs:    []string{"threads"},
		Run:      allThreads,
	}, suite.Case{
		ID:       "syscalls/directory-entries",
		Contract: "getdents64 gives each name once, in whole records that are padded to 8 bytes and end names with NUL.",
		Source:   "getdents(2), struct linux_dirent64; Go os/dir_unix.go",
		Breaks:   "os.ReadDir loses files, or reads past its buffer.",
		Run:      directoryEntries,
	}, suite.Case{
		ID:       "syscalls/flags-by-port",
		Contract: "O_DIRECTORY, O_NOFOLLOW, O_CLOEXEC, O_NONBLOCK and O_APPEND do what they say with this port's numbers.",
		Source:   "open(2); arch/*/include/uapi/asm/fcntl.h: arm and powerpc number some otherwise",
		Breaks:   "Links are followed into other people's files; descriptors leak into children.",
		Run:      flagsByPort,
	})
}

func numbers(t *suite.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	status := statusOf(t, "/proc/thread-self/status")
	var text [4096]byte
	var space syscall.Sysinfo_t
	first := func(field string) string { word, _, _ := strings.Cut(status[field], "\t"); return word }
	place, _ := os.Readlink("/proc/self/cwd")
	before, _ := call(syscall.SYS_UMASK, 0o27)
	masked := answered(syscall.SYS_UMASK, before)
	for _, c := range []struct{ name, got, expected string }{
		{"getpid", answered(syscall.SYS_GETPID), status["Tgid"]},
		{"getppid", answered(syscall.SYS_GETPPID), status["PPid"]},
		{"gettid", answered(syscall.SYS_GETTID), status["Pid"]},
		{"getuid", answered(syscall.SYS_GETUID), first("Uid")},
		{"geteuid", answered(syscall.SYS_GETEUID), strings.Split(status["Uid"]+"\t", "\t")[1]},
		{"getgid", answered(syscall.SYS_GETGID), first("Gid")},
		{"getegid", answered(syscall.SYS_GETEGID), strings.Split(status["Gid"]+"\t", "\t")[1]},
		{"umask", masked, fmt.Sprint(0o27)},
		{"getpgid(self)", answered(syscall.SYS_GETPGID, 0), fmt.Sprint(syscall.Getpgrp())},
		{"sched_yield", answered(syscall.SYS_SCHED_YIELD), "0"},
		{"getcwd", answered(syscall.SYS_GETCWD, uintptr(unsafe.Pointer(&text)), 4096), fmt.Sprint(len(place) + 1)},
		{"what getcwd wrote", string(text[:max(bytes.IndexByte(text[:], 0), 0)]), place},
		{"sysinfo", answered(syscall.SYS_SYSINFO, uintptr(unsafe.Pointer(&space))), "0"},
		{"set_tid_address", answered(syscall.SYS_SET_TID_ADDRESS, 0), status["Pid"]},
	} {
		if c.got != c.expected {
			t.Errorf("%s gave %s; %s was expected", c.name, c.got, c.expected)
		}
	}
	if space.Uptime <= 0 || space.Procs == 0 || space.Totalram == 0 {
		t.Errorf("sysinfo: up for %d s, %d processes, %d units of memory", space.Uptime, space.Procs, space.Totalram)
	}
}

// answered is what a call returns, as text.
//
//go:uintptrescapes
func answered(number uintptr, args ...uintptr) string {
	result, errno := call(number, args...)
	if errno != 0 {
		return shown(errno)
	}
	return fmt.Sprint(int(result))
}

// statusOf reads the fields of a status file of proc(5).
func statusOf(t *suite.T, name string) map[string]string {
	text, err := os.ReadFile(name)
	if err != nil {
		t.Unknown("needs %s: %v", name, err)
	}
	fields := map[string]string{}
	for _, line := range strings.Split(string(text), "\n") {
		field, value, _ := strings.Cut(line, ":")
		fields[field] = strings.TrimSpace(value)
	}
	return fields
}

func machineName(t *suite.T) {
	var name syscall.Utsname
	if _, errno := call(syscall.SYS_UNAME, uintptr(unsafe.Pointer(&name))); errno != 0 {
		t.Fatalf("uname: %s", shown(errno))
	}
	field := func(at unsafe.Pointer) string {
		text := unsafe.Slice((*byte)(at), 65)
		return string(text[:max(bytes.IndexByte(text, 0), 0)])
	}
	machine, release := field(unsafe.Pointer(&name.Machine)), field(unsafe.Pointer(&name.Release))
	t.Value("machine", machine)
	expected, known := t.Expected("machine-names")
	if !known {
		t.Unknown("nobody has written down what kernels of this port say")
	}
	if !slices.Contains(strings.Fields(expected), machine) {
		t.Errorf("uname says %q; one of %q was expected", machine, expected)
	}
	if text, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil && strings.TrimSpace(string(text)) != release {
		t.Errorf("uname says release %q, /proc says %q", release, text)
	}
}

// prctl(2), linux/prctl.h.
const (
	getKeepCaps = 7
	setKeepCaps = 8
	setName     = 15
	getName     = 16
	getSeccomp  = 21
)

func threadNames(t *suite.T) {
	runtime.LockOSThread() // for good: the thread ends with its name
	if _, errno := call(syscall.SYS_PRCTL, setName, uintptr(unsafe.Pointer(named("seatrial-has-a-long-name")))); errno != 0 {
		t.Fatalf("PR_SET_NAME: %s", shown(errno))
	}
	const expected = "seatrial-has-a-"
	var text [16]byte
	if _, errno := call(syscall.SYS_PRCTL, getName, uintptr(unsafe.Pointer(&text))); errno != 0 || string(text[:15]) != expected || text[15] != 0 {
		t.Errorf("PR_GET_NAME: %q, %s; %q was expected", text, shown(errno), expected)
	}
	shownName, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/comm", syscall.Gettid()))
	if err != nil || strings.TrimSpace(string(shownName)) != expected {
		t.Errorf("/proc shows %q (%v); %q was expected", shownName, err, expected)
	}
}

func affinitySize(t *suite.T) {
	var mask [8192 / unsafe.Sizeof(uintptr(0))]uintptr
	for i := range mask {
		mask[i] = ^uintptr(0) // what is not written stands out
	}
	size, errno := call(syscall.SYS_SCHED_GETAFFINITY, 0, unsafe.Sizeof(mask), uintptr(unsafe.Pointer(&mask)))
	const word = unsafe.Sizeof(uintptr(0))
	if errno != 0 || size == 0 || size%word != 0 {
		t.Fatalf("it returned %d, %s; a multiple of %d was expected", int(size), shown(errno), word)
	}
	count := 0
	for _, part := range mask[:size/word] {
		count += bits.OnesCount64(uint64(part))
	}
	if count != runtime.NumCPU() || mask[size/word] != ^uintptr(0) {
		t.Errorf("%d bytes with %d CPUs in them, the word after it %#x; Go counted %d CPUs", size, count, mask[size/word], runtime.NumCPU())
	}
	if _, errno := call(syscall.SYS_SCHED_GETAFFINITY, 0, 1, uintptr(unsafe.Pointer(&mask))); errno != syscall.EINVAL {
		t.Errorf("a buffer of 1 byte: %s; EINVAL was expected", shown(errno))
	}
}

func sandbox(t *suite.T) {
	mode, errno := call(syscall.SYS_PRCTL, getSeccomp)
	if errno == syscall.EINVAL {
		t.NA("this kernel was built without seccomp")
	}
	inProc, there := statusOf(t, "/proc/thread-self/status")["Seccomp"]
	if errno != 0 || there && inProc != fmt.Sprint(mode) {
		t.Fatalf("prctl: mode %d, %s; /proc: %q", int(mode), shown(errno), inProc)
	}
	t.Value("mode", int(mode))
}

// allThreads sets a flag that threads have each for themselves, and that only setuid would look at.
func allThreads(t *suite.T) {
	const threads = 4
	asked, answers, leave := make(chan bool), make(chan uintptr, threads), make(chan bool)
	defer close(leave)
	for range threads {
		ready := make(chan bool)
		go func() {
			runtime.LockOSThread()
			close(ready)
			<-asked
			flag, _, _ := syscall.RawSyscall(syscall.SYS_PRCTL, getKeepCaps, 0, 0)
			answers <- flag
			<-leave
		}()
		<-ready
	}
	_, _, errno := syscall.AllThreadsSyscall(syscall.SYS_PRCTL, setKeepCaps, 1, 0)
	close(asked)
	if errno != 0 {
		t.Fatalf("AllThreadsSyscall: %s", shown(errno))
	}
	set, patience := 0, time.After(t.Patience(2*time.Second))
	for range threads {
		select {
		case flag := <-answers:
			set += int(flag)
		case <-patience:
			t.Fatalf("a thread does not answer")
		}
	}
	if _, _, errno := syscall.AllThreadsSyscall(syscall.SYS_PRCTL, setKeepCaps, 0, 0); errno != 0 || set != threads {
		t.Fatalf("of %d threads %d made the call; the second time: %s", threads, set, shown(errno))
	}
}

func directoryEntries(t *suite.T) {
	const count = 40
	dir := t.Dir()
	for i := range count {
		must(t, os.WriteFile(filepath.Join(dir, "n"+strings.Repeat("x", i)), nil, 0o600))
	}
	folder, err := os.Open(dir)
	must(t, err)
	defer folder.Close()
	seen := map[string]int{}
	for calls := 0; calls < 100; calls++ {
		var buffer [64]uint64 // so that it takes several calls
		size, errno := call(syscall.SYS_GETDENTS64, folder.Fd(), uintptr(unsafe.Pointer(&buffer)), 512)
		if errno != 0 {
			t.Fatalf("getdents64: %s", shown(errno))
		}
		if size == 0 {
			break
		}
		for text := unsafe.Slice((*byte)(unsafe.Pointer(&buffer)), size); len(text) > 0; {
			const head = 19 // inode, offset, length, type
			length := 0
			if len(text) > head {
				length = int(*(*uint16)(unsafe.Pointer(&text[16])))
			}
			if length <= head || length > len(text) || length%8 != 0 || bytes.IndexByte(text[head:length], 0) < 1 {
				t.Fatalf("a record of %d bytes, of %d that are left: % x", length, len(text), text[:min(len(text), 32)])
			}
			seen[string(text[head:head+bytes.IndexByte(text[head:length], 0)])]++
			text = text[length:]
		}
	}
	if len(seen) != count+2 || seen["."] != 1 || seen[".."] != 1 || seen["n"] != 1 || seen["n"+strings.Repeat("x", count-1)] != 1 {
		t.Fatalf("%d names of %d were seen", len(seen), count+2)
	}
}

func flagsByPort(t *suite.T) {
	dir := t.Dir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	must(t, os.WriteFile(file, []byte("one"), 0o600))
	must(t, os.Symlink("file", link))
	if _, err := syscall.Open(file, syscall.O_RDONLY|syscall.O_DIRECTORY|syscall.O_CLOEXEC, 0); err != syscall.ENOTDIR {
		t.Errorf("a file with O_DIRECTORY: %v; ENOTDIR was expected", err)
	}
	if _, err := syscall.Open(link, syscall.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0); err != syscall.ELOOP {
		t.Errorf("a link with O_NOFOLLOW: %v; ELOOP was expected", err)
	}
	descriptor, err := syscall.Open(file, syscall.O_WRONLY|syscall.O_APPEND|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer syscall.Close(descriptor)
	if _, err := syscall.Write(descriptor, []byte(" two")); err != nil {
		t.Fatalf("write: %v", err)
	}
	if text, err := os.ReadFile(file); string(text) != "one two" {
		t.Errorf("after appending with O_APPEND the file holds %q (%v)", text, err)
	}
	from, to := pair(t, syscall.O_NONBLOCK)
	defer syscall.Close(from)
	defer syscall.Close(to)
	for what, number := range map[string]int{"open": descriptor, "pipe2": from} {
		if flags, errno := call(syscall.SYS_FCNTL, uintptr(number), syscall.F_GETFD); errno != 0 || flags != syscall.FD_CLOEXEC {
			t.Errorf("%s with O_CLOEXEC: descriptor flags %#x, %s", what, flags, shown(errno))
		}
	}
	if flags, errno := call(syscall.SYS_FCNTL, uintptr(from), syscall.F_GETFL); errno != 0 || flags&syscall.O_NONBLOCK == 0 {
		t.Errorf("pipe2 with O_NONBLOCK: file flags %#x, %s", flags, shown(errno))
	}
}
