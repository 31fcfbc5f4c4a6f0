"""One program with cgo and without, and its own library in C: what `inspect --compare` is tried on."""

import os
import subprocess
from pathlib import Path
from typing import NamedTuple

from seatrial.store import Store, default_root
from seatrial.toolchains import find_go
from seatrial.toolchains.apple_stubs import apple_stubs
from support.builds import Builder, zig_cc

__all__ = ["Pair", "build_pair", "write_module"]

MAIN = """package main

import (
	"fmt"

	"example.com/compared/inner"
)

func main() { fmt.Println(inner.Twice(2)) }
"""

NET = """package main

import "net"

func init() { net.LookupHost("localhost") }
"""

CGO = """//go:build cgo

package inner

/*
#cgo LDFLAGS: -lown
#cgo linux LDFLAGS: -lm
#cgo windows LDFLAGS: -lws2_32
double also(double x);
*/
import "C"

// Twice asks libown, through C.
func Twice(x float64) float64 { return float64(C.also(C.double(x))) }
"""

PURE = """//go:build !cgo

package inner

// Twice is in Go.
func Twice(x float64) float64 { return 2 * x }
"""

ALSO = """#include <math.h>
double own_twice(double x);
double also(double x) { return own_twice(x) + exp(x); }
"""

OWN = "double own_twice(double x) { return 2 * x; }\n"

TARGETS = {
    "linux/amd64": ("x86_64-linux-gnu.2.34", "libown.so", "-Wl,-soname,libown.so"),
    "linux/arm64": ("aarch64-linux-gnu.2.34", "libown.so", "-Wl,-soname,libown.so"),
    "windows/amd64": ("x86_64-windows-gnu", "own.dll", ""),
    "darwin/amd64": ("x86_64-macos-none", "libown.dylib", "-Wl,-install_name,@executable_path/libown.dylib"),
    "darwin/arm64": ("aarch64-macos-none", "libown.dylib", "-Wl,-install_name,@executable_path/libown.dylib"),
}


class Pair(NamedTuple):
    source: Path
    cgo: Path
    pure: Path
    library: Path


def write_module(folder: Path) -> Path:
    """The module's folder."""
    source = folder / "compared"
    if not source.exists():
        (source / "inner").mkdir(parents=True)
        (source / "go.mod").write_text("module example.com/compared\n\ngo 1.27\n")
        (source / "main.go").write_text(MAIN)
        (source / "net_linux.go").write_text(NET)
        for name, text in (("cgo.go", CGO), ("pure.go", PURE), ("also.c", ALSO)):
            (source / "inner" / name).write_text(text)
    return source


def build_pair(builder: Builder, port: str) -> Pair:
    """Both builds for a port, the library beside them. The Linux ones look for it there."""
    goos, goarch = port.split("/")
    triple, name, flag = TARGETS[port]
    source = write_module(builder.folder)
    place = builder.folder / f"compared-{goos}-{goarch}"
    cgo, pure, library = place / "app", place / "app-pure", place / name
    settings = {"GOOS": goos, "GOARCH": goarch}
    if not pure.exists():
        place.mkdir(exist_ok=True)
        compiler = zig_cc(triple)
        (place / "own.c").write_text(OWN)
        words = [*compiler.split(), "-shared", "-o", str(library), *filter(None, [flag]), str(place / "own.c")]
        subprocess.run(words, check=True, env=dict(os.environ), timeout=280)
        flags, linker = [], f"-L{place}"
        if goos == "darwin":
            store = Store(default_root())
            stubs = apple_stubs(find_go("", store), store)
            mode = ["-buildmode=pie"] if goarch == "amd64" else []  # as in tables/zig_targets.toml
            flags, linker = ["-ldflags=-s -w", *mode], f"-L{place} -L{stubs} -F{stubs}"
        elif goos == "linux":
            linker += " -Wl,-rpath,$ORIGIN"
        with_cgo = settings | {"CGO_ENABLED": "1", "CC": compiler, "CGO_LDFLAGS": linker}
        builder.run_go(source, ["build", "-o", str(cgo), *flags, "."], with_cgo)
        builder.run_go(source, ["build", "-o", str(pure), "."], settings | {"CGO_ENABLED": "0"})
    return Pair(source, cgo, pure, library)
