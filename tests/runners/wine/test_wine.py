"""The real wine: the one that is installed, and the private one."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from seatrial.errors import CouldNotCheck
from seatrial.host import host
from seatrial.model.platform import Platform
from seatrial.model.runner import CannotOffer, Offer, Workload
from seatrial.model.states import Fidelity
from seatrial.packages import Package, Packages
from seatrial.processes import run
from seatrial.runners.wine import Wine, compile_shim
from seatrial.store import Store

_ENV = {"PATH": os.environ.get("PATH", os.defpath), "HOME": os.environ.get("HOME", "/tmp")}
_WINDOWS = Workload("windows", "amd64")


class _NoNetwork(Packages):
    def fetch(self, name: str, newer: bool = False) -> Package:
        raise CouldNotCheck("No network.", "Connect.")


@pytest.fixture(params=["installed", "private"])
def offer(
    request: pytest.FixtureRequest,
    store: Store,
    platform: Callable[..., Platform],
    monkeypatch: pytest.MonkeyPatch,
) -> Offer:
    if host().goarch != "amd64":
        pytest.skip("an amd64 host was missing")
    wine = Wine(store, Packages(store, print))
    if request.param == "private":
        monkeypatch.setattr(wine, "_installed", lambda: None)
    elif not any(map(shutil.which, ("wine64", "/usr/lib/wine/wine64", "wine"))):
        pytest.skip("an installed wine was missing")
    (found,) = wine.offers(platform(goos="windows", libc="msvcrt", kernel="10.0.14393"), _WINDOWS)
    if isinstance(found, CannotOffer):
        pytest.skip(f"wine was missing: {found.reason}")
    return found


@pytest.mark.wine
@pytest.mark.go
@pytest.mark.slow
def test_a_program_runs_and_its_exit_code_and_stdin_pass_through(offer: Offer, build: Callable[..., Path]) -> None:
    program = build("amd64", goos="windows")
    assert run([*offer.prefix, program], _ENV, 90.0).stdout.startswith("hello from amd64")
    assert run([*offer.prefix, program, "exit", "7"], _ENV, 90.0).exit_code == 7
    assert run([*offer.prefix, program, "stdin"], _ENV, 90.0).stdout == "0 <nil>\n"
    assert run([*offer.prefix, program, "self"], _ENV, 90.0).stdout.startswith("child of amd64 true")
    assert (offer.fidelity, offer.runner) == (Fidelity.API, "wine")
    assert "wine" in next(one.value for one in offer.substitutes if one.fact == "kernel")
    assert offer.limits


@pytest.mark.zig
def test_the_missing_dll_is_built_without_a_c_library(tmp_path: Path) -> None:
    compile_shim(tmp_path / "bcryptprimitives.dll", tmp_path)
    data = (tmp_path / "bcryptprimitives.dll").read_bytes()
    assert data.startswith(b"MZ")
    assert b"ProcessPrng" in data
    assert len(data) < 20_000
    assert [path.name for path in tmp_path.iterdir()] == ["bcryptprimitives.dll"]


def test_a_compiler_that_fails_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    with pytest.raises(CouldNotCheck, match=r"zig could not build bcryptprimitives\.dll"):
        compile_shim(tmp_path / "bcryptprimitives.dll", tmp_path)


def test_no_wine_and_no_network_is_a_reason(
    tmp_path: Path, platform: Callable[..., Platform], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path)
    wine = Wine(store, _NoNetwork(store, print))
    monkeypatch.setattr(wine, "_installed", lambda: None)
    if host().goarch != "amd64":
        pytest.skip("an amd64 host was missing")
    (refusal,) = wine.offers(platform(goos="windows"), _WINDOWS)
    assert isinstance(refusal, CannotOffer)
    assert refusal.reason_code == "no-wine"
    assert refusal.reason.text == "wine cannot be used here: No network."
    assert refusal.needs.text == "wine 8 or newer. Connect."


def test_only_windows_amd64(tmp_path: Path, platform: Callable[..., Platform]) -> None:
    wine = Wine(Store(tmp_path), _NoNetwork(Store(tmp_path), print))
    assert wine.offers(platform(), Workload("linux", "amd64")) == ()
    (refusal,) = wine.offers(platform("arm64", goos="windows"), Workload("windows", "arm64"))
    assert isinstance(refusal, CannotOffer)
    assert refusal.reason_code == "cannot-run"


def test_a_wine_that_makes_no_windows_directory(
    tmp_path: Path, platform: Callable[..., Platform], monkeypatch: pytest.MonkeyPatch
) -> None:
    if host().goarch != "amd64":
        pytest.skip("an amd64 host was missing")
    fake = tmp_path / "wine64"
    fake.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "wine-8.0 (Debian)" && exit 0\necho broken >&2\nexit 1\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    store = Store(tmp_path / "store")
    (refusal,) = Wine(store, _NoNetwork(store, print)).offers(platform(goos="windows"), _WINDOWS)
    assert isinstance(refusal, CannotOffer)
    assert "wine 8.0 could not make its Windows directory" in refusal.reason.text
