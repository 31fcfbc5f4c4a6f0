"""Each row fits a place of its own and its sample, and neither alone."""

import msgspec
import pytest

from seatrial.tables import emulator_faults
from seatrial.tables.emulator_faults import EmulatorFault, Place, all_faults, known_faults
from seatrial.tables.version_ranges import check_range, holds, numbers


def version_in(text: str, any_: str) -> str:
    """A version that the range holds."""
    candidates = [any_, "0.1", "7.2", "7.2.22", "7.1", "1.23.0", "1.19", "6.8.1", "8.0", "10.0"]
    return next(version for version in candidates if holds(text, version))


def place_of(row: EmulatorFault) -> Place:
    return Place(
        guest=row.guest[0] if row.guest else "arm64",
        host=row.host[0] if row.host else "amd64",
        emulator=row.emulator,
        emulator_version=version_in(row.emulator_versions, "10.0.2"),
        go_version=version_in(row.go_versions, "go1.27.3"),
        host_kernel=version_in(row.host_kernels, "6.18.44"),
    )


@pytest.mark.parametrize("row", all_faults(), ids=lambda row: row.id)
def test_a_row_needs_its_place_and_its_signature(row: EmulatorFault) -> None:
    place = place_of(row)
    assert row in known_faults(place, f"first line\n{row.sample}\nlast line")
    assert row not in known_faults(place, "all is well")
    elsewhere = msgspec.structs.replace(place, emulator="native")
    assert known_faults(elsewhere, row.sample) == ()
    if row.guest:
        assert row not in known_faults(msgspec.structs.replace(place, guest="wasm"), row.sample)
    if row.emulator_versions:
        assert row not in known_faults(msgspec.structs.replace(place, emulator_version="99.0"), row.sample)
        assert row not in known_faults(msgspec.structs.replace(place, emulator_version=""), row.sample)


def test_ids_are_unique() -> None:
    assert len({row.id for row in all_faults()}) == len(all_faults())


def test_a_general_signature_never_decides() -> None:
    """A crash or a hang of any kind: only where measurements pin it to one old release of the emulator."""
    for row in all_faults():
        if row.decides and any(row.signed(way) for way in ("signal SIGSEGV", "signal SIGILL", "time limit: x")):
            assert row.emulator_versions.startswith("<") or row.go_versions.startswith("<"), row.id


def test_rows_that_decide_come_first() -> None:
    place = Place("386", "amd64", "qemu-user", "7.2.22", "go1.27.3", "6.18.44")
    found = known_faults(place, "fatal: morestack on gsignal")
    assert [row.id for row in found if row.decides] == ["qemu-user-386"]
    assert known_faults(msgspec.structs.replace(place, emulator_version="10.0.2"), "fatal: morestack on gsignal") == ()


@pytest.mark.parametrize(
    ("range_", "version", "expected"),
    [
        ("", "", True),
        ("", "7.2", True),
        (">=7.2, <8.0", "7.2.22", True),
        (">=7.2, <8.0", "8.0.0", False),
        (">=7.2", "7.10", True),
        ("<9", "", False),
        (">=1.23, <1.23.2", "go1.23.0", True),
        (">=1.23, <1.23.2", "go1.23.2", False),
        ("==10.0", "10", True),
        ("<=10.0", "10.0.2", False),
        (">6.8", "6.8.0-49", False),
    ],
)
def test_ranges(range_: str, version: str, expected: bool) -> None:
    assert holds(range_, version) is expected


@pytest.mark.parametrize("text", ["7.2", "=>7", ">=7.2 <8", ">=seven", ","])
def test_a_wrong_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no version range"):
        check_range(text)


def test_numbers_of_versions_in_use() -> None:
    assert numbers("7.2+dfsg-7") == (7, 2)
    assert numbers("go1.27.3") == (1, 27, 3)
    assert numbers("6.18.44-fc-v657") == (6, 18, 44)
    assert numbers("") == ()


def test_rows_are_typed_strictly() -> None:
    with pytest.raises(msgspec.ValidationError, match="unknown field"):
        msgspec.convert({"id": "x", "where": "y"}, emulator_faults.EmulatorFault)
