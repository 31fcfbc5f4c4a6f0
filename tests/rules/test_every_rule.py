"""Every rule: a binary and a platform on which it fires, and nearly the same on which it stays silent."""

from collections.abc import Callable

import msgspec
import pytest

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
from seatrial.model.needs import Needs
from seatrial.model.platform import Libc, Platform
from seatrial.model.states import Confidence, Severity
from seatrial.needs import needs_of
from seatrial.rules import judge, rule_ids, undecided
from support import reader_answers

Binary = Callable[..., BinaryFacts]
System = Callable[..., Platform]
Changes = dict[str, object]

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE


def go(version: str = "go1.27.3", **settings: str) -> GoBuildInfo:
    return GoBuildInfo(version, settings=settings)


def needs(*names: str, version: str = "", weak: bool = False, library: str = "libc.so.6") -> tuple[NeededSymbol, ...]:
    return tuple(NeededSymbol(name, version, library, weak) for name in names)


def segments(align: int, second: int, flags: str = "rw") -> tuple[Segment, ...]:
    return (
        Segment("PT_LOAD", 0, 0x10000, 0x2000, 0x2000, align, "rx"),
        Segment("PT_LOAD", 0x2000, second, 0x2000, 0x2000, align, flags),
    )


class Case(msgspec.Struct, frozen=True):
    """The rule fires for this binary on this platform with this subject and severity; not with `silent` changes."""

    rule: str
    binary: str
    changes: Changes
    system: str
    there: Changes
    subject: str
    severity: Severity
    silent: Changes = {}
    silent_there: Changes = {}
    call: tuple[int, str] | None = None
    """A system call in its code: the number and the function."""
    instructions: tuple[str, str] | None = None
    """Unguarded instructions: the CPU feature and the function."""

    def needs(self, facts: BinaryFacts) -> Needs:
        if self.instructions:
            return needs_of(facts, reader_answers.instructions(*self.instructions))
        if self.call is None:
            return needs_of(facts)
        number, function = self.call
        return needs_of(facts, reader_answers.system_calls((number, [reader_answers.place(function)])))


KYLIN: Changes = {"libc": Libc("glibc", "2.28")}
NEW: Changes = {"imports": needs("pthread_create", version="GLIBC_2.34")}
LIBRARY_64K: Changes = {"segments": segments(0x1000, 0x22000)}
V3: Changes = {"go": go(GOAMD64="v3")}
V3_FEATURES = (
    *("fpu", "cx8", "cmov", "mmx", "fxsr", "sse", "sse2", "cx16", "lahf_lm", "popcnt", "pni", "ssse3", "sse4_1"),
    *("sse4_2", "avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"),
)

CASES = (
    Case("ST-IDENTITY-001", "pe", {}, "debian", {}, "windows", ERROR, {"format": BinaryFormat.ELF, "goos": "linux"}),
    Case("ST-IDENTITY-001", "static", {"goos": "freebsd"}, "debian", {}, "freebsd", ERROR, {"goos": "linux"}),
    Case(
        "ST-IDENTITY-002",
        "static",
        {"goarch": "arm64", "machine": "EM_AARCH64 (183)"},
        "debian",
        {},
        "EM_AARCH64 (183)",
        ERROR,
        {"goarch": "amd64"},
    ),
    Case(
        "ST-IDENTITY-002",
        "static",
        {"goarch": Unknown("no port of Go"), "machine": "EM_SW64 (268)"},
        "debian",
        {},
        "EM_SW64 (268)",
        ERROR,
        {"goarch": "amd64"},
    ),
    Case("ST-IDENTITY-003", "static", {"goarch": "386"}, "debian", {}, "386", WARNING, {"goarch": "amd64"}),
    Case(
        "ST-IDENTITY-003",
        "macho",
        {},
        "macos",
        {"goarch": "arm64"},
        "amd64",
        WARNING,
        {},
        {"goarch": "amd64"},
    ),
    Case(
        "ST-IDENTITY-004",
        "dynamic",
        {"goarch": "arm", "float_abi": "soft", "interpreter": "/lib/ld-linux.so.3"},
        "debian",
        {"goarch": "arm", "loader": "/lib/ld-linux-armhf.so.3"},
        "soft",
        ERROR,
        {"float_abi": "hard"},
    ),
    Case("ST-IDENTITY-005", "static", {"kind": Kind.OBJECT}, "debian", {}, "object", ERROR, {"kind": Kind.PIE}),
    Case("ST-IDENTITY-005", "static", {"kind": Kind.CORE}, "debian", {}, "core", ERROR, {"kind": Kind.SHARED}),
    Case(
        "ST-INTERP-001",
        "dynamic",
        {},
        "musl",
        {},
        "/lib64/ld-linux-x86-64.so.2",
        ERROR,
        {"linkage": Linkage.STATIC, "interpreter": ""},
    ),
    Case("ST-INTERP-001", "musl", {}, "debian", {}, "/lib/ld-musl-x86_64.so.1", ERROR, {}, {"libc": Libc("musl", "1")}),
    Case("ST-INTERP-001", "library", {}, "musl", {}, "glibc", ERROR, {"libc": "musl"}),
    Case(
        "ST-INTERP-002",
        "dynamic",
        {"interpreter": "/nix/store/x/ld-linux-x86-64.so.2"},
        "debian",
        {},
        "/nix/store/x/ld-linux-x86-64.so.2",
        ERROR,
        {"interpreter": "/lib64/ld-linux-x86-64.so.2"},
    ),
    Case("ST-LIBC-001", "dynamic", NEW, "debian", KYLIN, "GLIBC_2.34", ERROR, {}, {"libc": Libc("glibc", "2.34")}),
    Case(
        "ST-LIBC-002",
        "dynamic",
        {"imports": needs("__libc_dlopen_mode", version="GLIBC_PRIVATE")},
        "debian",
        {},
        "__libc_dlopen_mode",
        WARNING,
        {"imports": needs("dlopen", version="GLIBC_2.2.5")},
    ),
    Case(
        "ST-LIBC-003",
        "dynamic",
        {"relocations": Relocations(relr=True)},
        "debian",
        KYLIN,
        "DT_RELR",
        ERROR,
        {},
        {"libc": Libc("glibc", "2.36")},
    ),
    Case(
        "ST-LIBC-003",
        "musl",
        {"relocations": Relocations(relr=True)},
        "musl",
        {"libc": Libc("musl", "1.2.3")},
        "DT_RELR",
        ERROR,
        {"relocations": Relocations()},
    ),
    Case(
        "ST-LIBC-004",
        "dynamic",
        {"libraries": ("libc.so.6", "libpcap.so.0.8")},
        "debian",
        {},
        "libpcap.so.0.8",
        WARNING,
        {"libraries": ("libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2")},
    ),
    Case(
        "ST-LIBC-004",
        "pe",
        {"libraries": ("KERNEL32.dll", "api-ms-win-crt-heap-l1-1-0.dll", "zlib1.dll")},
        "windows",
        {},
        "zlib1.dll",
        WARNING,
        {"libraries": ("KERNEL32.dll", "api-ms-win-crt-heap-l1-1-0.dll")},
    ),
    Case(
        "ST-LIBC-004",
        "macho",
        {"libraries": ("/opt/homebrew/lib/libpng16.dylib",)},
        "macos",
        {},
        "/opt/homebrew/lib/libpng16.dylib",
        WARNING,
        {"libraries": ("/usr/lib/libSystem.B.dylib", "/System/Library/Frameworks/AVKit.framework/AVKit")},
    ),
    Case("ST-MUSL-001", "library", {"libc": "musl"}, "musl", {}, "libapp.so", ERROR, {"kind": Kind.EXECUTABLE}),
    Case(
        "ST-MUSL-001",
        "static",
        {"kind": Kind.ARCHIVE, "format": BinaryFormat.ARCHIVE},
        "musl",
        {},
        "c-archive",
        ERROR,
        {},
        {"libc": Libc("glibc", "2.36")},
    ),
    Case(
        "ST-MUSL-002",
        "musl",
        {"imports": needs("__printf_chk", library="")},
        "musl",
        {},
        "__printf_chk",
        ERROR,
        {"imports": needs("__stack_chk_fail", "printf") + needs("__memcpy_chk", weak=True)},
    ),
    Case(
        "ST-MUSL-002",
        "musl",
        {"imports": needs("qsort_r")},
        "musl",
        {"libc": Libc("musl", "1.2.2")},
        "qsort_r",
        ERROR,
        {},
        {"libc": Libc("musl", "1.2.3")},
    ),
    Case(
        "ST-TLS-001", "library", {"libc": "musl", "static_tls": True}, "musl", {}, "libapp.so", ERROR, {"libc": "glibc"}
    ),
    Case(
        "ST-TLS-001",
        "library",
        {"libc": "musl", "relocations": Relocations(tls_initial_exec=3)},
        "musl",
        {},
        "libapp.so",
        ERROR,
        {"relocations": Relocations(total=3)},
    ),
    Case(
        "ST-STATIC-001",
        "static",
        {"libc": "glibc", "static_symbols": ("getaddrinfo", "memcpy")},
        "debian",
        {},
        "getaddrinfo",
        WARNING,
        {"libc": "musl"},
    ),
    Case("ST-GO-001", "static", {}, "debian", {"kernel": "2.6.32"}, "go1.27.3", ERROR, {"go": go("go1.23.1")}),
    Case("ST-GO-001", "pe", {}, "windows", {"kernel": "6.1.7601"}, "go1.27.3", ERROR, {"go": go("go1.20.14")}),
    Case("ST-GO-001", "macho", {}, "macos", {"kernel": "12.0"}, "go1.27.3", ERROR, {}, {"kernel": "13.0"}),
    Case("ST-GO-002", "loong", {"go": go("go1.15.6")}, "loong", {"world": "new"}, "go1.15.6", WARNING, {"go": go()}),
    Case("ST-ISA-001", "static", V3, "debian", {}, "GOAMD64=v3", ERROR, {}, {"features": V3_FEATURES}),
    Case(
        "ST-ISA-001",
        "static",
        {"goarch": "arm64", "go": go(GOARM64="v8.0,lse"), "segments": ()},
        "debian",
        {"goarch": "arm64", "features": ("fp", "asimd", "aes", "crc32")},
        "GOARM64=v8.0,lse",
        ERROR,
        {"go": go(GOARM64="v8.0")},
    ),
    Case(
        "ST-ISA-001",
        "static",
        {"goarch": "mipsle", "go": go(GOMIPS="hardfloat")},
        "debian",
        {"goarch": "mipsle", "features": ()},
        "GOMIPS=hardfloat",
        ERROR,
        {"go": go(GOMIPS="softfloat")},
    ),
    Case(
        "ST-PAGE-001", "library", LIBRARY_64K, "debian", {"page_size": 65536}, "PT_LOAD", ERROR, {}, {"page_size": 4096}
    ),
    Case(
        "ST-PAGE-001",
        "static",
        {"segments": segments(0x1000, 0x12000)},
        "debian",
        {"page_size": 65536},
        "PT_LOAD",
        ERROR,
        {"segments": segments(0x10000, 0x12000)},
    ),
    Case(
        "ST-PAGE-002",
        "static",
        {"segments": segments(0x1000, 0x23000)},
        "debian",
        {"page_size": 65536},
        "PT_LOAD",
        ERROR,
        {},
        {"page_size": 4096},
    ),
    Case("ST-LOONG-001", "loong", {}, "loong", {}, "e_flags 0x43", ERROR, {"flags": 0x3}),
    Case(
        "ST-LOONG-001",
        "loong",
        {"interpreter": "/lib64/ld-linux-loongarch-lp64d.so.1"},
        "loong",
        {},
        "/lib64/ld-linux-loongarch-lp64d.so.1",
        ERROR,
        {},
        {"world": "new"},
    ),
    Case("ST-LOONG-002", "loong", {"flags": 0x3}, "loong", {"world": "new"}, "e_flags 0x3", ERROR, {"flags": 0x43}),
    Case(
        "ST-PLATFORM-001",
        "static",
        {},
        "debian",
        {"cannot_run": ("no port of Go",)},
        "debian-12/amd64",
        ERROR,
        {},
        {"cannot_run": ()},
    ),
    Case("ST-MACHO-001", "macho", {"minimum_os": "14.0"}, "macos", {}, "14.0", ERROR, {"minimum_os": "13.0"}),
    Case(
        "ST-MACHO-002",
        "macho",
        {"goarch": "arm64"},
        "macos",
        {"goarch": "arm64", "features": ("fp", "asimd")},
        "LC_CODE_SIGNATURE",
        ERROR,
        {"code_signature": True},
    ),
    Case(
        "ST-LIBC-004",
        "macho",
        {"libraries": ("/opt/lib/libx.dylib",)},
        "macos",
        {},
        "/opt/lib/libx.dylib",
        WARNING,
        {"optional_libraries": ("/opt/lib/libx.dylib",)},
    ),
    Case(
        "ST-PE-002",
        "pe",
        {"libraries": ("kernel32.dll", "WinHvPlatform.dll")},
        "windows",
        {},
        "winhvplatform.dll",
        ERROR,
        {"optional_libraries": ("WinHvPlatform.dll",)},
    ),
    Case("ST-PE-001", "pe", {"minimum_os": "10.1"}, "windows", {}, "10.1", ERROR, {"minimum_os": "10.0"}),
    Case(
        "ST-PE-002",
        "pe",
        {"imports": needs("CreatePseudoConsole", library="KERNEL32.dll")},
        "windows",
        {},
        "kernel32.dll!CreatePseudoConsole",
        ERROR,
        {},
        {"kernel": "10.0.19045"},
    ),
    Case(
        "ST-HARDENING-001",
        "dynamic",
        {"executable_stack": True},
        "debian",
        {},
        "PT_GNU_STACK",
        WARNING,
        {"executable_stack": False},
    ),
    Case(
        "ST-HARDENING-001",
        "library",
        {"executable_stack": True},
        "debian",
        {"libc": Libc("glibc", "2.41")},
        "PT_GNU_STACK",
        ERROR,
        {"executable_stack": False},
    ),
    Case(
        "ST-HARDENING-002",
        "static",
        {"executable_stack": Unknown("no PT_GNU_STACK")},
        "debian",
        {"kernel": "4.19"},
        "PT_GNU_STACK",
        WARNING,
        {},
        {"kernel": "5.8"},
    ),
    Case(
        "ST-CGROUP-001",
        "static",
        {"go": go(DefaultGODEBUG="containermaxprocs=0,updatemaxprocs=0")},
        "debian",
        {},
        "containermaxprocs=0",
        NOTE,
        {"go": go(DefaultGODEBUG="panicnil=1")},
    ),
    Case(
        "ST-KERNEL-001",
        "static",
        {},
        "debian",
        {"kernel": "4.19"},
        "openat2",
        WARNING,
        {},
        {"kernel": "5.6"},
        call=(437, "main.confine"),
    ),
    Case(
        "ST-ISA-002",
        "static",
        {},
        "debian",
        {},
        "main.sum",
        WARNING,
        {},
        {"features": V3_FEATURES},
        instructions=("avx2", "main.sum"),
    ),
    Case("ST-CGROUP-001", "static", {"go": go("go1.24.6")}, "debian", {}, "go1.24.6", NOTE, {}, {"cgroup": "none"}),
)


def by_rule(case: Case) -> str:
    return f"{case.rule}-{case.subject}"


@pytest.mark.parametrize("case", CASES, ids=by_rule)
def test_fires(case: Case, binary: Binary, system: System) -> None:
    facts, platform = binary(case.binary, **case.changes), system(case.system, **case.there)
    found = [finding for finding in judge(facts, platform, case.needs(facts)) if finding.rule == case.rule]
    assert [(finding.subject, finding.severity) for finding in found] == [(case.subject, case.severity)]
    assert found[0].target == platform.name
    assert found[0].evidence
    assert found[0].remedy is not None
    assert found[0].title is not None


@pytest.mark.parametrize("case", CASES, ids=by_rule)
def test_stays_silent(case: Case, binary: Binary, system: System) -> None:
    assert case.silent or case.silent_there
    facts = binary(case.binary, **case.changes | case.silent)
    platform = system(case.system, **case.there | case.silent_there)
    needs = case.needs(facts)
    assert case.rule not in {finding.rule for finding in judge(facts, platform, needs)}
    assert not [reason for reason in undecided(facts, platform, needs) if reason.args["rule"] == case.rule]


BY_FLOORS = (
    *("ST-GO-001", "ST-ISA-001", "ST-ISA-002", "ST-KERNEL-001", "ST-LIBC-001", "ST-LIBC-002", "ST-LIBC-003"),
    *("ST-MACHO-001", "ST-MUSL-002", "ST-PAGE-001", "ST-PAGE-002", "ST-PE-001", "ST-PE-002"),
)
"""The rules about versions and sizes that a floor tells."""


@pytest.mark.parametrize("case", [case for case in CASES if case.rule in BY_FLOORS], ids=by_rule)
def test_floors_alone_feed_the_rules_about_them(case: Case, binary: Binary, system: System) -> None:
    facts, platform = binary(case.binary, **case.changes), system(case.system, **case.there)
    asked = case.needs(facts)
    bare = msgspec.structs.replace(facts, imports=(), segments=(), relocations=Relocations(), minimum_os="", machine="")
    found = [finding for finding in judge(facts, platform, asked) if finding.rule == case.rule]
    assert found and [finding for finding in judge(bare, platform, asked) if finding.rule == case.rule] == found
    without = msgspec.structs.replace(asked, floors=())
    assert case.rule not in {finding.rule for finding in judge(facts, platform, without)}


def test_every_rule_has_a_case() -> None:
    assert {case.rule for case in CASES} == set(rule_ids())


@pytest.mark.parametrize("base", ["static", "dynamic", "library"])
def test_stock_programs_are_silent(base: str, binary: Binary, system: System) -> None:
    assert judge(binary(base), system()) == ()
    assert undecided(binary(base), system()) == ()


NOTHING = Unknown("cut off")
UNREADABLE: tuple[tuple[str, str, Changes, str, Changes], ...] = (
    ("ST-IDENTITY-001", "static", {"goos": NOTHING}, "debian", {}),
    ("ST-IDENTITY-005", "static", {"kind": NOTHING}, "debian", {}),
    ("ST-INTERP-001", "dynamic", {"linkage": NOTHING}, "debian", {}),
    ("ST-LIBC-004", "pe", {"linkage": NOTHING}, "windows", {}),
    ("ST-LIBC-001", "dynamic", {"imports": NOTHING}, "debian", {}),
    ("ST-LIBC-003", "dynamic", {"relocations": NOTHING}, "debian", {}),
    ("ST-LIBC-004", "dynamic", {"libraries": NOTHING}, "debian", {}),
    ("ST-MUSL-002", "musl", {"imports": NOTHING}, "musl", {}),
    ("ST-TLS-001", "library", {"libc": "musl", "relocations": NOTHING}, "musl", {}),
    ("ST-STATIC-001", "static", {"libc": "glibc", "static_symbols": NOTHING}, "debian", {}),
    ("ST-GO-001", "static", {"go": NOTHING}, "debian", {}),
    ("ST-GO-001", "static", {"go": go("go1.9")}, "debian", {}),
    ("ST-ISA-001", "static", {"go": NOTHING}, "debian", {}),
    ("ST-ISA-001", "static", {"go": go(GOAMD64="v9")}, "debian", {}),
    ("ST-CGROUP-001", "static", {"go": NOTHING}, "debian", {}),
    ("ST-PE-002", "pe", {"imports": NOTHING}, "windows", {}),
)


@pytest.mark.parametrize(("rule", "base", "changes", "there", "platform"), UNREADABLE)
def test_what_cannot_be_read_is_told(
    rule: str, base: str, changes: Changes, there: str, platform: Changes, binary: Binary, system: System
) -> None:
    reasons = undecided(binary(base, **changes), system(there, **platform))
    assert rule in {reason.args["rule"] for reason in reasons}
    assert all(reason.text.startswith(reason.args["rule"]) for reason in reasons)


NOT_KNOWN: tuple[tuple[str, str, Changes, str, str], ...] = (
    ("ST-INTERP-001", "dynamic", {}, "debian", "libc"),
    ("ST-LIBC-001", "dynamic", {}, "debian", "libc"),
    ("ST-INTERP-002", "dynamic", {}, "debian", "loader"),
    ("ST-LIBC-004", "dynamic", {}, "debian", "libraries"),
    ("ST-GO-001", "static", {}, "debian", "kernel"),
    ("ST-PE-001", "pe", {}, "windows", "kernel"),
    ("ST-PE-002", "pe", {}, "windows", "kernel"),
    ("ST-MACHO-001", "macho", {}, "macos", "kernel"),
    ("ST-PAGE-001", "loong", {"segments": segments(0x1000, 0x22000), "flags": 0x3}, "loong", "page_size"),
    ("ST-LOONG-001", "loong", {}, "loong", "world"),
    ("ST-LOONG-002", "loong", {"flags": 0x3}, "loong", "world"),
)


@pytest.mark.parametrize(("rule", "base", "changes", "there", "name"), NOT_KNOWN)
def test_what_is_not_known_of_the_platform_is_told(
    rule: str, base: str, changes: Changes, there: str, name: str, binary: Binary, system: System, unknown: object
) -> None:
    reasons = undecided(binary(base, **changes), system(there, **{name: unknown}))
    assert rule in {reason.args["rule"] for reason in reasons}


def test_unknown_features_matter_only_above_the_default(binary: Binary, system: System, unknown: object) -> None:
    platform = system(features=unknown, variant=unknown)
    assert undecided(binary(), platform) == ()
    assert {reason.args["rule"] for reason in undecided(binary(**V3), platform)} == {"ST-ISA-001"}
    by_variant = system(features=unknown, variant="v2")
    assert [finding.rule for finding in judge(binary(**V3), by_variant)] == ["ST-ISA-001"]


def test_an_assumed_fact_of_the_platform_makes_a_finding_likely(
    binary: Binary, system: System, assumed: object
) -> None:
    facts = binary("dynamic", **NEW)
    assert judge(facts, system(**KYLIN))[0].confidence is Confidence.CERTAIN
    assert judge(facts, system(libc=assumed))[0].confidence is Confidence.LIKELY
