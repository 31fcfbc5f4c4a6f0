"""The reader when a part of the file cannot be read any more."""

import os
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from seatrial.formats import read_binary
from seatrial.formats.deep import deep_request
from seatrial.needs import wants_of
from seatrial.toolchains.reader import READER_SOURCE
from support.builds import Builder, go_command


@pytest.mark.go
def test_what_needs_code_that_cannot_be_read_is_unknown_whoever_asks_first(builder: Builder, tmp_path: Path) -> None:
    source = tmp_path / "reader"
    shutil.copytree(READER_SOURCE, source)
    shutil.copy(Path(__file__).parent / "faults_test.go", source)
    program = builder.build("linux/amd64")
    facts = read_binary(program)
    request = tmp_path / "request"
    request.write_bytes(msgspec.json.encode(deep_request(program, facts, wants_of(facts) | {"functions": None})))
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "", "CGO_ENABLED": "0"}
    command = [str(go_command()), "test", "-count=1", "-trimpath", "-run=TestFault", "."]
    settings = env | {"FAULT_REQUEST": str(request)}
    done = subprocess.run(command, cwd=source, env=settings, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
