//go:build linux && amd64

package main

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// ptrace(2), linux/ptrace.h.
const (
	requestSeize    = 0x4206
	requestListen   = 0x4208
	requestGetInfo  = 0x4202
	requestSetInfo  = 0x4203
	optionSysGood   = 1
	optionFork      = 1 << 1
	optionVfork     = 1 << 2
	optionClone     = 1 << 3
	optionExec      = 1 << 4
	optionSeccomp   = 1 << 7
	optionExitKill  = 1 << 20
	eventExec       = 4
	eventSeccomp    = 7
	eventStop       = 128
	waitAllChildren = 0x40000000 // __WALL
)

type tracer struct {
	rules   []*rule
	root    int
	active  map[int]bool    // by process: whether rules hold there
	process map[int]int     // thread to process
	pending map[int][]*rule // threads on their way out of a system call, with the rules that act then
	calls   map[int]syscall.PtraceRegs
}

func newTracer(rules []*rule, root int) *tracer {
	return &tracer{
		rules: rules, root: root, active: map[int]bool{}, process: map[int]int{root: root},
		pending: map[int][]*rule{}, calls: map[int]syscall.PtraceRegs{},
	}
}

func (t *tracer) seize() error {
	options := optionSysGood | optionFork | optionVfork | optionClone | optionExec | optionSeccomp | optionExitKill
	return request(requestSeize, t.root, 0, uintptr(options))
}

// follow serves stops until the program has ended, and returns its exit code (128 + signal when one ended it).
// What the program leaves behind is killed with the tracer.
func (t *tracer) follow() (int, error) {
	for {
		var status syscall.WaitStatus
		thread, err := syscall.Wait4(-1, &status, waitAllChildren, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("wait: %w", err)
		}
		switch {
		case status.Exited() || status.Signaled():
			t.forget(thread)
			if thread != t.root {
				break
			}
			if status.Signaled() {
				return 128 + int(status.Signal()), nil
			}
			return status.ExitStatus(), nil
		case status.Stopped():
			t.stopped(thread, status)
		}
	}
}

func (t *tracer) forget(thread int) {
	delete(t.process, thread)
	delete(t.pending, thread)
	delete(t.calls, thread)
	delete(t.active, thread)
}

// stopped lets a thread go on from a stop, changed or not. A thread that was killed meanwhile answers ESRCH, and
// its end is reported by the next wait.
func (t *tracer) stopped(thread int, status syscall.WaitStatus) {
	t.meet(thread)
	signal := status.StopSignal()
	switch event := int(status) >> 16; {
	case event == eventSeccomp:
		t.entering(thread)
		return
	case event == eventExec:
		t.executed(thread)
	case event == eventStop && signal != syscall.SIGTRAP:
		request(requestListen, thread, 0, 0) // a group-stop: it stays stopped until SIGCONT
		return
	case event != 0:
	case signal == syscall.SIGTRAP|0x80:
		t.leaving(thread)
	default:
		syscall.PtraceCont(thread, t.delivered(thread, int(signal)))
		return
	}
	syscall.PtraceCont(thread, 0)
}

// meet learns which process a new thread belongs to. A new process is as its parent is.
func (t *tracer) meet(thread int) {
	if _, known := t.process[thread]; known {
		return
	}
	process, parent := family(thread)
	t.process[thread] = process
	if _, known := t.active[process]; !known {
		t.active[process] = t.active[parent]
	}
}

// executed looks at a program that has just begun: its arguments are on its stack (System V ABI, AMD64 supplement,
// "Process Initialization").
func (t *tracer) executed(thread int) {
	process, _ := family(thread)
	t.process[thread] = process
	if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", process)); err == nil {
		if words := strings.Split(string(line), "\x00"); len(words) > 1 && (words[1] == "worker" || words[1] == "helper") {
			t.active[process] = true
		}
	}
	for _, r := range t.rules {
		if r.HideVDSO && t.active[process] {
			hideVDSO(thread)
			return
		}
	}
}

// entering serves a thread that is about to make a system call that some rule names.
func (t *tracer) entering(thread int) {
	var regs syscall.PtraceRegs
	if !t.active[t.process[thread]] || syscall.PtraceGetRegs(thread, &regs) != nil {
		syscall.PtraceCont(thread, 0)
		return
	}
	var later []*rule
	for _, r := range t.rules {
		if !r.numbers[regs.Orig_rax] || !r.asks(thread, &regs) || !r.due() {
			continue
		}
		time.Sleep(time.Duration(r.DelayMs) * time.Millisecond)
		if r.before != nil {
			regs.Orig_rax, regs.Rax = ^uint64(0), *r.before
			syscall.PtraceSetRegs(thread, &regs)
			syscall.PtraceCont(thread, 0)
			return
		}
		for index, value := range r.Set {
			*argument(&regs, int(index[0]-'0')) = uint64(value)
			syscall.PtraceSetRegs(thread, &regs)
		}
		if r.touchesAfter() {
			later = append(later, r)
		}
	}
	if len(later) == 0 {
		syscall.PtraceCont(thread, 0)
		return
	}
	t.pending[thread], t.calls[thread] = later, regs
	syscall.PtraceSyscall(thread, 0)
}

// leaving serves a thread whose system call has been made.
func (t *tracer) leaving(thread int) {
	rules, call := t.pending[thread], t.calls[thread]
	delete(t.pending, thread)
	delete(t.calls, thread)
	var regs syscall.PtraceRegs
	if syscall.PtraceGetRegs(thread, &regs) != nil {
		return
	}
	const firstRestart, lastRestart = -516, -512 // ERESTART_RESTARTBLOCK to ERESTARTSYS: the call will be made again
	if result := int64(regs.Rax); result >= firstRestart && result <= lastRestart {
		return
	}
	for _, r := range rules {
		if int64(regs.Rax) >= 0 {
			r.changeMemory(thread, &call)
		}
		if r.after != nil {
			regs.Rax = *r.after
		}
		if r.AfterAdd != nil {
			regs.Rax += uint64(*r.AfterAdd)
		}
	}
	syscall.PtraceSetRegs(thread, &regs)
}

// delivered is the signal that a thread gets in place of one: the same, another, or 0.
func (t *tracer) delivered(thread, signal int) int {
	if !t.active[t.process[thread]] {
		return signal
	}
	for _, r := range t.rules {
		if r.signal != signal || !r.due() {
			continue
		}
		if r.DropSignal != "" {
			return 0
		}
		if r.Code != nil {
			var info [128]byte
			if request(requestGetInfo, thread, 0, uintptr(unsafe.Pointer(&info))) == nil {
				*(*int32)(unsafe.Pointer(&info[8])) = *r.Code // si_signo, si_errno, si_code
				request(requestSetInfo, thread, 0, uintptr(unsafe.Pointer(&info)))
			}
		}
		if r.as != 0 {
			return r.as
		}
	}
	return signal
}

func (r *rule) asks(thread int, regs *syscall.PtraceRegs) bool {
	for index, want := range r.Args {
		got := *argument(regs, int(index[0]-'0'))
		if got != uint64(want) && (want>>32 != 0 && want>>31 != -1 || uint32(got) != uint32(want)) {
			return false
		}
	}
	for index, pattern := range r.Path {
		if !matches(pattern, text(thread, uintptr(*argument(regs, int(index[0]-'0'))))) {
			return false
		}
	}
	return true
}

func argument(regs *syscall.PtraceRegs, index int) *uint64 {
	return [...]*uint64{&regs.Rdi, &regs.Rsi, &regs.Rdx, &regs.R10, &regs.R8, &regs.R9}[index]
}

// family reads a thread's process and that one's parent, 0 for what is gone.
func family(thread int) (process, parent int) {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", thread))
	for _, line := range strings.Split(string(status), "\n") {
		fmt.Sscanf(line, "Tgid: %d", &process)
		fmt.Sscanf(line, "PPid: %d", &parent)
	}
	return process, parent
}

func request(number, thread int, address, data uintptr) error {
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PTRACE, uintptr(number), uintptr(thread), address, data, 0, 0); errno != 0 {
		return fmt.Errorf("ptrace request %#x: %w", number, errno)
	}
	return nil
}
