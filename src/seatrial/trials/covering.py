"""Runs one program under QEMU's user emulation with a log of what it executes, and leaves the reader's count of it.

    python -I covering.py FOLDER READER N PREFIX... PROGRAM [ARGUMENT...]

N is the number of words of PREFIX, which ends in the emulator or in a launcher of it. Ends as the program ended. Only
the program itself is watched: those that it starts are run without a log.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import msgspec

from seatrial.errors import SeatrialError
from seatrial.formats import read_binary
from seatrial.formats.deep import read_deep
from seatrial.model.absence import Unknown
from seatrial.model.coverage import Coverage

_LOG = {"QEMU_LOG": "in_asm,exec", "QEMU_UNSET_ENV": "QEMU_LOG,QEMU_LOG_FILENAME,QEMU_UNSET_ENV"}
_FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)
_TIME_LIMIT = 3600.0
_END = b"End of log\n"
"""What the reader takes for the end: it may open the FIFO only after the program has ended."""


class _Count(threading.Thread):
    """Reads the log while the program runs."""

    def __init__(self, program: Path, reader: Path, log: Path, held: int) -> None:
        super().__init__(daemon=True)
        self._program = program
        self._reader = reader
        self._log = log
        self._held = held
        self.ended = threading.Event()
        self.counted: Coverage | Unknown = Unknown("nothing was counted")

    def run(self) -> None:
        try:
            facts = read_binary(self._program)
            answer = read_deep(self._program, facts, self._reader, {"coverage": {"log": str(self._log)}}, _TIME_LIMIT)
            self.counted = answer.part("coverage", Coverage)
        except (SeatrialError, OSError, msgspec.MsgspecError) as error:
            self.counted = Unknown(str(error))
        finally:
            self._drain()

    def _drain(self) -> None:
        """A reader that gave up leaves the log to us: with a full pipe the program would stand still."""
        while not self.ended.is_set():
            if select.select([self._held], [], [], 0.1)[0]:
                os.read(self._held, 1 << 16)


def _main(folder: Path, reader: Path, prefix: list[str], program: str, arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        log = Path(place) / "log"
        os.mkfifo(log, 0o600)
        # Held open for reading and writing: neither end waits for the other, and nothing in it is lost.
        held = os.open(log, os.O_RDWR)
        count = _Count(Path(program), reader, log, held)
        count.start()
        # The group that we are in gets these signals whole: the program ends by them, and this here when it has.
        for number in _FORWARDED:
            signal.signal(number, lambda *_: None)
        environment = {**os.environ, **_LOG, "QEMU_LOG_FILENAME": str(log)}
        code = subprocess.call([*prefix, program, *arguments], env=environment)
        os.write(held, _END)
        count.ended.set()
        count.join()
        os.close(held)
    found = count.counted
    left = {"because": found.unknown} if isinstance(found, Unknown) else found
    file = Path(folder) / f"{os.getpid()}.json"
    file.write_bytes(msgspec.json.encode(left))
    return code


if __name__ == "__main__":
    words = int(sys.argv[3])
    rest = sys.argv[4:]
    ended = _main(Path(sys.argv[1]), Path(sys.argv[2]), rest[:words], rest[words], rest[words + 1 :])
    if ended < 0:
        # A core file of this interpreter would tell nobody anything.
        with contextlib.suppress(OSError, ValueError):
            import resource

            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(-ended, signal.SIG_DFL)
        os.kill(os.getpid(), -ended)
    sys.exit(ended)
