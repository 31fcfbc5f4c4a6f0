// Canary runs things with known answers, so that a runner which cannot run Go programs is found out
// before it says anything about somebody's program.
//
// It prints JSON lines: {"plan":[...]} first, a {"case":...,"ok":...} for each case, {"facts":{...}} for what the
// program saw of its machine, and {"end":...} last. Whatever is planned and not reported has failed.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// A result is one line of the protocol. Skip is the reason why a case does not apply to this operating system.
type result struct {
	Case       string `json:"case"`
	OK         bool   `json:"ok"`
	Skip       string `json:"skip,omitempty"`
	Detail     string `json:"detail,omitempty"`
	Capability bool   `json:"capability,omitempty"`
	Ms         int64  `json:"ms"`
}

type ending struct {
	Cases  int `json:"cases"`
	Failed int `json:"failed"`
}

// skipped is the error of a case that does not apply here.
type skipped string

func (reason skipped) Error() string { return string(reason) }

// A canaryCase that is a capability does not make the canary fail: programs that do without it run well.
type canaryCase struct {
	name       string
	run        func() error
	capability bool
}

var cases = []canaryCase{
	// First, while no signal has been handled yet: QEMU leaves the fault's address (pt_regs.dar) of ppc64 unset, and
	// what an earlier handler left on the signal stack would be taken for it.
	{"nil dereference", nilDereference, false},
	{"goroutines", goroutines, false},
	{"garbage collection", garbageCollection, false},
	{"timers", timers, false},
	{"preemption", preemption, false},
	{"signals", signals, false},
	{"mmap", mmap, false},
	{"atomics", atomics, false},
	{"float", float, false},
	{"crypto", cryptography, false},
	{"files", files, false},
	{"tcp", tcpLoopback, false},
	{"self exec", selfExec, true},
}

const childArgument = "--child"

func main() {
	if len(os.Args) > 1 && os.Args[1] == childArgument {
		fmt.Println("child of", os.Getppid())
		return
	}
	out := json.NewEncoder(os.Stdout)
	plan := make([]string, len(cases))
	for i, c := range cases {
		plan[i] = c.name
	}
	out.Encode(map[string]any{"plan": plan})
	out.Encode(map[string]any{"facts": facts()})
	end := ending{}
	for _, c := range cases {
		r := attempt(c)
		end.Cases++
		if !r.OK && !c.capability {
			end.Failed++
		}
		out.Encode(r)
	}
	out.Encode(map[string]any{"end": end})
	if end.Failed > 0 {
		os.Exit(1)
	}
}

func attempt(c canaryCase) (r result) {
	began := time.Now()
	r = result{Case: c.name, Capability: c.capability}
	defer func() {
		if p := recover(); p != nil {
			r.OK, r.Detail = false, fmt.Sprint("panic: ", p)
		}
		r.Ms = time.Since(began).Milliseconds()
	}()
	switch err := c.run().(type) {
	case nil:
		r.OK = true
	case skipped:
		r.OK, r.Skip = true, string(err)
	default:
		r.Detail = err.Error()
	}
	return r
}
