"""Files for the readers: bytes written by hand, or programs built once a session with the real compilers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from seatrial.formats import read_binary
from seatrial.model.binary import BinaryFacts


@pytest.fixture
def facts_of(tmp_path: Path) -> Callable[[bytes], BinaryFacts]:
    """Reads bytes as a file named `file`."""

    def read(content: bytes) -> BinaryFacts:
        path = tmp_path / "file"
        path.write_bytes(content)
        return read_binary(path)

    return read
