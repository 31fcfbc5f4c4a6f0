"""QEMU's machine protocol, as much of it as snapshots need. Document: QEMU's docs/interop/qmp-spec.rst."""

import select
import socket
import time
from typing import Any

import msgspec

__all__ = ["Qmp", "QmpError"]


class QmpError(Exception):
    """QEMU refused a command, or is gone."""


class Qmp:
    """A connection to the monitor. Says hello with the first command."""

    def __init__(self, ours: socket.socket) -> None:
        self._socket = ours
        self._received = b""
        self._greeted = False

    def close(self) -> None:
        """Close our end."""
        self._socket.close()

    def ask(self, command: str, seconds: float = 10.0, **arguments: object) -> Any:
        """What a command returns. Raises QmpError."""
        deadline = time.monotonic() + seconds
        if not self._greeted:
            self._greeted = True
            self._message(deadline)
            self.ask("qmp_capabilities", seconds)
        try:
            self._socket.sendall(msgspec.json.encode({"execute": command, "arguments": arguments}))
        except OSError as error:
            raise QmpError(f"{command}: {error}") from error
        while True:
            message = self._message(deadline)
            if "error" in message:
                raise QmpError(f"{command}: {message['error'].get('desc', message['error'])}")
            if "return" in message:
                return message["return"]

    def _message(self, deadline: float) -> dict[str, Any]:
        while b"\n" not in self._received:
            try:
                ready, _, _ = select.select([self._socket], [], [], max(0.0, deadline - time.monotonic()))
                part = self._socket.recv(65536) if ready else b""
            except (OSError, ValueError) as error:  # closed meanwhile
                raise QmpError(str(error)) from error
            if not part:
                raise QmpError("QEMU does not answer")
            self._received += part
        line, _, self._received = self._received.partition(b"\n")
        message: dict[str, Any] = msgspec.json.decode(line)
        return message
