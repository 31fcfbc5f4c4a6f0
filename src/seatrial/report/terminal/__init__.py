"""The report in a terminal or a pipe: while the job runs (`LiveMatrix`, `PlainLines`), and at its end (`final`)."""

from seatrial.report.terminal.final import final
from seatrial.report.terminal.live import LiveMatrix
from seatrial.report.terminal.plain import PlainLines
from seatrial.report.terminal.stream import console_on

__all__ = ["LiveMatrix", "PlainLines", "console_on", "final"]
