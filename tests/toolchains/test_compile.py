from pathlib import Path

import pytest

from seatrial.errors import CouldNotCheck
from seatrial.model.go_target import GoTarget
from seatrial.store import Store
from seatrial.toolchains import compile_probe, find_go

pytestmark = pytest.mark.go


def _probe(place: Path, body: str = "println(1)") -> Path:
    place.mkdir(exist_ok=True)
    (place / "go.mod").write_text("module probe\n\ngo 1.24\n")
    (place / "main.go").write_text(f"package main\n\nfunc main() {{ {body} }}\n")
    return place


def test_a_probe_is_built_once_for_its_content(tmp_path: Path) -> None:
    store, go, target = Store(tmp_path / "cache"), find_go(), GoTarget("windows", "amd64", "v1")
    first = compile_probe(go, _probe(tmp_path / "probe"), target, store)
    assert first.name == "probe.exe" and first.read_bytes()[:2] == b"MZ"
    assert compile_probe(go, _probe(tmp_path / "probe"), target, store) == first
    assert compile_probe(go, _probe(tmp_path / "probe", "println(2)"), target, store) != first


def test_a_probe_that_does_not_compile_is_could_not_check(tmp_path: Path) -> None:
    with pytest.raises(CouldNotCheck, match=r"probe cannot be built for linux_arm_7 .*undefined: nothing"):
        compile_probe(
            find_go(), _probe(tmp_path / "probe", "nothing()"), GoTarget("linux", "arm", "7"), Store(tmp_path)
        )
