package suite

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"syscall"
	"unsafe"
)

// Keys of the auxiliary vector (Linux include/uapi/linux/auxvec.h).
const (
	auxHWCAP  = 16
	auxHWCAP2 = 26
)

// cpuFields are what architectures call their CPU in /proc/cpuinfo: x86, loongarch, riscv, s390, ppc.
var cpuFields = []string{"model name", "Model Name", "CPU implementer", "uarch", "processor 0", "cpu"}

func machine(seen map[string]any) {
	var name syscall.Utsname
	if syscall.Uname(&name) == nil {
		seen["system"], seen["kernel"] = letters(name.Sysname[:]), letters(name.Release[:])
		seen["kernel_build"], seen["machine"] = letters(name.Version[:]), letters(name.Machine[:])
	}
	release := fields("/etc/os-release", "=")
	if pretty := release["PRETTY_NAME"]; pretty != "" {
		seen["os"] = strings.Trim(pretty, `"`)
	}
	cpu := fields("/proc/cpuinfo", ":")
	for _, field := range cpuFields {
		if cpu[field] != "" {
			seen["cpu"] = cpu[field]
			break
		}
	}
	vector, _ := os.ReadFile("/proc/self/auxv")
	word := int(unsafe.Sizeof(uintptr(0)))
	for ; len(vector) >= 2*word; vector = vector[2*word:] {
		key, value := number(vector[:word]), number(vector[word:2*word])
		switch key {
		case auxHWCAP:
			seen["hwcap"] = fmt.Sprintf("%#x", value)
		case auxHWCAP2:
			seen["hwcap2"] = fmt.Sprintf("%#x", value)
		}
	}
}

// fields reads "name <sign> value" lines; of a name that comes again (one CPU after another) the first counts.
func fields(path, sign string) map[string]string {
	found := map[string]string{}
	text, _ := os.ReadFile(path)
	for _, line := range strings.Split(string(text), "\n") {
		name, value, _ := strings.Cut(line, sign)
		name = strings.TrimSpace(name)
		if _, again := found[name]; !again {
			found[name] = strings.TrimSpace(value)
		}
	}
	return found
}

func number(word []byte) uint64 {
	if len(word) == 4 {
		return uint64(binary.NativeEndian.Uint32(word))
	}
	return binary.NativeEndian.Uint64(word)
}

// letters reads a field of utsname, whose elements are signed on some architectures and unsigned on others.
func letters[E int8 | uint8](field []E) string {
	var out strings.Builder
	for _, c := range field {
		if c == 0 {
			break
		}
		out.WriteByte(byte(c))
	}
	return out.String()
}
