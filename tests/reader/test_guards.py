"""What leads to an instruction: followed as far as the limits of the reader allow."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from seatrial.toolchains.reader import READER_SOURCE
from support.builds import go_command


@pytest.mark.go
def test_callers_of_callers_are_followed_within_a_limit(tmp_path: Path) -> None:
    source = tmp_path / "reader"
    shutil.copytree(READER_SOURCE, source)
    shutil.copy(Path(__file__).parent / "guards" / "ways_test.go", source / "guards")
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "", "CGO_ENABLED": "0"}
    command = [str(go_command()), "test", "-count=1", "./guards"]
    done = subprocess.run(command, cwd=source, env=env, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
