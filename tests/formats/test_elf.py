"""The ELF reader, on files that say exactly what a test means, in both classes and byte orders."""

import hashlib
import time
from dataclasses import replace
from pathlib import Path

import pytest

from seatrial.errors import UsageError
from seatrial.formats import read_binary
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, GoBuildInfo, Kind, Linkage, Module, NeededSymbol
from support import go_info
from support.elf_writer import BASE, PT_GNU_STACK, PT_NOTE, Elf, Library, Names, Part, Symbol, note, symbol_table

SHAPES = [(bits, order) for bits in (32, 64) for order in "<>"]


def facts_of(tmp_path: Path, content: bytes) -> BinaryFacts:
    path = tmp_path / "file"
    path.write_bytes(content)
    return read_binary(path)


SYMBOLS = (
    Symbol("malloc", "GLIBC_2.2.5", "libc.so.6"),
    Symbol("dlopen", "GLIBC_2.34", "libc.so.6"),
    Symbol("cosf", "GLIBC_2.27", "libm.so.6"),
    Symbol("__gmon_start__", bind=2),
    Symbol("local", bind=0),
    Symbol("Start", defined=True),
    Symbol("hidden", defined=True, visibility=2),
)


@pytest.mark.parametrize(("bits", "order"), SHAPES)
@pytest.mark.parametrize("with_sections", [True, False])
@pytest.mark.parametrize("hash_", ["sysv", "gnu", ""])
def test_symbols_come_with_version_and_library(
    tmp_path: Path, bits: int, order: str, with_sections: bool, hash_: str
) -> None:
    elf = Elf(bits=bits, order=order, type=3, machine=62 if bits == 64 else 3, with_sections=with_sections)
    relocations = tuple((6, number) for number in range(1, 8))
    library = Library(SYMBOLS, ("libm.so.6", "libc.so.6"), "libapp.so", hash=hash_, relocations=relocations, elf=elf)
    facts = facts_of(tmp_path, library.build())
    assert facts.imports == (
        NeededSymbol("malloc", "GLIBC_2.2.5", "libc.so.6"),
        NeededSymbol("dlopen", "GLIBC_2.34", "libc.so.6"),
        NeededSymbol("cosf", "GLIBC_2.27", "libm.so.6"),
        NeededSymbol("__gmon_start__", weak=True),
    )
    assert facts.exports == ("Start",)
    assert facts.libraries == ("libm.so.6", "libc.so.6")
    assert facts.soname == "libapp.so"
    assert (facts.kind, facts.linkage) == (Kind.SHARED, Linkage.DYNAMIC)
    assert (facts.bits, facts.endian) == (bits, "little" if order == "<" else "big")
    assert not any(line for line in facts.problems if "section" not in line)


def test_a_weak_symbol_and_a_weak_version_are_two_things(tmp_path: Path) -> None:
    symbols = (
        Symbol("arc4random", "GLIBC_2.36", "libc.so.6", bind=2, weak_version=True),
        Symbol("gettid", "GLIBC_2.30", "libc.so.6", bind=2),
    )
    assert facts_of(tmp_path, Library(symbols, ("libc.so.6",)).build()).imports == (
        NeededSymbol("arc4random", "GLIBC_2.36", "libc.so.6", weak=True, weak_version=True),
        NeededSymbol("gettid", "GLIBC_2.30", "libc.so.6", weak=True),
    )


@pytest.mark.parametrize(
    ("machine", "bits", "order", "flags", "goarch", "abi", "float_abi"),
    [
        (62, 64, "<", 0, "amd64", "", ""),
        (3, 32, "<", 0, "386", "", ""),
        (183, 64, "<", 0, "arm64", "", ""),
        (40, 32, "<", 0x5000400, "arm", "eabi5", "hard"),
        (40, 32, "<", 0x5000200, "arm", "eabi5", "soft"),
        (258, 64, "<", 0x43, "loong64", "objabi-v1", "hard"),
        (258, 64, "<", 0x03, "loong64", "objabi-v0", "hard"),
        (258, 64, "<", 0x41, "loong64", "objabi-v1", "soft"),
        (243, 64, "<", 5, "riscv64", "rvc", "hard"),
        (243, 64, "<", 0, "riscv64", "", "soft"),
        (21, 64, "<", 2, "ppc64le", "elfv2", ""),
        (21, 64, ">", 1, "ppc64", "elfv1", ""),
        (22, 64, ">", 0, "s390x", "", ""),
        (8, 32, ">", 0x50001004, "mips", "o32", ""),
        (8, 32, "<", 0x50001004, "mipsle", "o32", ""),
        (8, 64, ">", 0x20000004, "mips64", "n64", ""),
        (8, 64, "<", 0x20000004, "mips64le", "n64", ""),
    ],
)
def test_machine_and_abi(
    tmp_path: Path, machine: int, bits: int, order: str, flags: int, goarch: str, abi: str, float_abi: str
) -> None:
    facts = facts_of(tmp_path, Elf((Part(b"x"),), bits, order, machine, flags=flags).build())
    assert (facts.goarch, facts.abi, facts.float_abi, facts.flags) == (goarch, abi, float_abi, flags)


@pytest.mark.parametrize(("machine", "bits", "order"), [(2, 32, ">"), (62, 32, "<"), (183, 64, ">"), (0x1234, 64, "<")])
def test_a_machine_without_a_port_of_go_is_unknown_with_its_number(
    tmp_path: Path, machine: int, bits: int, order: str
) -> None:
    facts = facts_of(tmp_path, Elf((Part(b"x"),), bits, order, machine).build())
    assert isinstance(facts.goarch, Unknown)
    assert str(machine) in facts.goarch.unknown


def test_mips_n32_is_no_port(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, Elf((Part(b"x"),), 32, "<", 8, flags=0x20).build())
    assert facts.goarch == Unknown("Go has no port for MIPS n32")
    assert facts.abi == "n32"


def arm_attributes(*values: tuple[int, bytes]) -> bytes:
    attributes = b"".join(bytes((tag,)) + value for tag, value in values)
    part = b"\x01" + (5 + len(attributes)).to_bytes(4, "little") + attributes
    body = b"aeabi\0" + part
    return b"A" + (4 + len(body)).to_bytes(4, "little") + body


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (arm_attributes((5, b"cortex-a7\0"), (28, b"\1")), "hard"),
        (arm_attributes((32, b"\0vendor\0"), (6, b"\x0a")), "soft"),
        (arm_attributes((28, b"\3")), ""),
        (b"", ""),
        (b"B1234", ""),
    ],
)
def test_arm_float_abi_from_attributes(tmp_path: Path, attributes: bytes, expected: str) -> None:
    part = Part(attributes, ".ARM.attributes", 0x70000003)
    facts = facts_of(tmp_path, Elf((part,), 32, "<", 40, flags=0x5000000).build())
    assert (facts.float_abi, facts.problems) == (expected, ())


@pytest.mark.parametrize("attributes", [b"A\xff\0\0\0aeabi\0", b"A\1\0\0\0\0\0", arm_attributes((28, b"\x80"))])
def test_damaged_arm_attributes_are_a_problem(tmp_path: Path, attributes: bytes) -> None:
    part = Part(attributes, ".ARM.attributes", 0x70000003)
    facts = facts_of(tmp_path, Elf((part,), 32, "<", 40, flags=0x5000000).build())
    assert facts.float_abi == ""
    assert len(facts.problems) == 1 and facts.problems[0].startswith("ABI marks: ")


@pytest.mark.parametrize(("value", "expected"), [(0, ""), (1, "hard"), (3, "soft"), (5, "hard")])
def test_mips_float_abi(tmp_path: Path, value: int, expected: str) -> None:
    content = bytes((0, 0, 32, 1, 1, 0, 0, value)).ljust(24, b"\0")
    for part in (Part(content, ".MIPS.abiflags", 0x7000002A), Part(content, segment=0x70000003)):
        assert facts_of(tmp_path, Elf((part,), 32, ">", 8).build()).float_abi == expected


@pytest.mark.parametrize(
    ("machine", "bits", "order", "tls", "addend"),
    [
        (62, 64, "<", 18, True),
        (3, 32, "<", 14, False),
        (183, 64, "<", 1030, True),
        (40, 32, "<", 19, False),
        (258, 64, "<", 11, True),
        (243, 64, "<", 11, True),
        (21, 64, "<", 73, True),
        (22, 64, ">", 56, True),
        (8, 32, ">", 47, False),
        (8, 64, "<", 48, False),
        (8, 64, ">", 48, False),
    ],
)
def test_initial_exec_relocations_are_counted(
    tmp_path: Path, machine: int, bits: int, order: str, tls: int, addend: bool
) -> None:
    elf = Elf(bits=bits, order=order, machine=machine, type=3)
    relocations = ((tls, 0), (5, 1), (tls, 1), (5, 0))
    library = Library(SYMBOLS[:1], relocations=relocations, addend=addend, relr=True, flags=0x10, elf=elf, hash="")
    facts = facts_of(tmp_path, library.build())
    assert not isinstance(facts.relocations, Unknown)
    assert (facts.relocations.tls_initial_exec, facts.relocations.total) == (2, 4)
    assert facts.relocations.relr
    assert facts.static_tls


def test_an_object_file_tells_its_tls_model_and_undefined_symbols(tmp_path: Path) -> None:
    elf, names = Elf(type=1), Names()
    symbols = (Symbol("pthread_create", kind=0), Symbol("Start", defined=True))
    table = symbol_table(elf, symbols, names)
    rela = elf.pack("QQQ", 0, 22, 0) + elf.pack("QQQ", 0, 2, 0)
    parts = (
        Part(b"\x90", ".text", flags=6),
        Part(rela, ".rela.text", 4, link=".symtab", info=1),
        Part(table, ".symtab", 2, link=".strtab"),
        Part(names.raw, ".strtab", 3),
        Part(b"", ".note.GNU-stack", flags=4),
        Part(rela, ".rela.debug_info", 4, link=".symtab", info=5 + 2),
    )
    debug = Part(b"\0", ".debug_info", flags=0)
    facts = facts_of(tmp_path, replace(elf, parts=(*parts, debug)).build())
    assert (facts.kind, facts.executable_stack) == (Kind.OBJECT, True)
    assert facts.imports == (NeededSymbol("pthread_create"),)
    assert facts.exports == ("Start",)
    assert not isinstance(facts.relocations, Unknown)
    assert (facts.relocations.tls_initial_exec, facts.relocations.total) == (1, 2)
    assert isinstance(facts.linkage, Unknown)


@pytest.mark.parametrize(("bits", "order"), SHAPES)
def test_notes(tmp_path: Path, bits: int, order: str) -> None:
    elf = Elf(bits=bits, order=order)
    content = (
        note(b"GNU", 1, elf.pack("IIII", 0, 3, 2, 0), order)
        + note(b"GNU", 3, bytes.fromhex("00ff12"), order)
        + note(b"Go", 4, b"first/second", order)
    )
    facts = facts_of(tmp_path, replace(elf, parts=(Part(content, segment=PT_NOTE),)).build())
    assert (facts.goos, facts.minimum_os) == ("linux", "3.2.0")
    assert (facts.build_id, facts.go_build_id) == ("00ff12", "first/second")
    by_section = replace(elf, parts=(Part(content, ".note", 7),))
    assert facts_of(tmp_path, by_section.build()).build_id == "00ff12"


@pytest.mark.parametrize(
    ("owner", "number", "goos", "minimum"),
    [
        (b"FreeBSD", 1400097, "freebsd", "14.0"),
        (b"FreeBSD", 1203000, "freebsd", "12.3"),
        (b"NetBSD", 1000000003, "netbsd", "10.0"),
        (b"OpenBSD", 0, "openbsd", ""),
        (b"Android", 21, "android", "21"),
    ],
)
def test_system_notes(tmp_path: Path, owner: bytes, number: int, goos: str, minimum: str) -> None:
    part = Part(note(owner, 1, number.to_bytes(4, "little")), segment=PT_NOTE)
    facts = facts_of(tmp_path, Elf((part,)).build())
    assert (facts.goos, facts.minimum_os) == (goos, minimum)


@pytest.mark.parametrize(
    ("interpreter", "goos", "libc"),
    [
        ("/lib64/ld-linux-x86-64.so.2", "linux", "glibc"),
        ("/lib64/ld-linux-loongarch-lp64d.so.1", "linux", "glibc"),
        ("/lib64/ld.so.1", "linux", "glibc"),
        ("/lib/ld64.so.1", "linux", "glibc"),
        ("/lib/ld-musl-aarch64.so.1", "linux", "musl"),
        ("/system/bin/linker64", "android", ""),
        ("/libexec/ld-elf.so.1", "freebsd", ""),
        ("/usr/lib/amd64/ld.so.1", "solaris", ""),
    ],
)
def test_the_interpreter_tells_system_and_libc(tmp_path: Path, interpreter: str, goos: str, libc: str) -> None:
    facts = facts_of(tmp_path, Library(interpreter=interpreter, elf=Elf(type=3)).build())
    assert (facts.interpreter, facts.goos, facts.libc) == (interpreter, goos, libc)
    assert (facts.kind, facts.linkage) == (Kind.PIE, Linkage.DYNAMIC)


@pytest.mark.parametrize(
    ("library", "expected"),
    [
        (Library(flags_1=0x08000000), Kind.PIE),
        (Library(soname="a.so", interpreter="/lib64/ld-linux-x86-64.so.2"), Kind.SHARED),
        (Library(interpreter="/lib64/ld-linux-x86-64.so.2"), Kind.PIE),
        (Library(), Kind.SHARED),
    ],
)
def test_pie_or_library(tmp_path: Path, library: Library, expected: Kind) -> None:
    facts = facts_of(tmp_path, replace(library, elf=Elf(type=3)).build())
    assert facts.kind == expected


@pytest.mark.parametrize(("flags", "expected"), [(7, True), (6, False)])
def test_executable_stack(tmp_path: Path, flags: int, expected: bool) -> None:
    elf = Elf((Part(b"x"),), extra_headers=((PT_GNU_STACK, flags),))
    assert facts_of(tmp_path, elf.build()).executable_stack is expected


def test_no_stack_header_is_unknown_and_no_problem(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, Elf((Part(b"x"),)).build())
    assert isinstance(facts.executable_stack, Unknown)
    assert facts.problems == ()


def test_runpath_hides_rpath(tmp_path: Path) -> None:
    both = Library(runpath="$ORIGIN/../lib:/opt/lib", rpath="/old", elf=Elf(type=3))
    assert facts_of(tmp_path, both.build()).run_path == ("$ORIGIN/../lib", "/opt/lib")
    assert facts_of(tmp_path, replace(both, runpath="").build()).run_path == ("/old",)


def test_segments_keep_their_alignment(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, Elf((Part(b"x"),), load_align=0x1000).build())
    assert [(segment.address, segment.align, segment.flags) for segment in facts.segments] == [(BASE, 0x1000, "rw")]


@pytest.mark.parametrize(("bits", "order"), SHAPES)
@pytest.mark.parametrize("with_sections", [True, False])
@pytest.mark.parametrize("inline", [True, False])
def test_go_build_information(tmp_path: Path, bits: int, order: str, with_sections: bool, inline: bool) -> None:
    elf = Elf(bits=bits, order=order, with_sections=with_sections, machine=62 if bits == 64 else 3)
    text = go_info.modules(goarch="amd64" if bits == 64 else "386")
    content = b""
    for _ in range(2):  # the pointer form must know its own address, the second time it does
        made = replace(elf, parts=(Part(b"junk"), Part(content, ".go.buildinfo", flags=3)))
        address = made.address(1)
        content = go_info.inline("go1.27.3", text) if inline else go_info.pointers("go1.17", text, address, bits, order)
    facts = facts_of(tmp_path, replace(elf, parts=(Part(b"junk"), Part(content, ".go.buildinfo", flags=3))).build())
    assert isinstance(facts.go, GoBuildInfo)
    assert facts.go.version == ("go1.27.3" if inline else "go1.17")
    assert facts.go.main == Module("example.com/app", "(devel)")
    assert facts.go.deps[0].replace == Module("example.com/new", "v1.1.0", "h1:abc=")
    assert facts.go.settings["-ldflags"] == '-X main.text="a\\tb" -s'
    assert facts.go.settings["odd key"] == "raw value"
    assert facts.goos == "linux"


def test_contradicting_marks_are_told(tmp_path: Path) -> None:
    info = go_info.inline("go1.27.3", go_info.modules("windows", "arm64"))
    library = Library(
        interpreter="/lib64/ld-linux-x86-64.so.2", more=(Part(info, ".go.buildinfo", flags=3),), elf=Elf(type=3)
    )
    facts = facts_of(tmp_path, library.build())
    assert facts.goarch == "amd64"
    assert facts.problems == (
        "Go build information names arm64, the ELF header amd64",
        "Go build information names windows, the file's other marks linux",
    )


def with_symtab(symbols: tuple[Symbol, ...], strings: bytes | None = None) -> bytes:
    elf, names = Elf(), Names()
    if strings is not None:
        names.raw = strings
    table = symbol_table(elf, symbols, names)
    rodata = Part(b"GLIBC_TUNABLES\0", ".rodata")
    # A header of its own keeps the text out of executable memory.
    parts = (rodata, Part(table, ".symtab", 2, link=".strtab"), Part(names.raw, ".strtab", 3))
    return replace(elf, parts=parts, osabi=3).build()


def test_static_symbols_are_the_defined_functions_that_matter(tmp_path: Path) -> None:
    symbols = (
        Symbol("main.getaddrinfo", defined=True),
        Symbol("getaddrinfo", defined=True),
        Symbol("dlopen", defined=False, bind=2),
        Symbol("getpwnam_r", defined=True, kind=1),
        Symbol("__libc_setup_tls", defined=True),
        Symbol("xgetgrnam_r", defined=True),
    )
    facts = facts_of(tmp_path, with_symtab(symbols))
    assert facts.static_symbols == ("__libc_setup_tls", "getaddrinfo")
    assert facts.libc == "glibc"


def test_a_name_that_is_the_tail_of_another_is_found(tmp_path: Path) -> None:
    """GNU ld merges `dlopen` into `__dlopen`: the symbol's name begins inside another."""

    class Merged(Names):
        def at(self, name: str) -> int:
            return self.raw.index(name.encode() + b"\0")

    names = Merged()
    names.raw = b"\0__dlopen\0getpwnam_r\0"
    elf = Elf(osabi=3)
    table = symbol_table(elf, (Symbol("dlopen", defined=True, bind=2), Symbol("getpwnam_r", defined=True)), names)
    parts = (Part(table, ".symtab", 2, link=".strtab"), Part(names.raw, ".strtab", 3))
    assert facts_of(tmp_path, replace(elf, parts=parts).build()).static_symbols == ("getpwnam_r", "dlopen")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"GLIBC_TUNABLES\0", "glibc"),
        (b"FATAL: kernel too old\n\0", "glibc"),
        (b"No error information\0...Resource deadlock would occur\0", "musl"),
        (b"No error information\0", ""),
    ],
)
def test_libc_of_a_stripped_static_binary(tmp_path: Path, text: bytes, expected: str) -> None:
    facts = facts_of(tmp_path, Elf((Part(text, ".rodata"),), osabi=3).build())
    assert isinstance(facts.static_symbols, Unknown)
    assert facts.libc == expected


def test_names_are_safe_to_print(tmp_path: Path) -> None:
    library = Library((Symbol("a\x1b[31mred"), Symbol("‮evil"), Symbol("名字")), elf=Elf(type=3))
    facts = facts_of(tmp_path, library.build())
    assert not isinstance(facts.imports, Unknown)
    assert [symbol.name for symbol in facts.imports] == ["a\\x1b[31mred", "\\u202eevil", "名字"]


LIBRARY = Library(SYMBOLS, ("libc.so.6",), interpreter="/lib64/ld-linux-x86-64.so.2", elf=Elf(type=3))


@pytest.mark.parametrize(("bits", "order"), SHAPES)
@pytest.mark.parametrize("sections_first", [True, False])
def test_truncation_in_the_headers_is_a_usage_error(
    tmp_path: Path, bits: int, order: str, sections_first: bool
) -> None:
    elf = Elf(bits=bits, order=order, type=3, sections_first=sections_first)
    made = replace(LIBRARY, elf=elf).build()
    head, entry = (64, 56) if bits == 64 else (52, 32)
    count = int.from_bytes(made[head - 8 : head - 6], "little" if order == "<" else "big")
    path = tmp_path / "cut"
    for size in range(1, head + 3 * entry):
        path.write_bytes(made[:size])
        with pytest.raises(UsageError, match=r"cut cannot be inspected: .+\."):
            read_binary(path)
    assert count


def test_a_section_table_that_is_cut_is_a_usage_error_and_one_that_is_gone_a_problem(tmp_path: Path) -> None:
    made = LIBRARY.build()
    shoff = int.from_bytes(made[40:48], "little")
    with pytest.raises(UsageError, match="inside its section header table"):
        facts_of(tmp_path, made[:-1])
    facts = facts_of(tmp_path, made[:shoff])
    assert facts.problems == ("sections: the section header table lies outside the file",)
    assert facts.imports == facts_of(tmp_path, made).imports
    assert isinstance(facts.static_symbols, Unknown)


def patched(made: bytes, at: int, value: bytes) -> bytes:
    return made[:at] + value + made[at + len(value) :]


def test_damage_behind_the_headers_is_unknown_with_a_reason(tmp_path: Path) -> None:
    made = LIBRARY.build()
    dynamic = made.index(Elf().pack("QQ", 1, 0)[:8], 0x100)
    strtab_tag = made.index(Elf().pack("Q", 10), dynamic)
    facts = facts_of(tmp_path, patched(made, strtab_tag + 8, b"\xff" * 8))
    assert isinstance(facts.imports, Unknown) and isinstance(facts.libraries, Unknown)
    assert "dynamic string table" in facts.imports.unknown
    assert facts.linkage == Linkage.DYNAMIC
    assert any(line.startswith("needed libraries: ") for line in facts.problems)


def test_version_chains_that_run_in_circles_end(tmp_path: Path) -> None:
    symbols = (Symbol("a", "V_1", "one.so"), Symbol("b", "V_2", "one.so"), Symbol("c", "V_3", "two.so"))
    library = Library(symbols, elf=Elf(type=3))
    made = library.build()
    needed = made.index(Elf().pack("HH", 1, 2))
    entry = needed + 16
    backwards = patched(made, needed + 2, b"\xff\xff")  # 65535 versions ...
    backwards = patched(backwards, entry + 12, b"\1\0\0\0")  # ... one byte apart
    started = time.perf_counter()
    facts_of(tmp_path, backwards)
    assert time.perf_counter() - started < 2


def test_a_count_beyond_the_file_is_refused(tmp_path: Path) -> None:
    made = replace(LIBRARY, hash="sysv", elf=Elf(type=3, with_sections=False)).build()
    at = made.index(Elf().pack("IIII", 1, len(SYMBOLS) + 1, 0, 0))
    facts = facts_of(tmp_path, patched(made, at + 4, b"\xff\xff\xff\x7f"))
    assert isinstance(facts.imports, Unknown)
    assert "more than the 1000000" in facts.imports.unknown


def test_a_large_server_is_read_in_a_moment(tmp_path: Path) -> None:
    """100 MB of code, 300,000 symbols and as many relocations: no Python object is made for each."""
    elf, names = Elf(type=3), Names()
    symbols = symbol_table(elf, (Symbol("main.function", defined=True), Symbol("getaddrinfo", defined=True)), names)
    more = (
        Part(symbols + symbols[24:48] * 300_000, ".symtab", 2, link=".strtab"),
        Part(names.raw + b"main.another\0" * 300_000, ".strtab", 3),
        Part(bytes(100_000_000), ".text", flags=6),
        Part(go_info.inline("go1.27.3", go_info.modules()), ".go.buildinfo", flags=3),
    )
    library = Library(SYMBOLS, more=more, elf=elf)
    path = tmp_path / "large"
    path.write_bytes(library.build())
    started = time.process_time()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    hashed = time.process_time()
    facts = read_binary(path)
    taken = time.process_time() - hashed
    assert (facts.sha256, facts.static_symbols, facts.problems) == (digest, ("getaddrinfo",), ())
    assert taken < 1 + 2 * (hashed - started)
