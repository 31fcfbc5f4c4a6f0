"""How the runtime of each port works, read from the code of a program that was built for it."""

from pathlib import Path

import pytest

from seatrial.formats import read_binary
from seatrial.formats.deep import read_deep
from seatrial.inspection import inspect
from seatrial.model.conventions import Conventions
from support.builds import Builder

pytestmark = pytest.mark.go

G = {
    "linux/386": "TLS GS:0x0 -0x4",
    "linux/amd64": "R14",
    "linux/arm": "R10",
    "linux/arm64": "R28",
    "linux/loong64": "R22",
    "linux/mips": "R30",
    "linux/mips64": "R30",
    "linux/mips64le": "R30",
    "linux/mipsle": "R30",
    "linux/ppc64": "R30",
    "linux/ppc64le": "R30",
    "linux/riscv64": "R27",
    "linux/s390x": "R13",
    "windows/amd64": "R14",
    "darwin/arm64": "R28",
}
"""Go source: cmd/compile/abi-internal.md and cmd/internal/obj/<architecture>: REGG, and the TLS slot of 386."""

QUICK = ("linux/386", "linux/amd64", "linux/arm64", "linux/loong64")
STORE = {"386": "XCHG", "amd64": "XCHG", "arm64": "STLR", "loong64": "DBAR", "riscv64": "FENCE", "s390x": "BCR"}


def conventions(path: Path, reader: Path) -> Conventions:
    told = read_deep(path, read_binary(path), reader, {"conventions": None}).part("conventions", Conventions)
    assert isinstance(told, Conventions)
    return told


@pytest.mark.parametrize("port", [pytest.param(p, marks=() if p in QUICK else pytest.mark.sweep) for p in sorted(G)])
def test_every_port(port: str, builder: Builder, reader: Path) -> None:
    told = conventions(builder.build(port, "-ldflags=-s -w"), reader)
    assert told.g == G[port]
    assert told.guard == (8 if port.endswith(("/386", "/arm", "/mips", "/mipsle")) else 16)
    assert told.checked > 3 * told.unchecked > 0
    assert told.other_forms * 100 < told.checked
    assert set(told.kinds) == {"load", "store", "exchange"}
    assert all(kind.sufficient for kind in told.kinds.values())
    assert STORE.get(port.partition("/")[2], "") in ("", *told.kinds["store"].found)


@pytest.mark.sweep
@pytest.mark.parametrize(("release", "g"), [("1.16.15", "TLS FS:-0x8"), ("1.17.13", "R14")])
def test_amd64_moved_g_to_a_register(release: str, g: str, builder: Builder, reader: Path) -> None:
    assert conventions(builder.build_by(release, "linux/amd64"), reader).g == g


def test_inspect_tells_them(builder: Builder, reader: Path) -> None:
    (part,) = inspect(builder.build("linux/arm64"), reader).parts
    assert isinstance(part.conventions, Conventions)
    assert part.conventions.g == "R28"
    assert "STLR" in part.conventions.emitted
