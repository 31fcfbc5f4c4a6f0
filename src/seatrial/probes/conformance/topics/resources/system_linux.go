//go:build !mips && !mipsle && !mips64 && !mips64le

package resources

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"seatrial.example/conformance/topics/resources/early"
)

func (r *report) addSystem() {
	var now syscall.Rlimit
	syscall.Getrlimit(syscall.RLIMIT_NOFILE, &now)
	r.OpenFiles = []uint64{early.OpenFiles[0], early.OpenFiles[1], uint64(now.Cur), uint64(now.Max)}
	r.Allowed = len(allowed())
	r.Nice, _ = syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	score, _ := os.ReadFile("/proc/self/oom_score_adj")
	r.OOMScore = strings.TrimSpace(string(score))
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, entry := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + entry.Name()); err == nil {
			r.Files = append(r.Files, target)
		}
	}
}

// allowed are the CPUs of Cpus_allowed_list of proc(5): "0-3,8".
func allowed() (cpus []int) {
	text, _ := os.ReadFile("/proc/self/status")
	_, list, _ := strings.Cut(string(text), "\nCpus_allowed_list:")
	list, _, _ = strings.Cut(list, "\n")
	for _, span := range strings.Split(strings.TrimSpace(list), ",") {
		from, to, isSpan := strings.Cut(span, "-")
		first, err := strconv.Atoi(from)
		last := first
		if isSpan {
			last, err = strconv.Atoi(to)
		}
		for cpu := first; err == nil && cpu <= last; cpu++ {
			cpus = append(cpus, cpu)
		}
	}
	return cpus
}

// become makes this process start anew, as another helper.
func become(mode string, args ...string) int {
	err := syscall.Exec("/proc/self/exe", append([]string{os.Args[0], os.Args[1], mode}, args...), os.Environ())
	return unprepared("could not start itself anew: %v", err)
}

// joined makes a text of a number for a file of the kernel.
func joined(numbers ...any) string { return strings.TrimSpace(fmt.Sprintln(numbers...)) }
