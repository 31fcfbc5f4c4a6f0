"""Floors from the facts of a binary: each the maximum over its reasons, each reason with its confidence."""

import msgspec
import pytest

from seatrial.cli.inspect_floors import floor_lines, headline
from seatrial.cli.inspect_why import why
from seatrial.cli.inspect_words import Words
from seatrial.model.absence import Unknown
from seatrial.model.binary import (
    BinaryFacts,
    BinaryFormat,
    GoBuildInfo,
    Kind,
    Linkage,
    NeededSymbol,
    Relocations,
    Segment,
)
from seatrial.model.insight import Deep
from seatrial.model.needs import Cause, Floor, FloorKind
from seatrial.needs import needs_of
from support import reader_answers

FACTS = BinaryFacts(
    path="app",
    size=1,
    sha256="0" * 64,
    format=BinaryFormat.ELF,
    kind=Kind.EXECUTABLE,
    goos="linux",
    goarch="amd64",
    bits=64,
    endian="little",
    machine="EM_X86_64 (62)",
    segments=(Segment("PT_LOAD", 0, 0x400000, 0x1000, 0x1000, 0x1000, "rx"),),
    go=GoBuildInfo("go1.27.3", settings={"GOAMD64": "v2"}),
)
DYNAMIC = msgspec.structs.replace(
    FACTS, linkage=Linkage.DYNAMIC, interpreter="/lib64/ld-linux-x86-64.so.2", libraries=("libc.so.6",), libc="glibc"
)


def binary(base: BinaryFacts = FACTS, **changes: object) -> BinaryFacts:
    return msgspec.structs.replace(base, **changes)


def floors(facts: BinaryFacts, deep: Deep | None = None) -> dict[FloorKind, Floor]:
    needs = needs_of(facts, deep) if deep else needs_of(facts)
    return {floor.kind: floor for floor in needs.floors}


def test_the_kernel_of_a_plain_program() -> None:
    floor = floors(FACTS, reader_answers.system_calls())[FloorKind.KERNEL]
    assert floor.minimum == "3.2"
    (reason,) = floor.reasons
    assert (reason.cause, reason.subject, reason.confidence) == (Cause.RELEASE, "go1.27.3", "certain")
    assert floor.unknown == ()


def test_a_call_without_a_way_around_raises_it() -> None:
    asked = (437, [reader_answers.place("main.confine", "main")]), (334, [reader_answers.place("main.old", "main")])
    floor = floors(FACTS, reader_answers.system_calls(*asked))[FloorKind.KERNEL]
    assert [(reason.minimum, reason.subject) for reason in floor.reasons] == [
        ("5.6", "openat2"),
        ("4.18", "rseq"),
        ("3.2", "go1.27.3"),
    ]
    assert floor.minimum == "5.6"
    assert floor.reasons[0].owners[0].function == "main.confine"


@pytest.mark.parametrize(
    ("number", "place", "release", "needed"),
    [
        (318, reader_answers.place("internal/syscall/unix.GetRandom"), "go1.27.3", False),
        (318, reader_answers.place("main.random"), "go1.27.3", True),
        (439, reader_answers.place("vendor/golang.org/x/sys/unix.faccessat2"), "go1.27.3", False),
        (434, reader_answers.place("internal/syscall/unix.PidFDOpen"), "go1.23.1", False),
        (434, reader_answers.place("internal/syscall/unix.PidFDOpen"), "go1.21.1", True),
        (
            437,
            reader_answers.place(
                "golang.org/x/sys/unix.openat2",
                callers=[reader_answers.place("github.com/cyphar/filepath-securejoin.hasOpenat2.func1")],
            ),
            "go1.27.3",
            False,
        ),
        (
            437,
            reader_answers.place(
                "golang.org/x/sys/unix.openat2",
                callers=[
                    reader_answers.place("github.com/cyphar/filepath-securejoin.hasOpenat2.func1"),
                    reader_answers.place("main.confine"),
                ],
            ),
            "go1.27.3",
            True,
        ),
    ],
)
def test_a_known_way_around_is_no_floor(number: int, place: dict[str, object], release: str, needed: bool) -> None:
    facts = binary(go=GoBuildInfo(release))
    floor = floors(facts, reader_answers.system_calls((number, [place])))[FloorKind.KERNEL]
    assert bool(floor.because(Cause.SYSTEM_CALL)) is needed


def test_what_might_raise_the_kernel_is_told() -> None:
    facts = binary(DYNAMIC, imports=())
    answers = reader_answers.system_calls((999, [reader_answers.place("main.odd")]), unresolved=3)
    told = [unknown.id for unknown in floors(facts, answers)[FloorKind.KERNEL].unknown]
    assert told == ["needs.system-call-unknown", "needs.unresolved", "needs.libraries-call"]
    unread = floors(FACTS, Deep(Unknown("no Go toolchain")))[FloorKind.KERNEL].unknown
    assert [unknown.args["why"] for unknown in unread] == ["no Go toolchain"]


def test_a_young_architecture_has_a_kernel_of_its_own() -> None:
    facts = binary(goarch="loong64", go=Unknown("stripped"))
    floor = floors(facts, reader_answers.system_calls())[FloorKind.KERNEL]
    assert (floor.minimum, floor.reasons[0].subject) == ("5.19", "loong64")


def test_glibc_is_the_highest_version_that_is_no_weak_one() -> None:
    facts = binary(
        DYNAMIC,
        imports=(
            NeededSymbol("gettid", "GLIBC_2.30", "libc.so.6", weak=True, weak_version=True),
            NeededSymbol("pow", "GLIBC_2.29", "libm.so.6"),
            NeededSymbol("exp", "GLIBC_2.29", "libm.so.6"),
            NeededSymbol("odd", "GLIBCXX_3.4.30", "libstdc++.so.6"),
        ),
    )
    floor = floors(facts)[FloorKind.GLIBC]
    assert floor.minimum == "2.29"
    assert [(reason.minimum, reason.confidence) for reason in floor.reasons] == [
        ("2.30", "possible"),
        ("2.29", "certain"),
    ]
    assert "exp, pow of libm.so.6" in floor.reasons[1].message.text


def test_a_version_that_is_not_weak_is_asked_for_by_weak_symbols_too() -> None:
    symbols = (
        NeededSymbol("strlcpy", "GLIBC_2.38", "libc.so.6", weak=True),
        NeededSymbol("pow", "GLIBC_2.29", "libm.so.6"),
    )
    floor = floors(binary(DYNAMIC, imports=symbols))[FloorKind.GLIBC]
    assert (floor.minimum, floor.reasons[0].confidence) == ("2.38", "certain")


def test_packed_relocations_ask_for_a_loader_that_knows_them() -> None:
    facts = binary(DYNAMIC, relocations=Relocations(relr=True))
    assert floors(facts)[FloorKind.GLIBC].minimum == "2.36"
    musl = binary(facts, interpreter="/lib/ld-musl-x86_64.so.1", libc="musl")
    assert floors(musl)[FloorKind.MUSL].minimum == "1.2.4"


def test_what_cannot_be_read_is_told() -> None:
    facts = binary(DYNAMIC, imports=Unknown("cut off"))
    floor = floors(facts)[FloorKind.GLIBC]
    assert (floor.minimum, [unknown.args["why"] for unknown in floor.unknown]) == ("", ["cut off"])


@pytest.mark.parametrize(
    ("goos", "format_", "changes", "kind", "minimum", "subject"),
    [
        ("darwin", BinaryFormat.MACHO, {"minimum_os": "14.0"}, FloorKind.MACOS, "14.0", "14.0"),
        ("darwin", BinaryFormat.MACHO, {"minimum_os": "11.0"}, FloorKind.MACOS, "13.0", "go1.27.3"),
        ("windows", BinaryFormat.PE, {"minimum_os": "6.1"}, FloorKind.WINDOWS, "10.0", "go1.27.3"),
        (
            "windows",
            BinaryFormat.PE,
            {"imports": (NeededSymbol("CreatePseudoConsole", library="kernel32.dll"),)},
            FloorKind.WINDOWS,
            "10.0.17763",
            "kernel32.dll!CreatePseudoConsole",
        ),
        ("freebsd", BinaryFormat.ELF, {"minimum_os": "14.0"}, FloorKind.FREEBSD, "14.0", "14.0"),
    ],
)
def test_other_systems(
    goos: str, format_: BinaryFormat, changes: dict[str, object], kind: FloorKind, minimum: str, subject: str
) -> None:
    floor = floors(msgspec.structs.replace(FACTS, goos=goos, format=format_, **changes))[kind]
    assert (floor.minimum, floor.reasons[0].subject) == (minimum, subject)


def test_the_cpu_is_what_the_compiler_was_told() -> None:
    floor = floors(FACTS)[FloorKind.CPU]
    assert {"popcnt", "sse4_2"} <= set(floor.minimum.split())
    assert floor.reasons[0].title == "GOAMD64=v2"
    odd = floors(binary(go=GoBuildInfo("go1.27.3", settings={"GOAMD64": "v9"})))[FloorKind.CPU]
    assert odd.reasons == () and "'v9' is no value of GOAMD64" in odd.unknown[0].text


def test_a_feature_that_two_packages_use_is_told_once() -> None:
    setting = floors(FACTS)[FloorKind.CPU].reasons[0]
    used = (
        msgspec.structs.replace(setting, cause=Cause.INSTRUCTIONS, minimum=features, title=features.replace(" ", ", "))
        for features in ("avx avx2", "avx")
    )
    floor = Floor(FloorKind.CPU, "", (setting, *used))
    assert headline(floor, Words()) == ("CPU", "GOAMD64=v2, avx, avx2")


@pytest.mark.parametrize(
    ("goarch", "release", "asked"),
    [
        ("loong64", "go1.27.3", "LA464 or later"),
        ("s390x", "go1.19", "IBM z13 or later"),
        ("s390x", "go1.18.10", "any"),
    ],
)
def test_ports_without_a_variable_have_a_base(goarch: str, release: str, asked: str) -> None:
    floor = floors(binary(goarch=goarch, go=GoBuildInfo(release)))[FloorKind.CPU]
    assert headline(floor, Words()) == ("CPU", asked)


@pytest.mark.parametrize(
    ("align", "address", "largest"),
    [(0x1000, 0x401000, 4096), (0x10000, 0x410000, 65536), (0x10000, 0x404000, 16384)],
)
def test_the_largest_page(align: int, address: int, largest: int) -> None:
    facts = binary(segments=(Segment("PT_LOAD", 0x10000, address, 0x1000, 0x1000, align, "rx"),))
    assert floors(facts)[FloorKind.PAGE_SIZE].minimum == str(largest)


def test_each_limit_of_the_page_size_is_told() -> None:
    facts = binary(
        segments=(
            Segment("PT_LOAD", 0, 0x400000, 0x1000, 0x1000, 0x1000, "rx"),
            Segment("PT_LOAD", 0x1000, 0x405000, 0x1000, 0x1000, 0x2000, "rw"),
        )
    )
    told = [(reason.cause, reason.minimum) for reason in floors(facts)[FloorKind.PAGE_SIZE].reasons]
    assert told == [
        (Cause.ALIGNMENT, "4096"),
        (Cause.ALIGNMENT, "8192"),
        (Cause.CONGRUENCE, "16384"),
        (Cause.SHARED_PAGE, "16384"),
    ]


def test_a_library_of_odd_alignment_fits_no_page() -> None:
    facts = binary(kind=Kind.SHARED, segments=(Segment("PT_LOAD", 0, 0, 0x1000, 0x1000, 16, "rx"),))
    floor = floors(facts)[FloorKind.PAGE_SIZE]
    assert [(reason.minimum, reason.confidence) for reason in floor.reasons] == [("16", "certain")]
    assert headline(floor, Words()) == ("page size", "less than 1 KiB")


def test_what_no_musl_has_is_no_version() -> None:
    symbols = (NeededSymbol("__printf_chk"), NeededSymbol("qsort_r"))
    facts = binary(DYNAMIC, interpreter="/lib/ld-musl-x86_64.so.1", libc="musl", imports=symbols)
    floor = floors(facts)[FloorKind.MUSL]
    assert [(reason.subject, reason.minimum, reason.never) for reason in floor.reasons] == [
        ("__printf_chk", "", True),
        ("qsort_r", "1.2.3", False),
    ]
    assert floor.never and floor.minimum == "" and headline(floor, Words()) == ("musl", "none has all that it asks for")


def test_private_symbols_are_told_and_raise_nothing() -> None:
    symbols = (NeededSymbol("__libc_siglongjmp", "GLIBC_PRIVATE"), NeededSymbol("pow", "GLIBC_2.29", "libm.so.6"))
    floor = floors(binary(DYNAMIC, imports=symbols))[FloorKind.GLIBC]
    assert (floor.minimum, [reason.subject for reason in floor.because(Cause.PRIVATE)]) == (
        "2.29",
        ["__libc_siglongjmp"],
    )


def test_private_symbols_alone_are_of_a_version_that_is_not_known() -> None:
    floor = floors(binary(DYNAMIC, imports=(NeededSymbol("__libc_siglongjmp", "GLIBC_PRIVATE"),)))[FloorKind.GLIBC]
    assert headline(floor, Words()) == ("glibc", "not known")
    _, (_, told) = floor_lines(floor, Words())
    assert told.startswith(floor.reasons[0].message.text)


def test_why_tells_of_a_feature_that_every_cpu_of_the_port_has() -> None:
    facts = binary(goarch="loong64", go=GoBuildInfo("go1.27.3"))
    ((_, told),) = why(facts, needs_of(facts), "lam", Words())
    assert "LA464 or later" in told


def test_a_floor_that_does_not_apply_has_no_reasons() -> None:
    assert needs_of(FACTS).floor(FloorKind.MACOS).reasons == ()
    assert FloorKind.GLIBC not in floors(FACTS)
