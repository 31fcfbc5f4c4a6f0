//go:build unix && !aix && !solaris

package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// signals sends SIGUSR1 to itself 100 times, and handles each one.
func signals() error {
	received := make(chan os.Signal, 1)
	signal.Notify(received, syscall.SIGUSR1)
	defer signal.Stop(received)
	for i := 0; i < 100; i++ {
		if err := syscall.Kill(os.Getpid(), syscall.SIGUSR1); err != nil {
			return err
		}
		select {
		case <-received:
		case <-time.After(5 * time.Second):
			return fmt.Errorf("signal %d of 100 was lost", i+1)
		}
	}
	return nil
}

// mmap maps memory, and a file that two mappings share.
func mmap() error {
	memory, err := syscall.Mmap(-1, 0, 1<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return err
	}
	for i := 0; i < len(memory); i += 4096 {
		if memory[i] != 0 {
			return errors.New("new memory is not zero")
		}
		memory[i] = 1
	}
	if err := syscall.Munmap(memory); err != nil {
		return err
	}
	file, err := os.CreateTemp("", "canary")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	if err := file.Truncate(1 << 16); err != nil {
		return err
	}
	var shared [2][]byte
	for i := range shared {
		shared[i], err = syscall.Mmap(int(file.Fd()), 0, 1<<16, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
		if err != nil {
			return err
		}
		defer syscall.Munmap(shared[i])
	}
	copy(shared[0][5000:], "seatrial")
	return expect("shared mapping", string(shared[1][5000:5008]), "seatrial")
}
