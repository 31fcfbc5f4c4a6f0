package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// unpack makes the files of a cpio archive ("newc": the kernel's Documentation/driver-api/early-userspace/
// buffer-format.rst). What is there is replaced; folders on the way are made.
func unpack(from io.Reader) error {
	in := bufio.NewReaderSize(from, 64<<10)
	for {
		var head [110]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return fmt.Errorf("the archive ends early: %w", err)
		}
		if string(head[:6]) != "070701" {
			return fmt.Errorf("not a cpio header: %q", head[:6])
		}
		field := func(n int) int64 {
			value, _ := strconv.ParseInt(string(head[6+8*n:14+8*n]), 16, 64)
			return value
		}
		mode, size, nameSize := field(1), field(6), field(11)
		name := make([]byte, nameSize)
		if _, err := io.ReadFull(in, name); err != nil {
			return err
		}
		if _, err := in.Discard(int(-(110 + nameSize) & 3)); err != nil {
			return err
		}
		path := strings.TrimRight(string(name), "\x00")
		if path == "TRAILER!!!" {
			return nil
		}
		if err := create("/"+path, uint32(mode), io.LimitReader(in, size)); err != nil {
			return err
		}
		if _, err := in.Discard(int(-size & 3)); err != nil {
			return err
		}
	}
}

func create(path string, mode uint32, content io.Reader) error {
	permissions := mode & 0o7777
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	switch mode & syscall.S_IFMT {
	case syscall.S_IFDIR:
		if err := os.MkdirAll(path, 0o755); err != nil {
			return err
		}
		return syscall.Chmod(path, permissions)
	case syscall.S_IFLNK:
		target, err := io.ReadAll(content)
		if err != nil {
			return err
		}
		os.Remove(path)
		return os.Symlink(string(target), path)
	case syscall.S_IFREG:
		os.Remove(path)
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		_, err = io.Copy(file, content)
		if closed := file.Close(); err == nil {
			err = closed
		}
		if err != nil {
			return err
		}
		return syscall.Chmod(path, permissions)
	}
	return fmt.Errorf("%s: mode %#o is no file, folder or symbolic link", path, mode)
}

// get sends a file.
func get(link *channel, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	buffer := make([]byte, 256<<10)
	for {
		n, err := file.Read(buffer)
		if n > 0 {
			if err := link.send(kindData, buffer[:n]); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return link.send(kindEnd, nil)
		}
		if err != nil {
			return err
		}
	}
}
