"""One sample for each row, and what must not match."""

import pytest

from seatrial.model.trial import Layer
from seatrial.tables.program_endings import KnownEnding, all_endings, known_ending


@pytest.mark.parametrize("row", all_endings(), ids=lambda row: row.id)
def test_the_sample_is_told_by_its_row(row: KnownEnding) -> None:
    found = known_ending(row.exit_codes[0], f"starting\n{row.sample}\nmore", dynamic=row.of_loader)
    assert found is not None
    assert found[0].id == row.id
    assert found[1] and found[1] in row.sample


@pytest.mark.parametrize("row", all_endings(), ids=lambda row: row.id)
@pytest.mark.parametrize("exit_code", [0, None, 77])
def test_another_exit_code_is_the_programs_own(row: KnownEnding, exit_code: int | None) -> None:
    assert known_ending(exit_code, row.sample, dynamic=True) is None


@pytest.mark.parametrize("row", [row for row in all_endings() if row.of_loader], ids=lambda row: row.id)
def test_a_static_program_that_prints_a_loaders_words_prints_its_own(row: KnownEnding) -> None:
    assert known_ending(row.exit_codes[0], row.sample, dynamic=False) is None


@pytest.mark.parametrize(
    ("exit_code", "stderr"),
    [
        (2, "Usage of ./app:\n  -x\n    \tdo not panic: it helps\n"),
        (1, "app: fatal error in the configuration\n"),
        (2, "fatal: not a git repository\n"),
        (127, "app: plugin not found\n"),
        (1, "see https://go.dev: This program can only be run on AMD64 processors with v3 support\n"),
    ],
)
def test_words_of_ordinary_programs_are_no_crash(exit_code: int, stderr: str) -> None:
    assert known_ending(exit_code, stderr, dynamic=True) is None


def test_the_layers_of_loader_and_cpu() -> None:
    layers = {row.id: row.layer for row in all_endings()}
    assert layers["glibc-symbol-version"] == Layer.LOADER_SYMBOL
    assert (layers["go-amd64-level"], layers["go-sigill"]) == (Layer.CPU_LEVEL, Layer.CPU)
