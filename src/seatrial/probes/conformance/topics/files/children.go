package files

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

func init() {
	suite.Register(suite.Case{
		ID:       "files/exit-codes",
		Contract: "A child's exit code reaches its parent as it was.",
		Source:   "exit(3), waitpid(2): the low 8 bits; Microsoft, GetExitCodeProcess: 32 bits",
		Breaks:   "Build tools and test runners take failures for successes.",
		Needs:    []string{"self-exec"},
		Run:      exitCodes,
	}, suite.Case{
		ID:       "files/arguments-unchanged",
		Contract: "A child gets its arguments byte for byte: empty ones, blanks, quotes, and on Unix any byte but NUL.",
		Source:   "execve(2); Microsoft, CommandLineToArgvW; Go syscall.EscapeArg",
		Breaks:   "File names with blanks, quotes or other character sets (GBK) reach programs changed.",
		Needs:    []string{"self-exec"},
		Run:      argumentsUnchanged,
	}, suite.Case{
		ID:       "files/environment-unchanged",
		Contract: "A child gets the environment it was given: empty values, line ends, '=' and on Unix any byte in them.",
		Source:   "execve(2), environ(7); Microsoft, CreateProcess, lpEnvironment",
		Breaks:   "Containers' settings and secrets reach programs cut or changed.",
		Needs:    []string{"self-exec"},
		Run:      environmentUnchanged,
	}, suite.Case{
		ID:       "files/child-working-directory",
		Contract: "A child starts in the folder it was given; the parent's own folder does not change.",
		Source:   "chdir(2), fork(2); Microsoft, CreateProcess, lpCurrentDirectory; Go os/exec.Cmd.Dir",
		Breaks:   "Builds and hooks run in the wrong folder, and delete or write there.",
		Needs:    []string{"self-exec"},
		Run:      childWorkingDirectory,
	}, suite.Case{
		ID:       "files/pipes-to-child",
		Contract: "A megabyte through a child's standard input and output comes back whole, and then the end.",
		Source:   "pipe(7); Microsoft, CreatePipe; Go os/exec.Cmd.Stdin",
		Breaks:   "Filters (compressors, git, compilers) lose data or hang.",
		Needs:    []string{"self-exec"},
		Run:      pipesToChild,
	}, suite.Case{
		ID:       "files/own-executable",
		Contract: "os.Executable is this program's file, and can be opened.",
		Source:   "proc(5), /proc/pid/exe; Microsoft, GetModuleFileName; Go os.Executable",
		Breaks:   "Programs that start themselves again, update themselves, or find files next to them fail.",
		Run:      ownExecutable,
	})
	suite.Helper("files-exit", func(args []string) int {
		code, _ := strconv.Atoi(args[0])
		if suite.Planted("files-exit-code-lost") || suite.Planted("files-windows-exit-code-cut") {
			code = 0
		}
		return code
	})
	suite.Helper("files-tell", tell)
	suite.Helper("files-echo", func([]string) int {
		if _, err := io.Copy(os.Stdout, os.Stdin); err != nil {
			return 1
		}
		return 0
	})
}

// told is what a child saw of itself.
type told struct {
	Arguments   [][]byte
	Environment map[string][]byte
	Folder      string
}

func tell(args []string) int {
	seen := told{Environment: map[string][]byte{}}
	valid := func(text string) []byte {
		if suite.Planted("files-text-made-valid") { // a platform that passes text on, not bytes
			text = strings.ToValidUTF8(strings.TrimSpace(text), "?")
		}
		return []byte(text)
	}
	for _, arg := range args {
		seen.Arguments = append(seen.Arguments, valid(arg))
	}
	for _, setting := range os.Environ() {
		if name, value, _ := strings.Cut(setting, "="); strings.HasPrefix(name, "SEATRIAL_ODD_") {
			seen.Environment[name] = valid(value)
		}
	}
	seen.Folder, _ = os.Getwd()
	if json.NewEncoder(os.Stdout).Encode(seen) != nil {
		return 1
	}
	return 0
}

// oddTexts are those that quoting, separators and character sets trip over.
func oddTexts() []string {
	texts := []string{
		"", " ", "a b", `"`, `\`, `\"`, `a\\" b`, `c:\x y\`, "'", "$HOME", "%PATH%", "*", "?", "-", "--", "a=b", "=", "\t", "\n",
		"天舟", "\u00e9", "e\u0301", "\U0001f6a2", "x;y&z|<>^()",
	}
	if runtime.GOOS == "windows" {
		return texts // UTF-16: what is no text cannot be passed
	}
	all := make([]byte, 0, 255)
	for b := 1; b < 256; b++ {
		all = append(all, byte(b))
	}
	return append(texts, string(all), "\xcc\xec\xd6\xdb", "\xff\xfe") // GBK, and bytes of no text
}

func asked(t *suite.T, dir string, env []string, args ...string) told {
	command := t.Self("files-tell", args...)
	command.Dir = dir
	if env != nil {
		command.Env = append(os.Environ(), env...)
	}
	out, err := command.Output()
	if err != nil {
		t.Fatalf("the child: %s (%s)", codes.Describe(err), codes.Ending(command.ProcessState))
	}
	var seen told
	works(t, "reading the child's answer", json.Unmarshal(out, &seen))
	return seen
}

func exitCodes(t *suite.T) {
	for _, want := range []int{0, 1, 127, 255} {
		command := t.Self("files-exit", fmt.Sprint(want))
		if err := command.Run(); command.ProcessState == nil {
			t.Fatalf("starting the child: %s", codes.Describe(err))
		}
		if got := command.ProcessState.ExitCode(); got != want {
			t.Errorf("a child that exited with %d gave %d (%s)", want, got, codes.Ending(command.ProcessState))
		}
	}
}

func argumentsUnchanged(t *suite.T) {
	want := oddTexts()
	got := asked(t, "", nil, want...).Arguments
	if len(got) != len(want) {
		t.Fatalf("%d arguments arrived; %d were given", len(got), len(want))
	}
	for i := range want {
		if string(got[i]) != want[i] {
			t.Errorf("argument %d arrived as %q; %q was given", i, got[i], want[i])
		}
	}
}

func environmentUnchanged(t *suite.T) {
	want := oddTexts()
	var env []string
	for i, text := range want {
		env = append(env, fmt.Sprintf("SEATRIAL_ODD_%d=%s", i, text))
	}
	got := asked(t, "", env).Environment
	for i := range want {
		value, there := got[fmt.Sprintf("SEATRIAL_ODD_%d", i)]
		if !there || string(value) != want[i] {
			t.Errorf("variable %d arrived as %q (%v); %q was given", i, value, there, want[i])
		}
	}
}

func childWorkingDirectory(t *suite.T) {
	before, err := os.Getwd()
	works(t, "os.Getwd", err)
	dir := t.Dir()
	sameFile(t, "the child's folder", asked(t, dir, nil).Folder, dir)
	after, err := os.Getwd()
	works(t, "os.Getwd", err)
	sameFile(t, "the parent's folder after it", after, before)
}

func sameFile(t *suite.T, what, got, want string) {
	a, errA := os.Stat(got)
	b, errB := os.Stat(want)
	if errA != nil || errB != nil || !os.SameFile(a, b) {
		t.Errorf("%s is %q; %q was expected (%s, %s)", what, got, want, codes.Describe(errA), codes.Describe(errB))
	}
}

func pipesToChild(t *suite.T) {
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	var got bytes.Buffer
	command := t.Self("files-echo")
	command.Stdin, command.Stdout = bytes.NewReader(sent), &got
	works(t, "starting the child", command.Start())
	watch := time.AfterFunc(t.Patience(5*time.Second), func() { command.Process.Kill() })
	defer watch.Stop()
	if err := command.Wait(); err != nil || !bytes.Equal(got.Bytes(), sent) {
		t.Fatalf("%d bytes came back of %d (%s, %s)", got.Len(), len(sent), codes.Describe(err), codes.Ending(command.ProcessState))
	}
}

func ownExecutable(t *suite.T) {
	path, err := os.Executable()
	works(t, "os.Executable", err)
	file := opened(t, path, os.O_RDONLY)
	defer file.Close()
	var magic [4]byte
	_, err = io.ReadFull(file, magic[:])
	works(t, "reading "+filepath.Base(path), err)
	t.Value("begins", fmt.Sprintf("%q", magic))
	if runtime.GOOS == "linux" {
		if string(magic[:]) != "\x7fELF" {
			t.Errorf("%s begins with %q, which is no ELF file", path, magic)
		}
		link := opened(t, "/proc/self/exe", os.O_RDONLY)
		defer link.Close()
		a, errA := file.Stat()
		b, errB := link.Stat()
		if errA != nil || errB != nil || !os.SameFile(a, b) {
			t.Errorf("/proc/self/exe is another file than %s (%s, %s)", path, codes.Describe(errA), codes.Describe(errB))
		}
	}
}
