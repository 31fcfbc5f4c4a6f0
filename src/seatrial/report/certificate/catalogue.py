"""The catalogue of cases for people: each with its contract, its source and what breaks without it."""

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from seatrial.model.conformance import CaseInfo
from seatrial.report.words import Words

__all__ = ["catalogue"]


def catalogue(infos: tuple[CaseInfo, ...], console: Console, language: str = "en") -> None:
    """Print the cases, topic by topic."""
    words = Words(language, "certificate")
    counts: dict[str, int] = {}
    for info in infos:
        counts[info.topic] = counts.get(info.topic, 0) + 1
    topic = ""
    for info in infos:
        if info.topic != topic:
            topic = info.topic
            console.print(Text(f"{topic}  {counts[topic]}", style="bold"))
            console.print()
        console.print(Padding(Text(info.id, style="bold"), (0, 0, 0, 2)))
        console.print(Padding(Text(info.contract), (0, 0, 0, 4)))
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(style="dim")
        grid.add_column(overflow="fold")
        grid.add_row(words("breaks"), info.breaks)
        grid.add_row(words("source"), info.source)
        if info.needs:
            grid.add_row(words("needs"), words("list-comma").join(info.needs))
        if info.ports != ("*",):
            grid.add_row(words("ports"), words("list-comma").join(info.ports))
        console.print(Padding(grid, (0, 0, 0, 4), expand=False))
        console.print()
    console.print(Text(f"{len(infos)} {words.counted('cases-unit', len(infos))}", style="bold"))
