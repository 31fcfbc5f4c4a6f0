"""`seatrial inspect` in this process: fast enough for a test of each word."""

import sys

import pytest

from seatrial.cli import main

__all__ = ["run"]


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of `seatrial inspect` with these words."""
    monkeypatch.setattr(sys, "argv", ["seatrial", "inspect", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    assert isinstance(end.value.code, int)
    captured = capsys.readouterr()
    return end.value.code, captured.out, captured.err
