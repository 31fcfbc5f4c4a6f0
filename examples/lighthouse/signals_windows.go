package main

import (
	"os"
	"syscall"
)

// Windows tells of Ctrl-C as os.Interrupt, and of a closed window, a logoff or a shutdown as SIGTERM (os/signal).
var stopSignals = []os.Signal{os.Interrupt, syscall.SIGTERM}

// notifyReload does nothing: Windows has no SIGHUP.
func notifyReload(chan<- os.Signal) {}
