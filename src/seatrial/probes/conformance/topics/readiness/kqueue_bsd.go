//go:build darwin || freebsd

package readiness

import (
	"io"
	"os"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "readiness/kqueue-edge-triggered",
		Contract: "With EV_CLEAR a descriptor is reported once for each arrival, with the number of bytes that are there.",
		Source:   "kqueue(2), EV_CLEAR and EVFILT_READ; Go runtime/netpoll_kqueue.go, netpollopen",
		Breaks:   "Goroutines that wait in the network poller are not woken: connections hang.",
		Run:      kqueueEdge,
	}, suite.Case{
		ID:       "readiness/kqueue-end-of-stream",
		Contract: "EV_EOF says that the peer will send no more.",
		Source:   "kqueue(2), EVFILT_READ; Go runtime/netpoll_kqueue.go, netpoll",
		Breaks:   "A reader in Go waits for ever for the end of a stream.",
		Run:      kqueueEnd,
	}, suite.Case{
		ID:       "readiness/kqueue-user-event",
		Contract: "NOTE_TRIGGER of an EVFILT_USER event wakes a thread that waits.",
		Source:   "kqueue(2), EVFILT_USER; Go runtime/netpoll_kqueue_event.go, wakeNetpoll",
		Breaks:   "New timers and connections wait until something else wakes the poller.",
		Needs:    []string{"threads"},
		Run:      kqueueUser,
	}, suite.Case{
		ID:       "readiness/kqueue-time-out",
		Contract: "kevent with nothing ready gives no events, at once for 0 and else not before its time.",
		Source:   "kqueue(2), timeout; Go runtime/netpoll_kqueue.go, netpoll",
		Breaks:   "An idle Go program spins, or does not see its timers.",
		Run:      kqueueTimeOut,
	}, suite.Case{
		ID:       "readiness/kqueue-file-changes",
		Contract: "EVFILT_VNODE reports the writing, renaming and removing of a file.",
		Source:   "kqueue(2), EVFILT_VNODE",
		Breaks:   "Watchers of configuration and sources (fsnotify and all that is built on it) do not see changes.",
		Run:      kqueueFile,
	}, suite.Case{
		ID:       "readiness/kqueue-process-end",
		Contract: "EVFILT_PROC with NOTE_EXIT reports the end of a child, and not before.",
		Source:   "kqueue(2), EVFILT_PROC",
		Breaks:   "Supervisors miss the end of processes.",
		Needs:    []string{"self-exec"},
		Run:      kqueueProcess,
	})
	suite.Helper("readiness-until-stdin-ends", func([]string) int {
		io.Copy(io.Discard, os.Stdin)
		return 0
	})
}

const soon = 2 * time.Second

type kqueue struct {
	t  *suite.T
	fd int
}

func newKqueue(t *suite.T) kqueue {
	fd, err := syscall.Kqueue()
	if err != nil {
		t.Fatalf("kqueue: %v", err)
	}
	syscall.CloseOnExec(fd)
	return kqueue{t, fd}
}

func (k kqueue) close() { syscall.Close(k.fd) }

func (k kqueue) change(id, filter, flags int, notes uint32) {
	var event syscall.Kevent_t
	syscall.SetKevent(&event, id, filter, flags)
	event.Fflags = notes
	if _, err := syscall.Kevent(k.fd, []syscall.Kevent_t{event}, nil, nil); err != nil {
		k.t.Errorf("kevent, a change: %v", err)
	}
}

func (k kqueue) wait(patience time.Duration) []syscall.Kevent_t {
	events := make([]syscall.Kevent_t, 8)
	limit := syscall.NsecToTimespec(int64(k.t.Patience(patience)))
	for {
		count, err := syscall.Kevent(k.fd, nil, events, &limit)
		if err == syscall.EINTR {
			continue
		}
		if err != nil {
			k.t.Errorf("kevent: %v", err)
			return nil
		}
		switch got := events[:count]; {
		case suite.Planted("readiness-kqueue-tells-nothing"):
			return nil
		case count == 0 && suite.Planted("readiness-kqueue-repeats"):
			return events[:1]
		default:
			return got
		}
	}
}

func kqueueEdge(t *suite.T) {
	k := newKqueue(t)
	defer k.close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatalf("os.Pipe: %v", err)
	}
	defer r.Close()
	defer w.Close()
	k.change(int(r.Fd()), syscall.EVFILT_READ, syscall.EV_ADD|syscall.EV_CLEAR, 0)
	for round := 1; round <= 2; round++ {
		w.Write([]byte("abc"))
		if got := k.wait(soon); len(got) != 1 || int(got[0].Data) != 3*round {
			t.Fatalf("3 bytes arrived, %d are there: %v, expected one event that tells so", 3*round, got)
		}
		if got := k.wait(0); len(got) != 0 {
			t.Errorf("nothing new: %d events, expected none", len(got))
		}
	}
}

func kqueueEnd(t *suite.T) {
	k := newKqueue(t)
	defer k.close()
	ends, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatalf("socketpair: %v", err)
	}
	defer syscall.Close(ends[0])
	defer syscall.Close(ends[1])
	k.change(ends[0], syscall.EVFILT_READ, syscall.EV_ADD|syscall.EV_CLEAR, 0)
	if got := k.wait(0); len(got) != 0 {
		t.Errorf("nothing sent: %d events, expected none", len(got))
	}
	if err := syscall.Shutdown(ends[1], syscall.SHUT_WR); err != nil {
		t.Fatalf("shutdown: %v", err)
	}
	if got := k.wait(soon); len(got) != 1 || got[0].Flags&syscall.EV_EOF == 0 {
		t.Errorf("the peer sends no more: %d events, expected one with EV_EOF", len(got))
	}
}

func kqueueUser(t *suite.T) {
	const id = 7
	k := newKqueue(t)
	defer k.close()
	k.change(id, syscall.EVFILT_USER, syscall.EV_ADD|syscall.EV_CLEAR, 0)
	woken := make(chan []syscall.Kevent_t)
	go func() { woken <- k.wait(soon) }()
	time.Sleep(2 * time.Millisecond) // most often it waits by then; what is right is right in either order
	k.change(id, syscall.EVFILT_USER, 0, syscall.NOTE_TRIGGER)
	if got := <-woken; len(got) != 1 || int(got[0].Ident) != id {
		t.Errorf("triggered: %d events, expected one", len(got))
	}
	if got := k.wait(0); len(got) != 0 {
		t.Errorf("taken: %d events, expected none", len(got))
	}
}

func kqueueTimeOut(t *suite.T) {
	k := newKqueue(t)
	defer k.close()
	for _, wait := range []time.Duration{0, time.Millisecond, 5 * time.Millisecond} {
		began := time.Now()
		got := k.wait(wait)
		if len(got) != 0 {
			t.Errorf("with nothing to wait for: %d events, expected none", len(got))
		}
		if time.Since(began) < wait {
			t.Errorf("it was to wait %v, and ended before that", wait)
		}
	}
}

func kqueueFile(t *suite.T) {
	k := newKqueue(t)
	defer k.close()
	name := t.Dir() + "/file"
	f, err := os.Create(name)
	if err != nil {
		t.Fatalf("%v", err)
	}
	defer f.Close()
	const watched = syscall.NOTE_WRITE | syscall.NOTE_RENAME | syscall.NOTE_DELETE
	k.change(int(f.Fd()), syscall.EVFILT_VNODE, syscall.EV_ADD|syscall.EV_CLEAR, watched)
	for _, step := range []struct {
		name string
		deed func() error
		note uint32
	}{
		{"written to", func() error { _, err := f.WriteString("content"); return err }, syscall.NOTE_WRITE},
		{"renamed", func() error { return os.Rename(name, name+"2") }, syscall.NOTE_RENAME},
		{"removed", func() error { return os.Remove(name + "2") }, syscall.NOTE_DELETE},
	} {
		if err := step.deed(); err != nil {
			t.Fatalf("%v", err)
		}
		if got := k.wait(soon); len(got) != 1 || got[0].Fflags&step.note == 0 {
			t.Errorf("%s: %d events, expected one with note %#x", step.name, len(got), step.note)
		}
	}
}

func kqueueProcess(t *suite.T) {
	k := newKqueue(t)
	defer k.close()
	command := t.Self("readiness-until-stdin-ends")
	stdin, err := command.StdinPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Fatalf("starting a helper: %v", err)
	}
	defer command.Wait()
	defer stdin.Close()
	noteExit := uint32(syscall.NOTE_EXIT)
	k.change(command.Process.Pid, syscall.EVFILT_PROC, syscall.EV_ADD|syscall.EV_ONESHOT, noteExit)
	if got := k.wait(0); len(got) != 0 {
		t.Errorf("the process runs: %d events, expected none", len(got))
	}
	stdin.Close()
	if got := k.wait(2 * soon); len(got) != 1 || got[0].Fflags&noteExit == 0 {
		t.Errorf("the process ended: %d events, expected one with NOTE_EXIT", len(got))
	}
}
