"""Known faults of the toolchain are told as what they are, and a second compiler decides: with the real ones."""

import shutil
from functools import cache
from pathlib import Path

import pytest

from seatrial import platforms
from seatrial.build.conformance import CgoProbe, build_cgo_probe
from seatrial.conformance import Request, conformance
from seatrial.formats import read_binary
from seatrial.host import host
from seatrial.model.conformance import Certificate
from seatrial.model.platform import Platform
from seatrial.model.runner import Workload
from seatrial.model.states import State
from seatrial.runners import all_runners, ways
from seatrial.store import Store, default_root
from seatrial.toolchains import find_go, find_zig
from support.conformance_probes import run_probe

pytestmark = [pytest.mark.go, pytest.mark.zig, pytest.mark.slow, pytest.mark.timeout(900)]

EMBEDDED = ("linking/go-archive-in-c-program", "linking/go-library-in-c-program")
FILES = ("seatrial_archivehost", "libseatrial_goshared.so")


def platform(name: str) -> Platform:
    (found,) = platforms.load().select([name])
    return found


def certified(target: str, *cases: str) -> Certificate:
    (made,) = conformance(Request(targets=(target,), cases=cases), Store(default_root()), lambda _: None)
    return made


@cache
def probe_386() -> CgoProbe:
    if find_zig() is None:
        pytest.skip("the package ziglang is missing")
    made = build_cgo_probe(platform("debian-12/386"), find_go(), Store(default_root()))
    assert isinstance(made, CgoProbe), made
    return made


@cache
def prefix_386() -> tuple[str, ...]:
    """The words before a dynamic program of 386, which runs natively on amd64."""
    if host().goarch != "amd64":
        pytest.skip("this host is no amd64: its kernel does not run programs for 386")
    facts = read_binary(probe_386().path)
    workload = Workload("linux", "386", facts.interpreter, facts.libc)
    found = ways(all_runners(Store(default_root()), lambda _: None, Path, Path), platform("debian-12/386"), workload)
    assert found.another() and found.offers[0].runner == "native"
    return found.offers[0].prefix


def asked(libraries: Path, id_: str) -> tuple[str, str]:
    """State and detail of a case with these libraries."""
    env = {"SEATRIAL_LIBRARIES": str(libraries)}
    _, _, cases = run_probe(*prefix_386(), probe_386().path, "--run", id_, env=env)
    return cases[id_]["state"], cases[id_].get("detail", "")


def test_go_in_c_programs_of_386_is_decided_by_gcc() -> None:
    made = certified("debian-12/386", *EMBEDDED, "linking/plugin-*")
    assert made.exit_code == 0
    by_id = {case.id: case for case in made.cases}
    for id_ in EMBEDDED:
        assert by_id[id_].state is State.NA
        assert "a known fault of the toolchain, seen here too: zig's linker applies one of" in by_id[id_].detail
        assert "Built by gcc 12" in by_id[id_].detail
    for id_ in ("linking/plugin-open", "linking/plugin-errors", "linking/plugin-of-another-build"):
        assert by_id[id_].state is State.NA
        assert "R_386_GOT32" in by_id[id_].detail


@pytest.mark.parametrize(("id_", "file"), tuple(zip(EMBEDDED, FILES, strict=True)))
def test_whose_fault_it_is_hangs_on_what_the_second_compiler_made(tmp_path: Path, id_: str, file: str) -> None:
    libraries = shutil.copytree(probe_386().libraries, tmp_path / "libraries")
    second = libraries / "second" / file
    sound = second.read_bytes()
    shutil.copy(libraries / file, second)
    state, detail = asked(libraries, id_)
    assert state == "fail" and "built by gcc 12" in detail  # it crashes, whoever built it: the platform's
    second.with_name(f"{file}.reason").write_text("there is no gcc")
    state, detail = asked(libraries, id_)
    assert state == "n/a" and detail.endswith(". there is no gcc.")
    (libraries / file).write_bytes(sound)
    assert asked(libraries, id_) == ("pass", "")  # the fault is known, and not seen
    (libraries / f"{file}.fault").unlink()
    shutil.copy(second, libraries / file)
    state, detail = asked(libraries, id_)
    assert state == "fail" and "ended with" in detail  # nobody knows of a fault: no excuse
