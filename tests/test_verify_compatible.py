"""A finished program of 32 bits on a platform whose machine runs it too: it is run, and judged by ST-IDENTITY-003."""

from pathlib import Path

import pytest

from seatrial.model.states import StageName
from seatrial.store import Store, default_root
from support.builds import Builder
from support.verification import run, states

pytestmark = pytest.mark.go


@pytest.mark.parametrize(
    ("goarch", "target", "runner"),
    [
        ("386", "debian-12/amd64", ""),
        pytest.param("386", "debian-12/amd64", "qemu-user", marks=pytest.mark.qemu),
        pytest.param("386", "debian-12/amd64", "micro-vm", marks=[pytest.mark.vm, pytest.mark.slow]),
        pytest.param("arm", "kylin-v10-sp3/ft-2000-4", "micro-vm", marks=[pytest.mark.vm, pytest.mark.slow]),
    ],
)
def test_it_is_run(goarch: str, target: str, runner: str, tmp_path: Path) -> None:
    program = Builder(tmp_path).build(f"linux/{goarch}")
    report = run(Store(default_root()), program, target, runner=runner, fresh=True)
    assert states(report)[target, StageName.SMOKE] == "pass", report.cells[0].stages
    assert "ST-IDENTITY-003" in {finding.rule for finding in report.findings}
