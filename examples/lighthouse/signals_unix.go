//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

var stopSignals = []os.Signal{syscall.SIGINT, syscall.SIGTERM}

// notifyReload sends on hangup when the program is asked to read its files again.
func notifyReload(hangup chan<- os.Signal) {
	signal.Notify(hangup, syscall.SIGHUP)
}
