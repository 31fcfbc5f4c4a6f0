//go:build !mips && !mipsle && !mips64 && !mips64le

package signals

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "signals/mask-per-thread",
		Contract: "A signal that one thread blocks is delivered to another that does not.",
		Source:   "signal(7), \"Signal mask and pending signals\"; pthreads(7)",
		Breaks:   "One locked thread that blocks a signal (many C libraries do) makes the whole program deaf to it.",
		Needs:    []string{"threads"},
		Run:      maskPerThread,
	}, suite.Case{
		ID:       "signals/mask-restored-after-handler",
		Contract: "A handler that blocks all signals leaves the thread's mask as it was before.",
		Source:   "sigreturn(2); Go runtime/os_linux.go, setsig: sa_mask is all signals",
		Breaks:   "After the first signal a thread hears no more: no preemption, no profile, no shutdown.",
		Run:      maskRestored,
	}, suite.Case{
		ID:       "signals/mask-kept-by-exec",
		Contract: "A new program begins with the mask of the thread that called execve, and its children with the same.",
		Source:   "execve(2), sigprocmask(2), \"NOTES\"; package os/signal: the signal mask is inherited",
		Breaks:   "Programs started by Go programs are deaf to signals, or hear those that they must not.",
		Run:      maskKept,
	}, suite.Case{
		ID:       "signals/kill-and-stop-not-blockable",
		Contract: "SIGKILL and SIGSTOP cannot be blocked; trying is no error and leaves the mask without them.",
		Source:   "sigprocmask(2), NOTES",
		Breaks:   "Go blocks all signals around fork and clone: it would have to know exceptions.",
		Run: func(t *suite.T) {
			block(syscall.SIGKILL, syscall.SIGSTOP, syscall.SIGUSR1)
			if now := mask(); now.has(syscall.SIGKILL) || now.has(syscall.SIGSTOP) || !now.has(syscall.SIGUSR1) {
				t.Fatalf("after blocking SIGKILL, SIGSTOP and SIGUSR1 the mask is %#x", uint64(now))
			}
		},
	}, suite.Case{
		ID:       "signals/kill-sender-told",
		Contract: "A signal of kill says so (SI_USER), and names the process that sent it.",
		Source:   "sigaction(2), \"The siginfo_t argument\"; Go runtime/signal_unix.go, sighandler",
		Breaks:   "Supervisors cannot tell who asked them to stop; a sent SIGSEGV is taken for a fault.",
		Run:      killSenderTold,
	})
	suite.Helper("signals-blocked-exec", blockedExec)
	suite.Helper("signals-tell-mask", func(args []string) int {
		fmt.Printf("%#x\n", uint64(mask()))
		if len(args) > 0 {
			child := exec.Command(os.Args[0], os.Args[1], "signals-tell-mask")
			child.Stdout, child.Stderr = os.Stdout, os.Stderr
			if err := child.Run(); err != nil {
				fmt.Println(err)
				return 1
			}
		}
		return 0
	})
	suite.Helper("signals-await", func([]string) int {
		fmt.Println("ready")
		got, errno := await(of(syscall.SIGUSR1), 10*time.Second)
		fmt.Println(got.code(), got.pid(), errno)
		return 0
	})
}

// blockedExec blocks SIGUSR1 and becomes another helper: all of that one's threads begin with it blocked.
func blockedExec(args []string) int {
	block(syscall.SIGUSR1)
	self, err := os.Executable()
	if err == nil {
		err = syscall.Exec(self, append([]string{self, os.Args[1]}, args...), os.Environ())
	}
	fmt.Println("exec:", err)
	return 1
}

func maskPerThread(t *suite.T) {
	received, stop := notified(syscall.SIGUSR1)
	defer stop()
	block(syscall.SIGUSR1)
	other := make(chan set)
	go func() { other <- mask() }()
	if there := <-other; there.has(syscall.SIGUSR1) {
		t.Fatalf("blocked on one thread, SIGUSR1 is blocked on another: %#x", uint64(there))
	}
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGUSR1); err != nil {
		t.Fatalf("kill: %v", err)
	}
	arrives(t, received, syscall.SIGUSR1)
}

func maskRestored(t *suite.T) {
	received, stop := notified(syscall.SIGUSR2)
	defer stop()
	block(syscall.SIGUSR1, firstQueued)
	before := mask()
	for range 20 {
		if err := toThread(thread(), syscall.SIGUSR2); err != nil {
			t.Fatalf("tgkill: %v", err)
		}
		arrives(t, received, syscall.SIGUSR2)
		if after := mask(); after != before {
			t.Fatalf("the mask was %#x before the handler and is %#x after", uint64(before), uint64(after))
		}
	}
}

func maskKept(t *suite.T) {
	out, err := t.Self("signals-blocked-exec", "signals-tell-mask", "and its child").Output()
	if err != nil {
		t.Fatalf("the helper: %v, %q", err, out)
	}
	told := strings.Fields(string(out))
	if len(told) != 2 {
		t.Fatalf("two masks were expected, not %q", out)
	}
	for i, who := range []string{"the program", "its child"} {
		if now, err := strconv.ParseUint(told[i], 0, 64); err != nil || set(now) != of(syscall.SIGUSR1) {
			t.Errorf("%s began with mask %s; %#x was expected", who, told[i], uint64(of(syscall.SIGUSR1)))
		}
	}
}

func killSenderTold(t *suite.T) {
	child := begin(t, "signals-blocked-exec", "signals-await")
	child.send(syscall.SIGUSR1)
	expected := fmt.Sprintln(fromUser, syscall.Getpid(), syscall.Errno(0))
	if got := child.line(); got != expected {
		t.Fatalf("code, process and error were %q; %q was expected", got, expected)
	}
	child.wait()
}
