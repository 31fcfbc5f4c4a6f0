//go:build unix

package resources

import (
	"fmt"
	"os"
	"os/exec"
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
	suite.Helper("resources-touch", touch)
	suite.Helper("resources-small-parent", smallParent)
}

const touched = 24 << 20

func touch([]string) int {
	kept = make([]byte, touched)
	for i := 0; i < len(kept); i += 1024 {
		kept[i] = 1
	}
	return 0
}

// smallParent starts the child, and says what it is told of it. It is small itself: Linux counts what a process was
// before it became another program, which is its parent's memory (execve(2), vfork(2)).
func smallParent([]string) int {
	child := exec.Command(os.Args[0], os.Args[1], "resources-touch")
	if err := child.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	usage, _ := child.ProcessState.SysUsage().(*syscall.Rusage)
	fmt.Println(usage.Maxrss)
	return 0
}

func childUsage(t *suite.T) {
	text, _ := t.Expected("largest-set-unit")
	unit, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Unknown("nobody has written down the unit of ru_maxrss here")
	}
	done := ended(t, t.Self("resources-small-parent"), 5*time.Second)
	told, err := strconv.ParseInt(done.out, 10, 64)
	if err != nil {
		t.Fatalf("there is no usage: it ended with %v, and said %q and %q", done.state, done.out, done.said)
	}
	const most = 200 << 20
	if size := told * unit; size < touched || size > most {
		t.Fatalf("a child that touched %d bytes had at most %d in memory; not less, and less than %d, was expected", touched, size, most)
	}
}
