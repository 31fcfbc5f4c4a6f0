"""A program with cgo beside one without: what differs, and each library's way from the source to the file."""

import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from seatrial.comparison import compare, linked
from seatrial.errors import UsageError
from seatrial.formats import read_binary
from seatrial.linking import trace_linking
from seatrial.model.absence import Unknown
from seatrial.model.comparison import Chain, Comparison, DirectiveKind, Home, Linked, Only
from seatrial.model.needs import FloorKind
from seatrial.store import Store, default_root
from seatrial.toolchains import GoToolchain, find_go
from support.builds import Builder
from support.compared_programs import Pair, build_pair
from support.deep import reader
from support.elf_writer import Elf, Library

pytestmark = pytest.mark.go

Addresses = dict[str, int]


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    return Builder(tmp_path_factory.mktemp("compared"))


def toolchain() -> GoToolchain:
    return find_go("", Store(default_root()))


def compared(pair: Pair, source: Path | None = None, sysroot: Path | None = None) -> Comparison:
    return compare(pair.cgo, pair.pure, reader(), toolchain(), source, sysroot)


def by_library(chains: tuple[Chain, ...]) -> dict[str, Chain]:
    return {chain.library: chain for chain in chains}


def slots(chains: tuple[Chain, ...]) -> Addresses:
    """Symbol to its only slot."""
    found = {}
    for chain in chains:
        for symbol in chain.symbols:
            assert isinstance(symbol.slots, tuple), symbol.slots
            if len(symbol.slots) == 1:
                found[symbol.name] = symbol.slots[0].address
    return found


def stubs(chains: tuple[Chain, ...], *sections: str) -> Addresses:
    return {
        symbol.name: stub.address
        for chain in chains
        for symbol in chain.symbols
        for slot in (symbol.slots if isinstance(symbol.slots, tuple) else ())
        for stub in slot.stubs
        if stub.section in sections
    }


def output(*words: str | Path) -> str:
    if shutil.which(str(words[0])) is None:
        pytest.skip(f"{words[0]} was missing")
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def jump_slots(path: Path) -> Addresses:
    """What readelf says of the relocations that name a symbol."""
    rows = re.findall(
        r"^([0-9a-f]+) .* R_\w+(?:JUMP_SLOT|GLOB_DAT) +[0-9a-f]+ ([\w.]+)", output("readelf", "-rW", path), re.MULTILINE
    )
    return {name: int(address, 16) for address, name in rows}


@pytest.mark.zig
def test_linux_amd64(builder: Builder) -> None:
    pair = build_pair(builder, "linux/amd64")
    found = compared(pair, pair.source)
    assert (found.first.linked, found.second.linked) == (Linked.DYNAMIC, Linked.STATIC)
    assert (found.first.cgo, found.second.cgo, found.same_program) == ("1", "0", True)
    assert "CGO_ENABLED" in {setting.name for setting in found.settings}
    assert found.libraries == Only(("libown.so", "libm.so.6", "libc.so.6"))
    assert isinstance(found.packages, Only) and isinstance(found.functions, Only) and isinstance(found.units, Only)
    assert "runtime/cgo" in found.packages.first and not found.packages.second
    assert "net._C2func_getaddrinfo" in found.functions.first
    assert "also.c" in found.units.first and not found.units.second
    assert {"runtime", "net"} <= {effect.package for effect in found.effects}
    assert "NSS" in next(effect for effect in found.effects if effect.package == "net").second.text
    assert next(pair for pair in found.floors if pair.kind is FloorKind.GLIBC).second is None
    assert found.second_chains == ()
    sizes = {
        name: int(size, 16)
        for name, size in re.findall(r"\] (\.\S+) +\w+ +\w+ \w+ (\w+)", output("readelf", "-SW", pair.cgo))
    }
    assert isinstance(found.sections, tuple)
    assert {section.name: section.first for section in found.sections if section.first is not None} == sizes


@pytest.mark.zig
def test_the_way_to_each_library(builder: Builder) -> None:
    pair = build_pair(builder, "linux/amd64")
    found = compared(pair, pair.source)
    chains = by_library(found.first_chains)
    own = chains["libown.so"]
    assert [(one.kind, one.package, "-lown" in one.words) for one in own.directives] == [
        (DirectiveKind.LDFLAGS, "example.com/compared/inner", True)
    ]
    (symbol,) = own.symbols
    assert (symbol.name, symbol.home, symbol.users[0].function) == ("own_twice", Home.DEFINED, "also")
    assert own.packages == ("example.com/compared/inner",)
    assert (own.loaded.path, own.loaded.by) == (str(pair.library), "run path $ORIGIN")
    (power,) = chains["libm.so.6"].symbols
    assert (power.name, power.home) == ("exp", Home.NAMED)
    assert chains["libm.so.6"].directives == own.directives
    assert not chains["libc.so.6"].directives and "compiler" in chains["libc.so.6"].no_words[0].text
    assert {"net", "runtime"} <= set(chains["libc.so.6"].packages)
    unasked = {(one.package, *one.words) for one in found.first_unasked}
    assert ("runtime/cgo", "-lpthread") in unasked


@pytest.mark.zig
def test_slots_and_stubs_are_those_of_readelf_and_objdump(builder: Builder) -> None:
    pair = build_pair(builder, "linux/amd64")
    chains = compared(pair).first_chains
    assert slots(chains) == jump_slots(pair.cgo)
    listed = re.findall(r"^([0-9a-f]+) <(\w+)@plt>:", output("objdump", "-d", "-j", ".plt", pair.cgo), re.MULTILINE)
    assert stubs(chains, ".plt") == {name: int(address, 16) for address, name in listed}


@pytest.mark.zig
def test_the_files_are_those_that_the_loader_takes(builder: Builder) -> None:
    pair = build_pair(builder, "linux/amd64")
    if not Path(read_binary(pair.cgo).interpreter).exists():
        pytest.skip("a loader for amd64 was missing")
    loaded = {search.library: search.found for search in trace_linking([str(pair.cgo)], Store(default_root())).searches}
    told = {library: chain.loaded.path for library, chain in by_library(compared(pair).first_chains).items()}
    assert {library: str(Path(str(path)).resolve()) for library, path in told.items()} == {
        library: str(Path(loaded[library]).resolve()) for library in told
    }


@pytest.mark.zig
def test_a_library_that_is_not_there(builder: Builder) -> None:
    """Its symbols have no versions: that they are of this library is known by the others, which do not define them."""
    pair = build_pair(builder, "linux/amd64")
    hidden = pair.library.with_name("away")
    pair.library.rename(hidden)
    try:
        own = by_library(compared(pair).first_chains)["libown.so"]
    finally:
        hidden.rename(pair.library)
    assert isinstance(own.loaded.path, Unknown) and "none of the places" in own.loaded.path.unknown
    assert [(symbol.name, symbol.home) for symbol in own.symbols] == [("own_twice", Home.LEFT)]
    # Without --source the module that was built is not found, and that is said.
    assert not own.directives and "--source DIR" in own.no_words[0].text


@pytest.mark.zig
@pytest.mark.sweep
def test_linux_arm64(builder: Builder) -> None:
    pair = build_pair(builder, "linux/arm64")
    found = compared(pair, pair.source)
    assert slots(found.first_chains) == jump_slots(pair.cgo)
    # Entries of 16 bytes behind a header of 32, in the order of the relocations (ELF for the Arm 64-bit Architecture).
    sections = output("readelf", "-SW", pair.cgo)
    start = int(re.findall(r" \.plt +PROGBITS +(\w+)", sections)[0], 16)
    lazy = re.findall(r"JUMP_SLOT +[0-9a-f]+ ([\w.]+)", output("readelf", "-rW", pair.cgo))
    assert stubs(found.first_chains, ".plt") == {name: start + 32 + 16 * at for at, name in enumerate(lazy)}
    chains = by_library(found.first_chains)
    assert chains["libown.so"].loaded.path == str(pair.library)
    elsewhere = chains["libc.so.6"].loaded.path
    assert isinstance(elsewhere, Unknown) and "/lib/ld-linux-aarch64.so.1" in elsewhere.unknown


def import_table(path: Path) -> Addresses:
    """Symbol to its word in the import address table, by what objdump lists of it."""
    found = {}
    base = int(re.findall(r"^ImageBase\s+(\w+)", output("objdump", "-p", path), re.MULTILINE)[0], 16)
    address = 0
    for line in output("objdump", "-p", path).splitlines():
        if row := re.match(r"^ \w{8}\s+\w{8} \w{8} \w{8} \w{8} (\w{8})$", line):
            address = base + int(row[1], 16)
        elif row := re.match(r"^\s+[0-9a-f]+\s+\d+\s+(\w+)$", line):
            found[row[1]] = address
            address += 8
    return found


@pytest.mark.zig
@pytest.mark.sweep
def test_windows_amd64(builder: Builder) -> None:
    pair = build_pair(builder, "windows/amd64")
    found = compared(pair, pair.source)
    listed = import_table(pair.cgo)
    assert slots(found.first_chains) == listed
    own = by_library(found.first_chains)["own.dll"]
    assert (own.loaded.path, own.packages) == (str(pair.library), ("example.com/compared/inner",))
    assert [one.words for one in own.directives] == [("-lown", "-lws2_32")]
    (symbol,) = own.symbols
    assert isinstance(symbol.slots, tuple)
    (stub,) = symbol.slots[0].stubs
    thunk = output(
        "objdump", "-d", f"--start-address={stub.address:#x}", f"--stop-address={stub.address + 6:#x}", pair.cgo
    )
    assert re.search(rf"jmp +\*.*{listed['own_twice']:x}", thunk), thunk
    assert ("example.com/compared/inner", "-lws2_32") in {(one.package, *one.words) for one in found.first_unasked}


@pytest.mark.zig
@pytest.mark.sweep
@pytest.mark.parametrize("goarch", ["amd64", "arm64"])
def test_darwin(goarch: str, builder: Builder) -> None:
    pair = build_pair(builder, f"darwin/{goarch}")
    found = compared(pair, pair.source)
    listed = output("llvm-objdump", "--macho", "--indirect-symbols", pair.cgo)
    sections = {
        title: {name: int(address, 16) for address, name in re.findall(r"^(0x\w+) +\d+ (\S+)$", body, re.MULTILINE)}
        for title, body in re.findall(
            r"^Indirect symbols for \(\w+,(\w+)\)[^\n]*\n(.*?)(?=^Indirect|\Z)", listed, re.MULTILINE | re.DOTALL
        )
    }
    assert stubs(found.first_chains, "__stubs") == sections["__stubs"]
    told = slots(found.first_chains)
    assert sections["__la_symbol_ptr"].items() <= told.items()
    own = by_library(found.first_chains)["@executable_path/libown.dylib"]
    assert (own.loaded.path, own.directives[0].package) == (str(pair.library), "example.com/compared/inner")


def test_what_a_pure_build_of_macos_asks_for(builder: Builder) -> None:
    """Go's linker leaves its symbols to a search of all libraries; the source names their library."""
    path = builder.build("darwin/arm64")
    chains = by_library(compare(path, path, reader(), toolchain()).first_chains)
    system = chains["/usr/lib/libSystem.B.dylib"]
    assert {one.kind for one in system.directives} == {DirectiveKind.IMPORT}
    assert {symbol.home for symbol in system.symbols} == {Home.SOURCE}
    listed = stubs(tuple(chains.values()), "__symbol_stub1")
    assert set(listed) == {symbol.name for symbol in system.symbols}
    # ADRP, LDR, BR each: 12 bytes.
    assert sorted(listed.values()) == list(range(min(listed.values()), min(listed.values()) + 12 * len(listed), 12))
    assert isinstance(system.loaded.path, Unknown) and "shared cache" in system.loaded.path.unknown


def test_what_a_pure_build_of_windows_asks_for(builder: Builder) -> None:
    path = builder.build("windows/amd64")
    found = compare(path, path, reader(), toolchain())
    (kernel,) = found.first_chains
    assert kernel.library == "kernel32.dll"
    assert {(one.kind, one.package) for one in kernel.directives} >= {(DirectiveKind.IMPORT, "runtime")}
    # objdump looks for the table in another section. It is one of words, with a 0 behind those of each directory.
    words = [slot for symbol in kernel.symbols for slot in (symbol.slots if isinstance(symbol.slots, tuple) else ())]
    addresses = sorted(slot.address for slot in words)
    assert {slot.section for slot in words} == {".data"} and len(words) >= len(kernel.symbols) > 40
    assert {after - before for before, after in pairwise(addresses)} <= {8, 16}
    assert found.libraries == Only() and found.settings == () and found.effects == ()


def test_c_code_that_go_s_linker_takes_in_is_not_go_s(builder: Builder) -> None:
    """It stands in the table of Go's functions, and gave packages as `x_cgo_munmap`."""
    if not shutil.which("gcc"):
        pytest.skip("gcc was missing")
    folder = builder.folder / "resolves"
    folder.mkdir()
    (folder / "main.go").write_text('package main\n\nimport "net"\n\nfunc main() { _, _ = net.LookupHost("x") }\n')
    (folder / "go.mod").write_text("module example.com/resolves\n\ngo 1.27\n")
    for name, cgo in (("cgo", "1"), ("pure", "0")):
        settings = {"GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": cgo, "CC": "gcc"}
        builder.run_go(folder, ["build", "-o", name, "-ldflags=-linkmode=internal", "."], settings)
    found = compare(folder / "cgo", folder / "pure", reader(), toolchain())
    assert found.packages == Only(("runtime/cgo",), ())
    assert isinstance(found.functions, Only)
    assert not [name for name in found.functions.first if name.startswith(("x_cgo", "_cgo"))]
    assert isinstance(found.first.outside, int) and found.first.outside > 20


def test_without_a_reader_or_a_toolchain(builder: Builder) -> None:
    path = builder.build("windows/amd64")
    found = compare(path, path, Unknown("no reader today"), Unknown("no Go today"))
    assert found.functions == found.units == Unknown("no reader today")
    (kernel,) = found.first_chains
    assert {str(symbol.slots) for symbol in kernel.symbols} == {str(Unknown("no reader today"))}
    assert "no Go today" in kernel.no_words[0].text
    assert isinstance(found.sections, tuple) and found.libraries == Only()
    (kernel,) = compare(path, path, Unknown("no reader today"), toolchain()).first_chains
    assert "no reader today" in kernel.no_words[0].text
    (kernel,) = compare(path, path, Unknown("no reader today"), toolchain(), builder.folder / "hello").first_chains
    assert {one.package for one in kernel.directives} >= {"runtime", "syscall"}


def test_how_a_binary_was_linked(tmp_path: Path) -> None:
    interpreter = "/lib64/ld-linux-x86-64.so.2"
    made: dict[Linked, Elf | Library] = {
        Linked.STATIC: Elf(),
        Linked.STATIC_PIE: Library((), (), flags_1=0x08000000, elf=Elf(type=3)),
        Linked.LOADED_PIE: Library((), (), flags_1=0x08000000, interpreter=interpreter, elf=Elf(type=3)),
        Linked.DYNAMIC_PIE: Library((), ("libc.so.6",), flags_1=0x08000000, interpreter=interpreter, elf=Elf(type=3)),
        Linked.DYNAMIC: Library((), ("libc.so.6",), interpreter=interpreter, elf=Elf(type=2)),
        Linked.LIBRARY: Library((), ("libc.so.6",), soname="libx.so", elf=Elf(type=3)),
    }
    for expected, program in made.items():
        path = tmp_path / expected.name
        path.write_bytes(program.build())
        assert linked(read_binary(path)) is expected


@pytest.mark.parametrize("option", ["source", "sysroot"])
def test_a_folder_that_is_not_there(option: str, tmp_path: Path) -> None:
    path = tmp_path / "app"
    path.write_bytes(Elf().build())
    with pytest.raises(UsageError, match=f"--{option}: .* is no folder"):
        compare(path, path, Unknown(""), Unknown(""), **{option: tmp_path / "gone"})
