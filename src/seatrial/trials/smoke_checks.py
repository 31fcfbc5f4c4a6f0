"""What `[smoke]` of seatrial.toml asks of a running program: an answer over HTTP or TCP, text on its streams."""

import contextlib
import http.client
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from seatrial.model.project import SmokeSpec
from seatrial.processes import scratch_folder

__all__ = ["Check", "Connect", "Places", "checks_of", "places"]

_ANSWER_BYTES = 1 << 20
_LATER = "/tmp/seatrial-smoke"

Connect = Callable[[str, int, float], socket.socket]
"""A connection to a TCP port where the program runs, within so many seconds. Raises OSError."""


class Places(msgspec.Struct, frozen=True):
    """What `{port}` and `{tmp}` stand for in one trial."""

    folder: Path
    port: int
    windows: bool

    def fill(self, text: str) -> str:
        """The text with `{port}` and `{tmp}` filled in."""
        return text.replace("{port}", str(self.port)).replace("{tmp}", self._path)

    def fill_pattern(self, pattern: str) -> str:
        """The regular expression with `{port}` and `{tmp}` filled in, standing for themselves."""
        return pattern.replace("{port}", str(self.port)).replace("{tmp}", re.escape(self._path))

    def pasted(self, line: str) -> str:
        """A command line of the trial for later, when its folder is gone: with another one, which it makes first."""
        if str(self.folder) not in line:
            return line
        return f"mkdir -p {_LATER} && {line.replace(str(self.folder), _LATER)}"

    @property
    def _path(self) -> str:
        return "Z:" + str(self.folder).replace("/", "\\") if self.windows else str(self.folder)


@contextlib.contextmanager
def places(goos: str) -> Iterator[Places]:
    """An empty folder that goes away afterwards, and a TCP port that was free a moment ago."""
    with (
        scratch_folder("seatrial-smoke-") as folder,
        socket.socket() as free,
    ):
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        yield Places(folder, port, goos == "windows")


class Check(msgspec.Struct, frozen=True):
    """One thing that must come true."""

    name: str
    """As in seatrial.toml: `http = "http://127.0.0.1:{port}/healthz"`."""
    true: Callable[[str, str], str]
    """From stdout and stderr so far: "" when it is true, else what was seen instead."""


def checks_of(spec: SmokeSpec, here: Places, patience: float, connect: Connect) -> tuple[Check, ...]:
    """The checks of a `[smoke]` table, but for the exit code. One try of a connection takes `patience` seconds."""
    found = []
    if spec.http:
        found.append(
            Check(
                f'http = "{spec.http}"', lambda _out, _err: _http(here.fill(spec.http), spec, here, patience, connect)
            )
        )
    if spec.tcp:
        found.append(Check(f'tcp = "{spec.tcp}"', lambda _out, _err: _tcp(here.fill(spec.tcp), patience, connect)))
    if spec.stdout:
        found.append(Check(f'stdout = "{spec.stdout}"', lambda out, _err: _text(here.fill_pattern(spec.stdout), out)))
    if spec.stderr:
        found.append(Check(f'stderr = "{spec.stderr}"', lambda _out, err: _text(here.fill_pattern(spec.stderr), err)))
    return tuple(found)


def _text(pattern: str, text: str) -> str:
    return "" if re.search(pattern, text, re.MULTILINE) else f"{len(text)} characters without a match"


def _tcp(address: str, patience: float, connect: Connect) -> str:
    host, _, port = address.rpartition(":")
    try:
        connect(host.strip("[]"), int(port), patience).close()
    except (OSError, ValueError, OverflowError) as error:
        return f"{address}: {error}"
    return ""


def _http(url: str, spec: SmokeSpec, here: Places, patience: float, connect: Connect) -> str:
    try:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        connection = http.client.HTTPConnection(parts.netloc, timeout=patience)
        with contextlib.closing(connection):
            host = parts.hostname or ""
            connection.sock = connect(host, parts.port or (443 if secure else 80), patience)
            if secure:
                # What is tried is the program, and its certificate on a loopback address is nobody's.
                context = ssl._create_unverified_context()
                connection.sock = context.wrap_socket(connection.sock, server_hostname=host)
            connection.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
            answer = connection.getresponse()
            body = answer.read(_ANSWER_BYTES).decode("utf-8", "replace")
    except (OSError, ValueError, http.client.HTTPException) as error:
        return f"{url}: {error or type(error).__name__}"
    if answer.status != spec.status:
        return f"{url}: status {answer.status}"
    if spec.body and not re.search(here.fill_pattern(spec.body), body, re.MULTILINE):
        return f'{url}: status {answer.status}, a body that does not match body = "{spec.body}"'
    return ""
