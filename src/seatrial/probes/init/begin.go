package main

import (
	"encoding/json"
	"fmt"
	"os"
	"syscall"
	"unsafe"
)

// What the host gives before anything runs: after a boot, and anew after a snapshot was restored, when the clock
// stands where it stood and every copy of the machine would draw the same random numbers.
type beginning struct {
	Time    int64  `json:"time"` // nanoseconds since 1970
	Entropy []byte `json:"entropy"`
}

func begin(link *channel, order *order, groups hierarchies) error {
	var told beginning
	if err := json.Unmarshal(order.payload, &told); err != nil {
		return err
	}
	if err := reseed(told.Entropy); err != nil {
		return fmt.Errorf("reseeding the random number generator: %w", err)
	}
	now := syscall.NsecToTimeval(told.Time)
	if err := syscall.Settimeofday(&now); err != nil {
		return fmt.Errorf("setting the clock: %w", err)
	}
	facts, err := look(groups)
	if err != nil {
		return err
	}
	return link.sendJSON(kindSeen, facts)
}

// Numbers of random(4), which differ where _IOW does (mips, ppc64): TIOCSPTLCK is an _IOW(..., int) everywhere.
const (
	ioctlWrite    = syscall.TIOCSPTLCK &^ 0x1fffffff
	ioctlNone     = (ioctlWrite >> 31) << 29 // 0, or 1 in the field of three bits
	addEntropy    = ioctlWrite | 8<<16 | 'R'<<8 | 0x03
	reseedEntropy = ioctlNone | 'R'<<8 | 0x07
)

// reseed gives the kernel fresh entropy and makes its generator use it at once.
func reseed(entropy []byte) error {
	device, err := os.OpenFile("/dev/urandom", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer device.Close()
	pool := struct { // struct rand_pool_info
		bits, bytes int32
		data        [64]byte
	}{}
	n := copy(pool.data[:], entropy)
	pool.bits, pool.bytes = int32(8*n), int32(n)
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, device.Fd(), addEntropy, uintptr(unsafe.Pointer(&pool))); errno != 0 {
		return fmt.Errorf("RNDADDENTROPY: %w", errno)
	}
	// Linux 4.17 and later have it; before, what was added counts from the next draw on.
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, device.Fd(), reseedEntropy, 0)
	if errno != 0 && errno != syscall.EINVAL {
		return fmt.Errorf("RNDRESEEDCRNG: %w", errno)
	}
	return nil
}

// uptime returns seconds since the kernel's start, with all its digits.
func uptime() float64 {
	var now syscall.Timespec
	const clockBoottime = 7
	syscall.Syscall(syscall.SYS_CLOCK_GETTIME, clockBoottime, uintptr(unsafe.Pointer(&now)), 0)
	return float64(now.Sec) + float64(now.Nsec)/1e9
}
