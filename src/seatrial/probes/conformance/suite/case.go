// Package suite registers, runs and supervises cases, and speaks the protocol (see protocol.go).
package suite

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// A Case is one contract that Go programs lean on.
type Case struct {
	ID       string   // topic/kebab-name, stable for ever: "signals/sigusr2-acknowledged"
	Contract string   // one sentence: what must hold
	Source   string   // what says so: a man page, an ABI document, a Go source file
	Breaks   string   // what breaks for Go programs when it does not hold
	Needs    []string // abilities (abilities.go) without which it cannot be decided
	Seconds  float64  // time limit natively; 0 is 10
	Run      func(t *T)
}

// Topics are the first parts of ids, in the order in which they run.
var Topics = []string{
	"syscalls", "memory", "readiness", "signals", "cgocalls", "layout", "atomics", "floats", "runtimes", "files",
	"network", "names", "clocks", "linking", "resources", "load",
}

const defaultSeconds = 10

var (
	registry = map[string]Case{}
	helpers  = map[string]func(args []string) int{}
	wellMade = regexp.MustCompile(`^[a-z]+/[a-z0-9]+(-[a-z0-9]+)*$`)
)

// Register is called from init functions. A case that is not well made is a mistake of its author, and panics.
func Register(cases ...Case) {
	for _, c := range cases {
		if _, taken := registry[c.ID]; taken {
			panic("case " + c.ID + " is registered twice")
		}
		if !wellMade.MatchString(c.ID) || !slices.Contains(Topics, topicOf(c.ID)) {
			panic(fmt.Sprintf("case %q: the id is not topic/kebab-name of a known topic", c.ID))
		}
		if c.Contract == "" || c.Source == "" || c.Breaks == "" || c.Run == nil || c.Seconds < 0 {
			panic("case " + c.ID + " lacks its contract, source, what breaks, or its function")
		}
		for _, need := range c.Needs {
			if _, known := abilities[need]; !known {
				panic("case " + c.ID + " needs " + need + ", which is in no row of abilities.go")
			}
		}
		if c.Seconds == 0 {
			c.Seconds = defaultSeconds
		}
		registry[c.ID] = c
	}
}

// Helper registers a mode in which this program can be started by T.Self.
func Helper(mode string, run func(args []string) int) {
	if _, taken := helpers[mode]; taken {
		panic("helper " + mode + " is registered twice")
	}
	helpers[mode] = run
}

func topicOf(id string) string {
	topic, _, _ := strings.Cut(id, "/")
	return topic
}

// inOrder are the ids of all cases, by topic and then by name.
func inOrder() []string {
	ids := slices.Concat(slices.Collect(maps.Keys(registry)), slices.Collect(maps.Keys(foreign)))
	sort.Slice(ids, func(i, j int) bool {
		a, b := slices.Index(Topics, topicOf(ids[i])), slices.Index(Topics, topicOf(ids[j]))
		return a < b || a == b && ids[i] < ids[j]
	})
	return ids
}

// selected are the ids that match a list of ids and globs ("signals/*"), in order.
func selected(patterns []string) ([]string, error) {
	chosen := map[string]bool{}
	for _, pattern := range patterns {
		found := false
		for _, id := range inOrder() {
			if matches, err := path.Match(pattern, id); err != nil {
				return nil, fmt.Errorf("%q is no glob", pattern)
			} else if matches {
				chosen[id], found = true, true
			}
		}
		if !found {
			return nil, fmt.Errorf("no case here matches %q", pattern)
		}
	}
	return slices.DeleteFunc(inOrder(), func(id string) bool { return !chosen[id] }), nil
}
