"""Tiny modules in temporary directories, built by the real toolchain."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from seatrial import platforms
from seatrial.model.platform import Platform
from seatrial.store import Store
from seatrial.toolchains import GoToolchain, find_go

Write = Callable[[Mapping[str, str]], None]


@pytest.fixture(scope="session")
def go() -> GoToolchain:
    return find_go()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The root of a module."""
    place = tmp_path / "home"
    place.mkdir()
    return place


@pytest.fixture
def write(home: Path) -> Write:
    """Write files of the module, and wait until their times are old enough to be trusted."""

    def files(content: Mapping[str, str]) -> None:
        for name, text in content.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        time.sleep(0.03)

    return files


@pytest.fixture(scope="session")
def platform() -> Callable[[str], Platform]:
    catalogue = platforms.load()

    def named(name: str) -> Platform:
        (found,) = catalogue.select([name])
        return found

    return named
