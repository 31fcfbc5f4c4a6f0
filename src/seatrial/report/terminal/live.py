"""The matrix while the job runs."""

import threading
import time
from collections import Counter
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from seatrial.model import states
from seatrial.model.events import CellPlanned, Event, Finished, Note, Planned, StageEnded, StageStarted
from seatrial.model.report import Stage
from seatrial.model.states import StageName, State, group_of, highest, worst
from seatrial.report.printable import printable
from seatrial.report.terminal.matrix import Row, matrix, state_text
from seatrial.report.words import Words

__all__ = ["LiveMatrix"]

_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ASCII_FRAMES = "|/-\\"
_LINES_BESIDE_ROWS = 6
"""Head of the table, key, line of platforms left out, note, progress, and one to breathe."""


class LiveMatrix:
    """Called with each event, from any thread; a context manager that shows the matrix and takes it away at the end.

    Where the terminal is too low for all platforms, those at work and those in trouble come first.
    """

    def __init__(self, console: Console, language: str = "en") -> None:
        self._console = console
        self._words = Words(language)
        self._lock = threading.Lock()
        self._cells: tuple[CellPlanned, ...] = ()
        self._ended: dict[str, dict[StageName, Stage]] = {}
        self._started: dict[tuple[str, StageName], float] = {}
        self._note = ""
        self._begun = time.monotonic()
        self._live = Live(console=console, get_renderable=self._render, transient=True, refresh_per_second=8)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def __call__(self, event: Event) -> None:
        with self._lock:
            match event:
                case Planned():
                    self._cells = event.cells
                case StageStarted():
                    self._started[event.target, event.stage] = time.monotonic()
                case StageEnded():
                    self._started.pop((event.target, event.stage.stage), None)
                    self._ended.setdefault(event.target, {})[event.stage.stage] = event.stage
                case Note():
                    self._note = printable(event.text).replace("\n", " ")
                case Finished():
                    self._started.clear()

    def _render(self) -> RenderableType:
        with self._lock:
            return self.frame(time.monotonic())

    def frame(self, now: float) -> RenderableType:
        """What is shown at this moment of the monotonic clock; the caller sees to it that no event comes in between."""
        words = self._words
        planned = sum(len(cell.stages) for cell in self._cells)
        lines: list[RenderableType] = []
        if self._cells:
            shown, left_out = self._fitting()
            present = {stage for cell in self._cells for stage in cell.stages}
            stages = [stage for stage in StageName if stage in present]
            lines.append(matrix([self._row(cell, now) for cell in shown], stages, self._console, words))
            if left_out:
                lines.append(Text(words.counted("more-platforms", len(left_out)), style="dim"))
        if self._note:
            lines.append(Text(self._note, style="dim", no_wrap=True, overflow="ellipsis"))
        lines.append(self._progress(planned, now))
        return Group(*lines)

    def _progress(self, planned: int, now: float) -> Text:
        states = Counter(stage.state for stages in self._ended.values() for stage in stages.values())
        text = Text(self._words("progress", done=states.total(), planned=planned))
        for state in State:
            if states[state]:
                text.append("  ").append_text(state_text(state, self._words, self._console.encoding))
                text.append(f" {states[state]}")
        text.append(f"  {self._words.duration(now - self._begun)}", style="dim")
        return text

    def _fitting(self) -> tuple[list[CellPlanned], list[CellPlanned]]:
        """The platforms to show, in their order, and those for which there is no room."""
        room = max(3, self._console.height - _LINES_BESIDE_ROWS)
        if len(self._cells) <= room:
            return list(self._cells), []
        ranked = sorted(self._cells, key=self._interest)
        chosen = {cell.target for cell in ranked[:room]}
        return (
            [cell for cell in self._cells if cell.target in chosen],
            [cell for cell in self._cells if cell.target not in chosen],
        )

    def _interest(self, cell: CellPlanned) -> int:
        ended = self._ended.get(cell.target, {})
        if any((cell.target, stage) in self._started for stage in cell.stages):
            return 0
        if any(group_of(stage.state) in (states.Group.BAD, states.Group.UNCHECKED) for stage in ended.values()):
            return 1
        return 3 if len(ended) == len(cell.stages) else 2

    def _row(self, cell: CellPlanned, now: float) -> Row:
        ended = self._ended.get(cell.target, {})
        stages: dict[StageName, Stage | Text] = {}
        seconds = sum(stage.seconds for stage in ended.values())
        for name in cell.stages:
            begun = self._started.get((cell.target, name))
            if name in ended:
                stages[name] = ended[name]
            elif begun is not None:
                stages[name] = Text(f"{self._spinner(now)} {now - begun:.0f}s", style="cyan")
                seconds += now - begun
            else:
                stages[name] = Text()
        so_far = worst(stage.state for stage in ended.values())
        in_trouble = group_of(so_far) in (states.Group.BAD, states.Group.UNCHECKED)
        # What has passed so far says nothing of the rest.
        state = so_far if in_trouble or len(ended) == len(cell.stages) else None
        fidelity = highest(stage.fidelity for stage in ended.values() if stage.fidelity is not None)
        return Row(cell.target, stages, state, fidelity, seconds)

    def _spinner(self, now: float) -> str:
        frames = _FRAMES if self._console.encoding.lower().startswith("utf") else _ASCII_FRAMES
        return frames[int(now * 8) % len(frames)]
