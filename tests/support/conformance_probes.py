"""The probes of the conformance suite as tests need them: for this host, with and without planted faults."""

import json
import os
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from seatrial.build.conformance import build_cgo_probe, build_pure_probe
from seatrial.conformance import host_platform
from seatrial.host import host
from seatrial.model.go_target import GoTarget
from seatrial.model.message import Message
from seatrial.store import Store, default_root
from seatrial.toolchains import compile_probe, find_go, find_zig
from support.conformance_faults import INJECTOR, Fault

__all__ = ["BuiltProbe", "cgo_probe", "injector", "listed", "pure_probe", "run_probe", "run_under"]


class BuiltProbe(msgspec.Struct, frozen=True):
    """A probe, and what its environment must hold."""

    path: Path
    env: Mapping[str, str] = {}


@cache
def pure_probe(faulty: bool = False) -> BuiltProbe:
    """The static pure-Go probe for this host."""
    return BuiltProbe(build_pure_probe(host_platform(), find_go(), Store(default_root()), faulty))


@cache
def cgo_probe(faulty: bool = False) -> BuiltProbe:
    """The probe of the cases that take C, for this host, with its libraries. Skips where zig is missing."""
    if find_zig() is None:
        pytest.skip("the package ziglang is missing")
    made = build_cgo_probe(host_platform(), find_go(), Store(default_root()), faulty)
    assert not isinstance(made, Message), made
    return BuiltProbe(made.path, {"SEATRIAL_LIBRARIES": str(made.libraries)})


def injector() -> Path:
    """The fault injector. Skips where it cannot work."""
    if host().goarch != "amd64":
        pytest.skip("the fault injector is for linux/amd64")
    return compile_probe(find_go(), INJECTOR, GoTarget("linux", "amd64"), Store(default_root()))


@cache
def listed(probe: Path) -> tuple[str, ...]:
    """The ids of the cases that are in a probe."""
    done = subprocess.run([probe, "--list"], capture_output=True, text=True, check=True, timeout=60)
    return tuple(json.loads(line)["id"] for line in done.stdout.splitlines())


def run_probe(
    *argv: str | Path, env: Mapping[str, str] | None = None, seconds: float = 120
) -> tuple[int, list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """Exit code, all lines, and the cases by id."""
    done = subprocess.run(argv, env=os.environ | dict(env or {}), capture_output=True, text=True, timeout=seconds)
    assert done.stdout, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, lines, {line["case"]: line for line in lines if "case" in line}


def run_under(
    fault: Fault, probe: BuiltProbe, folder: Path, *arguments: str, seconds: float = 120
) -> tuple[int, list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """The same under a fault; the probe is built with the planted faults unless the fault has rules.

    The injector makes system calls slow, so time limits are longer, except for what must run into them.
    """
    command: list[str | Path] = [probe.path, *arguments]
    env = dict(probe.env) | {"SEATRIAL_TIME_FACTOR": "1" if fault.hangs else "4"}
    if fault.rule:
        rules = folder / "rules.json"
        rules.write_bytes(msgspec.json.encode(fault.rule))
        command = [injector(), rules, *command]
    else:
        env["SEATRIAL_FAULT"] = fault.name
    return run_probe(*command, env=env, seconds=seconds)
