package alone

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
)

// A Setting is a network with files in /etc, and what is to be looked up there.
type Setting struct {
	Resolv  string   // /etc/resolv.conf
	Hosts   string   // /etc/hosts
	Servers []string // name servers to start; none is 127.0.0.1:53
	NoIPv6  bool
	AtOnce  bool // all lookups at the same time
	Lookups []Lookup
}

// A Lookup asks for addresses ("ip", "ip4", "ip6"), the last alias ("cname") or the name of an address ("addr"), or
// connects to a name by TCP ("dial"), where a listener on 127.0.0.1 waits.
type Lookup struct{ Kind, Name string }

// An Outcome is what came of a lookup.
type Outcome struct {
	Found        []string
	Error        string
	Kind         string // of the error, as Kind says
	Milliseconds int64
	Asked        []string // what the servers were asked meanwhile
}

// ToResolv sends all questions to the server, with more lines.
func ToResolv(more ...string) string {
	return strings.Join(append([]string{"nameserver 127.0.0.1"}, more...), "\n") + "\n"
}

// Ask runs the lookups and returns what came of each, and what the program said. Where no network can be made for it
// the case ends as unknown.
func Ask(t *suite.T, setting Setting, environment ...string) (outcomes []Outcome, said string) {
	text, err := json.Marshal(setting)
	if err != nil {
		t.Fatalf("%v", err)
	}
	child := t.Self("names-alone", string(text))
	child.Env = append(os.Environ(), environment...)
	if suite.Planted("names-no-environment") {
		child.Env = os.Environ()
	}
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET}
	if os.Geteuid() != 0 {
		child.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		child.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		child.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	var out, talk bytes.Buffer
	child.Stdout, child.Stderr = &out, &talk
	if err := child.Start(); err != nil {
		t.Unknown("needs a network and mounts of its own: %v", err)
	}
	hung := time.AfterFunc(t.Patience(8*time.Second), func() { child.Process.Kill() })
	err = child.Wait()
	if !hung.Stop() {
		t.Fatalf("the lookups did not end within %v", t.Patience(8*time.Second))
	}
	said = strings.TrimSpace(talk.String())
	if child.ProcessState.ExitCode() == unprepared {
		t.Unknown("%s", said)
	}
	if errors.Join(err, json.Unmarshal(out.Bytes(), &outcomes)) != nil || len(outcomes) != len(setting.Lookups) {
		t.Fatalf("the lookups ended with %v: %s", child.ProcessState, said[:min(len(said), 500)])
	}
	return outcomes, said
}

// Want says what is expected of an outcome: the addresses, or the kind of the error.
type Want struct {
	Lookup
	Found string // in order, with blanks between; what is found when there is no error
	Kind  string // of the error, when there is to be one
	Text  string // a part of the error's text
}

// Check holds outcomes against what is wanted.
func Check(t *suite.T, setting Setting, wants []Want, environment ...string) []Outcome {
	for _, want := range wants {
		setting.Lookups = append(setting.Lookups, want.Lookup)
	}
	outcomes, _ := Ask(t, setting, environment...)
	for i, want := range wants {
		got := outcomes[i]
		found := strings.Join(got.Found, " ")
		switch {
		case want.Found != "" && (got.Error != "" || found != want.Found):
			t.Errorf("%s of %s: %q, %q; %q was expected", want.Lookup.Kind, want.Name, found, got.Error, want.Found)
		case want.Found == "" && got.Error == "":
			t.Errorf("%s of %s: %q; an error (%s) was expected", want.Lookup.Kind, want.Name, found, want.Kind)
		case want.Found == "" && (got.Kind != want.Kind || !strings.Contains(got.Error, want.Text)):
			t.Errorf("%s of %s: %q (%s); %q (%s) was expected", want.Lookup.Kind, want.Name, got.Error, got.Kind, want.Text, want.Kind)
		}
	}
	return outcomes
}
