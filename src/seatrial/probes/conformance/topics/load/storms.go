package load

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Helper("load-nothing", func(args []string) int {
		fmt.Println("here", args[0])
		return 3
	})
	suite.Register(suite.Case{
		ID:       "load/exec-storm",
		Contract: "1,000 programs (200 under an emulator) are started, eight at a time, and each gives its output and exit status.",
		Source:   "package os/exec; Go syscall/exec_linux.go, exec_windows.go; runtime, ForkLock",
		Breaks:   "Build tools, CI agents and shells lose children: EAGAIN, ETXTBSY, zombies, hanging pipes.",
		Needs:    []string{"self-exec", "threads", "many-forks"},
		Seconds:  60,
		Run:      execStorm,
	}, suite.Case{
		ID:       "load/timers",
		Contract: "10,000 goroutines that wait for a timer each are all woken, none before its time.",
		Source:   "package time; Go runtime/time.go, runtime/proc.go",
		Breaks:   "Time-outs and retries of busy servers do not come.",
		Needs:    []string{"threads"},
		Run:      manyTimers,
	}, suite.Case{
		ID:       "load/file-storm",
		Contract: "1,000 files are made, read, listed and removed, sixteen at a time, without an error.",
		Source:   "package os; open(2), unlink(2); DeleteFile (Microsoft, Win32)",
		Breaks:   "Caches, build trees and spools lose files, or keep what was removed.",
		Needs:    []string{"threads"},
		Run:      fileStorm,
	}, suite.Case{
		ID:       "load/pipe-storm",
		Contract: "200 pipes with a writer and a reader each carry every byte, in order.",
		Source:   "pipe(7); package os, Pipe; Go internal/poll/fd_unix.go",
		Breaks:   "Output of children is cut off or mixed up when there are many.",
		Needs:    []string{"threads"},
		Run:      pipeStorm,
	})
}

func execStorm(t *suite.T) {
	const atOnce = 8
	programs := 1000
	if t.Lacks("real-time") != "" {
		programs = 200 // an emulator starts one in 60 ms of two CPUs: the rest would only be a test of patience
	}
	var failed errorsSeen
	// The first one says what is missing: Unknown belongs to this goroutine.
	first := t.Self("load-nothing", "0")
	if err := first.Start(); err != nil {
		t.Unknown("this program cannot be started again: %v", err)
	}
	first.Wait()
	inParallel(programs, atOnce, func(i int) {
		command := t.Self("load-nothing", fmt.Sprint(i))
		out, err := command.Output()
		want := fmt.Sprintf("here %d\n", i)
		switch {
		case command.ProcessState == nil:
			failed.add(err)
		case command.ProcessState.ExitCode() != 3 || string(out) != want:
			failed.add(fmt.Errorf("%v, said %q; expected exit status 3 and %q", command.ProcessState, out, want))
		}
	})
	failed.judge(t, "programs", programs)
}

func manyTimers(t *suite.T) {
	const timers = 10_000
	var woken, early atomic.Int64
	var pool sync.WaitGroup
	for i := range timers {
		pool.Go(func() {
			wait := time.Duration(1+i%17) * time.Millisecond
			began := time.Now()
			timer := time.NewTimer(wait)
			if suite.Planted("load-timer-lost") && i%1000 == 7 {
				timer.Reset(time.Hour)
			}
			if suite.Planted("load-timer-early") && i%1000 == 7 {
				timer.Reset(wait / 4)
			}
			<-timer.C
			if time.Since(began) < wait {
				early.Add(1)
			}
			woken.Add(1)
		})
	}
	all := make(chan struct{})
	go func() {
		pool.Wait()
		close(all)
	}()
	select {
	case <-all:
	case <-time.After(t.Patience(3 * time.Second)):
	}
	t.Value("timers", timers)
	t.Value("errors", timers-woken.Load()+early.Load())
	if woken.Load() != timers || early.Load() > 0 {
		t.Fatalf("of %d goroutines %d were woken, %d before their time", timers, woken.Load(), early.Load())
	}
}

func fileStorm(t *suite.T) {
	const files, atOnce = 1000, 16
	dir := t.Dir()
	var failed errorsSeen
	name := func(i int) string { return filepath.Join(dir, fmt.Sprint("file-", i)) }
	inParallel(files, atOnce, func(i int) {
		content := bytes.Repeat([]byte(fmt.Sprint(i, " ")), 1+i%100)
		if err := os.WriteFile(name(i), content, 0o600); err != nil {
			failed.add(err)
			return
		}
		back, err := os.ReadFile(name(i))
		if err == nil && !bytes.Equal(back, content) {
			err = fmt.Errorf("%s: %d bytes were written, %d others read", name(i), len(content), len(back))
		}
		failed.add(err)
	})
	entries, err := os.ReadDir(dir)
	failed.add(err)
	if err == nil && len(entries) != files {
		failed.add(fmt.Errorf("%d files are listed", len(entries)))
	}
	inParallel(files, atOnce, func(i int) {
		failed.add(os.Remove(name(i)))
		if _, err := os.Stat(name(i)); !errors.Is(err, fs.ErrNotExist) {
			failed.add(fmt.Errorf("%s after its removal: %v", name(i), err))
		}
	})
	failed.judge(t, "files", files)
}

func pipeStorm(t *suite.T) {
	const pipes, lines = 200, 60
	if limit := descriptors(); limit < 2*pipes+50 {
		t.NA("%d pipes need more than the %d descriptors that this process may have (RLIMIT_NOFILE)", pipes, limit)
	}
	var failed errorsSeen
	var pool sync.WaitGroup
	for i := range pipes {
		reader, writer, err := os.Pipe()
		if err != nil {
			failed.add(err)
			break
		}
		var want bytes.Buffer
		for line := range lines {
			fmt.Fprintf(&want, "pipe %d line %d %0200d\n", i, line, 0)
		}
		pool.Go(func() {
			defer writer.Close()
			for rest := want.Bytes(); len(rest) > 0; {
				n, err := writer.Write(rest[:min(len(rest), 777)])
				if err != nil {
					failed.add(err)
					return
				}
				rest = rest[n:]
			}
		})
		pool.Go(func() {
			defer reader.Close()
			got, err := io.ReadAll(reader)
			if err == nil && !bytes.Equal(got, want.Bytes()) {
				err = fmt.Errorf("pipe %d: %d bytes went in, %d others came out", i, want.Len(), len(got))
			}
			failed.add(err)
		})
	}
	pool.Wait()
	failed.judge(t, "pipes", pipes)
}
