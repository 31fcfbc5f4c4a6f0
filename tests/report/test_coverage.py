"""Coverage as rows of a table."""

from seatrial.model.coverage import Coverage, CoveredExtension, CoveredFunction, CoveredWork
from seatrial.report.coverage import coverage_rows
from seatrial.report.words import Words


def test_functions_stand_beside_the_work_that_was_executed() -> None:
    functions = (CoveredFunction("runtime.memmove", "runtime", 11, 0), CoveredFunction("main.sum", "main", 0, 4))
    coverage = Coverage(
        1,
        0,
        0,
        0,
        (CoveredExtension("avx", functions),),
        (
            CoveredWork("", "integer", 9, 9, 0),
            CoveredWork("avx", "float", 4, 0, 4),
            CoveredWork("avx", "vector", 234, 11, 0),
            CoveredWork("avx2", "vector", 3, 0, 0),
        ),
    )
    assert [row.where for row in coverage_rows(coverage, Words("en"))] == ["", "", "runtime.memmove", ""]
