"""Who uses imported symbols: C functions behind the linker's stubs, and the Go functions that lead to them."""

import subprocess
from pathlib import Path

import pytest

from seatrial.formats import read_binary
from seatrial.inspection import needs_in
from seatrial.model.needs import FloorKind, SymbolNeed
from seatrial.platforms import load
from seatrial.rules import judge
from seatrial.store import Store, default_root
from seatrial.toolchains.c import NoCCompiler
from seatrial.toolchains.cross_gcc import cross_gcc
from support.builds import ZIG_TARGETS, Builder, zig_cc

pytestmark = pytest.mark.go

INNER_GO = """package inner

/*
double deep(double x);
*/
import "C"

// Deep calls a C function that calls another, which calls libm.
func Deep(x float64) float64 { return float64(C.deep(C.double(x))) }
"""

INNER_C = """#include <math.h>
#include <stdio.h>
static __attribute__((noinline)) double deeper(double x) {
  char text[64];
  snprintf(text, sizeof text, "%f", x);
  return cbrt(x) + text[0];
}
double deep(double x) { return deeper(x) + 1; }
"""

MAIN = """package main

import (
	"fmt"
	"net"

	"example.com/callers/inner"
)

func main() {
	fmt.Println(inner.Deep(3))
	fmt.Println(net.LookupHost("localhost"))
}
"""

QUICK = (("amd64", "exe"), ("amd64", "pie"))


def build(builder: Builder, goarch: str, *flags: str, cc: str = "") -> Path:
    folder = builder.folder / "callers"
    if not folder.exists():
        (folder / "inner").mkdir(parents=True)
        (folder / "go.mod").write_text("module example.com/callers\n\ngo 1.27\n")
        (folder / "main.go").write_text(MAIN)
        (folder / "inner" / "inner.go").write_text(INNER_GO)
        (folder / "inner" / "deep.c").write_text(INNER_C)
    out = folder / f"program-{goarch}{''.join(filter(str.isalnum, ''.join(flags)))}"
    if not out.exists():
        settings = {"GOOS": "linux", "GOARCH": goarch, "CGO_ENABLED": "1", "CC": cc or zig_cc(ZIG_TARGETS[goarch])}
        settings |= {"CGO_LDFLAGS": "-lm"} if cc else {}
        builder.run_go(folder, ["build", "-o", str(out), *flags, "."], settings)
    return out


def symbols(path: Path, reader: Path) -> dict[str, SymbolNeed]:
    needs = needs_in(path, read_binary(path), reader)
    assert isinstance(needs.symbols, tuple), needs.symbols
    return {symbol.name: symbol for symbol in needs.symbols}


@pytest.mark.zig
@pytest.mark.parametrize(
    ("goarch", "mode"),
    [
        pytest.param(goarch, mode, marks=() if (goarch, mode) in QUICK else pytest.mark.sweep)
        for goarch in ZIG_TARGETS
        for mode in ("exe", "pie", "c-shared")
    ],
)
def test_c_behind_go(goarch: str, mode: str, builder: Builder, reader: Path) -> None:
    check(symbols(build(builder, goarch, f"-buildmode={mode}"), reader))


@pytest.mark.sweep
@pytest.mark.parametrize("goarch", ["386", "mips64le"])
def test_c_behind_go_by_gcc(goarch: str, builder: Builder, reader: Path) -> None:
    """Of mips: functions read the table of imports themselves, and no relocation tells what stands in it."""
    compiler = cross_gcc(goarch, Store(default_root()), lambda _: None)
    if isinstance(compiler, NoCCompiler):
        pytest.skip(f"gcc for {goarch} was missing: {compiler.reason.text}")
    check(symbols(build(builder, goarch, cc=compiler.cc), reader))


def check(found: dict[str, SymbolNeed]) -> None:
    """The chains from Go to the imports of the program above."""
    (user,) = found["cbrt"].users
    assert (user.owner.function, user.is_c, user.calls) == ("deeper", True, True)
    (way,) = user.ways
    assert way.owner.function == "example.com/callers/inner._Cfunc_deep"
    assert way.owner.package == "example.com/callers/inner"
    assert way.owner.module == "example.com/callers"
    assert way.via[-2:] == ("deep", "deeper")
    named = {(user.owner.package, user.owner.module) for user in found["getaddrinfo"].users}
    assert named == {("net", "std")}
    ways = {way.owner.function for user in found["getaddrinfo"].users for way in user.ways}
    assert ways == {"net._C2func_getaddrinfo"}
    created = {user.owner.package for user in found["pthread_create"].users}
    assert created == {"runtime/cgo"}
    if "__libc_start_main" in found:  # in a program
        assert {user.owner.package for user in found["__libc_start_main"].users} == {"C start-up code"}


@pytest.mark.zig
def test_a_floor_and_a_finding_name_the_packages(builder: Builder, reader: Path) -> None:
    path = build(builder, "amd64")
    facts = read_binary(path)
    needs = needs_in(path, facts, reader)
    top = needs.floor(FloorKind.GLIBC).reasons[0]
    assert top.subject == "GLIBC_2.34"
    assert {"net", "runtime/cgo"} <= {owner.package for owner in top.owners}
    found = [one for one in judge(facts, load().platform("kylin-v10-sp3/amd64"), needs) if one.subject == "GLIBC_2.34"]
    where = {evidence.value: evidence.where for evidence in found[0].evidence}
    assert where["res_search@GLIBC_2.34"] == "libc.so.6; used by net"


@pytest.mark.zig
def test_without_any_symbols(builder: Builder, reader: Path) -> None:
    """The same chains, with addresses in place of the names of C functions."""
    path = build(builder, "amd64", "-ldflags=-s -w")
    done = subprocess.run(["strip", "--strip-all", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = symbols(path, reader)
    (user,) = found["cbrt"].users
    assert user.owner.function.startswith("C code at 0x")
    assert [way.owner.function for way in user.ways] == ["example.com/callers/inner._Cfunc_deep"]
    assert {way.owner.module for user in found["getaddrinfo"].users for way in user.ways} == {"std"}


@pytest.mark.parametrize("port", ["windows/amd64", "windows/arm64", "darwin/amd64", "darwin/arm64"])
def test_imports_of_pure_go(port: str, builder: Builder, reader: Path) -> None:
    found = symbols(builder.build(port), reader)
    name, function = {
        "windows": ("CreateIoCompletionPort", "runtime.netpollinit"),
        "darwin": ("_kqueue", "runtime.kqueue_trampoline"),
    }[port.partition("/")[0]]
    users = {user.owner.function: user.owner.module for user in found[name].users}
    assert users[function] == "std"
    unused = [symbol.name for symbol in found.values() if not symbol.users]
    assert len(unused) <= len(found) // 10, unused


def test_the_linker_s_stubs_are_no_users(builder: Builder, reader: Path) -> None:
    found = symbols(builder.build("darwin/arm64"), reader)
    assert not [user for symbol in found.values() for user in symbol.users if user.is_c]
