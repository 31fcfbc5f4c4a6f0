"""The probes of the conformance suite as tests need them: for this host, with and without planted faults."""

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from seatrial import platforms
from seatrial.host import host
from seatrial.model.go_target import GoTarget
from seatrial.model.program import CCompiler
from seatrial.model.project import BuildSettings
from seatrial.store import Store, default_root
from seatrial.toolchains import NoCCompiler, c_compiler, compile_probe, find_go
from support.conformance_faults import INJECTOR, SUITE

__all__ = ["cgo_probe", "injector", "listed", "pure_probe", "run_probe"]


def pure_probe(faulty: bool = False) -> Path:
    """The static pure-Go probe for this host."""
    return _built(faulty, None)


def cgo_probe(faulty: bool = False) -> Path:
    """The probe of the cases that take C, for this host, made by zig."""
    return _built(faulty, _zig())


def injector() -> Path:
    """The fault injector. Skips where it cannot work."""
    if host().goarch != "amd64":
        pytest.skip("the fault injector is for linux/amd64")
    return compile_probe(find_go(), INJECTOR, GoTarget("linux", "amd64"), Store(default_root()))


def listed(probe: Path) -> tuple[str, ...]:
    """The ids of the cases that are in a probe."""
    done = subprocess.run([probe, "--list"], capture_output=True, text=True, check=True, timeout=60)
    return tuple(json.loads(line)["id"] for line in done.stdout.splitlines())


def run_probe(
    *argv: str | Path, env: dict[str, str] | None = None, seconds: float = 120
) -> tuple[int, list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """Exit code, all lines, and the cases by id."""
    done = subprocess.run(argv, env=os.environ | (env or {}), capture_output=True, text=True, timeout=seconds)
    assert done.stdout, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, lines, {line["case"]: line for line in lines if "case" in line}


@cache
def _built(faulty: bool, cc: CCompiler | None) -> Path:
    return compile_probe(
        find_go(),
        SUITE,
        GoTarget("linux", host().goarch),
        Store(default_root()),
        cc=cc,
        tags=("faults",) if faulty else (),
        env={"CGO_CFLAGS": "-O2 -g -DSEATRIAL_FAULTS"} if faulty and cc else {},
    )


@cache
def _zig() -> CCompiler:
    platform = platforms.load().platform(f"debian-12/{host().goarch}")
    found = c_compiler(platform, BuildSettings(), "", find_go(), Store(default_root()))
    if isinstance(found, NoCCompiler):
        pytest.skip(found.reason.text)
    return found
