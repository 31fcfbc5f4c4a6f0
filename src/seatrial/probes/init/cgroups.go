package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const cgroupRoot = "/sys/fs/cgroup"

// limits of the control group of a command; zero is none (Limits in `seatrial/model/machine.py`).
type limits struct {
	MemoryMax  int64   `json:"memory_max"`
	MemoryHigh int64   `json:"memory_high"`
	CPUMax     float64 `json:"cpu_max"`
	CPUSet     string  `json:"cpuset"`
	PidsMax    int     `json:"pids_max"`
}

// cpuPeriod is the period of CPU quotas in microseconds, the kernel's default and systemd's.
const cpuPeriod = 100_000

// A hierarchy is one mounted tree of control groups. The unified one has no controllers of its own name.
type hierarchy struct {
	at      string
	unified bool
	names   []string // of its controllers
}

type hierarchies []hierarchy

// mountGroups mounts control groups as systemd does in this mode.
// Document: systemd's docs/CGROUP_DELEGATION.md, "Three Different Tree Setups".
func mountGroups(mode string) (hierarchies, error) {
	const flags = syscall.MS_NOSUID | syscall.MS_NODEV | syscall.MS_NOEXEC
	if mode == "v2" {
		if err := syscall.Mount("cgroup2", cgroupRoot, "cgroup2", flags, ""); err != nil {
			return nil, err
		}
		tree := hierarchy{cgroupRoot, true, strings.Fields(line(cgroupRoot + "/cgroup.controllers"))}
		for _, name := range tree.names {
			if err := write(cgroupRoot+"/cgroup.subtree_control", "+"+name); err != nil {
				return nil, err
			}
		}
		return hierarchies{tree}, nil
	}
	if err := syscall.Mount("tmpfs", cgroupRoot, "tmpfs", flags, "mode=755"); err != nil {
		return nil, err
	}
	var all hierarchies
	for _, names := range together(enabledControllers()) {
		at := filepath.Join(cgroupRoot, strings.Join(names, ","))
		if err := mountAt(at, "cgroup", strings.Join(names, ",")); err != nil {
			return nil, err
		}
		all = append(all, hierarchy{at, false, names})
		for _, name := range names {
			if len(names) > 1 {
				if err := os.Symlink(filepath.Base(at), filepath.Join(cgroupRoot, name)); err != nil {
					return nil, err
				}
			}
		}
	}
	if err := mountAt(cgroupRoot+"/systemd", "cgroup", "none,name=systemd"); err != nil {
		return nil, err
	}
	all = append(all, hierarchy{cgroupRoot + "/systemd", false, nil})
	if mode == "hybrid" {
		if err := mountAt(cgroupRoot+"/unified", "cgroup2", ""); err != nil {
			return nil, err
		}
		all = append(all, hierarchy{cgroupRoot + "/unified", true, nil})
	}
	return all, nil
}

func mountAt(at, kind, options string) error {
	if err := os.Mkdir(at, 0o755); err != nil {
		return err
	}
	if err := syscall.Mount(kind, at, kind, syscall.MS_NOSUID|syscall.MS_NODEV|syscall.MS_NOEXEC, options); err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	return nil
}

// enabledControllers reads /proc/cgroups: name, hierarchy, groups, enabled.
func enabledControllers() []string {
	var names []string
	for _, row := range strings.Split(line("/proc/cgroups"), "\n") {
		if words := strings.Fields(row); len(words) == 4 && words[3] == "1" {
			names = append(names, words[0])
		}
	}
	return names
}

// together groups controllers that distributions mount as one hierarchy.
func together(names []string) [][]string {
	partner := map[string]string{"cpuacct": "cpu", "net_prio": "net_cls"}
	place := map[string]int{}
	var groups [][]string
	for _, name := range names {
		first := name
		if with, found := partner[name]; found {
			first = with
		}
		if at, found := place[first]; found {
			groups[at] = append(groups[at], name)
			continue
		}
		place[first] = len(groups)
		groups = append(groups, []string{name})
	}
	return groups
}

// cgroupMode reads the mode from the mounts, as programs do.
func cgroupMode() string {
	v1, v2, v2AtRoot := false, false, false
	for _, row := range strings.Split(line("/proc/mounts"), "\n") {
		words := strings.Fields(row)
		if len(words) < 3 {
			continue
		}
		v1 = v1 || words[2] == "cgroup"
		v2 = v2 || words[2] == "cgroup2"
		v2AtRoot = v2AtRoot || words[2] == "cgroup2" && words[1] == cgroupRoot
	}
	switch {
	case v2AtRoot:
		return "v2"
	case v1 && v2:
		return "hybrid"
	case v1:
		return "v1"
	}
	return ""
}

func (all hierarchies) controllers() []string {
	names := []string{}
	for _, tree := range all {
		names = append(names, tree.names...)
	}
	return names
}

// A group is the control group of one command, in every hierarchy.
type group struct {
	trees hierarchies
	name  string
}

func (all hierarchies) create(name string) (group, error) {
	made := group{all, name}
	for _, tree := range all {
		folder := filepath.Join(tree.at, name)
		if err := os.Mkdir(folder, 0o755); err != nil {
			return made, err
		}
		for _, controller := range tree.names {
			if controller == "cpuset" && !tree.unified { // a new group has no CPU and no node, and takes no process
				for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
					if err := write(filepath.Join(folder, file), line(filepath.Join(tree.at, file))); err != nil {
						return made, err
					}
				}
			}
		}
	}
	return made, nil
}

func write(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = file.WriteString(text)
	return err
}

// folder returns where a controller's files of the group are.
func (g group) folder(controller string) (folder string, unified bool, err error) {
	for _, tree := range g.trees {
		for _, name := range tree.names {
			if name == controller {
				return filepath.Join(tree.at, g.name), tree.unified, nil
			}
		}
	}
	return "", false, fmt.Errorf("the kernel has no cgroup controller %s in this mode", controller)
}

// set writes a limit: the file of v1, or of v2 where the controller is there. An empty name is none in that version.
func (g group) set(controller, v1, v2, value string) error {
	folder, unified, err := g.folder(controller)
	if err != nil {
		return err
	}
	file := v1
	if unified {
		file = v2
	}
	if file == "" {
		return fmt.Errorf("cgroup v1 has no %s", v2)
	}
	return write(filepath.Join(folder, file), value)
}

func (g group) limit(l limits) error {
	var all []error
	bytes := func(n int64) string { return strconv.FormatInt(n, 10) }
	if l.MemoryMax > 0 {
		all = append(all, g.set("memory", "memory.limit_in_bytes", "memory.max", bytes(l.MemoryMax)))
	}
	if l.MemoryHigh > 0 {
		all = append(all, g.set("memory", "", "memory.high", bytes(l.MemoryHigh)))
	}
	if l.CPUMax > 0 {
		quota := strconv.Itoa(int(l.CPUMax * cpuPeriod))
		if _, unified, _ := g.folder("cpu"); unified {
			quota += " " + strconv.Itoa(cpuPeriod)
		}
		all = append(all, g.set("cpu", "cpu.cfs_quota_us", "cpu.max", quota))
	}
	if l.CPUSet != "" {
		all = append(all, g.set("cpuset", "cpuset.cpus", "cpuset.cpus", l.CPUSet))
	}
	return errors.Join(append(all, g.limitPids(l.PidsMax))...)
}

func (g group) limitPids(most int) error {
	if most <= 0 {
		return nil
	}
	return g.set("pids", "pids.max", "pids.max", strconv.Itoa(most))
}

// enter puts this thread into a group of each hierarchy of v1: what it starts is in it from its first instruction.
// The unified hierarchy holds whole processes. With controllers it takes the command by clone3(2) instead (door); that
// of the hybrid mode has none, and init itself may be in the group for a moment.
func (g group) enter(name string) error {
	for _, tree := range g.trees {
		file := "tasks"
		if tree.unified {
			file = "cgroup.procs"
			if len(tree.names) > 0 {
				continue
			}
		}
		if err := write(filepath.Join(tree.at, name, file), "0"); err != nil {
			return err
		}
	}
	return nil
}

// door opens the folder for CLONE_INTO_CGROUP (Linux 5.7); nil where no hierarchy takes the command that way.
func (g group) door() (*os.File, error) {
	for _, tree := range g.trees {
		if tree.unified && len(tree.names) > 0 {
			return os.Open(filepath.Join(tree.at, g.name))
		}
	}
	return nil, nil
}

// oomKills counts the processes of the group that the kernel has killed for want of memory.
func (g group) oomKills() int {
	folder, unified, err := g.folder("memory")
	if err != nil {
		return 0
	}
	file := "memory.oom_control"
	if unified {
		file = "memory.events"
	}
	for _, row := range strings.Split(line(filepath.Join(folder, file)), "\n") {
		if words := strings.Fields(row); len(words) == 2 && words[0] == "oom_kill" {
			count, _ := strconv.Atoi(words[1])
			return count
		}
	}
	return 0
}

// remove deletes the group and what the command made below it. A process that is ending holds it for a moment.
func (g group) remove() {
	for _, tree := range g.trees {
		root := filepath.Join(tree.at, g.name)
		for range 100 {
			var folders []string
			filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
				if err == nil && entry.IsDir() {
					folders = append(folders, path)
				}
				return nil
			})
			for i := len(folders) - 1; i >= 0; i-- {
				syscall.Rmdir(folders[i])
			}
			if _, err := os.Stat(root); err != nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
}
