package suite

import (
	"encoding/json"
	"net"
	"os"
	"runtime"
	"sync"
)

// An ability is something that a runner or a host may not have. Whoever starts the probe knows best and tells
// through SEATRIAL_LACKS, a JSON object from ability to reason; what can be asked of the machine is asked here.
type ability struct {
	// without is the state of a case when the ability is missing.
	without string
	// proof: the case runs all the same, but its passing proves nothing (an emulator on x86 shows no weak order).
	proof bool
	// missing says why the ability is not there; nil where only the starter can know.
	missing func() string
}

var abilities = map[string]ability{
	"self-exec":   {without: Unknown},
	"threads":     {without: Unknown},
	"real-time":   {without: Unknown},
	"weak-memory": {without: Unknown, proof: true},
	"loopback":    {without: Unknown, missing: sync.OnceValue(noLoopback)},
	"loopback-6":  {without: NotApplicable, missing: sync.OnceValue(noLoopback6)},
	"root":        {without: Unknown, missing: notRoot},
	"ptrace":      {without: Unknown},
	"many-forks":  {without: Unknown},
	"two-cpus":    {without: Unknown, missing: oneCPU},
	"cgroup-v1":   {without: NotApplicable, missing: sync.OnceValue(func() string { return noCgroup("v1") })},
	"cgroup-v2":   {without: NotApplicable, missing: sync.OnceValue(func() string { return noCgroup("v2") })},
}

// lacking is the reason why the ability is not there, "" when it is.
func lacking(name string) string {
	if why := told()[name]; why != "" {
		return why
	}
	if ask := abilities[name].missing; ask != nil {
		return ask()
	}
	return ""
}

var told = sync.OnceValue(func() map[string]string {
	reasons := map[string]string{}
	if text := os.Getenv(lacksEnv); text != "" {
		if err := json.Unmarshal([]byte(text), &reasons); err != nil {
			complain("%s is no JSON object of strings: %v", lacksEnv, err)
		}
	}
	return reasons
})

// undecidable is the state, with its reason, of a case that cannot be run here; "" when it can.
func undecidable(c Case) (state, why string) {
	for _, need := range c.Needs {
		if reason := lacking(need); reason != "" && !abilities[need].proof {
			return abilities[need].without, "needs " + need + ": " + reason
		}
	}
	return "", ""
}

// notProof is the state, with its reason, that a pass is worth here; "" when it is worth a pass.
func notProof(c Case) (state, why string) {
	for _, need := range c.Needs {
		if reason := lacking(need); reason != "" && abilities[need].proof {
			return abilities[need].without, "held here, which proves nothing without " + need + ": " + reason
		}
	}
	return "", ""
}

// Lacks is the reason why an ability is not there, "" when it is: for cases that then look in another way.
func (t *T) Lacks(name string) string {
	if _, known := abilities[name]; !known {
		t.Fatalf("this is a mistake in the case: no ability is named %q", name)
	}
	return lacking(name)
}

func noLoopback() string {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err.Error()
	}
	listener.Close()
	return ""
}

func noLoopback6() string {
	listener, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		return err.Error()
	}
	listener.Close()
	return ""
}

func notRoot() string {
	if os.Geteuid() > 0 {
		return "started as an ordinary user"
	}
	return ""
}

func oneCPU() string {
	if runtime.NumCPU() < 2 {
		return "this process may use one CPU only"
	}
	return ""
}
