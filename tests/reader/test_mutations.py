"""The reader on damaged binaries: every want answers with facts or with a reason, in time and within its memory."""

import os
import random
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from seatrial.formats import read_binary
from seatrial.formats.deep import deep_request
from seatrial.formats.description import Description
from seatrial.model.binary import BinaryFacts
from seatrial.needs import wants_of
from seatrial.toolchains.reader import READER_SOURCE
from support.builds import Builder, go_command, zig_cc

pytestmark = pytest.mark.go

FLAT = "-ldflags=-compressdwarf=false"  # else most damage would end in the decompressor
SHARED, ARCHIVE, PIE = "-buildmode=c-shared", "-buildmode=c-archive", "-buildmode=pie"


class Input(NamedTuple):
    """A program that is damaged."""

    port: str
    few: int = 0
    """Damaged copies in every run of the tests."""
    many: int = 0
    """Damaged copies in a sweep."""
    mode: str = ""
    target: str = ""
    """The target of zig, for a program with C in it."""
    without: str = ""
    """Wants that the reader does not answer of this program, whole as it is."""

    def __str__(self) -> str:
        words = (self.port, self.mode.removeprefix("-buildmode="), "c" if self.target else "")
        return "-".join(filter(None, words))

    def build(self, builder: Builder) -> Path:
        flags = (self.mode, FLAT) if self.mode else (FLAT,)
        return builder.build(self.port, *flags, cc=zig_cc(self.target) if self.target else "")


AMD64, ARM64 = "x86_64-linux-gnu.2.28", "aarch64-linux-gnu.2.28"
INPUTS = (
    Input("linux/amd64", 60, 1500),
    Input("linux/arm64", 0, 1200),
    Input("linux/386", 40, 1000),
    Input("linux/arm", 0, 1000, without="coverage"),
    Input("linux/loong64", 0, 1000),
    Input("linux/riscv64", 0, 1000),
    Input("linux/s390x", 40, 1200, without="coverage"),
    Input("linux/ppc64le", 0, 1000, without="coverage"),
    Input("linux/mips", 60, 1200, without="coverage"),
    Input("linux/mips64le", 0, 800, without="coverage"),
    Input("freebsd/amd64", 0, 500),
    Input("windows/amd64", 0, 1000),
    Input("windows/386", 60, 1200),
    Input("windows/arm64", 0, 700),
    Input("darwin/amd64", 0, 700),
    Input("darwin/arm64", 20, 1000),
    Input("linux/amd64", 0, 1000, target=AMD64),
    Input("linux/amd64", 0, 1000, PIE, AMD64),
    Input("linux/amd64", 0, 1000, SHARED, AMD64),
    Input("linux/amd64", 30, 1000, ARCHIVE, AMD64, "units debug_types"),
    Input("linux/arm64", 0, 1000, SHARED, ARM64),
)


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
    return wants_of(facts, ("main.main", "malloc")) | {
        "functions": everything,
        "types": everything,
        "itabs": everything,
        "inlining": {},
        "units": {"functions": True, "go": True},
        "debug_types": {"all": True, "go": True},
        "conventions": None,
        "coverage": None,  # of a log that is damaged as well
        "slots": None,
    }


def log_of_a_run(image: Description) -> str:
    """As QEMU writes it, of blocks all over the code."""
    chance = random.Random(1)
    code = max((part for part in image.sections if "x" in part.flags), key=lambda part: part.size)
    lines = []
    for host in range(0x7F0000000100, 0x7F0000010000, 0x100):
        start = code.address + chance.randrange(code.size - 64) // 4 * 4
        lines += ["----------------", "IN: main.main", *(f"0x{start + at:08x}:  90  nop" for at in range(0, 16, 4)), ""]
        lines.append(f"Trace 0: 0x{host:x} [00000000/{start:016x}/00000001/00000200] main.main")
        lines.append(f"Linking TBs 0x{host:x} index 0 -> 0x{host + 0x100:x}")
    return "\n".join([*lines, "End of log", ""])


def mutate(builder: Builder, path: Path, count: int, asked: dict[str, object], without: str = "") -> None:
    """Damages a file `count` times, the same way each time. `without`: wants that cannot be answered of it."""
    request = deep_request(path, read_binary(path), asked)
    place, log = builder.folder / f"{path.name}.request", builder.folder / f"{path.name}.log"
    place.write_bytes(msgspec.json.encode(request))
    log.write_text(log_of_a_run(request.image))
    env = {"MUTATE_REQUEST": str(place), "MUTATE_LOG": str(log), "MUTATE_WITHOUT": without}
    env |= {"MUTATE_COUNT": str(count), "MUTATE_SEED": "1", "PATH": os.defpath}
    command = [str(harness(builder.folder)), "-test.run=TestMutations", "-test.v", "-test.timeout=2h"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=7200, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


def test_the_limit_of_memory_ends_the_reader(builder: Builder) -> None:
    command = [str(harness(builder.folder)), "-test.run=TestLimit"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.zig
@pytest.mark.parametrize("damaged", [one for one in INPUTS if one.few], ids=str)
def test_a_few_mutants(damaged: Input, builder: Builder) -> None:
    path = damaged.build(builder)
    mutate(builder, path, damaged.few, wants(read_binary(path)), damaged.without)


@pytest.mark.zig
@pytest.mark.sweep
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("damaged", INPUTS, ids=str)
def test_twenty_thousand_mutants(damaged: Input, builder: Builder) -> None:
    path = damaged.build(builder)
    mutate(builder, path, damaged.many, wants(read_binary(path)), damaged.without)


def test_there_are_twenty_thousand() -> None:
    assert sum(one.many for one in INPUTS) >= 20_000


@pytest.mark.parametrize(
    ("port", "count"),
    [
        *(("linux/amd64", 30), ("darwin/arm64", 10)),
        *(pytest.param(port, 1000, marks=pytest.mark.sweep) for port in ("linux/amd64", "linux/arm64")),
    ],
)
@pytest.mark.timeout(7200)
def test_instruction_sets_with_nothing_told(builder: Builder, port: str, count: int) -> None:
    """Then every function goes beyond the base, and all their callers are followed."""
    mutate(builder, builder.build(port, FLAT), count, {"isa": None})
