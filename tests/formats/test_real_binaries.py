"""The readers on what Go, zig and the system's compiler really make, judged by Go's readers, readelf and pyelftools."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection
from elftools.elf.segments import InterpSegment

from seatrial.formats import read_binary
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat, GoBuildInfo, Kind, Linkage
from support.builds import Builder, zig_cc

ELF_PORTS = [
    *("linux/amd64", "linux/386", "linux/arm", "linux/arm64", "linux/loong64", "linux/riscv64", "linux/s390x"),
    *("linux/ppc64le", "linux/mips", "linux/mips64le", "freebsd/amd64"),
]
OTHER_PORTS = ["windows/amd64", "windows/386", "windows/arm64", "darwin/amd64", "darwin/arm64"]
TLS_TYPES = re.compile(r"\bR_[A-Z0-9_]+?_(?:TLS_)?(?:TPOFF|TPREL)(?:32|64)?\b")


def readelf(*arguments: str | Path) -> str:
    command = shutil.which("readelf")
    if command is None:
        pytest.skip("readelf (binutils) was missing")
    return subprocess.run([command, "-W", *arguments], capture_output=True, text=True, timeout=60, check=True).stdout


def agrees_with_go(facts: BinaryFacts, path: Path, builder: Builder) -> None:
    """Imports, libraries and build information are what Go's own readers find."""
    opinion = builder.judge(path)[path]
    assert isinstance(facts.go, GoBuildInfo)
    assert (facts.go.version, facts.go.settings) == (opinion["Version"], opinion["Settings"])
    assert facts.go_build_id == builder.build_id(path)
    assert not isinstance(facts.imports, Unknown)
    ours = sorted((symbol.name, symbol.version, symbol.library) for symbol in facts.imports)
    if facts.format == BinaryFormat.MACHO:
        ours = sorted((symbol.name, "", "") for symbol in facts.imports)
    theirs = {(symbol["Name"], symbol["Version"], symbol["Library"]) for symbol in opinion["Imports"] or ()}
    assert ours == sorted(theirs)
    if facts.format != BinaryFormat.PE:
        assert facts.libraries == tuple(opinion["Libraries"] or ())


def agrees_with_pyelftools(facts: BinaryFacts, path: Path) -> None:
    with path.open("rb") as file:
        elf = ELFFile(file)
        assert facts.bits == elf.elfclass
        assert facts.endian == ("little" if elf.little_endian else "big")
        assert facts.flags == elf["e_flags"]
        assert facts.machine.startswith(elf["e_machine"] if isinstance(elf["e_machine"], str) else "")
        loads = [segment for segment in elf.iter_segments() if segment["p_type"] == "PT_LOAD"]
        assert [(s.offset, s.address, s.file_size, s.memory_size, s.align) for s in facts.segments] == [
            (s["p_offset"], s["p_vaddr"], s["p_filesz"], s["p_memsz"], s["p_align"]) for s in loads
        ]
        interpreter = [part.get_interp_name() for part in elf.iter_segments() if isinstance(part, InterpSegment)]
        assert ([facts.interpreter] if facts.interpreter else []) == interpreter
        symbols = elf.get_section_by_name(".dynsym")
        exported = {
            symbol.name
            for symbol in (symbols.iter_symbols() if isinstance(symbols, SymbolTableSection) else ())
            if symbol["st_shndx"] != "SHN_UNDEF"
            and symbol["st_info"]["bind"] != "STB_LOCAL"
            and symbol["st_other"]["visibility"] in ("STV_DEFAULT", "STV_PROTECTED")
        }
        assert not isinstance(facts.exports, Unknown)
        assert set(facts.exports) == exported


@pytest.mark.go
@pytest.mark.parametrize("stripped", [False, True], ids=["whole", "stripped"])
@pytest.mark.parametrize("port", ELF_PORTS)
def test_pure_go_elf(builder: Builder, port: str, stripped: bool) -> None:
    path = builder.build(port, *(["-ldflags=-s -w"] if stripped else []))
    facts = read_binary(path)
    assert f"{facts.goos}/{facts.goarch}" == port
    assert facts.go_target is not None and facts.go_target.port == port
    assert (facts.kind, facts.linkage, facts.libc) == (Kind.EXECUTABLE, Linkage.STATIC, "")
    assert facts.problems == ()
    assert isinstance(facts.static_symbols, Unknown) is stripped
    agrees_with_pyelftools(facts, path)
    agrees_with_go(facts, path, builder)


@pytest.mark.go
@pytest.mark.parametrize("stripped", [False, True], ids=["whole", "stripped"])
@pytest.mark.parametrize("port", OTHER_PORTS)
def test_pure_go_pe_and_mach_o(builder: Builder, port: str, stripped: bool) -> None:
    path = builder.build(port, *(["-ldflags=-s -w"] if stripped else []))
    facts = read_binary(path)
    assert f"{facts.goos}/{facts.goarch}" == port
    assert facts.linkage == Linkage.DYNAMIC
    assert facts.problems == ()
    agrees_with_go(facts, path, builder)
    if facts.format == BinaryFormat.PE:
        assert (facts.minimum_os, facts.subsystem, facts.libraries) == ("10.0", "windows-cui", ("kernel32.dll",))
    else:
        assert (facts.minimum_os, facts.interpreter) == ("13.0", "/usr/lib/dyld")
        assert facts.code_signature is (port == "darwin/arm64")


@pytest.mark.go
def test_build_information_is_what_go_version_prints(builder: Builder) -> None:
    path = builder.build("linux/amd64", "-tags=one,two", "-ldflags=-X 'main.text=a b' -s")
    facts = read_binary(path)
    assert isinstance(facts.go, GoBuildInfo)
    printed = builder.version(path)
    assert printed.startswith(f"{path}: {facts.go.version}\n")
    assert f"\tpath\t{facts.go.path}\n" in printed
    for name in ("-tags", "GOAMD64", "CGO_ENABLED"):
        assert f"\tbuild\t{name}={facts.go.settings[name]}\n" in printed
    assert facts.go.settings["-ldflags"] == "-X 'main.text=a b' -s"
    assert facts.go_target is not None and facts.go_target.name == "linux_amd64_v1"


@pytest.mark.go
@pytest.mark.slow
def test_mips_softfloat_is_told_from_hardfloat(builder: Builder) -> None:
    soft = read_binary(builder.build("linux/mips", GOMIPS="softfloat"))
    hard = read_binary(builder.build("linux/mips"))
    assert (soft.float_abi, hard.float_abi) == ("soft", "hard")


@pytest.mark.go
def test_a_pie_without_c(builder: Builder) -> None:
    path = builder.build("linux/amd64", "-buildmode=pie")
    facts = read_binary(path)
    assert (facts.kind, facts.interpreter) == (Kind.PIE, "/lib64/ld-linux-x86-64.so.2")
    listed = readelf("-r", path)
    assert not isinstance(facts.relocations, Unknown)
    assert facts.relocations.total == len(re.findall(r"^[0-9a-f]{8,}", listed, re.MULTILINE))


@pytest.mark.go
@pytest.mark.zig
@pytest.mark.parametrize(
    ("port", "target", "newest"),
    [
        ("linux/amd64", "x86_64-linux-gnu.2.28", "GLIBC_2.3.2"),
        ("linux/amd64", "x86_64-linux-gnu.2.35", "GLIBC_2.34"),
        ("linux/arm64", "aarch64-linux-gnu.2.28", "GLIBC_2.17"),
        ("linux/386", "x86-linux-gnu.2.28", "GLIBC_2.3.2"),
    ],
)
@pytest.mark.parametrize("mode", ["exe", "c-shared"])
def test_cgo(builder: Builder, port: str, target: str, newest: str, mode: str) -> None:
    path = builder.build(port, f"-buildmode={mode}", cc=zig_cc(target))
    facts = read_binary(path)
    assert (facts.linkage, facts.libc, facts.problems) == (Linkage.DYNAMIC, "glibc", ())
    assert isinstance(facts.libraries, tuple) and "libc.so.6" in facts.libraries
    assert not isinstance(facts.imports, Unknown)
    versions = {symbol.version for symbol in facts.imports if symbol.version.startswith("GLIBC_2")}
    assert max(versions, key=lambda version: [int(part) for part in version[6:].split(".")]) == newest
    agrees_with_pyelftools(facts, path)
    agrees_with_go(facts, path, builder)
    listed = readelf("-r", path)
    assert not isinstance(facts.relocations, Unknown)
    assert facts.relocations.total == len(re.findall(r"^[0-9a-f]{8,}", listed, re.MULTILINE))
    assert facts.relocations.tls_initial_exec == len(TLS_TYPES.findall(listed))
    assert facts.static_tls is ("STATIC_TLS" in readelf("-d", path))
    if mode == "c-shared":
        assert facts.kind == Kind.SHARED
        assert isinstance(facts.exports, tuple) and "Bump" in facts.exports
        assert facts.relocations.tls_initial_exec > 0


@pytest.mark.go
@pytest.mark.zig
def test_c_archive(builder: Builder) -> None:
    facts = read_binary(builder.build("linux/amd64", "-buildmode=c-archive", cc=zig_cc("x86_64-linux-gnu.2.28")))
    assert (facts.format, facts.kind, facts.goos, facts.goarch) == (
        BinaryFormat.ARCHIVE,
        Kind.ARCHIVE,
        "linux",
        "amd64",
    )
    assert isinstance(facts.go, GoBuildInfo) and facts.go.settings["-buildmode"] == "c-archive"
    assert isinstance(facts.exports, tuple) and "crosscall2" in facts.exports
    assert not isinstance(facts.relocations, Unknown) and facts.relocations.tls_initial_exec > 0
    assert facts.members[0].path.endswith("(go.o)")


@pytest.mark.go
def test_a_static_glibc_program(builder: Builder) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("gcc with a static glibc was missing")
    flags = '-linkmode=external -extldflags="-static"'
    whole = read_binary(builder.build("linux/amd64", f"-ldflags={flags}", cc="gcc"))
    assert (whole.linkage, whole.libc) == (Linkage.STATIC, "glibc")
    assert isinstance(whole.static_symbols, tuple)
    assert {"getaddrinfo", "dlopen", "__libc_start_main"} <= set(whole.static_symbols)
    stripped = read_binary(builder.build("linux/amd64", f"-ldflags=-s -w {flags}", cc="gcc"))
    assert isinstance(stripped.static_symbols, Unknown)
    assert stripped.libc == "glibc"


@pytest.mark.parametrize("name", ["libc.so.6", "libm.so.6", "libstdc++.so.6"])
def test_libraries_of_this_system(name: str) -> None:
    found = [path for folder in ("/lib", "/usr/lib", "/lib64") for path in Path(folder).glob(f"*/{name}")]
    if not found:
        pytest.skip(f"{name} was missing")
    facts = read_binary(found[0])
    assert (facts.kind, facts.soname, facts.problems) == (Kind.SHARED, name, ())
    agrees_with_pyelftools(facts, found[0])
    listed = readelf("-r", found[0])
    assert not isinstance(facts.relocations, Unknown)
    assert facts.relocations.tls_initial_exec == len(TLS_TYPES.findall(listed))
    assert facts.relocations.relr is ("(RELR)" in readelf("-d", found[0]))
