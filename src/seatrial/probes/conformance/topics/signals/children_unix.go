//go:build unix

package signals

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "signals/default-kills-child",
		Contract: "A signal whose default is to end a process ends it, and the parent learns by which one it was.",
		Source:   "signal(7), \"Standard signals\"; wait(2), WTERMSIG; package os/signal, \"Default behavior\"",
		Breaks:   "Containers do not stop within their grace period; supervisors mistake kills for exits.",
		Run:      defaultKills,
	}, suite.Case{
		ID:       "signals/quit-prints-goroutines",
		Contract: "SIGQUIT makes a Go program print the stacks of its goroutines and exit with status 2.",
		Source:   "package os/signal: \"SIGQUIT ... causes the program to exit with a stack dump\"",
		Breaks:   "A hung service cannot be asked where it hangs.",
		Run:      quitPrints,
	}, suite.Case{
		ID:       "signals/child-end-told",
		Contract: "The end of a child sends SIGCHLD to its parent.",
		Source:   "signal(7); wait(2), NOTES",
		Breaks:   "Init programs and supervisors leave zombies and do not restart what has died.",
		Run:      childEndTold,
	}, suite.Case{
		ID:       "signals/stop-and-continue",
		Contract: "SIGSTOP stops a process and SIGCONT lets it go on, and the parent is told of both.",
		Source:   "signal(7); wait(2), WUNTRACED and WCONTINUED",
		Breaks:   "Job control, freezers and debuggers of Go programs do not work; a continued program has lost its timers.",
		Run:      stopAndContinue,
	}, suite.Case{
		ID:       "signals/process-group",
		Contract: "kill with a negative number signals every process of the group.",
		Source:   "kill(2); setpgid(2); syscall.SysProcAttr, Setpgid",
		Breaks:   "Grandchildren survive the end of a job: test runners and CI leave processes behind.",
		Run:      processGroup,
	}, suite.Case{
		ID:       "signals/kill-tells-errors",
		Contract: "Signal 0 only asks whether a process is there: no error, then ESRCH; an impossible signal gives EINVAL.",
		Source:   "kill(2), ERRORS; os.Process.Signal",
		Breaks:   "Pid files and locks are judged stale, or for ever taken.",
		Run:      killErrors,
	}, suite.Case{
		ID:       "signals/ignored-stays-ignored",
		Contract: "A signal that is ignored stays ignored in a program that is started; one that is handled does not.",
		Source:   "execve(2): dispositions; package os/signal: \"started with either SIGHUP or SIGINT ignored\"",
		Breaks:   "nohup does not protect Go programs; children of services that handle SIGTERM cannot be ended.",
		Run:      ignoredStays,
	}, suite.Case{
		ID:       "signals/others-do-nothing",
		Contract: "A signal that Go neither knows a default for nor was asked to hand on is caught, and nothing happens.",
		Source:   "package os/signal, \"Default behavior of signals in Go programs\"",
		Breaks:   "Real-time signals, SIGUSR1 or SIGALRM of a C library's timer end the program.",
		Run:      othersDoNothing,
	})
	suite.Helper("signals-wait", waitHelper)
	suite.Helper("signals-answer", answerHelper)
	suite.Helper("signals-ignore", ignoreHelper)
	suite.Helper("signals-group", func([]string) int {
		child := exec.Command(os.Args[0], os.Args[1], "signals-wait")
		child.Stdin, child.Stdout = os.Stdin, os.Stdout
		if err := child.Run(); err != nil {
			fmt.Println(err)
		}
		return 0
	})
}

// waitHelper lives until somebody ends it, its stdin ends (the parent's death), or half a minute is over.
func waitHelper([]string) int {
	fmt.Println("ready")
	go func() {
		time.Sleep(30 * time.Second)
		os.Exit(3)
	}()
	io.Copy(io.Discard, os.Stdin)
	return 0
}

// answerHelper answers each line on its first thread, the one that the kernel prefers for signals (complete_signal):
// once it has answered, it has handled what was sent before.
func answerHelper([]string) int {
	runtime.LockOSThread()
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		fmt.Println("here")
	}
	return 0
}

// ignoreHelper ignores SIGHUP, handles SIGTERM, and starts a child that waits.
func ignoreHelper([]string) int {
	signal.Ignore(syscall.SIGHUP)
	signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM)
	child := exec.Command(os.Args[0], os.Args[1], "signals-wait")
	in, err := child.StdinPipe()
	if err == nil {
		child.Stderr = os.Stderr
		var out io.ReadCloser
		if out, err = child.StdoutPipe(); err == nil {
			if err = child.Start(); err == nil {
				out.Read(make([]byte, 64))
			}
		}
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	child.Process.Signal(syscall.SIGHUP)
	time.Sleep(5 * time.Millisecond)
	survived := child.Process.Signal(syscall.Signal(0)) == nil
	var now syscall.WaitStatus
	if gone, _ := syscall.Wait4(child.Process.Pid, &now, syscall.WNOHANG, nil); gone > 0 {
		fmt.Println("after SIGHUP:", describe(now))
		return 0
	}
	child.Process.Signal(syscall.SIGTERM)
	if _, err := syscall.Wait4(child.Process.Pid, &now, 0, nil); err != nil {
		fmt.Println(err)
		return 1
	}
	in.Close()
	fmt.Println("after SIGHUP: there", survived, "; after SIGTERM:", describe(now))
	return 0
}

func describe(status syscall.WaitStatus) string {
	if status.Signaled() {
		return "ended by " + status.Signal().String()
	}
	return fmt.Sprint("exit status ", status.ExitStatus())
}

// A helper that is running, with its own end to be waited for.
type running struct {
	t       *suite.T
	command *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	said    bytes.Buffer // on stderr
	ended   bool
}

// begin starts a helper and waits until it says "ready".
func begin(t *suite.T, mode string, args ...string) *running { return beginAs(t, nil, mode, args...) }

func beginAs(t *suite.T, as *syscall.SysProcAttr, mode string, args ...string) *running {
	r := &running{t: t, command: t.Self(mode, args...)}
	r.command.SysProcAttr = as
	r.command.Stderr = &r.said
	var err error
	if r.in, err = r.command.StdinPipe(); err != nil {
		t.Unknown("%v", err)
	}
	out, err := r.command.StdoutPipe()
	if err == nil {
		err = r.command.Start()
	}
	if err != nil {
		t.Fatalf("a helper does not start: %v", err)
	}
	r.out = bufio.NewReader(out)
	if line := r.line(); line != "ready\n" {
		r.end()
		t.Fatalf("a helper said %q instead of being ready, and on stderr %q", line, r.said.String())
	}
	return r
}

func (r *running) line() string {
	text, _ := r.out.ReadString('\n')
	return text
}

func (r *running) send(signal syscall.Signal) {
	if err := r.command.Process.Signal(signal); err != nil {
		r.end()
		r.t.Fatalf("%v cannot be sent to a child: %v", signal, err)
	}
}

// wait waits for the helper's end, but not for ever: then it is killed and the case fails.
func (r *running) wait() syscall.WaitStatus {
	kill := time.AfterFunc(r.t.Patience(3*time.Second), func() { r.command.Process.Kill() })
	r.command.Wait()
	r.ended = true
	if !kill.Stop() {
		r.t.Fatalf("a helper did not end within %v", r.t.Patience(3*time.Second))
	}
	return r.command.ProcessState.Sys().(syscall.WaitStatus)
}

func (r *running) end() {
	if !r.ended {
		r.in.Close()
		r.command.Process.Kill()
		r.command.Wait()
	}
}

func defaultKills(t *suite.T) {
	for _, sent := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGKILL} {
		if signal.Ignored(sent) {
			continue // whoever started the suite did so with nohup(1), or in the background
		}
		child := begin(t, "signals-wait")
		child.send(sent)
		if status := child.wait(); !status.Signaled() || status.Signal() != sent || status.ExitStatus() != -1 {
			t.Errorf("%v was sent, and the child's end was: %s", sent, describe(status))
		}
		if got := child.command.ProcessState.String(); got != "signal: "+sent.String() {
			t.Errorf("%v was sent, and os/exec says %q", sent, got)
		}
	}
}

func othersDoNothing(t *suite.T) {
	child := begin(t, "signals-answer")
	for _, sent := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGWINCH, syscall.SIGIO, syscall.SIGPIPE} {
		child.send(sent)
		fmt.Fprintln(child.in)
		if child.line() == "" {
			break // it has ended
		}
	}
	child.in.Close()
	if status := child.wait(); status.Signaled() || status.ExitStatus() != 0 {
		t.Fatalf("a helper that was to go on ended otherwise: %s", describe(status))
	}
}

func quitPrints(t *suite.T) {
	child := begin(t, "signals-wait")
	child.send(syscall.SIGQUIT)
	status, said := child.wait(), child.said.String()
	if status.Signaled() || status.ExitStatus() != 2 {
		t.Errorf("the child's end was: %s; exit status 2 was expected", describe(status))
	}
	for _, text := range []string{"SIGQUIT: quit", "goroutine 1", "waitHelper"} {
		if !strings.Contains(said, text) {
			t.Errorf("%q is not in what it printed: %.300q", text, said)
		}
	}
}

func childEndTold(t *suite.T) {
	received, stop := notified(syscall.SIGCHLD)
	defer stop()
	child := begin(t, "signals-wait")
	for len(received) > 0 {
		<-received // an earlier case's child
	}
	child.send(syscall.SIGTERM)
	defer child.end()
	arrives(t, received, syscall.SIGCHLD)
}

func stopAndContinue(t *suite.T) {
	child := begin(t, "signals-wait")
	defer child.end()
	for _, step := range []struct {
		send   syscall.Signal
		option int
		holds  func(syscall.WaitStatus) bool
	}{
		{syscall.SIGSTOP, syscall.WUNTRACED, syscall.WaitStatus.Stopped},
		{syscall.SIGCONT, continued, syscall.WaitStatus.Continued},
	} {
		child.send(step.send)
		var status syscall.WaitStatus
		var found int
		for began := time.Now(); found == 0 && time.Since(began) < t.Patience(2*time.Second); time.Sleep(100 * time.Microsecond) {
			var err error
			if found, err = syscall.Wait4(child.command.Process.Pid, &status, step.option|syscall.WNOHANG, nil); err != nil && err != syscall.EINTR {
				t.Fatalf("wait4: %v", err)
			}
		}
		if found <= 0 || !step.holds(status) {
			t.Fatalf("after %v, wait4 gives %d with status %#x", step.send, found, uint32(status))
		}
	}
	child.in.Close()
	if status := child.wait(); status.Signaled() || status.ExitStatus() != 0 {
		t.Fatalf("after being stopped and continued the child did not end in order: %s", describe(status))
	}
}

func processGroup(t *suite.T) {
	child := beginAs(t, &syscall.SysProcAttr{Setpgid: true}, "signals-group")
	defer child.end()
	if err := syscall.Kill(-child.command.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatalf("kill of the group: %v", err)
	}
	// The grandchild holds the pipe that is read here: it ends when both are gone.
	rest := make(chan struct{})
	go func() {
		defer close(rest)
		io.Copy(io.Discard, child.out)
	}()
	select {
	case <-rest:
	case <-time.After(t.Patience(2 * time.Second)):
		t.Fatalf("a process of the group outlived SIGKILL to the group")
	}
}

func killErrors(t *suite.T) {
	child := begin(t, "signals-wait")
	pid := child.command.Process.Pid
	if err := syscall.Kill(pid, 0); err != nil {
		t.Errorf("of a process that is there, kill says %v", err)
	}
	if err := syscall.Kill(pid, 200); err != syscall.EINVAL {
		t.Errorf("of signal 200, kill says %v; EINVAL was expected", err)
	}
	child.in.Close()
	child.wait()
	if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
		t.Errorf("of a process that was waited for, kill says %v; ESRCH was expected", err)
	}
}

func ignoredStays(t *suite.T) {
	out, err := t.Self("signals-ignore").Output()
	expected := fmt.Sprintln("after SIGHUP: there true ; after SIGTERM: ended by", syscall.SIGTERM)
	if err != nil || string(out) != expected {
		t.Fatalf("a child with SIGHUP ignored and SIGTERM handled by its parent: %q (%v); %q was expected", out, err, expected)
	}
}
