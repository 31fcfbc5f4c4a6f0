//go:build unix

package suite

import (
	"os/exec"
	"syscall"
)

// ownGroup puts a worker into a process group, so that what it leaves behind can be ended with it.
func ownGroup(command *exec.Cmd) { command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func askForStacks(command *exec.Cmd) { command.Process.Signal(syscall.SIGQUIT) }

func killGroup(command *exec.Cmd) { syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
