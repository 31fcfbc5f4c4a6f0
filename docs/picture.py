"""Draw the matrix of a report as the terminal shows it: `python docs/picture.py report.json matrix.svg`."""

import io
import re
import sys
from pathlib import Path

import msgspec
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI

from seatrial.model.report import Report
from seatrial.model.states import StageName
from seatrial.report.terminal.matrix import Row, matrix
from seatrial.report.verdict_sentence import verdict_sentence
from seatrial.report.words import Words

_COLUMNS = 106


def draw(report: Report) -> str:
    """The picture as SVG, which loads nothing."""
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    words = Words("en")
    stages = {stage.stage for cell in report.cells for stage in cell.stages}
    rows = [
        Row(cell.target, {stage.stage: stage for stage in cell.stages}, cell.state, cell.fidelity, cell.seconds)
        for cell in report.cells
    ]
    console.print(matrix(rows, [stage for stage in StageName if stage in stages], console, words))
    console.print()
    console.print(verdict_sentence(report, words), highlight=False)
    svg = console.export_svg(title=f"seatrial verify {report.program.name}", theme=DIMMED_MONOKAI, unique_id="matrix")
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL)


def main() -> None:
    """Read the report named first, write the picture named second."""
    source, target = map(Path, sys.argv[1:])
    target.write_text(draw(msgspec.json.decode(source.read_bytes(), type=Report)), encoding="utf-8")


if __name__ == "__main__":
    main()
