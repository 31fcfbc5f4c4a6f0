// Command bad-g-message prints, on 386, what a Go program prints when QEMU 7.2 breaks it, and exits as it would:
// no text in the output alone may make an emulator's fault of it.
package main

import (
	"fmt"
	"os"
	"runtime"
)

func main() {
	if runtime.GOARCH == "386" {
		fmt.Fprintln(os.Stderr, "fatal: bad g in signal handler")
		os.Exit(2)
	}
	fmt.Println("hello")
}
