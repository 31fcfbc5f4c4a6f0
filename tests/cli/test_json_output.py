"""Where the JSON of a verb goes."""

from pathlib import Path

import pytest

from seatrial.cli.json_output import write_json, written
from seatrial.errors import CouldNotCheck, UsageError


def test_a_file_or_stdout(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert not written("a/1", {"x": 1}, None)
    assert not written("a/1", {"x": 1}, str(tmp_path / "f"))
    assert written("a/1", {"x": 1}, "-")
    assert (tmp_path / "f").read_text() == capsys.readouterr().out
    assert '"schema": "a/1"' in (tmp_path / "f").read_text()


def test_a_file_that_cannot_be_written_is_the_users_to_name(tmp_path: Path) -> None:
    for place in (tmp_path, Path("/proc/here/f")):
        with pytest.raises(UsageError, match="cannot be written") as error:
            write_json(str(place), [])
        assert "or -" in str(error.value)


def test_a_full_disk_is_not_the_caches() -> None:
    """/dev/full is written to, since it is no file that could be replaced."""
    with pytest.raises(CouldNotCheck, match=r"No space left on device\. Free some space, or name another place\."):
        write_json("/dev/full", [])
