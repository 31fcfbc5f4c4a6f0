"""What a running job says in a pipe or a log: one line for each thing that matters, no escape codes."""

import threading
from typing import Self, TextIO

from seatrial.model.events import Event, Note, Planned, StageEnded
from seatrial.model.states import State
from seatrial.report.printable import printable
from seatrial.report.words import Words

__all__ = ["PlainLines"]


class PlainLines:
    """Called with each event, from any thread; writes lines to the stream."""

    def __init__(self, stream: TextIO, language: str = "en") -> None:
        self._stream = stream
        self._words = Words(language)
        self._lock = threading.Lock()
        self._planned = 0
        self._done = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def __call__(self, event: Event) -> None:
        with self._lock:
            line = self._line(event)
            if line:
                self._stream.write(printable(line).replace("\n", " ") + "\n")
                self._stream.flush()

    def _line(self, event: Event) -> str:
        words = self._words
        match event:
            case Planned():
                self._planned = sum(len(cell.stages) for cell in event.cells)
                return words(
                    "started-line",
                    program=event.program,
                    platforms=words.counted("platforms-count", len(event.cells)),
                    stages=words.counted("stages-count", self._planned),
                )
            case StageEnded():
                self._done += 1
                return self._ended(event)
            case Note():
                return words("note-line", text=event.text)
            case _:
                return ""

    def _ended(self, event: StageEnded) -> str:
        words, stage = self._words, event.stage
        parts = [f"[{self._done}/{self._planned}]", event.target, words.stage(stage.stage), words.state(stage.state)]
        if code := words.code(stage.fidelity):
            parts.append(f"({code})")
        if stage.cached:
            parts.append(words("from-earlier-run"))
        elif stage.seconds:
            parts.append(words.duration(stage.seconds))
        line = " ".join(parts)
        if stage.state in (State.PASS, State.NA):
            return line
        rule = f"{stage.rule} " if stage.rule else ""
        return f"{line}{words('colon')}{rule}{words.message(stage.reason)}"
