"""glibc floors against two distributions' loaders: each program loads exactly where its floor allows."""

import subprocess
from functools import cache
from pathlib import Path

import pytest

from seatrial.errors import CouldNotCheck
from seatrial.formats import read_binary
from seatrial.host import host
from seatrial.inspection import needs_in
from seatrial.model.needs import FloorKind
from seatrial.packages import Packages
from seatrial.store import Store, default_root
from seatrial.tables.version_ranges import numbers
from support.builds import Builder, zig_cc

pytestmark = [pytest.mark.go, pytest.mark.zig]

SYMBOLS = {
    "clock_gettime": "2.17",
    "__cxa_thread_atexit_impl": "2.18",
    "fmemopen": "2.22",
    "quick_exit": "2.24",
    "getentropy": "2.25",
    "reallocarray": "2.26",
    "memfd_create": "2.27",
    "thrd_create": "2.28",
    "posix_spawn_file_actions_addchdir_np": "2.29",
    "gettid": "2.30",
    "pthread_clockjoin_np": "2.31",
    "pthread_sigmask": "2.32",
    "fstat": "2.33",
    "dlopen": "2.34",
    "epoll_pwait2": "2.35",
    "arc4random": "2.36",
    "strlcpy": "2.38",
    "__isoc23_strtol": "2.38",
    "pidfd_spawn": "2.39",
    "pidfd_getpid": "2.39",
    "strlcat": "2.40",
    "getrandom": "2.40",
    "sched_setattr": "2.41",
}
"""A function of libc.so.6 to the release that a program is built for. The symbol's own version is no higher."""

QUICK = ("thrd_create", "strlcpy")

PROGRAM = """package main

/*
extern char symbol[] __asm__("{symbol}");
static char *use(void) {{ return symbol; }}
*/
import "C"
import "fmt"

func main() {{ fmt.Println(C.use() != nil) }}
"""


@cache
def loader(newer: bool) -> tuple[Path, str]:
    """The loader of bookworm or of trixie, and the version of its glibc."""
    if host().goarch != "amd64":
        pytest.skip("a machine with amd64 was missing")
    try:
        package = Packages(Store(default_root()), lambda _: None).fetch("glibc-amd64", newer)
    except CouldNotCheck as error:
        pytest.skip(f"Debian's package of glibc was missing: {error}")
    release = {False: "2.36", True: "2.41"}[newer]
    assert package.version.startswith(release)
    return package.path / "usr/x86_64-linux-gnu/lib/ld-linux-x86-64.so.2", release


def loads(program: Path, newer: bool) -> tuple[bool, str]:
    """Whether the program starts there, and what was said."""
    path, _ = loader(newer)
    command = [str(path), "--library-path", str(path.parent), str(program)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0 or "not found" in done.stderr, done.stderr
    return done.returncode == 0, done.stderr


def build(builder: Builder, symbol: str, release: str) -> Path:
    folder = builder.folder / f"glibc-{symbol}"
    folder.mkdir(exist_ok=True)
    (folder / "main.go").write_text(PROGRAM.format(symbol=symbol))
    (folder / "go.mod").write_text("module example.com/floor\n\ngo 1.27\n")
    out = folder / "program"
    cc = zig_cc(f"x86_64-linux-gnu.{release}")
    builder.run_go(
        folder, ["build", "-o", str(out), "."], {"GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "1", "CC": cc}
    )
    return out


@pytest.mark.parametrize(
    "symbol", [pytest.param(name, marks=() if name in QUICK else pytest.mark.sweep) for name in SYMBOLS]
)
def test_it_loads_exactly_where_its_floor_allows(symbol: str, builder: Builder, reader: Path) -> None:
    program = build(builder, symbol, SYMBOLS[symbol])
    needs = needs_in(program, read_binary(program), reader)
    floor = needs.floor(FloorKind.GLIBC)
    assert floor.minimum and numbers(floor.minimum) <= numbers(SYMBOLS[symbol])
    for newer in (False, True):
        there = loader(newer)[1]
        started, said = loads(program, newer)
        assert started is (numbers(floor.minimum) <= numbers(there)), said
        if not started:
            assert f"GLIBC_{floor.minimum}' not found" in said
    assert isinstance(needs.symbols, tuple)
    users = [user.owner for one in needs.symbols for user in one.users if one.name == symbol]
    assert users
    assert {owner.package for owner in users} <= {"main", "runtime/cgo"}


@pytest.mark.sweep
def test_enough_of_them_refuse(builder: Builder) -> None:
    """Bookworm's 2.36 refuses at least five."""
    programs = [build(builder, symbol, release) for symbol, release in SYMBOLS.items()]
    assert sum(not loads(program, newer=False)[0] for program in programs) >= 5
    assert all(loads(program, newer=True)[0] for program in programs)
