"""Programs whose kernel floors are known: Go's own commands, and small ones that make one newer system call."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from support.builds import Builder, go_command

NEWER_CALLS = {
    "renameat2": (316, "syscall6"),
    "sched_getattr": (315, "raw"),
    "memfd_create": (319, "syscall"),
    "getrandom": (318, "assembly"),
    "membarrier": (324, "handed on"),
    "mlock2": (325, "raw"),
    "copy_file_range": (326, "syscall6"),
    "preadv2": (327, "handed on"),
    "statx": (332, "syscall6"),
    "io_uring_setup": (425, "assembly"),
    "pidfd_open": (434, "syscall"),
    "close_range": (436, "raw"),
    "openat2": (437, "syscall6"),
    "faccessat2": (439, "handed on"),
    "process_madvise": (440, "assembly"),
    "epoll_pwait2": (441, "syscall6"),
    "landlock_create_ruleset": (444, "syscall"),
    "futex_waitv": (449, "handed on"),
    "cachestat": (451, "assembly"),
    "fchmodat2": (452, "raw"),
    "mseal": (462, "syscall"),
}
"""The kernel's name to its number on amd64 and the way in which the program makes it."""

_WAYS = {
    "syscall": "_, _, errno := syscall.Syscall({number}, 0, 0, 0)",
    "raw": "_, _, errno := syscall.RawSyscall({number}, 0, 0, 0)",
    "syscall6": "_, _, errno := syscall.Syscall6({number}, 0, 0, 0, 0, 0, 0)",
    "handed on": "errno := ask({number})",
    "assembly": "errno := syscall.Errno(-enter())",
}

_MAIN = """package main

import (
	"fmt"
	"os"
	"syscall"
)
{more}
func main() {{
	{call}
	if errno == syscall.ENOSYS {{
		fmt.Fprintln(os.Stderr, "the kernel does not have it")
		os.Exit(1)
	}}
}}
"""

_HANDED_ON = """
//go:noinline
func ask(number uintptr) syscall.Errno {
	_, _, errno := syscall.Syscall6(number, 0, 0, 0, 0, 0, 0)
	return errno
}
"""

_ASSEMBLY = """#include "textflag.h"

TEXT ·enter(SB), NOSPLIT, $0-8
	MOVL $0, DI
	MOVL $0, SI
	MOVL $0, DX
	MOVL ${number}, AX
	SYSCALL
	MOVQ AX, ret+0(FP)
	RET
"""


def caller(builder: Builder, name: str) -> Path:
    """The program that makes this call, with arguments that are wrong: only ENOSYS makes it fail."""
    number, way = NEWER_CALLS[name]
    folder = builder.folder / f"call-{name}"
    out = folder / "program"
    if not out.exists():
        folder.mkdir()
        more = {"handed on": _HANDED_ON, "assembly": "\nfunc enter() int\n"}.get(way, "")
        (folder / "main.go").write_text(_MAIN.format(more=more, call=_WAYS[way].format(number=number)))
        (folder / "go.mod").write_text(f"module example.com/{name}\n\ngo 1.27\n")
        if way == "assembly":
            (folder / "enter_amd64.s").write_text(_ASSEMBLY.format(number=number))
        builder.run_go(folder, ["build", "-o", str(out), "."], {"GOARCH": "amd64", "CGO_ENABLED": "0"})
    return out


class Command(NamedTuple):
    """One of Go's own commands, with a run that works on any kernel that Go runs on."""

    package: str
    words: Callable[[Path], list[str]]
    """The arguments, given a folder to write to that holds main.go."""


def _goroot() -> Path:
    return go_command().parents[1]


COMMANDS = {
    "gofmt": Command("cmd/gofmt", lambda folder: ["-l", str(folder / "main.go")]),
    "go": Command("cmd/go", lambda folder: ["version", "-m", str(go_command())]),
    "compile": Command("cmd/compile", lambda folder: ["-p", "x", "-o", str(folder / "x.o"), str(folder / "main.go")]),
    "asm": Command("cmd/asm", lambda folder: ["-p", "x", "-o", str(folder / "s.o"), str(folder / "empty.s")]),
    "cover": Command("cmd/cover", lambda folder: ["-mode=set", "-o", str(folder / "out.go"), str(folder / "main.go")]),
    "nm": Command("cmd/nm", lambda folder: [str(go_command())]),
    "objdump": Command("cmd/objdump", lambda folder: ["-s", "^main.main$", str(go_command())]),
    "buildid": Command("cmd/buildid", lambda folder: [str(go_command())]),
    "pack": Command("cmd/pack", lambda folder: ["c", str(folder / "x.a"), str(folder / "main.go")]),
    "test2json": Command("cmd/test2json", lambda folder: ["/bin/true"]),
    "addr2line": Command("cmd/addr2line", lambda folder: [str(go_command())]),
}


def command(builder: Builder, name: str) -> Path:
    """The command, built from the toolchain's sources."""
    out = builder.folder / f"command-{name}"
    if not out.exists():
        builder.run_go(_goroot() / "src", ["build", "-o", str(out), COMMANDS[name].package], {"CGO_ENABLED": "0"})
    return out
