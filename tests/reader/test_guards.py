"""What leads to an instruction, and what is known when it runs: the tests of the reader's own, in Go."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from seatrial.toolchains.reader import READER_SOURCE
from support.builds import go_command


@pytest.mark.go
@pytest.mark.parametrize("room", ["guards", "image"])
def test_the_room_s_own_tests(room: str, tmp_path: Path) -> None:
    source = tmp_path / "reader"
    shutil.copytree(READER_SOURCE, source)
    for test in (Path(__file__).parent / room).glob("*_test.go"):
        shutil.copy(test, source / room)
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "", "CGO_ENABLED": "0"}
    command = [str(go_command()), "test", "-count=1", f"./{room}"]
    done = subprocess.run(command, cwd=source, env=env, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
