"""Instruction coverage as rows of a table: one for each CPU feature and kind of work, with where it was executed."""

import msgspec

from seatrial.model.coverage import Coverage
from seatrial.report.words import Words

__all__ = ["CoverageRow", "coverage_rows"]

_FUNCTIONS_SHOWN = 4


class CoverageRow(msgspec.Struct, frozen=True):
    """One row. `feature` is "" for what every CPU of the architecture has."""

    feature: str
    work: str
    present: int
    executed: int
    translated: int
    where: str
    """The functions with most of the executed instructions, as far as they are few; for the row of a feature with most
    of these instructions."""


def coverage_rows(coverage: Coverage, words: Words) -> tuple[CoverageRow, ...]:
    """The rows, the base first, then the features by name."""
    where = {}
    for extension in coverage.extensions:
        ran = sorted((one for one in extension.functions if one.executed), key=lambda one: (-one.executed, one.name))
        names = [one.name for one in ran[:_FUNCTIONS_SHOWN]]
        if len(ran) > _FUNCTIONS_SHOWN:
            names.append(words("coverage-more", count=len(ran) - _FUNCTIONS_SHOWN))
        where[extension.feature] = words("list-comma").join(names)
    busiest = {row.feature: row for row in sorted(coverage.classes, key=lambda row: row.executed)}
    return tuple(
        CoverageRow(
            row.feature,
            row.work,
            row.present,
            row.executed,
            row.translated,
            where.get(row.feature, "") if busiest[row.feature] is row else "",
        )
        for row in coverage.classes
    )
