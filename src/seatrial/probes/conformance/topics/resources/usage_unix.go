//go:build unix

package resources

import (
	"strconv"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "resources/child-usage-told",
		Contract: "What wait says of an ended child's memory is what it touched, in the unit of the platform.",
		Source:   "getrusage(2), ru_maxrss; package os, ProcessState.SysUsage; suite/expected/resources.json",
		Breaks:   "Job runners and CI report nonsense, and end jobs for it.",
		Needs:    []string{"self-exec"},
		Run:      childUsage,
	})
	suite.Helper("resources-touch", func([]string) int {
		kept = make([]byte, touched)
		for i := 0; i < len(kept); i += 1024 {
			kept[i] = 1
		}
		return 0
	})
}

const touched = 24 << 20

func childUsage(t *suite.T) {
	text, _ := t.Expected("largest-set-unit")
	unit, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Unknown("nobody has written down the unit of ru_maxrss here")
	}
	done := ended(t, t.Self("resources-touch"), 5*time.Second)
	usage, ok := done.state.SysUsage().(*syscall.Rusage)
	if !ok {
		t.Fatalf("there is no usage of a child that ended with %v", done.state)
	}
	const most = 200 << 20
	if size := int64(usage.Maxrss) * unit; size < touched || size > most {
		t.Fatalf("a child that touched %d bytes had at most %d in memory; not less, and less than %d, was expected", touched, size, most)
	}
}
