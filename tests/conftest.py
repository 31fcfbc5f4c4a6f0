"""In CI every tool is there, so a test that skips has not been run: where `CI` is set, a skip is a failure."""

import os
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.builds import Builder

_IN_CI = bool(os.environ.get("CI"))


def _fail_if_skipped(report: pytest.CollectReport | pytest.TestReport) -> None:
    if _IN_CI and report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: a skip is a failure in CI. {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _fail_if_skipped(report)
    return report


@pytest.fixture(scope="session")
def builder(tmp_path_factory: pytest.TempPathFactory) -> "Builder":
    """Builds Go programs, each once for all tests of a process."""
    from support.builds import Builder

    return Builder(tmp_path_factory.mktemp("programs"))


@pytest.fixture(scope="session")
def reader() -> Path:
    """Our reader of code and Go metadata."""
    from support import deep

    return deep.reader()
