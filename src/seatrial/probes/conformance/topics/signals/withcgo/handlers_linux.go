package withcgo

/*
#cgo CFLAGS: -I${SRCDIR}/../../../suite
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include "planted.h"

static volatile int handled, seenCode, seenPid, seenValue, onAlternate;

static void note(int number, siginfo_t *info, void *context) {
	stack_t now;
	char here;
	seenCode = info->si_code;
	seenPid = info->si_pid;
	seenValue = info->si_value.sival_int;
	sigaltstack(0, &now);
	onAlternate = &here >= (char *)now.ss_sp && &here < (char *)now.ss_sp + now.ss_size;
	handled++;
	(void)number;
	(void)context;
}

static int handle(int number) {
	struct sigaction action;
	memset(&action, 0, sizeof action);
	action.sa_sigaction = note;
	action.sa_flags = SA_SIGINFO | SA_RESTART;
	if (!seatrial_planted("signals-c-wrong-stack")) action.sa_flags |= SA_ONSTACK;
	handled = 0;
	return sigaction(number, &action, 0) ? errno : 0;
}

static int queue(int number, int value) {
	union sigval v;
	v.sival_int = seatrial_planted("signals-c-value-lost") ? 0 : value;
	return sigqueue(getpid(), number, v) ? errno : 0;
}

static int hereAndNow(int number) { return pthread_kill(pthread_self(), number); }
static int isHandled(void) { return handled; }
static int theCode(void) { return seenCode; }
static int thePid(void) { return seenPid; }
static int theValue(void) { return seenValue; }
static int onItsStack(void) { return onAlternate; }

static void *readOne(void *pipes) {
	char byte;
	long n;
	do n = read(((int *)pipes)[0], &byte, 1); while (n < 0 && errno == EINTR);
	return 0;
}

static int pipes[2];
static pthread_t reader;

static int startThread(void) { return pipe(pipes) ? errno : pthread_create(&reader, 0, readOne, pipes); }
static int signalThread(int number) { return seatrial_planted("signals-c-thread-deaf") ? 0 : pthread_kill(reader, number); }
static int endThread(void) {
	int failed = write(pipes[1], "x", 1) != 1 ? errno : pthread_join(reader, 0);
	close(pipes[0]);
	close(pipes[1]);
	return failed;
}
*/
import "C"

import (
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
)

// A real-time signal that neither a libc, nor Go, nor QEMU (which passes not all of them on) keeps for itself.
const spare = 42

func init() {
	suite.Register(suite.Case{
		ID:       "signals/c-handler-on-alternate-stack",
		Contract: "A handler of C with SA_ONSTACK that interrupts a thread of Go runs on that thread's alternate stack.",
		Source:   "sigaltstack(2); package os/signal, \"Go programs that use cgo or SWIG\"",
		Breaks:   "C libraries with handlers (profilers, crash reporters) overwrite goroutine stacks.",
		Run:      onAlternateStack,
	}, suite.Case{
		ID:       "signals/c-queued-value",
		Contract: "A handler of C gets the value, the code and the sender of a signal that sigqueue sent.",
		Source:   "sigqueue(3); sigaction(2), \"The siginfo_t argument\"",
		Breaks:   "C libraries that pass work by signals (POSIX timers, message queues, aio) lose it inside Go programs.",
		Run:      queuedValue,
	}, suite.Case{
		ID:       "signals/thread-of-c-signalled",
		Contract: "A signal that hits a thread which C has made is handed on to the Go program that asked for it.",
		Source:   "package os/signal, \"Go programs that use cgo or SWIG\"; Go runtime/signal_unix.go, sigtrampgo and needm",
		Breaks:   "With a C library that has threads of its own, signals get lost or crash the program.",
		Needs:    []string{"threads"},
		Run:      threadOfC,
	})
}

// install makes C handle the spare signal, and gives it back to Go in the end.
func install(t *suite.T) (back func()) {
	if errno := C.handle(spare); errno != 0 {
		t.Fatalf("sigaction: %v", syscall.Errno(errno))
	}
	return func() { signal.Reset(syscall.Signal(spare)) }
}

func awaitHandled(t *suite.T) {
	for began := time.Now(); C.isHandled() == 0; time.Sleep(50 * time.Microsecond) {
		if time.Since(began) > t.Patience(2*time.Second) {
			t.Fatalf("the handler did not run within %v", t.Patience(2*time.Second))
		}
	}
}

func onAlternateStack(t *suite.T) {
	runtime.LockOSThread()
	defer install(t)()
	if errno := C.hereAndNow(spare); errno != 0 {
		t.Fatalf("pthread_kill: %v", syscall.Errno(errno))
	}
	awaitHandled(t)
	if C.onItsStack() == 0 {
		t.Fatalf("the handler ran on another stack")
	}
}

func queuedValue(t *suite.T) {
	defer install(t)()
	const value, fromQueue = 4711, -1
	if errno := C.queue(spare, value); errno != 0 {
		t.Fatalf("sigqueue: %v", syscall.Errno(errno))
	}
	awaitHandled(t)
	if C.theValue() != value || C.theCode() != fromQueue || int(C.thePid()) != os.Getpid() {
		t.Fatalf("the handler saw value %d, code %d and process %d; %d, %d and %d were sent", C.theValue(), C.theCode(),
			C.thePid(), value, fromQueue, os.Getpid())
	}
}

func threadOfC(t *suite.T) {
	received := make(chan os.Signal, 16)
	signal.Notify(received, syscall.SIGUSR1)
	defer signal.Stop(received)
	if errno := C.startThread(); errno != 0 {
		t.Fatalf("pthread_create: %v", syscall.Errno(errno))
	}
	defer C.endThread()
	for range 5 {
		if errno := C.signalThread(C.int(syscall.SIGUSR1)); errno != 0 {
			t.Fatalf("pthread_kill: %v", syscall.Errno(errno))
		}
		select {
		case <-received:
		case <-time.After(t.Patience(2 * time.Second)):
			t.Fatalf("SIGUSR1 to a thread of C was not handed on within %v", t.Patience(2*time.Second))
		}
	}
}
