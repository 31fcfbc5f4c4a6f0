package files

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"unsafe"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

func init() {
	suite.Register(suite.Case{
		ID:       "files/permission-denied",
		Contract: "A thread without the power to override modes is refused files of mode 0, and the error is fs.ErrPermission.",
		Source:   "path_resolution(7), capabilities(7), CAP_DAC_OVERRIDE; open(2), EACCES",
		Breaks:   "Secrets can be read by those who may not; or programs crash where they should ask for rights.",
		Run:      permissionDenied,
	}, suite.Case{
		ID:       "files/umask",
		Contract: "A new file's mode is what was asked for, less the umask.",
		Source:   "umask(2), open(2), mkdir(2)",
		Breaks:   "Keys and tokens are readable by others, or shared files are not.",
		Run:      umask,
	}, suite.Case{
		ID:       "files/mode-bits",
		Contract: "chmod sets all twelve bits, and stat gives them back.",
		Source:   "chmod(2), inode(7), \"The file type and mode\"",
		Breaks:   "Archives and packages lose the executable, setuid or sticky bit.",
		Run:      modeBits,
	}, suite.Case{
		ID:       "files/who-am-i",
		Contract: "getuid, getgid and getgroups agree with what the kernel shows in /proc/self/status.",
		Source:   "credentials(7); proc(5), /proc/pid/status; 16-bit and 32-bit calls on older ports",
		Breaks:   "Programs that refuse to run as root, or drop rights, decide wrongly.",
		Run:      whoAmI,
	}, suite.Case{
		ID:       "files/descriptors-listed",
		Contract: "/proc/self/fd lists the open descriptors, says what they are, and opens them anew with an offset of their own.",
		Source:   "proc(5), /proc/pid/fd",
		Breaks:   "Programs cannot close what they inherited, and container runtimes cannot open paths safely.",
		Run:      descriptorsListed,
	}, suite.Case{
		ID:       "files/script-started",
		Contract: "A script is started by its #! interpreter, with the one argument there, its own path, and its arguments.",
		Source:   "execve(2), \"Interpreter scripts\"",
		Breaks:   "Hooks, wrappers and package scripts do not start.",
		Run:      scriptStarted,
	}, suite.Case{
		ID:       "files/argument-list-limit",
		Contract: "100,000 bytes of arguments arrive whole; an argument past the kernel's limit is E2BIG, not cut.",
		Source:   "execve(2), \"Limits on size of arguments and environment\": 32 pages for one string",
		Breaks:   "Compilers and linkers get half of their arguments: the go command decides by this error to use a file.",
		Needs:    []string{"self-exec"},
		Run:      argumentListLimit,
	})
}

// capget(2), linux/capability.h, version 3.
type capabilityHeader struct {
	version uint32
	pid     int32
}

type capabilitySet struct{ effective, permitted, inheritable uint32 }

// withoutOverride takes the power to override modes from this thread, which ends with the case.
func withoutOverride(t *suite.T) {
	runtime.LockOSThread()
	const overrides = 1<<1 | 1<<2 // CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
	header := capabilityHeader{version: 0x20080522}
	var sets [2]capabilitySet
	if _, _, errno := syscall.RawSyscall(syscall.SYS_CAPGET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&sets)), 0); errno != 0 {
		t.Unknown("capget: %s", codes.Describe(errno))
	}
	sets[0].effective &^= overrides
	if _, _, errno := syscall.RawSyscall(syscall.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&sets)), 0); errno != 0 {
		t.Unknown("capset: %s", codes.Describe(errno))
	}
}

func permissionDenied(t *suite.T) {
	dir := t.Dir()
	path := put(t, filepath.Join(dir, "forbidden"), "secret")
	closed := filepath.Join(dir, "closed")
	works(t, "making a folder", os.Mkdir(closed, 0o700))
	put(t, filepath.Join(closed, "inside"), "secret")
	works(t, "chmod", errors.Join(os.Chmod(path, 0), os.Chmod(closed, 0)))
	withoutOverride(t)
	defer os.Chmod(closed, 0o700)
	_, err := os.Open(path)
	fails(t, "opening a file of mode 0", err, codes.Permission)
	_, err = os.Stat(filepath.Join(closed, "inside"))
	fails(t, "looking into a folder of mode 0", err, codes.Permission)
	_, err = os.ReadDir(closed)
	fails(t, "listing a folder of mode 0", err, codes.Permission)
}

func umask(t *suite.T) {
	dir := t.Dir()
	const mask = 0o027
	file, folder := filepath.Join(dir, "file"), filepath.Join(dir, "folder")
	before := syscall.Umask(mask)
	err := errors.Join(os.WriteFile(file, nil, 0o666), os.Mkdir(folder, 0o777))
	if got := syscall.Umask(before); got != mask {
		t.Errorf("the umask is %#o; %#o was set", got, mask)
	}
	works(t, "making a file and a folder", err)
	modeIs(t, file, 0o640)
	modeIs(t, folder, 0o750)
}

// modeIs asserts the twelve bits of a file's mode.
func modeIs(t *suite.T, path string, want uint32) {
	var seen syscall.Stat_t
	works(t, "stat", syscall.Stat(path, &seen))
	if got := seen.Mode & 0o7777; got != want {
		t.Errorf("%s has mode %#o; %#o was expected", filepath.Base(path), got, want)
	}
}

func modeBits(t *suite.T) {
	dir := t.Dir()
	path := put(t, filepath.Join(dir, "file"), "")
	for _, mode := range []uint32{0o400, 0o755, 0o4711, 0o1777} {
		works(t, "chmod", syscall.Chmod(path, mode))
		modeIs(t, path, mode)
	}
	works(t, "chmod", os.Chmod(path, 0o755|os.ModeSetuid))
	modeIs(t, path, 0o4755)
}

func whoAmI(t *suite.T) {
	status, err := os.ReadFile("/proc/self/status")
	works(t, "reading /proc/self/status", err)
	told := map[string][]string{}
	for text := range strings.Lines(string(status)) {
		name, values, _ := strings.Cut(text, ":")
		told[name] = strings.Fields(values)
	}
	groups, err := syscall.Getgroups()
	works(t, "getgroups", err)
	member := []string{}
	for _, group := range groups {
		member = append(member, fmt.Sprint(group))
	}
	slices.Sort(member)
	slices.Sort(told["Groups"])
	uids := []string{fmt.Sprint(syscall.Getuid()), fmt.Sprint(syscall.Geteuid())}
	gids := []string{fmt.Sprint(syscall.Getgid()), fmt.Sprint(syscall.Getegid())}
	for _, row := range []struct {
		what      string
		got, want []string
	}{{"users", uids, told["Uid"][:2]}, {"groups", gids, told["Gid"][:2]}, {"supplementary groups", member, told["Groups"]}} {
		if !slices.Equal(row.got, row.want) {
			t.Errorf("the %s are %v; /proc/self/status says %v", row.what, row.got, row.want)
		}
	}
}

func descriptorsListed(t *suite.T) {
	path := put(t, filepath.Join(t.Dir(), "file"), "text")
	file := opened(t, path, os.O_RDONLY)
	defer file.Close()
	number := fmt.Sprint(file.Fd())
	names, err := os.ReadDir("/proc/self/fd")
	works(t, "listing /proc/self/fd", err)
	if !slices.ContainsFunc(names, func(entry os.DirEntry) bool { return entry.Name() == number }) {
		t.Errorf("descriptor %s is not in /proc/self/fd", number)
	}
	link, err := os.Readlink("/proc/self/fd/" + number)
	works(t, "reading the link", err)
	sameFile(t, "/proc/self/fd/"+number, link, path)
	if _, err := file.Seek(2, 0); err != nil {
		t.Errorf("seeking: %s", codes.Describe(err))
	}
	works(t, "removing the file", os.Remove(path))
	holds(t, "/proc/self/fd/"+number, "text")
}

func scriptStarted(t *suite.T) {
	const shell = "/bin/sh"
	if _, err := os.Stat(shell); err != nil {
		t.NA("there is no %s here", shell)
	}
	path := filepath.Join(t.Dir(), "script")
	works(t, "writing the script", os.WriteFile(path, []byte("#!"+shell+" -e\necho \"$0|$1|$#|$-\"\n"), 0o755))
	out, err := exec.Command(path, "a b", "").Output()
	if errors.Is(err, syscall.EACCES) {
		t.NA("programs may not be started from here (noexec)")
	}
	if want := path + "|a b|2|"; err != nil || !strings.HasPrefix(string(out), want) || !strings.Contains(string(out[len(want):]), "e") {
		t.Fatalf("the script said %q (%s); %q and the option e were expected", out, codes.Describe(err), want)
	}
}

func argumentListLimit(t *suite.T) {
	long := strings.Repeat("x", 100_000)
	if got := asked(t, "", nil, long).Arguments; len(got) != 1 || string(got[0]) != long {
		t.Errorf("an argument of %d bytes arrived changed", len(long))
	}
	err := t.Self("files-tell", strings.Repeat("x", 32*os.Getpagesize())).Run()
	if !errors.Is(err, syscall.E2BIG) {
		t.Errorf("an argument of 32 pages: %s; E2BIG was expected", codes.Describe(err))
	}
}
