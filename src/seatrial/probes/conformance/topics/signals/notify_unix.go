//go:build unix

package signals

import (
	"os/signal"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "signals/notify-each-kind",
		Contract: "Every signal that a program may ask for arrives as what was sent, and as nothing else.",
		Source:   "package os/signal, Notify; kill(2)",
		Breaks:   "Where numbers of signals differ (MIPS, emulators), a reload becomes a shutdown.",
		Run:      notifyEach,
	}, suite.Case{
		ID:       "signals/ignore-and-back",
		Contract: "An ignored signal does nothing and is not kept; when it is asked for again, it arrives again.",
		Source:   "package os/signal, Ignore, Ignored and Notify; sigaction(2), SIG_IGN",
		Breaks:   "Daemons that ignore SIGHUP die of it, or hear of it late.",
		Run:      ignoreAndBack,
	}, suite.Case{
		ID:       "signals/reset-to-default",
		Contract: "After Reset a signal does what it does by default: SIGTERM ends the program.",
		Source:   "package os/signal, Reset; NotifyContext's stop restores the default the same way",
		Breaks:   "The second Ctrl-C, which is to end a program at once, does nothing.",
		Run:      resetToDefault,
	}, suite.Case{
		ID:       "signals/urgent-handed-on",
		Contract: "SIGURG, which the runtime itself uses for preemption, still arrives at a program that asks for it.",
		Source:   "package os/signal; Go runtime/signal_unix.go, sighandler (sigPreempt may have been coalesced)",
		Breaks:   "Programs that read out-of-band data of TCP do not hear of it.",
		Run: func(t *suite.T) {
			received, stop := notified(syscall.SIGURG)
			defer stop()
			if err := syscall.Kill(syscall.Getpid(), syscall.SIGURG); err != nil {
				t.Fatalf("kill: %v", err)
			}
			arrives(t, received, syscall.SIGURG)
		},
	})
	suite.Helper("signals-reset", func([]string) int {
		received, _ := notified(syscall.SIGTERM)
		syscall.Kill(syscall.Getpid(), syscall.SIGTERM)
		<-received
		signal.Reset(syscall.SIGTERM)
		syscall.Kill(syscall.Getpid(), syscall.SIGTERM)
		time.Sleep(5 * time.Second)
		return 3
	})
}

func notifyEach(t *suite.T) {
	for _, sent := range []syscall.Signal{
		syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGALRM, syscall.SIGTERM,
		syscall.SIGCHLD, syscall.SIGCONT, syscall.SIGTSTP, syscall.SIGTTIN, syscall.SIGTTOU, syscall.SIGURG,
		syscall.SIGXCPU, syscall.SIGXFSZ, syscall.SIGVTALRM, syscall.SIGWINCH, syscall.SIGIO, syscall.SIGSYS, syscall.SIGPIPE,
	} {
		received, stop := notified(sent)
		if err := syscall.Kill(syscall.Getpid(), sent); err != nil {
			t.Fatalf("%v cannot be sent: %v", sent, err)
		}
		arrives(t, received, sent)
		stop()
	}
}

func ignoreAndBack(t *suite.T) {
	signal.Ignore(syscall.SIGUSR1)
	defer signal.Reset(syscall.SIGUSR1)
	if !signal.Ignored(syscall.SIGUSR1) {
		t.Fatalf("after Ignore, Ignored says no")
	}
	for range 3 {
		if err := toSelf(syscall.SIGUSR1); err != nil {
			t.Fatalf("SIGUSR1 cannot be sent: %v", err)
		}
	}
	received, stop := notified(syscall.SIGUSR1)
	defer stop()
	time.Sleep(time.Millisecond)
	if len(received) != 0 {
		t.Fatalf("a signal that was sent while it was ignored arrived later")
	}
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGUSR1); err != nil {
		t.Fatalf("kill: %v", err)
	}
	arrives(t, received, syscall.SIGUSR1)
}

func resetToDefault(t *suite.T) {
	if signal.Ignored(syscall.SIGTERM) {
		t.Unknown("this program was started with SIGTERM ignored")
	}
	helper := t.Self("signals-reset")
	helper.Run()
	if status := helper.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Fatalf("the helper's end was: %s; an end by SIGTERM was expected", describe(status))
	}
}
