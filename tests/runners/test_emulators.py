"""Which emulators are taken and what they are asked, with fakes on the PATH."""

from pathlib import Path

import pytest

from seatrial.errors import CouldNotCheck
from seatrial.packages import Package, Packages
from seatrial.runners.emulators import Emulator, emulators, identify, kernels_name, quiet_model, try_model
from seatrial.runners.emulators import unsupported_features as unsupported
from seatrial.store import Store
from seatrial.tables.architectures import architectures

_WARNINGS = (
    "qemu-x86_64: warning: TCG doesn't support requested feature: CPUID.0DH:EAX.xsavec [bit 1]\n"
    "qemu-x86_64: warning: TCG doesn't support requested feature: CPUID.07H:EBX.sha-ni [bit 29]\n"
    "qemu-x86_64: warning: TCG doesn't support requested feature: CPUID.01H:ECX.sse4.1 [bit 19]\n"
    "something else\n"
)
_ROW = architectures()["arm64"]


class _NoPackages(Packages):
    def __init__(self) -> None:
        self.asked: list[str] = []

    def fetch(self, name: str, newer: bool = False) -> Package:
        self.asked.append(name)
        raise CouldNotCheck("No network.", "Connect.")


def _fake(path: Path, version: str, body: str = "exit 1") -> Path:
    path.write_text(
        f'#!/bin/sh\nif [ "$1" = --version ]; then echo "qemu-aarch64 version {version} (Debian)"; exit 0; fi\n{body}\n'
    )
    path.chmod(0o755)
    return path


def test_warnings_name_what_the_emulator_cannot_give() -> None:
    assert unsupported(_WARNINGS) == ("sha-ni", "sse4.1", "xsavec")
    assert [kernels_name(one) for one in unsupported(_WARNINGS)] == ["sha_ni", "sse4_1", "xsavec"]
    assert unsupported("") == ()


def test_installed_emulators_are_used_and_nothing_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _fake(tmp_path / "qemu-aarch64", "11.1.3")
    _fake(tmp_path / "qemu-aarch64-static", "7.2.22")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    packages = _NoPackages()
    found = emulators(Store(tmp_path / "store"), packages, _ROW)
    assert [one.name for one in found if isinstance(one, Emulator)] == ["qemu-user 11.1.3", "qemu-user 7.2.22"]
    assert packages.asked == []


def test_what_is_missing_is_fetched_and_its_absence_has_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fake(tmp_path / "qemu-aarch64", "7.2.22")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    packages = _NoPackages()
    newer, older = emulators(Store(tmp_path / "store"), packages, _ROW)
    assert isinstance(newer, CouldNotCheck)
    assert isinstance(older, Emulator)
    assert packages.asked == ["qemu-user-10"]


def test_a_changed_binary_is_another_emulator(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    first = identify(store, _fake(tmp_path / "qemu-aarch64", "10.0.2"))
    assert first is not None
    assert identify(store, tmp_path / "qemu-aarch64") == first
    second = identify(store, _fake(tmp_path / "qemu-aarch64", "10.0.3"))
    assert second is not None
    assert (second.version, second.sha256 != first.sha256) == ("10.0.3", True)


@pytest.mark.parametrize("text", ["#!/bin/sh\nexit 1\n", "#!/bin/sh\necho hello\n", "\x7fELF broken"])
def test_what_is_no_emulator_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "qemu-aarch64").write_text(text)
    (tmp_path / "qemu-aarch64").chmod(0o755)
    assert identify(Store(tmp_path / "store"), tmp_path / "qemu-aarch64") is None
    assert identify(Store(tmp_path / "store"), tmp_path / "none") is None


_BODY = """case "$2" in
*-xsavec*) ;;
good*) echo "q: warning: TCG doesn't support requested feature: CPUID.0DH:EAX.xsavec [bit 1]" >&2;;
*) echo "unable to find CPU model '$2'" >&2; exit 1;;
esac
echo "q: x: Invalid ELF image for this architecture" >&2; exit 255"""


def test_a_model_is_tried_and_told_not_to_warn(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    emulator = identify(store, _fake(tmp_path / "qemu-aarch64", "10.0.2", _BODY))
    assert emulator is not None
    sample = tmp_path / "sample"
    sample.write_text("x")
    good = try_model(store, emulator, sample, "good,vendor=x")
    assert (good.works, good.unsupported) == (True, ("xsavec",))
    assert quiet_model(store, emulator, sample, "good,vendor=x", good) == "good,vendor=x,-xsavec"
    bad = try_model(store, emulator, sample, "bad")
    assert (bad.works, bad.said) == (False, "unable to find CPU model 'bad'")
