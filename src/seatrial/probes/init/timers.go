package main

import (
	"fmt"
	"runtime"
	"syscall"
	"unsafe"
)

// Seconds since 1970 that fit 32 bits. A timer for the first, when the clock says the second, has expired before the
// guest was started: before all that waits.
const (
	someDay  = 2082758400 // 2036-01-01
	laterDay = 2114380800 // 2037-01-01
)

// A processorMask has a bit for each processor, of as many as a kernel can have.
type processorMask [128]uint64

// restartTimers makes the kernel program the timer of every processor anew, where there are two or more.
//
// QEMU saves the registers of LoongArch's and RISC-V's timers and does not start them again (10.0.2,
// target/loongarch/machine.c and target/riscv/machine.c). A restored kernel waits for that interrupt, and programs the
// timer only for what expires before it: once its time has passed, nothing expires any more. Setting the clock makes a
// kernel program the timer of each other processor on which a timer of this clock has become the first (clock_was_set,
// kernel/time/hrtimer.c). So every processor gets a timer of the clock, and two of them set the clock beyond it: begin
// sets it to what it is.
func restartTimers() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := expireOnEachProcessor(); err != nil {
		return fmt.Errorf("starting the timers again: %w", err)
	}
	return nil
}

func expireOnEachProcessor() error {
	var online processorMask
	if err := affinity(syscall.SYS_SCHED_GETAFFINITY, &online); err != nil {
		return err
	}
	defer affinity(syscall.SYS_SCHED_SETAFFINITY, &online)
	processors := online.each()
	for i := range processors {
		if err := affinity(syscall.SYS_SCHED_SETAFFINITY, &processors[i]); err != nil {
			return err
		}
		timer, err := startTimer(someDay)
		if err != nil {
			return err
		}
		defer syscall.Close(timer)
	}
	if err := syscall.Settimeofday(&syscall.Timeval{Sec: laterDay}); err != nil { // from the last one
		return err
	}
	if err := affinity(syscall.SYS_SCHED_SETAFFINITY, &processors[0]); err != nil {
		return err
	}
	return syscall.Settimeofday(&syscall.Timeval{Sec: laterDay})
}

// each returns a mask for each processor in it.
func (mask *processorMask) each() []processorMask {
	var each []processorMask
	for word, bits := range mask {
		for ; bits != 0; bits &= bits - 1 {
			each = append(each, processorMask{})
			each[len(each)-1][word] = bits & -bits
		}
	}
	return each
}

// affinity asks or tells on which processors the thread may run.
func affinity(call uintptr, mask *processorMask) error {
	_, _, errno := syscall.RawSyscall(call, 0, unsafe.Sizeof(*mask), uintptr(unsafe.Pointer(mask)))
	if errno != 0 {
		return fmt.Errorf("the affinity of a thread: %w", errno)
	}
	return nil
}

// startTimer makes a timer of the real-time clock on the processor that the thread runs on.
func startTimer(seconds int64) (int, error) {
	const (
		clockRealtime = 0
		absoluteTime  = 1
	)
	timer, _, errno := syscall.RawSyscall(syscall.SYS_TIMERFD_CREATE, clockRealtime, syscall.O_CLOEXEC, 0)
	if errno != 0 {
		return 0, fmt.Errorf("timerfd_create: %w", errno)
	}
	at := struct{ interval, value syscall.Timespec }{value: syscall.NsecToTimespec(seconds * 1e9)}
	_, _, errno = syscall.RawSyscall6(syscall.SYS_TIMERFD_SETTIME, timer, absoluteTime, uintptr(unsafe.Pointer(&at)), 0, 0, 0)
	if errno != 0 {
		syscall.Close(int(timer))
		return 0, fmt.Errorf("timerfd_settime: %w", errno)
	}
	return int(timer), nil
}
