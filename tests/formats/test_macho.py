"""The Mach-O reader, thin and universal, on files that say exactly what a test means."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from seatrial.errors import UsageError
from seatrial.formats.image import read_image
from seatrial.formats.window import Window
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat, GoBuildInfo, Kind, Linkage, NeededSymbol
from support import go_info
from support.macho_writer import AMD64, ARM64, Macho, Symbol, archive, universal

Read = Callable[[bytes], BinaryFacts]
SYSTEM, RESOLV = "/usr/lib/libSystem.B.dylib", "/usr/lib/libresolv.9.dylib"

PROGRAM = Macho(
    libraries=(SYSTEM,),
    weak_libraries=(RESOLV,),
    symbols=(Symbol("_Start", defined=True), Symbol("_malloc", library=1), Symbol("_res_9", library=2, weak=True)),
    data=go_info.inline("go1.27.3", go_info.modules("darwin", "arm64")),
    uuid=bytes(range(16)),
    signed=True,
    run_path="@executable_path/lib",
)


@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("with_dysymtab", [True, False])
def test_everything_that_load_commands_say(facts_of: Read, bits: int, order: str, with_dysymtab: bool) -> None:
    facts = facts_of(replace(PROGRAM, bits=bits, order=order, with_dysymtab=with_dysymtab).build())
    assert (facts.kind, facts.linkage, facts.interpreter) == (Kind.PIE, Linkage.DYNAMIC, "/usr/lib/dyld")
    assert (facts.goos, facts.goarch, facts.bits) == ("darwin", "arm64", bits)
    assert facts.libraries == (SYSTEM, RESOLV)
    assert facts.optional_libraries == (RESOLV,)
    assert facts.imports == (
        NeededSymbol("_malloc", library=SYSTEM),
        NeededSymbol("_res_9", library=RESOLV, weak=True),
    )
    assert facts.exports == ("_Start",)
    assert (facts.minimum_os, facts.sdk) == ("13.0", "26.2")
    assert facts.build_id == bytes(range(16)).hex()
    assert facts.code_signature
    assert facts.run_path == ("@executable_path/lib",)
    assert isinstance(facts.go, GoBuildInfo)
    assert facts.problems == ()


def test_the_older_form_of_the_minimum(facts_of: Read) -> None:
    facts = facts_of(replace(PROGRAM, old_minimum=True, minimum=0x000A0F01, sdk=0, data=b"").build())
    assert (facts.goos, facts.minimum_os, facts.sdk) == ("darwin", "10.15.1", "")


@pytest.mark.parametrize(
    ("type_", "flags", "kind"),
    [
        (2, 0x85, Kind.EXECUTABLE),
        (6, 0x85, Kind.SHARED),
        (8, 0x85, Kind.SHARED),
        (1, 0, Kind.OBJECT),
        (4, 0, Kind.CORE),
    ],
)
def test_kind(facts_of: Read, type_: int, flags: int, kind: Kind) -> None:
    assert facts_of(replace(PROGRAM, type=type_, flags=flags).build()).kind == kind


def test_flat_names_have_no_library(facts_of: Read) -> None:
    facts = facts_of(replace(PROGRAM, flags=0x200005).build())
    assert not isinstance(facts.imports, Unknown)
    assert {symbol.library for symbol in facts.imports} == {""}


def test_an_unknown_cpu_is_unknown_with_its_number(facts_of: Read) -> None:
    assert facts_of(replace(PROGRAM, cpu=18).build()).goarch == Unknown("Go has no port for CPU type 0x12")


@pytest.mark.parametrize("wide", [True, False])
def test_a_universal_file_holds_each_architecture(facts_of: Read, wide: bool) -> None:
    intel = replace(PROGRAM, cpu=AMD64, data=b"")
    facts = facts_of(universal((AMD64, intel.build()), (ARM64, PROGRAM.build()), wide=wide))
    assert facts.format == BinaryFormat.UNIVERSAL
    assert facts.goarch == Unknown("a universal file: amd64, arm64")
    assert [member.goarch for member in facts.members] == ["amd64", "arm64"]
    assert [member.path.rpartition("(")[2] for member in facts.members] == ["amd64)", "arm64)"]
    assert facts.members[1].size == len(PROGRAM.build())
    assert (facts.problems, facts.goos) == ((), "darwin")


def test_a_damaged_slice_is_a_problem_while_another_can_be_read(facts_of: Read) -> None:
    made = universal((AMD64, replace(PROGRAM, cpu=AMD64).build()), (ARM64, PROGRAM.build()))
    facts = facts_of(made[:-200])
    assert facts.goarch == "amd64"
    assert any(line.startswith("architecture arm64: ") for line in facts.problems)
    with pytest.raises(UsageError, match="none of its architectures can be read"):
        facts_of(made[:4100])


def test_a_java_class_is_no_universal_file(facts_of: Read) -> None:
    with pytest.raises(UsageError, match="Java class"):
        facts_of(bytes.fromhex("cafebabe00000034") + bytes(100))


def test_truncation_in_the_headers_is_a_usage_error(facts_of: Read) -> None:
    made = PROGRAM.build()
    end = 32 + int.from_bytes(made[20:24], "little")
    for size in range(1, end + 1):
        with pytest.raises(UsageError, match=r"cannot be (inspected|read): .+\."):
            facts_of(made[:size])
    cut = read_image(Window(made[:end], 0, end), "made")
    assert isinstance(cut.imports, Unknown)
    assert cut.go == Unknown("the part of the file that would hold it is cut off")
    assert "segments: __DATA" in cut.problems[-1]


def test_truncation_in_the_table_of_architectures_is_a_usage_error(facts_of: Read) -> None:
    made = universal((AMD64, PROGRAM.build()), (ARM64, PROGRAM.build()))
    for size in range(4, 48):
        with pytest.raises(UsageError):
            facts_of(made[:size])


@pytest.mark.parametrize("size", [0, 4, 7, 1 << 31])
def test_load_commands_of_a_wrong_size_are_a_usage_error(facts_of: Read, size: int) -> None:
    made = PROGRAM.build()
    with pytest.raises(UsageError, match="load commands are damaged"):
        facts_of(made[:36] + size.to_bytes(4, "little") + made[40:])


def test_a_path_outside_its_command_is_a_problem(facts_of: Read) -> None:
    made = PROGRAM.build()
    at = made.index(SYSTEM.encode()) - 16
    facts = facts_of(made[:at] + b"\xff\xff\xff\x7f" + made[at + 4 :])
    assert isinstance(facts.libraries, Unknown)
    assert facts.minimum_os == "13.0"


def test_an_archive_of_mach_o_objects(facts_of: Read) -> None:
    made = replace(PROGRAM, type=1, flags=0, libraries=(), weak_libraries=(), loader="").build()
    facts = facts_of(archive(("go.o", made), ("other.o", b"\0\0"), form="bsd"))
    assert (facts.kind, facts.goos, facts.goarch) == (Kind.ARCHIVE, "darwin", "arm64")
    assert facts.members[0].kind == Kind.OBJECT
