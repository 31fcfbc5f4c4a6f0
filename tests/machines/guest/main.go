// Guest does, in a virtual machine, what its first argument says. The tests look at what comes back.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	verbs := map[string]func([]string) error{
		"say": say, "exit": exit, "die": die, "sleep": sleep, "copy": copyInput, "catch": catch, "orphan": orphan, "escape": escape,
		"eat": eat, "processors": processors, "nodes": nodes, "groups": groups, "listen": listen, "random": random,
		"clock": clock, "panic": kernelPanic, "restart": restart, "flood": flood, "fork": fork, "terminal": terminal,
		"limits": limits, "account": account, "alone": alone, "list": list, "taint": taint, "nap": nap,
	}
	if err := verbs[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func say(words []string) error {
	folder, _ := os.Getwd()
	host, _ := os.Hostname()
	fmt.Println(strings.Join(words, " "), os.Getenv("WORD"), folder, host)
	fmt.Fprintln(os.Stderr, "aside")
	return nil
}

func exit(words []string) error {
	code, err := strconv.Atoi(words[0])
	os.Exit(code)
	return err
}

func die(words []string) error {
	number, _ := strconv.Atoi(words[0])
	signal.Reset(syscall.Signal(number))
	syscall.Kill(os.Getpid(), syscall.Signal(number))
	time.Sleep(time.Minute)
	return nil
}

func sleep(words []string) error {
	if len(words) > 0 {
		signal.Ignore(syscall.SIGQUIT)
	}
	fmt.Println("asleep")
	time.Sleep(10 * time.Minute)
	return nil
}

func nap([]string) error {
	time.Sleep(20 * time.Millisecond)
	fmt.Println("awake")
	return nil
}

func copyInput([]string) error {
	_, err := io.Copy(os.Stdout, os.Stdin)
	return err
}

func catch([]string) error {
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, syscall.SIGINT)
	fmt.Println("waiting")
	fmt.Println((<-caught).String())
	return nil
}

// orphan leaves a process behind that has left its session, holding stdout open.
func orphan([]string) error {
	child := exec.Command(os.Args[0], "sleep", "quietly")
	child.Stdout = os.Stdout
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return child.Start()
}

// escape leaves a process behind that is in no group of the command.
func escape([]string) error {
	child := exec.Command(os.Args[0], "sleep", "quietly")
	if err := child.Start(); err != nil {
		return err
	}
	return os.WriteFile("/sys/fs/cgroup/cgroup.procs", []byte(strconv.Itoa(child.Process.Pid)), 0)
}

func eat(words []string) error {
	megabytes, _ := strconv.Atoi(words[0])
	var kept [][]byte
	for range megabytes {
		block := make([]byte, 1<<20)
		for i := range block {
			block[i] = byte(i)
		}
		kept = append(kept, block)
	}
	fmt.Println(len(kept))
	return nil
}

func processors([]string) error {
	fmt.Println(runtime.GOMAXPROCS(0), runtime.NumCPU())
	return nil
}

func nodes([]string) error {
	lists, err := filepath.Glob("/sys/devices/system/node/node*/cpulist")
	for _, list := range lists {
		cpus, _ := os.ReadFile(list)
		fmt.Print(string(cpus))
	}
	return err
}

func groups([]string) error {
	text, err := os.ReadFile("/proc/self/cgroup")
	fmt.Print(string(text))
	return err
}

func listen([]string) error {
	listener, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		return err
	}
	go func() {
		connection, err := net.Dial("tcp", listener.Addr().String())
		if err == nil {
			connection.Write([]byte("hello"))
			connection.Close()
		}
	}()
	connection, err := listener.Accept()
	if err != nil {
		return err
	}
	io.Copy(os.Stdout, connection)
	return nil
}

func random([]string) error {
	source, err := os.Open("/dev/urandom")
	if err != nil {
		return err
	}
	number := make([]byte, 16)
	_, err = io.ReadFull(source, number)
	fmt.Printf("%x\n", number)
	return err
}

func clock([]string) error {
	fmt.Println(time.Now().UnixNano())
	return nil
}

func kernelPanic([]string) error {
	return os.WriteFile("/proc/sysrq-trigger", []byte("c"), 0)
}

func restart([]string) error {
	return syscall.Reboot(syscall.LINUX_REBOOT_CMD_RESTART)
}

func flood(words []string) error {
	megabytes, _ := strconv.Atoi(words[0])
	block := []byte(strings.Repeat("x", 1<<20))
	for range megabytes {
		os.Stdout.Write(block)
	}
	return nil
}

// fork says how many children it could start at once.
func fork([]string) error {
	for started := 0; ; started++ {
		_, err := os.StartProcess(os.Args[0], []string{os.Args[0], "sleep", "quietly"}, &os.ProcAttr{})
		if err != nil || started == 100 {
			fmt.Println(started)
			return nil
		}
	}
}

func terminal([]string) error {
	_, err := os.Open("/dev/tty")
	fmt.Println("terminal:", err == nil)
	var name string
	fmt.Scanln(&name)
	fmt.Println("name:", name)
	return nil
}

// alone lists the other processes that have a program.
func alone([]string) error {
	processes, err := filepath.Glob("/proc/[0-9]*/exe")
	others := []string{}
	for _, process := range processes {
		if program, err := os.Readlink(process); err == nil && program == os.Args[0] && process != fmt.Sprintf("/proc/%d/exe", os.Getpid()) {
			others = append(others, process)
		}
	}
	fmt.Println(others)
	return err
}

func list(words []string) error {
	return filepath.WalkDir(words[0], func(path string, entry os.DirEntry, err error) error {
		if err != nil || path == words[0] {
			return err
		}
		info, err := entry.Info()
		if err == nil {
			fmt.Println(info.Mode(), strings.TrimPrefix(path, words[0]+"/"))
		}
		return err
	})
}

func taint(words []string) error {
	return os.WriteFile("/proc/sys/kernel/tainted", []byte(words[0]), 0)
}

func limits([]string) error {
	var files syscall.Rlimit
	err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files)
	fmt.Println(files.Max)
	return err
}

// account says what the system's own files make of root, localhost and the temporary folder.
func account([]string) error {
	addresses, err := net.LookupHost("localhost")
	name := ""
	if who, err := user.Current(); err == nil {
		name = who.Username
	}
	file, made := os.CreateTemp("", "")
	if made == nil {
		file.Close()
	}
	fmt.Println(addresses, name, made == nil)
	return err
}
