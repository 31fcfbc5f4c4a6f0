"""What the needs of real programs are read with, and what they are run under."""

from pathlib import Path

import pytest

from seatrial.model.absence import Unknown
from seatrial.store import Store, default_root
from seatrial.toolchains.reader import deep_reader
from support.builds import Builder


@pytest.fixture(scope="session")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return Builder(tmp_path_factory.mktemp("programs"))


@pytest.fixture(scope="session")
def reader() -> Path:
    found = deep_reader(Store(default_root()))
    if isinstance(found, Unknown):
        pytest.skip(f"the reader of code was missing: {found.unknown}")
    return found
