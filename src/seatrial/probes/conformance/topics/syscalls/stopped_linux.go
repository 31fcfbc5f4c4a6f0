//go:build !mips && !mipsle && !mips64 && !mips64le

package syscalls

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
)

const (
	sleeperSleeps = 60 * time.Millisecond
	stops         = 4 // on a busy machine it may not sleep yet at the first, and have slept its time at the last
)

// sleeper says that it is about to sleep, and afterwards how that went.
func sleeper([]string) int {
	wait := syscall.NsecToTimespec(int64(sleeperSleeps))
	began := time.Now()
	fmt.Println("sleeps")
	_, errno := call(syscall.SYS_CLOCK_NANOSLEEP, monotone, 0, uintptr(unsafe.Pointer(&wait)), 0)
	fmt.Println(uintptr(errno), time.Since(began).Nanoseconds())
	return 0
}

func stopped(t *suite.T) {
	child := t.Self("syscalls-sleeper")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatalf("%v", err)
	}
	if err := child.Start(); err != nil {
		t.Fatalf("%v", err)
	}
	defer child.Wait()
	defer child.Process.Kill()
	lines := bufio.NewScanner(out)
	if lines.Scan(); lines.Text() != "sleeps" {
		t.Fatalf("the child said %q", lines.Text())
	}
	for range stops {
		time.Sleep(2 * time.Millisecond) // for it to fall asleep
		if err := child.Process.Signal(syscall.SIGSTOP); err != nil {
			t.Fatalf("SIGSTOP: %v", err)
		}
		for range 200 {
			text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", child.Process.Pid))
			if err != nil || strings.Contains(string(text), ") T ") {
				break
			}
			time.Sleep(100 * time.Microsecond)
		}
		if err := child.Process.Signal(syscall.SIGCONT); err != nil {
			t.Fatalf("SIGCONT: %v", err)
		}
	}
	var errno uintptr
	var took time.Duration
	lines.Scan()
	if _, err := fmt.Sscan(lines.Text(), &errno, &took); err != nil {
		t.Fatalf("the child said %q: %v", lines.Text(), err)
	}
	if errno != 0 || took < sleeperSleeps {
		t.Fatalf("a sleep of %v with stops and continuations in it ended with %s after %v", sleeperSleeps,
			shown(syscall.Errno(errno)), took)
	}
}
