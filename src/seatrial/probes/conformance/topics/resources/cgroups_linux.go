//go:build !mips && !mipsle && !mips64 && !mips64le

package resources

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "resources/cpus-counted",
		Contract: "A Go program counts the CPUs that the kernel lets it use, and runs on no more than its cgroup pays for.",
		Source:   "sched_setaffinity(2); proc(5), Cpus_allowed_list; Go runtime/cgroup_linux.go, defaultGOMAXPROCS",
		Breaks:   "Containers are throttled, or leave the CPUs idle that they were given.",
		Needs:    []string{"self-exec"},
		Run:      cpusCounted,
	}, suite.Case{
		ID:       "resources/cgroup-limit-seen",
		Contract: "The runtime finds the CPU limit of its cgroup, of version 1, 2, or both mixed, and keeps to it.",
		Source:   "cgroups(7); Go internal/runtime/cgroup, OpenCPU; Linux Documentation/admin-guide/cgroup-v2.rst, cpu.max",
		Breaks:   "Programs in containers start a thread for each CPU of the host, and are throttled.",
		Needs:    []string{"self-exec", "root"},
		Run:      limitSeen,
	}, suite.Case{
		ID:       "resources/cgroup-limit-kept",
		Contract: "A process in a cgroup with a CPU limit gets about as much of the CPUs as the limit says.",
		Source:   "Linux Documentation/scheduler/sched-bwc.rst; admin-guide/cgroup-v2.rst, cpu.max",
		Breaks:   "Services on one machine take the CPUs away from each other.",
		Needs:    []string{"self-exec", "root"},
		Run:      limitHeld,
	})
	suite.Helper("resources-in-cgroup", inCgroup)
	suite.Helper("resources-busy", busy)
}

// A cgroup is a folder in the hierarchy that has the CPU controller.
type cgroup struct {
	version int
	folder  string
}

// own finds this process's, as cgroups(7) describes it. ok is false where it is in none that can be seen.
func own() (found cgroup, ok bool) {
	memberships, _ := os.ReadFile("/proc/self/cgroup")
	path := ""
	for _, line := range strings.Split(string(memberships), "\n") {
		fields := strings.SplitN(line, ":", 3)
		if len(fields) != 3 {
			continue
		}
		if slices.Contains(strings.Split(fields[1], ","), "cpu") {
			found.version, path = 1, fields[2]
			break
		} else if fields[0] == "0" {
			found.version, path = 2, fields[2]
		}
	}
	mounts, _ := os.ReadFile("/proc/self/mountinfo")
	for _, line := range strings.Split(string(mounts), "\n") {
		left, right, _ := strings.Cut(line, " - ")
		place, kind := strings.Fields(left), strings.Fields(right)
		if found.version == 0 || len(place) < 5 || len(kind) < 3 || kind[0] != []string{"cgroup", "cgroup2"}[found.version-1] ||
			found.version == 1 && !slices.Contains(strings.Split(kind[2], ","), "cpu") {
			continue
		}
		if rest, inside := strings.CutPrefix(path, strings.TrimSuffix(place[3], "/")); inside {
			found.folder = filepath.Join(place[4], rest)
			return found, true
		}
	}
	return cgroup{}, false
}

// limit is how many CPUs' time the cgroup allows, +Inf without a limit.
func (c cgroup) limit() float64 {
	names := [][]string{{"cpu.cfs_quota_us", "cpu.cfs_period_us"}, {"cpu.max"}}[c.version-1]
	var numbers []float64
	for _, name := range names {
		text, _ := os.ReadFile(filepath.Join(c.folder, name))
		for _, field := range strings.Fields(string(text)) {
			number, err := strconv.ParseFloat(field, 64)
			if err != nil { // "max"
				return math.Inf(1)
			}
			numbers = append(numbers, number)
		}
	}
	if len(numbers) != 2 || numbers[0] <= 0 || numbers[1] <= 0 {
		return math.Inf(1)
	}
	return numbers[0] / numbers[1]
}

// procs is what Go makes of a limit, on so many CPUs.
func procs(cpus int, limit float64) int {
	return int(min(float64(cpus), max(2, math.Ceil(limit))))
}

func cpusCounted(t *suite.T) {
	child := t.Self("resources-report")
	child.Env = without("GOMAXPROCS")
	got := reported(t, child)
	limit := math.Inf(1)
	if group, ok := own(); ok {
		limit = group.limit()
	}
	t.Value("limit", fmt.Sprint(limit))
	if got.Allowed == 0 || got.CPUs != got.Allowed || got.Procs != procs(got.Allowed, limit) {
		t.Fatalf("/proc allows %d CPUs and the cgroup the time of %v; Go counted %d and runs on %d", got.Allowed, limit, got.CPUs, got.Procs)
	}
}

// limited makes a cgroup beside or under this process's, with a limit in microseconds, and removes it in the end.
func limited(t *suite.T, quota, period int) (made cgroup, remove func()) {
	group, ok := own()
	if !ok {
		t.NA("this process is in no cgroup that it can see")
	}
	parent := group.folder
	if _, err := os.Stat(filepath.Join(parent, "cgroup.type")); group.version == 2 && err == nil {
		parent = filepath.Dir(parent) // not the root: groups with processes have no children with controllers
	}
	folder, err := os.MkdirTemp(parent, "seatrial-")
	if err != nil {
		t.Unknown("needs to make a cgroup: %v", err)
	}
	made = cgroup{group.version, folder}
	remove = func() {
		for range 100 { // the kernel takes its time to let ended processes go
			if err := os.Remove(made.folder); err == nil || errors.Is(err, os.ErrNotExist) {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	write := func(file, text string) {
		if err := os.WriteFile(filepath.Join(made.folder, file), []byte(text), 0o644); err != nil {
			remove()
			if errors.Is(err, os.ErrNotExist) {
				t.NA("cgroups here have no CPU controller: %v", err)
			}
			t.Unknown("needs to limit a cgroup: %v", err)
		}
	}
	if made.version == 1 {
		write("cpu.cfs_period_us", joined(period))
		write("cpu.cfs_quota_us", joined(quota))
	} else {
		write("cpu.max", joined(quota, period))
	}
	return made, remove
}

// inCgroup joins a cgroup, given by its folder, and becomes another helper there.
func inCgroup(args []string) int {
	if err := os.WriteFile(filepath.Join(args[0], "cgroup.procs"), []byte(joined(os.Getpid())), 0o644); err != nil {
		return unprepared("needs to join a cgroup: %v", err)
	}
	return become(args[1])
}

func limitSeen(t *suite.T) {
	group, remove := limited(t, 25_000, 10_000)
	defer remove()
	child := t.Self("resources-in-cgroup", group.folder, "resources-report")
	child.Env = without("GOMAXPROCS")
	got := reported(t, child)
	t.Value("version", group.version)
	if expected := procs(got.Allowed, 2.5); got.Procs != expected {
		t.Errorf("with %d CPUs and a limit of 2.5 Go runs on %d; %d was expected", got.Allowed, got.Procs, expected)
	}
	// On a machine with few CPUs the limit changes nothing; but the runtime keeps the file open that it looks at.
	file := filepath.Join(group.folder, []string{"cpu.cfs_quota_us", "cpu.max"}[group.version-1])
	if !slices.Contains(got.Files, file) {
		t.Errorf("the runtime does not look at %s; it has open: %q", file, got.Files)
	}
}

const busyFor = 60 * time.Millisecond

// busy computes for a while, and says how much time of the CPUs it got meanwhile.
func busy([]string) int {
	used := func() time.Duration {
		var usage syscall.Rusage
		syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	before, began := used(), time.Now()
	for time.Since(began) < busyFor {
	}
	fmt.Println(int64(used()-before), int64(time.Since(began)))
	return 0
}

func limitHeld(t *suite.T) {
	group, remove := limited(t, 2_000, 10_000) // a fifth
	defer remove()
	done := ended(t, t.Self("resources-in-cgroup", group.folder, "resources-busy"), 5*time.Second)
	if done.state.ExitCode() == cannotPrepare {
		t.Unknown("%s", done.said)
	}
	var used, took time.Duration
	if _, err := fmt.Sscan(done.out, (*int64)(&used), (*int64)(&took)); err != nil {
		t.Fatalf("the child ended with %v, and said %q and %q", done.state, done.out, done.said)
	}
	accounts, _ := os.ReadFile(filepath.Join(group.folder, "cpu.stat"))
	periods := 0
	for _, line := range strings.Split(string(accounts), "\n") {
		fmt.Sscanf(line, "nr_periods %d", &periods)
	}
	if used > took/2 || periods == 0 {
		t.Fatalf("of %v it computed for %v; about a fifth was paid for, in %d periods of accounting", took, used, periods)
	}
}
