"""The canary compiles for every port that platforms name, and for both families without Unix signals or with."""

from pathlib import Path

import pytest

from seatrial.errors import CouldNotCheck
from seatrial.toolchains.compile import REPRODUCIBLE_FLAGS
from seatrial.toolchains.go import find_go
from seatrial.trials.canary import CANARY_SOURCE

PORTS = {
    "linux": (
        "amd64",
        "386",
        "arm64",
        "arm",
        "loong64",
        "riscv64",
        "ppc64le",
        "ppc64",
        "s390x",
        "mips",
        "mipsle",
        "mips64",
        "mips64le",
    ),
    "windows": ("amd64", "386", "arm64"),
    "darwin": ("amd64", "arm64"),
    "freebsd": ("amd64", "arm64"),
}


@pytest.mark.go
@pytest.mark.slow
@pytest.mark.parametrize(("goos", "goarch"), [(goos, goarch) for goos, arches in PORTS.items() for goarch in arches])
def test_it_compiles(goos: str, goarch: str, tmp_path: Path) -> None:
    try:
        go = find_go()
    except CouldNotCheck as error:
        pytest.skip(f"the Go toolchain was missing: {error}")
    env = {"GOOS": goos, "GOARCH": goarch, "CGO_ENABLED": "0", "GOWORK": "off"}
    arguments = ("build", *REPRODUCIBLE_FLAGS, "-o", str(tmp_path / "canary"), ".")
    done = go.run(arguments, env, 300.0, CANARY_SOURCE)
    assert done.ok, done.stderr


def test_it_has_no_dependencies() -> None:
    assert (CANARY_SOURCE / "go.mod").read_text() == "module seatrial.dev/canary\n\ngo 1.21\n"
