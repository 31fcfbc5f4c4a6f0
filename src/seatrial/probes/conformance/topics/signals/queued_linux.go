//go:build !mips && !mipsle && !mips64 && !mips64le

package signals

import (
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "signals/realtime-queued-in-order",
		Contract: "Real-time signals are queued: each one sent arrives, with its value, in the order of sending.",
		Source:   "signal(7), \"Real-time signals\"; sigqueue(3)",
		Breaks:   "Programs that count events or pass values by signals (asynchronous I/O, leases, drivers) lose some.",
		Run:      queuedInOrder,
	}, suite.Case{
		ID:       "signals/realtime-lowest-first",
		Contract: "Of several pending real-time signals the one with the lowest number is delivered first.",
		Source:   "signal(7), \"Real-time signals\": low-numbered signals have highest priority",
		Breaks:   "Urgent events overtake others no more.",
		Run:      lowestFirst,
	}, suite.Case{
		ID:       "signals/standard-coalesce",
		Contract: "A standard signal that is sent again while it is pending is delivered once, with the first sender's data.",
		Source:   "signal(7), \"Queueing and delivery semantics for standard signals\"",
		Breaks:   "Each SIGURG of the runtime's preemption would be kept: threads drown in signals.",
		Run:      coalesce,
	}, suite.Case{
		ID:       "signals/sigtimedwait-times-out",
		Contract: "sigtimedwait without a signal ends with EAGAIN, and not before its time.",
		Source:   "sigtimedwait(2), ERRORS",
		Breaks:   "Programs that wait for signals spin, or take nothing for a signal.",
		Run:      waitTimesOut,
	}, suite.Case{
		ID:       "signals/pending-until-unblocked",
		Contract: "A blocked signal stays pending, and is delivered before the call that unblocks it returns.",
		Source:   "sigprocmask(2); POSIX.1-2017, sigprocmask(): at least one is delivered before the call returns",
		Breaks:   "Signals get lost or come late around fork and exec, where Go's runtime blocks all of them.",
		Run:      pendingUntilUnblocked,
	}, suite.Case{
		ID:       "signals/tgkill-sender-told",
		Contract: "A signal of tgkill says so (SI_TKILL), and names the process and the user that sent it.",
		Source:   "sigaction(2), \"The siginfo_t argument\"; Go runtime/os_linux.go, sigctxt.sigFromUser",
		Breaks:   "The runtime takes a SIGSEGV that somebody sent for a fault of the program, and panics.",
		Run:      senderTold,
	})
}

func queuedInOrder(t *suite.T) {
	const count = 64
	block(firstQueued)
	for i := uintptr(1); i <= count; i++ {
		queue(t, firstQueued, i*3)
	}
	for i := uintptr(1); i <= count; i++ {
		got, errno := await(of(firstQueued), t.Patience(time.Second))
		if errno != 0 {
			t.Fatalf("signal %d of %d: %v", i, count, errno)
		}
		if got.code() != fromQueue || got.value() != i*3 {
			t.Fatalf("signal %d of %d came with code %d and value %d; code %d and value %d were sent", i, count,
				got.code(), got.value(), fromQueue, i*3)
		}
	}
	if _, errno := await(of(firstQueued), 0); errno != syscall.EAGAIN {
		t.Fatalf("%d were sent, and one more came (%v)", count, errno)
	}
}

func lowestFirst(t *suite.T) {
	last := firstQueued + 2
	block(firstQueued, firstQueued+1, last)
	for _, signal := range []syscall.Signal{last, firstQueued, firstQueued + 1, last} {
		queue(t, signal, 0)
	}
	all := of(firstQueued, firstQueued+1, last)
	for _, expected := range []syscall.Signal{firstQueued, firstQueued + 1, last, last} {
		got, errno := await(all, t.Patience(time.Second))
		if errno != 0 || got.signal() != expected {
			t.Fatalf("got signal %d (%v), expected %d", got.signal(), errno, expected)
		}
	}
}

func coalesce(t *suite.T) {
	block(syscall.SIGUSR1)
	for range 5 {
		if err := toThread(thread(), syscall.SIGUSR1); err != nil {
			t.Fatalf("tgkill: %v", err)
		}
	}
	if !pending().has(syscall.SIGUSR1) {
		t.Fatalf("a blocked signal that was sent is not pending")
	}
	if _, errno := await(of(syscall.SIGUSR1), t.Patience(time.Second)); errno != 0 {
		t.Fatalf("the pending signal did not come: %v", errno)
	}
	if _, errno := await(of(syscall.SIGUSR1), 0); errno != syscall.EAGAIN {
		t.Fatalf("it came twice (%v)", errno)
	}
}

func waitTimesOut(t *suite.T) {
	const wait = 30 * time.Millisecond
	block(firstQueued)
	began := time.Now()
	_, errno := await(of(firstQueued), wait)
	if took := time.Since(began); errno != syscall.EAGAIN || took < wait {
		t.Fatalf("it ended after %v with %v; EAGAIN after %v was expected", took, errno, wait)
	}
}

func pendingUntilUnblocked(t *suite.T) {
	received, stop := notified(syscall.SIGUSR1)
	defer stop()
	block(syscall.SIGUSR1)
	if err := toThread(thread(), syscall.SIGUSR1); err != nil {
		t.Fatalf("tgkill: %v", err)
	}
	if now := pending(); !now.has(syscall.SIGUSR1) {
		t.Fatalf("it is not pending (%#x) while it is blocked", uint64(now))
	}
	if len(received) != 0 {
		t.Fatalf("it was delivered while it was blocked")
	}
	changeMask(maskUnblock, of(syscall.SIGUSR1))
	if now := pending(); now.has(syscall.SIGUSR1) {
		t.Fatalf("it is still pending after it was unblocked")
	}
	arrives(t, received, syscall.SIGUSR1)
}

func senderTold(t *suite.T) {
	block(syscall.SIGUSR1)
	if err := toThread(thread(), syscall.SIGUSR1); err != nil {
		t.Fatalf("tgkill: %v", err)
	}
	got, errno := await(of(syscall.SIGUSR1), t.Patience(time.Second))
	if errno != 0 {
		t.Fatalf("sigtimedwait: %v", errno)
	}
	if got.code() != fromTgkill || int(got.pid()) != syscall.Getpid() || int(got.uid()) != syscall.Getuid() {
		t.Fatalf("it came with code %d, process %d and user %d; %d, %d and %d were expected", got.code(), got.pid(),
			got.uid(), fromTgkill, syscall.Getpid(), syscall.Getuid())
	}
}
