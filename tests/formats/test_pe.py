"""The PE reader, on files that say exactly what a test means."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from seatrial.errors import UsageError
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat, GoBuildInfo, Kind, Linkage, NeededSymbol
from support import go_info
from support.macho_writer import archive
from support.pe_writer import FIRST, IMAGE_BASE, Pe, coff_object

Read = Callable[[bytes], BinaryFacts]

PROGRAM = Pe(
    imports=(("kernel32.dll", ("CreateFileW", "WriteFile")), ("ws2_32.dll", (115,))),
    delayed=(("bcryptprimitives.dll", ("ProcessPrng",)),),
    exports=("Start", "Stop"),
)


@pytest.mark.parametrize("bits", [32, 64])
def test_imports_exports_and_delay_loads(facts_of: Read, bits: int) -> None:
    facts = facts_of(replace(PROGRAM, bits=bits, machine=0x8664 if bits == 64 else 0x14C).build())
    assert facts.libraries == ("kernel32.dll", "ws2_32.dll", "bcryptprimitives.dll")
    assert facts.optional_libraries == ("bcryptprimitives.dll",)
    assert facts.imports == (
        NeededSymbol("CreateFileW", library="kernel32.dll"),
        NeededSymbol("WriteFile", library="kernel32.dll"),
        NeededSymbol("#115", library="ws2_32.dll"),
        NeededSymbol("ProcessPrng", library="bcryptprimitives.dll", weak=True),
    )
    assert facts.exports == ("Start", "Stop")
    assert (facts.goos, facts.goarch, facts.bits) == ("windows", "amd64" if bits == 64 else "386", bits)
    assert (facts.linkage, facts.problems) == (Linkage.DYNAMIC, ())


@pytest.mark.parametrize(
    ("os_version", "subsystem_version", "expected"),
    [((10, 0), (6, 1), "10.0"), ((4, 0), (6, 2), "6.2"), ((6, 1), (6, 1), "6.1")],
)
def test_the_higher_of_both_versions_counts(
    facts_of: Read, os_version: tuple[int, int], subsystem_version: tuple[int, int], expected: str
) -> None:
    made = replace(PROGRAM, os_version=os_version, subsystem_version=subsystem_version)
    assert facts_of(made.build()).minimum_os == expected


@pytest.mark.parametrize(
    ("characteristics", "dll_characteristics", "kind"),
    [
        (0x22, 0x8160, Kind.PIE),
        (0x23, 0x8160, Kind.EXECUTABLE),
        (0x22, 0x100, Kind.EXECUTABLE),
        (0x2022, 0, Kind.SHARED),
    ],
)
def test_kind(facts_of: Read, characteristics: int, dll_characteristics: int, kind: Kind) -> None:
    made = replace(PROGRAM, characteristics=characteristics, dll_characteristics=dll_characteristics)
    facts = facts_of(made.build())
    assert (facts.kind, facts.flags, facts.dll_characteristics) == (kind, characteristics, dll_characteristics)


def test_subsystems(facts_of: Read) -> None:
    assert facts_of(replace(PROGRAM, subsystem=2).build()).subsystem == "windows-gui"
    efi = facts_of(replace(PROGRAM, subsystem=10).build())
    assert (efi.subsystem, isinstance(efi.goos, Unknown)) == ("efi-application", True)


def test_an_unknown_machine_is_unknown_with_its_number(facts_of: Read) -> None:
    assert facts_of(replace(PROGRAM, machine=0x5064).build()).goarch == Unknown("Go has no port for PE machine 0x5064")


def test_a_signature_is_seen(facts_of: Read) -> None:
    assert facts_of(replace(PROGRAM, signed=True).build()).code_signature
    assert not facts_of(PROGRAM.build()).code_signature


@pytest.mark.parametrize("inline", [True, False])
def test_go_build_information(facts_of: Read, inline: bool) -> None:
    text = go_info.modules("windows")
    at = IMAGE_BASE + FIRST
    data = go_info.inline("go1.27.3", text) if inline else go_info.pointers("go1.17", text, at, 64, "<")
    facts = facts_of(replace(PROGRAM, data=data).build())
    assert isinstance(facts.go, GoBuildInfo)
    assert facts.go.path == "example.com/app"


def test_an_object_in_an_archive_tells_its_symbols(facts_of: Read) -> None:
    symbols = (("Start", 1), ("a_long_symbol_name", 0), ("short", 0))
    made = coff_object(symbols, go_info.inline("go1.27.3", go_info.modules("windows")))
    facts = facts_of(archive(("go.o", made), form="coff"))
    assert (facts.format, facts.kind, facts.goarch, facts.goos) == (
        BinaryFormat.ARCHIVE,
        Kind.ARCHIVE,
        "amd64",
        "windows",
    )
    assert facts.imports == (NeededSymbol("a_long_symbol_name"), NeededSymbol("short"))
    assert facts.exports == ("Start",)
    assert isinstance(facts.go, GoBuildInfo)


def test_truncation_in_the_headers_is_a_usage_error(facts_of: Read) -> None:
    made = PROGRAM.build()
    end = made.index(b".data\0\0\0") + 40
    for size in range(2, end):
        with pytest.raises(UsageError, match=r"cannot be inspected: .+\."):
            facts_of(made[:size])
    cut = facts_of(made[:end])
    assert isinstance(cut.imports, Unknown)
    assert any("lies outside" in line for line in cut.problems)


def test_a_dos_program_is_named_as_such(facts_of: Read) -> None:
    with pytest.raises(UsageError, match="it is an MS-DOS program"):
        facts_of(b"MZ".ljust(0x3C, b"\0") + b"\x40\0\0\0" + bytes(100))


def test_imports_that_never_end_are_unknown(facts_of: Read) -> None:
    """A table of thunks that reaches to the end of the section."""
    made = replace(PROGRAM, imports=(("kernel32.dll", tuple(range(1, 5000))),), delayed=(), exports=()).build()
    at = made.index((1 << 63 | 4999).to_bytes(8, "little"))
    endless = made[:at] + (1 << 63 | 1).to_bytes(8, "little") * ((len(made) - at) // 8)
    facts = facts_of(endless)
    assert isinstance(facts.imports, Unknown)
    assert len(facts.problems) == 1
