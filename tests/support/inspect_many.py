"""Runs `seatrial inspect` on every file of a folder in this one process, within 1 GiB of memory.

python inspect_many.py FOLDER [READER]: a JSON line for each file, with how it ended. Without a READER, which is a
process of its own for each file, code is not read.
"""

import contextlib
import io
import json
import resource
import signal
import sys
import time
from pathlib import Path

MEMORY = 1 << 30
SECONDS = 10
ASKED = (("--json", "-"), (), ("--floors",))


def inspect(path: Path, words: tuple[str, ...], code: Path | None) -> dict[str, object]:
    from seatrial.cli import main
    from seatrial.model.absence import Unknown
    from seatrial.toolchains import reader

    reader.deep_reader = lambda store, go="": code or Unknown("it was left out")  # looked up when the command runs
    out, err = io.TextIOWrapper(io.BytesIO(), write_through=True), io.StringIO()
    sys.argv = ["seatrial", "inspect", str(path), *words]
    started = time.perf_counter()
    signal.alarm(SECONDS)  # SIGALRM ends the process: a file that hangs has no line
    ended: object = None
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
        except SystemExit as end:
            ended = end.code
    signal.alarm(0)
    assert isinstance(out.buffer, io.BytesIO)
    said = out.buffer.getvalue()
    if "--json" in words and ended == 0:
        json.loads(said)
    seconds = time.perf_counter() - started
    return {"name": path.name, "code": ended, "stdout": len(said), "stderr": err.getvalue()[:2000], "seconds": seconds}


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    code = Path(sys.argv[2]) if sys.argv[2:] else None
    for number, path in enumerate(sorted(Path(sys.argv[1]).iterdir())):
        print(json.dumps(inspect(path, ASKED[number % len(ASKED)], code)), flush=True)
