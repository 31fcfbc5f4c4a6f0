// Visitor does what the tests of sessions ask of a program.
package main

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	switch os.Args[1] {
	case "tell":
		folder, _ := os.Getwd()
		typed, _ := io.ReadAll(os.Stdin)
		kind := "is no folder"
		if info, err := os.Stat(os.Getenv("HOME")); err == nil && info.IsDir() {
			kind = "is a folder"
		}
		fmt.Println(folder, os.Getenv("WORD"), strings.TrimSpace(string(typed)), os.Getenv("HOME"), kind)
		fmt.Fprintln(os.Stderr, "aside")
		code, _ := strconv.Atoi(os.Args[2])
		os.Exit(code)
	case "die":
		number, _ := strconv.Atoi(os.Args[2])
		syscall.Kill(os.Getpid(), syscall.Signal(number))
		time.Sleep(time.Minute)
	case "wait":
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGTERM)
		fmt.Println("waiting")
		fmt.Println("got", <-signals)
	case "alone":
		fmt.Println(others(), "others")
	case "read":
		for _, path := range os.Args[2:] {
			data, err := os.ReadFile(path)
			if err != nil {
				fmt.Println(err)
				continue
			}
			fmt.Println(string(data))
		}
	case "write":
		if err := os.WriteFile(os.Args[2], []byte(os.Args[3]), 0o644); err != nil {
			fmt.Println(err)
		}
	case "size":
		info, err := os.Stat(os.Args[2])
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(info.Size())
	case "cpus":
		fmt.Println(runtime.NumCPU())
	case "serve":
		serve()
	case "panic":
		fmt.Println("going")
		os.WriteFile("/proc/sys/kernel/sysrq", []byte("1"), 0)
		os.WriteFile("/proc/sysrq-trigger", []byte("c"), 0)
		time.Sleep(time.Minute)
	case "reboot":
		fmt.Println("going")
		syscall.Reboot(syscall.LINUX_REBOOT_CMD_RESTART)
		time.Sleep(time.Minute)
	}
}

// others counts the programs like this one that run besides it.
func others() int {
	count := 0
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range lines {
		line, _ := os.ReadFile(file)
		if strings.HasPrefix(string(line), os.Args[0]+"\x00") && file != fmt.Sprintf("/proc/%d/cmdline", os.Getpid()) {
			count++
		}
	}
	return count
}

// serve answers one connection with what it was sent, in capitals.
func serve() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(listener.Addr())
	connection, err := listener.Accept()
	if err != nil {
		os.Exit(1)
	}
	data, _ := io.ReadAll(connection)
	connection.Write(bytes.ToUpper(data))
	connection.Close()
}
