package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// newRoot becomes the root: what the kernel unpacked init into can be neither moved nor freed otherwise, and
// pivot_root(2) refuses it, so that programs which make containers would fail here and nowhere else.
const newRoot = "/newroot"

// A mountPoint is one line of the guest's /proc/mounts, as distributions have them.
type mountPoint struct {
	kind, at string
	flags    uintptr
	options  string
}

var mountPoints = []mountPoint{
	{"tmpfs", "/", 0, "size=90%,mode=755"},
	{"proc", "/proc", syscall.MS_NOSUID | syscall.MS_NODEV | syscall.MS_NOEXEC, ""},
	{"sysfs", "/sys", syscall.MS_NOSUID | syscall.MS_NODEV | syscall.MS_NOEXEC, ""},
	{"devtmpfs", "/dev", syscall.MS_NOSUID, "mode=755"},
	{"devpts", "/dev/pts", syscall.MS_NOSUID | syscall.MS_NOEXEC, "ptmxmode=666,mode=620,gid=5"},
	{"tmpfs", "/dev/shm", syscall.MS_NOSUID | syscall.MS_NODEV, ""},
	{"tmpfs", "/run", syscall.MS_NOSUID | syscall.MS_NODEV, "mode=755"},
	{"tmpfs", "/tmp", syscall.MS_NOSUID | syscall.MS_NODEV, "size=90%"},
}

// files are what the C library and Go's os/user and net packages look for on every Linux system.
var files = map[string]string{
	"/etc/passwd":        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
	"/etc/group":         "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n",
	"/etc/hosts":         "127.0.0.1 localhost\n::1 localhost\n",
	"/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}

var links = map[string]string{
	"/dev/fd": "/proc/self/fd", "/dev/stdin": "/proc/self/fd/0",
	"/dev/stdout": "/proc/self/fd/1", "/dev/stderr": "/proc/self/fd/2",
}

func mountAll() error {
	for _, point := range mountPoints {
		at := filepath.Join(newRoot, point.at)
		if err := os.MkdirAll(at, 0o755); err != nil {
			return err
		}
		if err := syscall.Mount(point.kind, at, point.kind, point.flags, point.options); err != nil {
			return fmt.Errorf("%s at %s: %w", point.kind, point.at, err)
		}
	}
	for path, text := range files {
		at := filepath.Join(newRoot, path)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			return err
		}
	}
	for path, target := range links {
		if err := os.Symlink(target, filepath.Join(newRoot, path)); err != nil && !os.IsExist(err) {
			return err
		}
	}
	return os.Mkdir(filepath.Join(newRoot, "root"), 0o700)
}

// changeRoot frees what the kernel unpacked and makes newRoot the root, as switch_root(8) does.
func changeRoot() error {
	entries, err := os.ReadDir("/")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if path := "/" + entry.Name(); path != newRoot {
			if err := os.RemoveAll(path); err != nil {
				return err
			}
		}
	}
	if err := os.Chdir(newRoot); err != nil {
		return err
	}
	if err := syscall.Mount(".", "/", "", syscall.MS_MOVE, ""); err != nil {
		return fmt.Errorf("moving %s: %w", newRoot, err)
	}
	if err := syscall.Chroot("."); err != nil {
		return err
	}
	return os.Chdir("/")
}

// argument returns the value of a word of the kernel's command line that starts with this prefix.
func argument(prefix, otherwise string) string {
	line, _ := os.ReadFile("/proc/cmdline")
	for _, word := range strings.Fields(string(line)) {
		if value, found := strings.CutPrefix(word, prefix); found && value != "" {
			return value
		}
	}
	return otherwise
}
