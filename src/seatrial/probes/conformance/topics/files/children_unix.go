//go:build unix

package files

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
	"seatrial.example/conformance/topics/files/codes"
)

func init() {
	suite.Register(suite.Case{
		ID:       "files/descriptors-passed",
		Contract: "The n-th of ExtraFiles is descriptor 3+n in the child.",
		Source:   "dup2(2), execve(2): descriptors stay open across it; Go os/exec.Cmd.ExtraFiles",
		Breaks:   "Socket activation, graceful restarts and helpers that get pipes do not work.",
		Needs:    []string{"self-exec"},
		Run:      descriptorsPassed,
	}, suite.Case{
		ID:       "files/close-on-exec",
		Contract: "A file that Go opened is not open in a child.",
		Source:   "open(2), O_CLOEXEC; Go os.OpenFile",
		Breaks:   "Children keep sockets, locks and pipes: ports stay taken, readers never see the end, secrets leak.",
		Needs:    []string{"self-exec"},
		Run:      closeOnExec,
	}, suite.Case{
		ID:       "files/own-process-group",
		Contract: "A child started with Setpgid leads a process group of its own.",
		Source:   "setpgid(2); credentials(7); Go syscall.SysProcAttr.Setpgid",
		Breaks:   "A shell's Ctrl-C ends children that should go on, and ending a group ends the parent too.",
		Needs:    []string{"self-exec"},
		Run:      ownGroup,
	}, suite.Case{
		ID:       "files/group-killed",
		Contract: "A signal to a process group ends each process in it, grandchildren too.",
		Source:   "kill(2): pid less than -1",
		Breaks:   "Job runners and supervisors leave grandchildren behind.",
		Needs:    []string{"self-exec"},
		Run:      groupKilled,
	}, suite.Case{
		ID:       "files/ended-by-signal",
		Contract: "The parent is told which signal ended a child.",
		Source:   "waitpid(2), WIFSIGNALED and WTERMSIG; Go syscall.WaitStatus",
		Breaks:   "Supervisors take a crash or an out-of-memory kill for an ordinary exit.",
		Needs:    []string{"self-exec"},
		Run:      endedBySignal,
	}, suite.Case{
		ID:       "files/zombie-until-waited",
		Contract: "A child that has ended keeps its pid until it is waited for, and then the pid is free.",
		Source:   "waitpid(2), NOTES; kill(2): an existing process might be a zombie",
		Breaks:   "Signals hit a stranger with the same pid; or process tables fill up with the dead.",
		Needs:    []string{"self-exec"},
		Run:      zombie,
	}, suite.Case{
		ID:       "files/child-resources-counted",
		Contract: "Waiting for a child gives its CPU time and its largest resident size.",
		Source:   "wait4(2), getrusage(2), ru_utime and ru_maxrss; Go os.ProcessState.UserTime",
		Breaks:   "Build and job systems account nothing, and limits that use it never act.",
		Needs:    []string{"self-exec"},
		Run:      resourcesCounted,
	}, suite.Case{
		ID:       "files/start-errors",
		Contract: "A program that is not there, is not executable or has no known format is refused by execve, and Start says why.",
		Source:   "execve(2), ENOENT, EACCES, ENOEXEC; Go os/exec.Cmd.Start",
		Breaks:   "A missing program looks like one that failed.",
		Run:      startErrors,
	})
	suite.Helper("files-read", readDescriptors)
	suite.Helper("files-is-open", isOpen)
	suite.Helper("files-wait", func([]string) int { // until its standard input ends
		fmt.Println("ready")
		io.Copy(io.Discard, os.Stdin)
		return 0
	})
	suite.Helper("files-parent", parent)
	suite.Helper("files-burn", burn)
}

func readDescriptors(args []string) int {
	for _, number := range args {
		descriptor, _ := strconv.Atoi(number)
		text, err := io.ReadAll(os.NewFile(uintptr(descriptor), number))
		fmt.Printf("%s %q %v\n", number, text, err)
	}
	return 0
}

func descriptorsPassed(t *suite.T) {
	dir := t.Dir()
	command := t.Self("files-read", "3", "4", "5")
	want := ""
	for i, name := range []string{"first", "second", "third"} {
		file := opened(t, put(t, filepath.Join(dir, name), name), os.O_RDONLY)
		defer file.Close()
		command.ExtraFiles = append(command.ExtraFiles, file)
		want += fmt.Sprintf("%d %q <nil>\n", 3+i, name)
	}
	if out, err := command.Output(); err != nil || string(out) != want {
		t.Fatalf("the child read %q (%s); %q was expected", out, codes.Describe(err), want)
	}
}

func isOpen(args []string) int {
	descriptor, _ := strconv.Atoi(args[0])
	var seen syscall.Stat_t
	err := syscall.Fstat(descriptor, &seen)
	fmt.Printf("%v %d %d", err == nil, seen.Dev, seen.Ino)
	return 0
}

func closeOnExec(t *suite.T) {
	file := opened(t, put(t, filepath.Join(t.Dir(), "private"), "x"), os.O_RDWR)
	defer file.Close()
	var mine syscall.Stat_t
	works(t, "fstat", syscall.Fstat(int(file.Fd()), &mine))
	out, err := t.Self("files-is-open", fmt.Sprint(file.Fd())).Output()
	works(t, "the child", err)
	if string(out) == fmt.Sprintf("true %d %d", mine.Dev, mine.Ino) {
		t.Fatalf("descriptor %d of the parent is open in the child", file.Fd())
	}
}

// waiting starts a child that waits until its input, which is given back, is closed. It is ended with the case.
func waiting(t *suite.T, mode string, attributes *syscall.SysProcAttr) (command *exec.Cmd, input io.Closer, output *bufio.Reader) {
	command = t.Self(mode)
	command.SysProcAttr = attributes
	in, err := command.StdinPipe()
	works(t, "a pipe", err)
	out, err := command.StdoutPipe()
	works(t, "a pipe", err)
	works(t, "starting the child", command.Start())
	output = bufio.NewReader(out)
	if line, err := output.ReadString('\n'); line != "ready\n" {
		t.Fatalf("the child said %q (%s); \"ready\" was expected", line, codes.Describe(err))
	}
	return command, in, output
}

func ownGroup(t *suite.T) {
	command, in, _ := waiting(t, "files-wait", &syscall.SysProcAttr{Setpgid: true})
	defer command.Wait()
	defer in.Close()
	group, err := syscall.Getpgid(command.Process.Pid)
	works(t, "getpgid", err)
	if group != command.Process.Pid {
		t.Fatalf("the child %d is in group %d; one of its own was expected", command.Process.Pid, group)
	}
}

// parent starts a child that shares its standard input and output, and waits for it.
func parent([]string) int {
	self, err := os.Executable()
	if err != nil {
		return 1
	}
	child := exec.Command(self, "helper", "files-wait")
	child.Stdin, child.Stdout = os.Stdin, os.Stdout
	if child.Run() != nil {
		return 1
	}
	return 0
}

func groupKilled(t *suite.T) {
	command, in, output := waiting(t, "files-parent", &syscall.SysProcAttr{Setpgid: true})
	defer command.Wait()
	defer in.Close() // what still lives ends by itself
	works(t, "kill of the group", syscall.Kill(-command.Process.Pid, syscall.SIGKILL))
	ended := make(chan error, 1)
	go func() { // the pipe ends when the last of the group has gone
		_, err := io.Copy(io.Discard, output)
		ended <- err
	}()
	select {
	case <-ended:
	case <-time.After(t.Patience(2 * time.Second)):
		t.Errorf("a process of the group lives 2 s after SIGKILL")
	}
}

func endedBySignal(t *suite.T) {
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		command, in, _ := waiting(t, "files-wait", nil)
		works(t, "signal", command.Process.Signal(signal))
		command.Wait()
		in.Close()
		status, _ := command.ProcessState.Sys().(syscall.WaitStatus)
		if !status.Signaled() || status.Signal() != signal {
			t.Errorf("after %v the parent was told: %s", signal, codes.Ending(command.ProcessState))
		}
	}
}

func zombie(t *suite.T) {
	command, in, output := waiting(t, "files-wait", nil)
	in.Close()
	io.Copy(io.Discard, output)
	pid := command.Process.Pid
	if err := syscall.Kill(pid, 0); err != nil {
		t.Errorf("before it was waited for: %s; the pid should be there", codes.Describe(err))
	}
	works(t, "waiting", command.Wait())
	if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
		t.Errorf("after it was waited for: %s; ESRCH was expected", codes.Describe(err))
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, 0, nil); err != syscall.ECHILD {
		t.Errorf("waiting again: %s; ECHILD was expected", codes.Describe(err))
	}
}

const (
	burnt   = 12 * time.Millisecond
	touched = 16 << 20
)

// burn uses CPU time and memory, and says when its own clock has counted enough.
func burn([]string) int {
	memory := make([]byte, touched)
	var used syscall.Rusage
	for used.Utime.Nano()+used.Stime.Nano() < int64(burnt) {
		for i := 0; i < len(memory); i += 4096 {
			memory[i]++
		}
		if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
			return 1
		}
	}
	return 0
}

func resourcesCounted(t *suite.T) {
	command := t.Self("files-burn")
	works(t, "the child", command.Run())
	state := command.ProcessState
	if counted := state.UserTime() + state.SystemTime(); counted < burnt {
		t.Errorf("the parent was told of %v of CPU time; the child counted %v", counted, burnt)
	}
	used, _ := state.SysUsage().(*syscall.Rusage)
	unit := int64(1024)
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	if used == nil || int64(used.Maxrss)*unit < touched {
		t.Errorf("the parent was told of %+v; at least %d bytes resident were expected", used, touched)
	}
}

func startErrors(t *suite.T) {
	dir := t.Dir()
	plain := put(t, filepath.Join(dir, "plain"), "#!/bin/sh\n")
	odd := put(t, filepath.Join(dir, "odd"), "\x01\x02 no program\n")
	works(t, "chmod", os.Chmod(odd, 0o755))
	for _, row := range []struct {
		path string
		want error
	}{{filepath.Join(dir, "absent"), syscall.ENOENT}, {plain, syscall.EACCES}, {odd, syscall.ENOEXEC}, {dir, syscall.EACCES}} {
		command := exec.Cmd{Path: row.path, Args: []string{"x"}}
		err := command.Run()
		if row.path == odd && errors.Is(err, syscall.EACCES) {
			t.NA("programs may not be started from %s (noexec)", dir)
		}
		if !errors.Is(err, row.want) {
			t.Errorf("starting %s: %s; %s was expected", filepath.Base(row.path), codes.Describe(err), codes.Describe(row.want))
		}
	}
}
