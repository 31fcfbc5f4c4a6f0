"""The instructions of the calibration program: an assembler agrees with each, and features are those of the kernel."""

import subprocess
from pathlib import Path

import pytest

from seatrial.tables.calibration import instructions
from seatrial.tables.instruction_sets import levels
from seatrial.toolchains import find_zig

_ARM64 = """.arch armv9-a+sm4+sha3+sve2+rng+fp16fml+bf16+i8mm+flagm+crypto+fp16
.arch_extension ssbs
.arch_extension sb
"""
_MARK = b"\x13\x37slot\x37\x13\x37\x13\x37\x13"


@pytest.mark.parametrize("goarch", ["amd64", "arm64"])
def test_names_and_encodings_are_told_once(goarch: str) -> None:
    rows = instructions(goarch)
    assert len({row.name for row in rows}) == len({row.encoding for row in rows}) == len(rows) > 30
    limit = 4 if goarch == "arm64" else 15
    assert all(0 < len(bytes.fromhex(row.encoding)) <= limit for row in rows)


def test_no_port_no_instructions() -> None:
    assert instructions("s390x") == ()


def test_features_bear_the_names_that_go_variants_use() -> None:
    known = {row.feature for row in instructions("amd64")}
    v3 = next(level for level in levels("amd64") if level.name == "v3").features
    # What needs no instruction of its own, or has none that traps everywhere without it (calibration.toml).
    assert v3 - known == {"fpu", "cx8", "cmov", "mmx", "fxsr", "sse", "sse2", "abm"}


@pytest.mark.zig
@pytest.mark.parametrize(("goarch", "triple"), [("amd64", "x86_64-linux-gnu"), ("arm64", "aarch64-linux-gnu")])
def test_an_assembler_makes_the_same_bytes(goarch: str, triple: str, tmp_path: Path) -> None:
    zig = find_zig()
    if zig is None:
        pytest.skip("zig (the package ziglang) was missing")
    rows = instructions(goarch)
    mark = ".byte " + ", ".join(map(str, _MARK))
    text = _ARM64 if goarch == "arm64" else ""
    text += "".join(f"{mark}\n{row.assembly}\n" for row in rows) + mark + "\n"
    (tmp_path / "slots.s").write_text(text)
    command = [zig.path, "cc", "-target", triple, "-c", "slots.s", "-o", "slots.o"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    _, *slots, _ = (tmp_path / "slots.o").read_bytes().split(_MARK)
    assert [slot.hex() for slot in slots] == [row.encoding for row in rows]
