"""The table of system calls: whole, made from the headers, and true to what is known of single calls."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from seatrial.tables import system_calls as room
from seatrial.tables.architectures import architectures
from seatrial.tables.system_calls import (
    first_kernel,
    newest_kernel,
    release_of,
    system_calls,
    younger_than,
)

_ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("goarch", architectures())
def test_every_linux_port_has_its_calls(goarch: str) -> None:
    calls = system_calls(goarch)
    names = {call.name for call in calls.values()}
    assert {"read", "write", "openat", "clone", "futex", "rt_sigaction", "openat2", "epoll_pwait"} <= names
    assert all(call.number == number and call.source for number, call in calls.items())
    newest = release_of(newest_kernel())
    assert all(release_of(call.since) <= newest for call in calls.values())


@pytest.mark.parametrize(
    ("goarch", "number", "name", "since"),
    [
        ("amd64", 435, "clone3", "5.3"),
        ("amd64", 437, "openat2", "5.6"),
        ("amd64", 332, "statx", "4.11"),
        ("amd64", 318, "getrandom", "3.17"),
        ("386", 359, "socket", "4.3"),
        ("386", 403, "clock_gettime64", "5.1"),
        ("arm", 386, "bpf", "3.18"),
        ("arm64", 291, "statx", "4.11"),
        ("arm64", 56, "openat", "3.7"),
        ("arm64", 294, "kexec_file_load", "5.0"),
        ("loong64", 291, "statx", "5.19"),
        ("loong64", 451, "cachestat", "6.5"),
        ("mips", 4360, "copy_file_range", "4.5"),
        ("mips64le", 5435, "clone3", "5.4"),
        ("ppc64le", 384, "pkey_alloc", "4.16"),
        ("riscv64", 258, "riscv_hwprobe", "6.4"),
        ("s390x", 359, "socket", "4.3"),
        ("s390x", 433, "fspick", "5.2"),
    ],
)
def test_calls_of_which_the_kernels_own_tables_say_so(goarch: str, number: int, name: str, since: str) -> None:
    call = system_calls(goarch)[number]
    assert (call.name, call.since) == (name, since)


def test_a_number_that_was_never_used_is_no_younger_call() -> None:
    assert system_calls("amd64")[183].since == ""
    assert 183 not in {call.number for call in younger_than("amd64", "3.10")}


def test_what_a_kernel_lacks_follows_from_its_version() -> None:
    lacks = {call.name for call in younger_than("amd64", "4.19.90-24.4.v2101.ky10.x86_64")}
    assert {"io_uring_setup", "clone3", "openat2", "faccessat2", "close_range"} <= lacks
    assert not {"statx", "rseq", "copy_file_range", "read"} & lacks
    assert {call.name for call in younger_than("amd64", "4.10")} - {
        call.name for call in younger_than("amd64", "4.11")
    } == {"statx"}
    assert {call.name for call in younger_than("amd64", "5")} == {call.name for call in younger_than("amd64", "5.0")}
    assert len(younger_than("amd64", "unknown")) > 350
    assert younger_than("amd64", newest_kernel()) == ()


def test_an_architecture_younger_than_the_kernel_is_known() -> None:
    assert first_kernel("loong64") == "5.19"
    assert first_kernel("amd64") == ""
    assert {call.since for call in younger_than("loong64", "5.18")} >= {"5.19"}


def test_no_name_stands_twice_and_every_name_is_used() -> None:
    table = tomllib.loads((Path(room.__file__).parent / "system_calls.toml").read_text())
    once = [name for kind in ("introduced", "never") for row in table[kind] for name in row["calls"]]
    assert len(once) == len(set(once))
    used = {call.name for goarch in architectures() for call in system_calls(goarch).values()}
    assert used == set(once)
    for row in (*table["later"], *table["by_version"]):
        for goarch in row["goarch"]:
            names = {call.name for call in system_calls(goarch).values()}
            assert set(row["calls"]) <= names, (goarch, row)


def test_the_numbers_are_those_of_the_headers() -> None:
    script = _ROOT / "setup/system-call-numbers"
    done = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
