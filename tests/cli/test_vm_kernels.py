"""`seatrial vm kernels` as a user runs it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from seatrial.errors import CouldNotCheck
from seatrial.packages import Packages
from seatrial.packages.kernels import fetch, kernels
from support.verification import own_store

_SEATRIAL = (sys.executable, "-c", "from seatrial.cli import main; main()", "vm", "kernels")


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*_SEATRIAL, *words], capture_output=True, text=True, check=False, timeout=120)


def _rows(*words: str) -> dict[tuple[str, str], dict[str, Any]]:
    done = _run("--json", "-", *words)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["schema"] == "seatrial/kernels/1"
    return {(row["name"], row["goarch"]): row for row in report["kernels"]}


def test_every_kernel_is_listed_and_nothing_is_fetched_for_it(tmp_path: Path) -> None:
    place = tmp_path / "cache"
    rows = _rows("--cache-dir", str(place))
    assert set(rows) == {(row.name, row.goarch) for row in kernels()}
    assert {row["state"] for row in rows.values()} == {"not fetched"}
    assert rows["debian-13-16k", "arm64"]["page_size"] == 16384
    assert rows["debian-13", "amd64"]["cgroups"] == ["v2"]
    assert not place.exists()


def test_a_fetched_kernel_is_verified_and_a_changed_one_is_damaged(tmp_path: Path) -> None:
    store = own_store(tmp_path / "cache")
    try:
        kernel = fetch(store, Packages(store, print), "debian-sid", "loong64")
    except CouldNotCheck as error:
        pytest.skip(f"the kernel debian-sid for loong64 was missing: {error}")
    row = _rows("--cache-dir", str(store.root))["debian-sid", "loong64"]
    assert (row["state"], row["version"], row["image"]) == ("verified", kernel.version, kernel.image)
    assert row["builtin"] == ["virtio_pci", "virtio_console"]
    assert kernel.package is not None
    assert (row["package_version"], row["package_sha256"]) == (kernel.package.version, kernel.package.sha256)
    with Path(kernel.image).open("ab") as image:
        image.write(b"!")
    done = _run("--cache-dir", str(store.root))
    assert done.returncode == 0
    (line,) = (line for line in done.stdout.splitlines() if line.startswith("debian-sid") and "loong64" in line)
    assert "damaged" in line and kernel.package.version in line
    assert f"debian-sid for loong64 is damaged: delete {Path(kernel.image).parent}" in done.stderr


def test_a_file_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    done = _run("--json", "/proc/no/such/folder", "--cache-dir", str(tmp_path / "cache"))
    assert done.returncode == 2
    assert "No such file" in done.stderr and "Traceback" not in done.stderr
