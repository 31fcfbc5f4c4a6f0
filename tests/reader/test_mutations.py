"""The reader on damaged binaries: every want answers with facts or with a reason, in time and within its memory."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import msgspec
import pytest

from seatrial.formats import read_binary
from seatrial.formats.deep import deep_request
from seatrial.model.binary import BinaryFacts
from seatrial.needs import wants_of
from seatrial.toolchains.reader import READER_SOURCE
from support.builds import Builder, go_command, zig_cc

FLAT = "-ldflags=-compressdwarf=false"  # else most damage would end in the decompressor


@cache
def harness(folder: Path) -> Path:
    """`mutations_test.go` with the reader around it, built."""
    source = folder / "reader"
    shutil.copytree(READER_SOURCE, source)
    shutil.copy(Path(__file__).with_name("mutations_test.go"), source)
    made = folder / "mutations"
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "", "CGO_ENABLED": "0"}
    command = [str(go_command()), "test", "-c", "-o", str(made), "."]
    done = subprocess.run(command, cwd=source, env=env, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    return made


def wants(facts: BinaryFacts) -> dict[str, object]:
    """All that the reader knows, with everything told."""
    everything = {"all": True}
    return wants_of(facts) | {
        "functions": everything,
        "types": everything,
        "itabs": everything,
        "inlining": {},
        "units": {"functions": True, "go": True},
        "debug_types": {"all": True, "go": True},
        "conventions": None,
        "slots": None,
    }


def mutate(
    builder: Builder,
    path: Path,
    count: int,
    seed: int,
    without: tuple[str, ...] = (),
    asked: dict[str, object] | None = None,
) -> None:
    """`without`: wants that cannot be answered of this file, whole as it is; `asked`: instead of all wants."""
    facts = read_binary(path)
    if asked is None:
        asked = {name: None if name in without else args for name, args in wants(facts).items()}
    request = deep_request(path, facts, asked)
    place = builder.folder / f"{path.name}.request"
    place.write_bytes(msgspec.json.encode(request))
    env = {"MUTATE_REQUEST": str(place), "MUTATE_COUNT": str(count), "MUTATE_SEED": str(seed), "PATH": os.defpath}
    command = [str(harness(builder.folder)), "-test.run=TestMutations", "-test.v", "-test.timeout=2h"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=7200, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


@pytest.mark.go
def test_the_limit_of_memory_ends_the_reader(builder: Builder) -> None:
    command = [str(harness(builder.folder)), "-test.run=TestLimit"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.go
@pytest.mark.parametrize(
    ("port", "count"), [("linux/amd64", 60), ("linux/mips", 60), ("windows/386", 60), ("darwin/arm64", 10)]
)
def test_a_few_mutants(builder: Builder, port: str, count: int) -> None:
    mutate(builder, builder.build(port, FLAT), count, seed=1)


@pytest.mark.go
@pytest.mark.parametrize(
    ("port", "count"),
    [
        *(("linux/amd64", 12), ("darwin/arm64", 4)),
        *(pytest.param(port, 1000, marks=pytest.mark.sweep) for port in ("linux/amd64", "linux/arm64")),
    ],
)
@pytest.mark.timeout(7200)
def test_instruction_sets_with_nothing_told(builder: Builder, port: str, count: int) -> None:
    """Then every function goes beyond the base, and all their callers are followed."""
    mutate(builder, builder.build(port, FLAT), count, seed=1, asked={"isa": None})


@pytest.mark.go
@pytest.mark.sweep
@pytest.mark.timeout(7200)
@pytest.mark.parametrize(
    ("port", "count"),
    [
        *(("linux/amd64", 4000), ("linux/mips", 4000), ("linux/s390x", 3000), ("windows/386", 4000)),
        ("darwin/arm64", 1000),
    ],
)
def test_twenty_thousand_mutants(builder: Builder, port: str, count: int) -> None:
    """And those of the next test."""
    mutate(builder, builder.build(port, FLAT), count, seed=1000)


@pytest.mark.go
@pytest.mark.zig
@pytest.mark.sweep
@pytest.mark.timeout(7200)
def test_mutants_with_c_and_relocations(builder: Builder) -> None:
    cc = zig_cc("x86_64-linux-gnu.2.28")
    mutate(builder, builder.build("linux/amd64", "-buildmode=pie", FLAT, cc=cc), 2000, seed=2000)
    mutate(
        builder, builder.build("linux/amd64", "-buildmode=c-archive", FLAT, cc=cc), 2000, 3000, ("units", "debug_types")
    )
