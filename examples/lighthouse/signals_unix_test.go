//go:build unix

package main

import (
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestStopsOnSignal(t *testing.T) {
	for _, stop := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(stop.String(), func(t *testing.T) {
			p := start(t)
			p.get(t, "/healthz")
			if err := p.Process.Signal(stop); err != nil {
				t.Fatal(err)
			}
			p.waitFor(t, "stopping")
			if err := p.Wait(); err != nil {
				t.Errorf("it ended with %v\n%s", err, &p.log)
			}
		})
	}
}

func TestReadsTheStationAgainOnHangup(t *testing.T) {
	path := filepath.Join(t.TempDir(), "station.json")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"name": "Eddystone"}`)
	p := start(t, "-station", path)

	for _, step := range []struct{ file, says, name string }{
		{`{"name": "Longships"}`, "read the station again", "Longships"},
		{`{"name": "Nowhere", "latitude": 91}`, "the station stays as it was", "Longships"},
	} {
		write(step.file)
		if err := p.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
		p.waitFor(t, step.says)
		if got := p.get(t, "/station"); !strings.Contains(got, step.name) {
			t.Errorf("after %s the station is %s", step.file, got)
		}
	}
}

// A signal that reaches the test's own process, and no other, as the runtime's handler sees it.
func TestHangupReachesThisProcess(t *testing.T) {
	hangup := make(chan os.Signal, 1)
	notifyReload(hangup)
	defer signal.Stop(hangup)
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-hangup:
		if got != syscall.SIGHUP {
			t.Errorf("got %v", got)
		}
	case <-time.After(patience):
		t.Error("no signal came")
	}
}
