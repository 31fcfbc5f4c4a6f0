"""The whole way of `seatrial inspect`, from the containers to the page, on damaged copies of real programs."""

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from support import mutations
from support.builds import Builder, zig_cc
from support.macho_writer import AMD64, ARM64, universal

pytestmark = pytest.mark.go

SCRIPT = Path(__file__).parents[1] / "support" / "inspect_many.py"
BATCH = 50
STRIPPED = "-ldflags=-s -w"
ZIG = zig_cc("x86_64-linux-gnu.2.28")


class Damaged(NamedTuple):
    name: str
    few: int
    many: int


INPUTS = (
    Damaged("linux/amd64", 12, 300),
    Damaged("linux/arm64", 0, 300),
    Damaged("linux/386", 0, 300),
    Damaged("linux/loong64", 0, 300),
    Damaged("linux/riscv64", 0, 300),
    Damaged("linux/s390x", 0, 200),
    Damaged("linux/mips", 0, 200),
    Damaged("windows/amd64", 9, 300),
    Damaged("windows/arm64", 0, 100),
    Damaged("universal", 6, 300),
    Damaged("c-shared", 0, 300),
    Damaged("c-archive", 6, 300),
)


def build(builder: Builder, name: str) -> bytes:
    if name == "universal":
        return universal(
            *((cpu, build(builder, f"darwin/{arch}")) for cpu, arch in ((AMD64, "amd64"), (ARM64, "arm64")))
        )
    if name.startswith("c-"):
        return builder.build("linux/amd64", f"-buildmode={name}", cc=ZIG).read_bytes()
    return builder.build(name, STRIPPED).read_bytes()


def damaged(made: bytes, count: int) -> Iterator[bytes]:
    """Half of them in the headers, and half anywhere in the first half, where code, constants and Go's tables are."""
    yield from mutations.mutants(made, count // 2, seed=1)
    chance = random.Random(2)
    for _ in range(count - count // 2):
        raw = bytearray(made)
        for _ in range(chance.choice((1, 8, 64, 1024))):
            raw[chance.randrange(64, len(raw) // 2)] ^= 1 << chance.randrange(8)
        yield bytes(raw)


def inspect_all(folder: Path, *reader: Path) -> list[dict[str, object]]:
    command = [sys.executable, str(SCRIPT), str(folder), *map(str, reader)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == len(list(folder.iterdir())), f"ended on file {len(results)}: {done.stderr[-2000:]}"
    return results


def check(made: bytes, count: int, folder: Path, reader: Path) -> None:
    results: list[dict[str, object]] = []
    for index, content in enumerate(damaged(made, count)):
        (folder / f"{index:04}").write_bytes(content)
        if (index + 1) % BATCH == 0 or index + 1 == count:
            results += inspect_all(folder, reader)
            for path in folder.iterdir():
                path.unlink()
    assert len(results) == count
    for result in results:
        stderr = str(result["stderr"])
        assert result["code"] in (0, 2), result
        if result["code"] == 2:
            assert result["stdout"] == 0 and stderr.startswith("seatrial: ") and stderr.count("\n") == 1, result
        else:
            assert result["stdout"] and not stderr, result
    assert 0 in {result["code"] for result in results}


def test_the_reader_is_asked_within_the_limit(builder: Builder, tmp_path: Path, reader: Path) -> None:
    (tmp_path / "program").write_bytes(build(builder, "linux/amd64"))
    (with_code,), (without,) = inspect_all(tmp_path, reader), inspect_all(tmp_path)
    assert int(str(with_code["stdout"])) > 10 * int(str(without["stdout"]))


@pytest.mark.zig
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("name", "count"),
    [
        *((one.name, one.few) for one in INPUTS if one.few),
        *(pytest.param(one.name, one.many, marks=pytest.mark.sweep) for one in INPUTS),
    ],
)
def test_damage_is_told_in_one_line_or_in_the_facts(
    name: str, count: int, builder: Builder, tmp_path: Path, reader: Path
) -> None:
    check(build(builder, name), count, tmp_path, reader)
