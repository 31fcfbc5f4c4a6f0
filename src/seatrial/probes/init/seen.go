package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"syscall"
)

// seen is what the guest saw of its machine (Seen in `seatrial/model/machine.py`).
type seen struct {
	Kernel      string   `json:"kernel"`
	GOARCH      string   `json:"goarch"`
	CPUModel    string   `json:"cpu_model"`
	Features    []string `json:"features"`
	CPUs        int      `json:"cpus"`
	NUMANodes   []string `json:"numa_nodes"`
	PageSize    int      `json:"page_size"`
	Memory      int64    `json:"memory"`
	Cgroup      string   `json:"cgroup"`
	Controllers []string `json:"controllers"`
	ClockSource string   `json:"clock_source"`
	CommandLine string   `json:"command_line"`
	Taint       int      `json:"taint"`
}

func look(groups hierarchies) (seen, error) {
	var name syscall.Utsname
	if err := syscall.Uname(&name); err != nil {
		return seen{}, err
	}
	model, features := cpu()
	return seen{
		Kernel:      text(name.Release[:]),
		GOARCH:      runtime.GOARCH,
		CPUModel:    model,
		Features:    features,
		CPUs:        online(),
		NUMANodes:   nodes(),
		PageSize:    os.Getpagesize(),
		Memory:      memory(),
		Cgroup:      cgroupMode(),
		Controllers: groups.controllers(),
		ClockSource: line("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
		CommandLine: line("/proc/cmdline"),
		Taint:       taint(),
	}, nil
}

func line(path string) string {
	data, _ := os.ReadFile(path)
	return strings.TrimSpace(string(data))
}

func number(path string) int {
	value, _ := strconv.Atoi(line(path))
	return value
}

func taint() int { return number("/proc/sys/kernel/tainted") }

// online counts the CPUs of a list as the kernel writes it: "0-1,3".
func online() int {
	count := 0
	for _, part := range strings.Split(line("/sys/devices/system/cpu/online"), ",") {
		from, to, isRange := strings.Cut(part, "-")
		first, err := strconv.Atoi(from)
		if err != nil {
			continue
		}
		last := first
		if isRange {
			last, _ = strconv.Atoi(to)
		}
		count += last - first + 1
	}
	return count
}

func nodes() []string {
	paths, _ := filepath.Glob("/sys/devices/system/node/node[0-9]*/cpulist")
	sort.Strings(paths)
	lists := []string{}
	for _, path := range paths {
		lists = append(lists, line(path))
	}
	return lists
}

func memory() int64 {
	for _, row := range strings.Split(line("/proc/meminfo"), "\n") {
		if rest, found := strings.CutPrefix(row, "MemTotal:"); found {
			kilobytes, _ := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kilobytes * 1024
		}
	}
	return 0
}

// cpu returns the model and the features of the first CPU of /proc/cpuinfo, whose keys differ by architecture.
// arm64 names no model: what its identification register says stands for it.
func cpu() (string, []string) {
	data, _ := os.ReadFile("/proc/cpuinfo")
	values := map[string]string{}
	for _, row := range bytes.Split(data, []byte("\n")) {
		key, value, found := bytes.Cut(row, []byte(":"))
		name := strings.ToLower(string(bytes.TrimSpace(key)))
		if _, known := values[name]; found && !known {
			values[name] = string(bytes.TrimSpace(value))
		}
	}
	model := ""
	for _, key := range []string{"model name", "cpu", "uarch", "processor 0"} {
		if model == "" {
			model = values[key]
		}
	}
	if implementer := values["cpu implementer"]; model == "" && implementer != "" {
		model = "implementer " + implementer + ", part " + values["cpu part"]
	}
	isa := strings.ReplaceAll(values["isa"], "_", " ") // riscv64
	return model, strings.Fields(values["flags"] + " " + values["features"] + " " + isa)
}

// text reads a field of utsname, whose elements are signed on some architectures and unsigned on others.
func text[T int8 | uint8](field []T) string {
	var out strings.Builder
	for _, c := range field {
		if c == 0 {
			break
		}
		out.WriteByte(byte(c))
	}
	return out.String()
}
