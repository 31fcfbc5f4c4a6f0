package files

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

func init() {
	suite.Register(suite.Case{
		ID:       "files/windows-case-insensitive",
		Contract: "Names that differ in case only are one file; the listing keeps the case it was made with.",
		Source:   "Microsoft, Naming Files, Paths, and Namespaces: do not assume case sensitivity",
		Breaks:   "Caches keyed by name, module paths and archives with both spellings behave otherwise.",
		Run:      caseInsensitive,
	}, suite.Case{
		ID:       "files/windows-device-names",
		Contract: "os.Root makes no file of a device's name (NUL, COM1, CONIN$), with an extension or without.",
		Source:   "Microsoft, Naming Files, Paths, and Namespaces: reserved names; Go path/filepath.IsLocal",
		Breaks:   "Unpacking an archive writes to a device, or hangs.",
		Run:      deviceNames,
	}, suite.Case{
		ID:       "files/windows-invalid-names",
		Contract: "Names with characters that no name may hold are refused with ERROR_INVALID_NAME.",
		Source:   "Microsoft, Naming Files, Paths, and Namespaces; System Error Code 123",
		Breaks:   "Files get other names than programs think (streams behind ':').",
		Run:      invalidNames,
	}, suite.Case{
		ID:       "files/windows-long-paths",
		Contract: "Paths of more than 260 characters can be made, read, listed and removed.",
		Source:   "Microsoft, Maximum Path Length Limitation; Go os.fixLongPath",
		Breaks:   "Go's module cache, node_modules and containers cannot be unpacked.",
		Run:      longPaths,
	}, suite.Case{
		ID:       "files/windows-exit-codes",
		Contract: "An exit code of 32 bits reaches the parent whole, so that it can be read as an NTSTATUS.",
		Source:   "Microsoft, GetExitCodeProcess; MS-ERREF, 2.3",
		Breaks:   "A crash (0xC0000005) cannot be told from an ordinary failure.",
		Needs:    []string{"self-exec"},
		Run:      wideExitCodes,
	}, suite.Case{
		ID:       "files/windows-status-codes",
		Contract: "The kernel's NTSTATUS values become the documented Win32 codes.",
		Source:   "Microsoft, RtlNtStatusToDosError; MS-ERREF",
		Breaks:   "Go's os.Root, os.RemoveAll and os/exec, which make calls of ntdll, mistake one error for another.",
		Run:      statusCodes,
	})
}

// spelled is the platform's answer to a name in other case.
func spelled(path string) string {
	name := strings.ToUpper(filepath.Base(path))
	if suite.Planted("files-windows-case-counts") {
		name += "2"
	}
	return filepath.Join(filepath.Dir(path), name)
}

func caseInsensitive(t *suite.T) {
	dir := t.Dir()
	path := put(t, filepath.Join(dir, "Name"), "text")
	holds(t, spelled(path), "text")
	_, err := os.OpenFile(spelled(path), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	fails(t, "making the file in other case", err, codes.Exist)
	names, err := os.ReadDir(dir)
	if err != nil || len(names) != 1 || names[0].Name() != "Name" {
		t.Errorf("the folder holds %v (%s); one file, Name, was expected", names, codes.Describe(err))
	}
}

func deviceNames(t *suite.T) {
	root, err := os.OpenRoot(t.Dir())
	works(t, "os.OpenRoot", err)
	defer root.Close()
	for _, name := range []string{"NUL", "COM1", "nul.txt", "CONIN$", "sub/../AUX"} {
		if suite.Planted("files-windows-devices-are-files") {
			name = "file" + name[:1]
		}
		if file, err := root.Create(name); err == nil {
			file.Close()
			t.Errorf("os.Root made %q", name)
		}
	}
}

func invalidNames(t *suite.T) {
	dir := t.Dir()
	for _, name := range []string{"a?b", "a*b", "a<b", "a|b", "a\"b", "a\tb"} {
		if suite.Planted("files-windows-any-name") {
			name = "plain"
		}
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); !errors.Is(err, syscall.Errno(123)) {
			t.Errorf("%q: %s; ERROR_INVALID_NAME was expected", name, codes.Describe(err))
		}
	}
}

func longPaths(t *suite.T) {
	dir := t.Dir()
	top := filepath.Join(dir, strings.Repeat("d", 100))
	path := top
	for range 4 {
		path = filepath.Join(path, strings.Repeat("e", 100))
	}
	if suite.Planted("files-windows-short-paths") {
		path += strings.Repeat("e", 300)
	}
	works(t, "making folders", os.MkdirAll(path, 0o700))
	file := put(t, filepath.Join(path, "file"), "deep")
	holds(t, file, "deep")
	names, err := os.ReadDir(path)
	if err != nil || len(names) != 1 {
		t.Errorf("the deepest folder holds %v (%s); one file was expected", names, codes.Describe(err))
	}
	works(t, "os.RemoveAll", os.RemoveAll(top))
	_, err = os.Stat(top)
	fails(t, "stat after os.RemoveAll", err, codes.NotExist)
}

func wideExitCodes(t *suite.T) {
	const crashed = 0xC0000005
	command := t.Self("files-exit", "-1073741819") // the same 32 bits
	if err := command.Run(); command.ProcessState == nil {
		t.Fatalf("starting the child: %s", codes.Describe(err))
	}
	if got := uint32(command.ProcessState.ExitCode()); got != crashed {
		t.Errorf("a child that exited with %#x gave %#x (%s)", uint32(crashed), got, codes.Ending(command.ProcessState))
	}
}

func statusCodes(t *suite.T) {
	ask := syscall.NewLazyDLL("ntdll.dll").NewProc("RtlNtStatusToDosErrorNoTeb")
	works(t, "finding RtlNtStatusToDosErrorNoTeb", ask.Find())
	for status, want := range codes.Statuses() {
		got, _, _ := ask.Call(uintptr(status))
		if suite.Planted("files-windows-status-turned") {
			got ^= 1
		}
		if uint32(got) != want {
			name, _ := codes.NTStatus(status)
			t.Errorf("%s becomes %s; %s was expected", name, codes.Name(syscall.Errno(got)), codes.Name(syscall.Errno(want)))
		}
	}
}
