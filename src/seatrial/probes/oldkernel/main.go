//go:build linux

// Oldkernel runs a program as if the kernel were older: the system calls that it is told of fail with ENOSYS.
//
//	oldkernel CALLS PROGRAM ARGUMENT...
//	oldkernel --try CALLS
//
// CALLS are ranges of numbers by AUDIT_ARCH_* value, this program's own architecture first:
// "c000003e:318-318,424-1023;40000003:403-1023". A seccomp filter (seccomp(2)) answers; it is inherited by everything
// that the program starts and cannot be taken off. The program replaces this process, so signals, streams and the exit
// status are its own. With --try the filter is installed and asked for itself: exit 0 when it answers. Exit 2 says that
// CALLS or PROGRAM are wrong, 3 that no filter can be had.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

func init() { runtime.LockOSThread() } // the filter belongs to one thread, which becomes the program

func main() {
	if len(os.Args) < 3 {
		end(2, "usage: oldkernel CALLS PROGRAM ARGUMENT...")
	}
	if os.Args[1] == "--try" {
		try(os.Args[2])
		return
	}
	sections, err := readCalls(os.Args[1])
	if err != nil {
		end(2, err.Error())
	}
	program, err := exec.LookPath(os.Args[2])
	if err != nil {
		end(2, err.Error())
	}
	if err := install(sections); err != nil {
		end(3, fmt.Sprintf("this host does not let a program filter its system calls: %v", err))
	}
	end(2, fmt.Sprintf("%s: %v", program, syscall.Exec(program, os.Args[2:], os.Environ())))
}

// try installs the filter and makes the youngest of its system calls.
func try(calls string) {
	sections, err := readCalls(calls)
	if err != nil {
		end(2, err.Error())
	}
	const answer = syscall.Errno(801) // no kernel gives it: only the filter can have answered
	if err := installWith(sections, answer); err != nil {
		end(3, err.Error())
	}
	ranges := sections[0].ranges
	youngest := ranges[len(ranges)-1].last // of all, the one that this kernel surely does not have
	if _, _, errno := syscall.RawSyscall(uintptr(youngest), 0, 0, 0); errno != answer {
		end(3, fmt.Sprintf("system call %d was not answered by the filter: %v", youngest, errno))
	}
}

func end(code int, text string) {
	fmt.Fprintln(os.Stderr, "oldkernel: "+text)
	os.Exit(code)
}
