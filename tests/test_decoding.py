"""A type that many threads decode at once for the first time."""

import re
import subprocess
import sys
from pathlib import Path

import seatrial

PROGRAM = """
import sys, threading, msgspec
from seatrial.decoding import ready
from seatrial.results import Result
sys.setswitchinterval(1e-6)
start = threading.Barrier(16)
def decode():
    start.wait()
    try:
        msgspec.json.decode(b'{"stage":{"stage":"smoke","state":"pass","reason":{"id":"a.b"}}}', type=KIND)
    except msgspec.MsgspecError:
        pass
threads = [threading.Thread(target=decode) for _ in range(16)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


def test_threads_that_decode_a_type_for_the_first_time() -> None:
    """Where the type is not made ready, the same program crashes each time: msgspec 0.22."""
    program = PROGRAM.replace("KIND", "ready(Result)")
    for _ in range(5):
        assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


def test_every_type_is_made_ready() -> None:
    calls = re.compile(r"msgspec\.(json\.decode|toml\.decode|convert|json\.Decoder)\(")
    plain = re.compile(r"(dict\[str, (Any|int)\]|list\[str\])\)|json\.decode\((data|line)\)|\($")
    for path in Path(seatrial.__file__).parent.rglob("*.py"):
        for line in path.read_text("utf-8").splitlines():
            if calls.search(line) and path.name != "decoding.py":
                assert "ready(" in line or plain.search(line), (path, line)
