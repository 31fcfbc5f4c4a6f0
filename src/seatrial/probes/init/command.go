package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// goroutineDumps is how long a program that is over its time may take to say what it was doing (SIGQUIT).
const goroutineDumps = 2 * time.Second

type command struct {
	Argv     []string `json:"argv"`
	Env      []string `json:"env"`
	Cwd      string   `json:"cwd"`
	Seconds  float64  `json:"seconds"` // 0 is no limit
	Limits   limits   `json:"limits"`
	Terminal *window  `json:"terminal"` // none for pipes
}

// ended is how it ended (Ended in `seatrial/model/machine.py`).
type ended struct {
	ExitCode  *int     `json:"exit_code"`
	Signal    int      `json:"signal"`
	TimedOut  bool     `json:"timed_out"`
	OOMKilled bool     `json:"oom_killed"`
	Seconds   float64  `json:"seconds"`
	KernelLog []string `json:"kernel_log"`
	Taint     int      `json:"taint"`
	Error     string   `json:"error"` // why it could not be started
}

// notStarted is the kernel's reason not to start a command: of its command, not of the machine.
type notStarted struct{ error }

var commands int

func run(link *channel, order *order, trees hierarchies) error {
	var what command
	if err := json.Unmarshal(order.payload, &what); err != nil {
		return err
	}
	if len(what.Argv) == 0 {
		return errors.New("there is no command")
	}
	log, err := followKernelLog()
	if err != nil {
		return err
	}
	taintBefore := taint()
	commands++
	group, err := trees.create("command-" + strconv.Itoa(commands))
	if err == nil {
		err = group.limit(what.Limits)
	}
	defer group.remove()
	if err != nil {
		log.warnings()
		return err
	}
	outcome, err := start(link, order, what, group)
	if err != nil {
		var refused notStarted
		if !errors.As(err, &refused) {
			return err
		}
		outcome.Error = refused.Error()
	}
	outcome.OOMKilled = group.oomKills() > 0
	outcome.KernelLog = log.warnings()
	outcome.Taint = taint() &^ taintBefore
	return link.sendJSON(kindEnded, outcome)
}

// start runs the command to its end, and with it whatever it left behind.
func start(link *channel, order *order, what command, group group) (ended, error) {
	streams, err := connect(link, order, what.Terminal)
	if err != nil {
		return ended{}, err
	}
	began := time.Now()
	pid, err := spawn(what, streams, group)
	streams.closeChildEnds()
	if err != nil {
		streams.finish()
		return ended{}, err
	}
	watch := &watch{pid: pid, over: make(chan struct{})}
	go watch.control(order.control, streams)
	if what.Seconds > 0 {
		timer := time.AfterFunc(time.Duration(what.Seconds*float64(time.Second)), watch.expire)
		defer timer.Stop()
	}
	outcome := reap(pid, watch)
	outcome.Seconds = time.Since(began).Seconds()
	outcome.TimedOut = watch.expired()
	streams.finish()
	return outcome, nil
}

// spawn starts the command in its control group and in a session of its own.
func spawn(what command, streams *streams, group group) (int, error) {
	runtime.LockOSThread() // control groups of v1 hold threads: this one starts the command
	defer runtime.UnlockOSThread()
	attributes := &syscall.SysProcAttr{Setsid: true, Setctty: what.Terminal != nil}
	door, err := group.door()
	if err != nil {
		return 0, err
	}
	if door != nil {
		defer door.Close()
		attributes.UseCgroupFD, attributes.CgroupFD = true, int(door.Fd())
	} else if what.Limits.PidsMax > 0 { // this thread counts too while it is in the group
		if err := group.limitPids(what.Limits.PidsMax + 1); err != nil {
			return 0, err
		}
	}
	if err := group.enter(group.name); err != nil {
		return 0, errors.Join(err, group.enter(""))
	}
	pid, err := syscall.ForkExec(lookPath(what), what.Argv, &syscall.ProcAttr{
		Dir: what.Cwd, Env: what.Env, Files: streams.child, Sys: attributes,
	})
	if err != nil {
		return 0, errors.Join(notStarted{err}, group.enter(""))
	}
	return pid, errors.Join(group.enter(""), group.limitPids(what.Limits.PidsMax))
}

// lookPath finds the program as a shell would, by the PATH that the command will have.
func lookPath(what command) string {
	name := what.Argv[0]
	if strings.Contains(name, "/") {
		return name
	}
	for _, variable := range what.Env {
		folders, found := strings.CutPrefix(variable, "PATH=")
		if !found {
			continue
		}
		for _, folder := range strings.Split(folders, ":") {
			path := folder + "/" + name
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
				return path
			}
		}
	}
	return name
}

// reap waits for the command, kills every other process of the guest, and takes them in: nothing but a command and what
// it has started runs beside init, in whatever control group it has put itself.
func reap(pid int, watch *watch) ended {
	var outcome ended
	for {
		var status syscall.WaitStatus
		found, err := syscall.Wait4(-1, &status, 0, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil { // ECHILD: nobody is left
			return outcome
		}
		if found != pid {
			continue
		}
		watch.end()
		if status.Signaled() {
			outcome.Signal = int(status.Signal())
		} else {
			code := status.ExitStatus()
			outcome.ExitCode = &code
		}
		syscall.Kill(-1, syscall.SIGKILL)
	}
}

// A watch sends signals to the command for as long as its process id is its own.
type watch struct {
	lock sync.Mutex
	pid  int
	done bool
	late bool
	over chan struct{}
}

func (w *watch) signal(number syscall.Signal) {
	w.lock.Lock()
	defer w.lock.Unlock()
	if !w.done {
		syscall.Kill(w.pid, number)
	}
}

func (w *watch) end() {
	w.lock.Lock()
	defer w.lock.Unlock()
	w.done = true
	close(w.over)
}

func (w *watch) expired() bool {
	w.lock.Lock()
	defer w.lock.Unlock()
	return w.late
}

func (w *watch) expire() {
	w.lock.Lock()
	if w.done {
		w.lock.Unlock()
		return
	}
	w.late = true
	w.lock.Unlock()
	w.signal(syscall.SIGQUIT)
	select {
	case <-w.over:
	case <-time.After(goroutineDumps):
		syscall.Kill(-1, syscall.SIGKILL)
	}
}

// control carries out what the host orders while the command runs.
func (w *watch) control(orders <-chan frame, streams *streams) {
	for {
		select {
		case <-w.over:
			return
		case order := <-orders:
			if order.kind == kindWindow {
				var size window
				if json.Unmarshal(order.payload, &size) == nil {
					streams.resize(size)
				}
				continue
			}
			var number int
			if json.Unmarshal(order.payload, &number) == nil {
				w.signal(syscall.Signal(number))
			}
		}
	}
}

// copyOut sends what a stream of the command says, until everybody has closed it.
func copyOut(link *channel, kind byte, from io.Reader) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 && link.send(kind, buffer[:n]) != nil {
			return
		}
		if err != nil { // EOF, or EIO of a terminal whose other end is closed
			return
		}
	}
}
