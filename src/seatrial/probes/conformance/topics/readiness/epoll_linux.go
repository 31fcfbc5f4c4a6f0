package readiness

import (
	"syscall"
	"time"
	"unsafe"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "readiness/epoll-level-triggered",
		Contract: "epoll reports a descriptor again and again for as long as it can be read, and then no more.",
		Source:   "epoll(7), \"Level-triggered and edge-triggered\"",
		Breaks:   "Event loops besides Go's (gnet, evio, cgo libraries) leave data unread for ever.",
		Run:      levelTriggered,
	}, suite.Case{
		ID:       "readiness/epoll-edge-triggered",
		Contract: "With EPOLLET a descriptor is reported once for each arrival, also for one while older data are unread.",
		Source:   "epoll(7), EPOLLET; Go runtime/netpoll_epoll.go, netpollopen",
		Breaks:   "Goroutines that wait in the network poller are not woken: connections hang.",
		Run:      edgeTriggers,
	}, suite.Case{
		ID:       "readiness/epoll-one-shot",
		Contract: "With EPOLLONESHOT a descriptor is reported once, and again only after EPOLL_CTL_MOD.",
		Source:   "epoll_ctl(2), EPOLLONESHOT",
		Breaks:   "Two threads are told of the same data and read it in pieces.",
		Run:      oneShots,
	}, suite.Case{
		ID:       "readiness/epoll-exclusive",
		Contract: "EPOLLEXCLUSIVE is taken when a descriptor is added, and wakes at least one of those that wait; MOD refuses it.",
		Source:   "epoll_ctl(2), EPOLLEXCLUSIVE (since Linux 4.5) and ERRORS, EINVAL",
		Breaks:   "Servers with several loops on one listener wake none of them.",
		Run:      exclusiveWakes,
	}, suite.Case{
		ID:       "readiness/epoll-half-close",
		Contract: "EPOLLRDHUP says that the peer will send no more, EPOLLHUP that it has gone.",
		Source:   "epoll_ctl(2), EPOLLRDHUP and EPOLLHUP; Go runtime/netpoll_epoll.go, netpoll",
		Breaks:   "A reader in Go waits for ever for the end of a stream.",
		Run:      tellsHalfClose,
	}, suite.Case{
		ID:       "readiness/epoll-time-out",
		Contract: "epoll_pwait with nothing ready gives no events, at once for 0 and else not before its time.",
		Source:   "epoll_wait(2), timeout; Go runtime/netpoll_epoll.go, netpoll",
		Breaks:   "An idle Go program spins, or does not see its timers.",
		Run:      epollTimeOut,
	}, suite.Case{
		ID:       "readiness/epoll-user-data",
		Contract: "All 64 bits that were given with a descriptor come back with its events.",
		Source:   "epoll_event(3type); Go runtime/netpoll_epoll.go: a tagged pointer to the pollDesc is kept there",
		Breaks:   "The runtime takes a number for a pointer of its own: crash, or the wrong goroutine is woken.",
		Run:      userData,
	}, suite.Case{
		ID:       "readiness/epoll-takes-turns",
		Contract: "When more descriptors are ready than asked for, the next calls report the others: none is left out.",
		Source:   "epoll_wait(2), NOTES: successive calls round robin through the ready ones",
		Breaks:   "With more than 128 ready connections, which is what Go asks for at once, some are never served.",
		Run:      takesTurns,
	}, suite.Case{
		ID:       "readiness/epoll-refuses-regular-file",
		Contract: "A regular file cannot be added to an epoll instance (EPERM).",
		Source:   "epoll_ctl(2), ERRORS, EPERM; Go os/file_unix.go, newFile, and internal/poll/fd_poll_runtime.go",
		Breaks:   "os.File then counts on a poller that never reports it: reads of files hang, or deadlines seem to work.",
		Run:      refusesRegularFile,
	}, suite.Case{
		ID:       "readiness/epoll-ctl-errors",
		Contract: "Adding twice gives EEXIST, changing or removing what is not there ENOENT, a closed descriptor EBADF, itself EINVAL.",
		Source:   "epoll_ctl(2), ERRORS",
		Breaks:   "Event loops lose count of what they watch.",
		Run:      controlErrors,
	}, suite.Case{
		ID:       "readiness/epoll-forgets-closed",
		Contract: "epoll forgets a file when its last descriptor is closed, and not before that.",
		Source:   "epoll(7), Q6: an open file description is watched, not a descriptor",
		Breaks:   "Events of closed connections arrive for new ones with the same number.",
		Run:      forgetsClosed,
	}, suite.Case{
		ID:       "readiness/epoll-wakes-waiter",
		Contract: "A thread that already waits is woken by what another one adds or makes ready.",
		Source:   "epoll_wait(2), NOTES; Go runtime/netpoll_epoll.go, netpollBreak and netpollopen",
		Breaks:   "Connections that are opened while the poller waits hang until something else happens.",
		Needs:    []string{"threads"},
		Run:      wakesWaiter,
	})
}

func levelTriggered(t *suite.T) {
	const most = 3
	p := newPoller(t)
	r, w := pipe2(t, noWait)
	defer closeAll(p.fd, r, w)
	p.add(r, readable)
	p.expect("nothing written", most, -1, 0)
	syscall.Write(w, []byte("abc"))
	for range 3 {
		p.expect("data there", most, r, readable)
		syscall.Read(r, make([]byte, 1))
	}
	p.expect("all read", most, -1, 0)
}

func edgeTriggers(t *suite.T) {
	const most = 5
	p := newPoller(t)
	a, b := socketPair(t, syscall.SOCK_STREAM)
	defer closeAll(p.fd, a, b)
	p.add(a, readable|edgeTriggered)
	syscall.Write(b, []byte("abc"))
	p.expect("data arrived", most, a, readable)
	p.expect("data unread, nothing new", most, -1, 0)
	syscall.Write(b, []byte("def"))
	p.expect("more data while older are unread", most, a, readable)
	syscall.Read(a, make([]byte, 100))
	p.expect("all read", most, -1, 0)
	syscall.Write(b, []byte("ghi"))
	p.expect("data arrived after all was read", most, a, readable)
}

func oneShots(t *suite.T) {
	const most = 7
	p := newPoller(t)
	r, w := pipe2(t, noWait)
	defer closeAll(p.fd, r, w)
	p.add(r, readable|oneShot)
	syscall.Write(w, []byte("abc"))
	p.expect("data arrived", most, r, readable)
	syscall.Write(w, []byte("def"))
	p.expect("reported once, more arrived", most, -1, 0)
	if err := p.control(syscall.EPOLL_CTL_MOD, r, readable|oneShot); err != nil {
		t.Fatalf("EPOLL_CTL_MOD: %v", err)
	}
	p.expect("armed again", most, r, readable)
}

func exclusiveWakes(t *suite.T) {
	const most = 9
	if kernelBefore(4, 5) {
		t.NA("this kernel has no EPOLLEXCLUSIVE: it is older than 4.5")
	}
	first, second := newPoller(t), newPoller(t)
	counter := eventFD(t, 0)
	defer closeAll(first.fd, second.fd, counter)
	first.add(counter, readable|exclusive)
	second.add(counter, readable|exclusive)
	if err := first.control(syscall.EPOLL_CTL_MOD, counter, readable|exclusive); err != syscall.EINVAL {
		t.Errorf("EPOLL_CTL_MOD with EPOLLEXCLUSIVE: %v, expected EINVAL", err)
	}
	if err := addTo(counter, 1); err != nil {
		t.Fatalf("write to the eventfd: %v", err)
	}
	if woken := len(first.wait(most, 0)) + len(second.wait(most, 0)); woken == 0 {
		t.Errorf("neither of two epoll instances was told")
	}
}

func tellsHalfClose(t *suite.T) {
	const most = 11
	p := newPoller(t)
	a, b := socketPair(t, syscall.SOCK_STREAM)
	defer closeAll(p.fd, a)
	p.add(a, readable|writable|halfClosed|edgeTriggered)
	p.expect("a new connection", most, a, writable)
	if err := syscall.Shutdown(b, syscall.SHUT_WR); err != nil {
		t.Fatalf("shutdown: %v", err)
	}
	p.expect("the peer sends no more", most, a, readable|writable|halfClosed)
	closeAll(b)
	p.expect("the peer is gone", most, a, readable|writable|halfClosed|hungUp)
}

func epollTimeOut(t *suite.T) {
	const most = 13
	p := newPoller(t)
	counter := eventFD(t, 0)
	defer closeAll(p.fd, counter)
	p.add(counter, readable)
	var events [most]syscall.EpollEvent
	for _, wait := range []time.Duration{0, time.Millisecond, 5 * time.Millisecond} {
		for {
			began := time.Now()
			count, _, errno := syscall.Syscall6(syscall.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&events[0])), most,
				uintptr(wait.Milliseconds()), 0, 0)
			took := time.Since(began)
			if errno == syscall.EINTR {
				continue
			}
			if errno != 0 || count != 0 {
				t.Fatalf("with nothing ready and a time-out of %v: %d events, %v", wait, count, errno)
			}
			if took < wait {
				t.Errorf("it was to wait %v, and ended before that", wait)
			}
			break
		}
	}
}

func userData(t *suite.T) {
	const most = 15
	p := newPoller(t)
	defer p.close()
	given := map[[2]int32]bool{}
	for i := range int32(most) {
		counter := eventFD(t, 0)
		defer closeAll(counter)
		event := syscall.EpollEvent{Events: readable, Fd: -0x12345678 + i, Pad: 0x7edcba98 - i<<8}
		given[[2]int32{event.Fd, event.Pad}] = true
		if err := syscall.EpollCtl(p.fd, syscall.EPOLL_CTL_ADD, counter, &event); err != nil {
			t.Fatalf("epoll_ctl: %v", err)
		}
		if err := addTo(counter, 1); err != nil {
			t.Fatalf("write: %v", err)
		}
	}
	for i, event := range p.wait(most, 0) {
		if data := [2]int32{event.Fd, event.Pad}; !given[data] {
			t.Errorf("event %d brings %#x, which was given to none", i, data)
		} else {
			delete(given, data)
		}
	}
	if len(given) != 0 {
		t.Errorf("%d of %d did not come back", len(given), most)
	}
}

func takesTurns(t *suite.T) {
	const most, watched = 17, 65
	p := newPoller(t)
	defer p.close()
	waiting := map[int32]bool{}
	for range watched {
		counter := eventFD(t, 0)
		defer closeAll(counter)
		p.add(counter, readable)
		waiting[int32(counter)] = true
		if err := addTo(counter, 1); err != nil {
			t.Fatalf("write: %v", err)
		}
	}
	const rounds = 4 // 65 of 17 at a time
	for range rounds {
		for _, event := range p.wait(most, 0) {
			delete(waiting, event.Fd)
		}
	}
	if len(waiting) != 0 {
		t.Errorf("%d of %d that are ready were not reported by %d calls for %d each", len(waiting), watched, rounds, most)
	}
}

func refusesRegularFile(t *suite.T) {
	p := newPoller(t)
	f := fileWith(t, "content")
	defer f.Close()
	defer p.close()
	const number = 777 // by which the rule of faults.toml knows this call from the runtime's
	if err := syscall.Dup3(int(f.Fd()), number, syscall.O_CLOEXEC); err != nil {
		t.Fatalf("dup3: %v", err)
	}
	defer closeAll(number)
	if err := p.control(syscall.EPOLL_CTL_ADD, number, readable|writable|edgeTriggered); err != syscall.EPERM {
		t.Errorf("adding a regular file: %v, expected EPERM", err)
	}
}

func controlErrors(t *suite.T) {
	p := newPoller(t)
	r, w := pipe2(t, noWait)
	p.add(r, readable)
	closeAll(w)
	defer closeAll(p.fd, r)
	other := eventFD(t, 0)
	defer closeAll(other)
	for _, wrong := range []struct {
		name          string
		operation, fd int
		want          syscall.Errno
	}{
		{"adding twice", syscall.EPOLL_CTL_ADD, r, syscall.EEXIST},
		{"changing what is not there", syscall.EPOLL_CTL_MOD, other, syscall.ENOENT},
		{"removing what is not there", syscall.EPOLL_CTL_DEL, other, syscall.ENOENT},
		{"adding a descriptor that is none", syscall.EPOLL_CTL_ADD, -1, syscall.EBADF},
		{"adding itself", syscall.EPOLL_CTL_ADD, p.fd, syscall.EINVAL},
	} {
		if err := p.control(wrong.operation, wrong.fd, readable); err != wrong.want {
			t.Errorf("%s: %v, expected %v", wrong.name, err, wrong.want)
		}
	}
}

func forgetsClosed(t *suite.T) {
	const most = 19
	p := newPoller(t)
	r, w := pipe2(t, noWait)
	defer closeAll(p.fd, w)
	p.add(r, readable)
	again, err := syscall.Dup(r)
	if err != nil {
		t.Fatalf("dup: %v", err)
	}
	syscall.Write(w, []byte("abc"))
	closeAll(r)
	p.expect("one of two descriptors closed", most, r, readable)
	closeAll(again)
	p.expect("both descriptors closed", most, -1, 0)
}

func wakesWaiter(t *suite.T) {
	const most = 21
	p := newPoller(t)
	first, second := eventFD(t, 0), eventFD(t, 0)
	defer closeAll(p.fd, first, second)
	p.add(first, readable|edgeTriggered)
	for _, step := range []struct {
		name string
		deed func()
		fd   int
	}{
		{"made ready", func() { addTo(first, 1) }, first},
		{"added while ready", func() { addTo(second, 1); p.add(second, readable|edgeTriggered) }, second},
	} {
		woken := make(chan []syscall.EpollEvent)
		go func() { woken <- p.wait(most, soon) }()
		time.Sleep(2 * time.Millisecond) // most often it waits by then; what is right is right in either order
		step.deed()
		if got := <-woken; len(got) != 1 || int(got[0].Fd) != step.fd {
			t.Errorf("%s: %d events, expected one", step.name, len(got))
		}
	}
}
