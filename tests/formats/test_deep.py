"""How the reader is asked, how a layout is chosen, and what is told where nothing can be read."""

import struct
import sys
from pathlib import Path

import pytest

from seatrial.errors import CouldNotCheck, UsageError
from seatrial.formats import read_binary
from seatrial.formats.deep import deep_request, read_deep
from seatrial.model.absence import Unknown
from seatrial.model.insight import Deep, FunctionFacts, ItabFacts, TypeFacts
from seatrial.store import Store
from seatrial.toolchains.reader import deep_reader
from support.builds import Builder
from support.deep import ask, reader, see
from support.deep_agreement import STRIPPED, same_but_for_addresses
from support.elf_writer import Elf, Library, Symbol
from support.macho_writer import AMD64, ARM64, universal

TYPES_WORD = 37  # of runtime.moduledata, from Go 1.20 on


def functions(path: Path) -> FunctionFacts | Unknown:
    return ask(path, functions=None).part("functions", FunctionFacts)


def test_without_a_toolchain_everything_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise CouldNotCheck("There is no Go toolchain in this Python environment.")

    monkeypatch.setattr("seatrial.toolchains.reader.find_go", none)
    missing = deep_reader(Store(tmp_path))
    assert missing == Unknown("There is no Go toolchain in this Python environment.")
    path = Path(sys.executable).resolve()
    deep = read_deep(path, read_binary(path), missing, {"functions": None})
    assert deep == Deep(missing)
    assert deep.part("functions", FunctionFacts) == missing


def test_what_the_user_named_must_be_a_toolchain(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no GOROOT"):
        deep_reader(Store(tmp_path), str(tmp_path))


@pytest.mark.parametrize(("bits", "order"), [(32, ">"), (32, "<"), (64, ">"), (64, "<")])
@pytest.mark.parametrize(("count", "known"), [(5, True), (1 << 31, False)])
def test_slots_of_mips(bits: int, order: str, count: int, known: bool, tmp_path: Path) -> None:
    """They follow the symbols from one on; a count that is wrong leaves none."""
    symbols = (Symbol("own", defined=True), Symbol("malloc"), Symbol("exported", defined=True), Symbol("free"))
    tags = ((3, 0x20000), (0x7000000A, 7), (0x70000011, count), (0x70000013, 2))
    path = tmp_path / "library.so"
    path.write_bytes(Library(symbols, elf=Elf(bits=bits, order=order, machine=8, type=3), tags=tags).build())
    slots = deep_request(path, read_binary(path), {}).image.slots
    word = bits // 8
    assert slots == ({0x20000 + 7 * word: "malloc", 0x20000 + 9 * word: "free"} if known else {})


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_reader_that_fails_or_hangs_is_unknown_with_its_ending(tmp_path: Path) -> None:
    path = Path(sys.executable).resolve()
    facts = read_binary(path)
    failing = script(tmp_path / "failing", "echo 'out of memory' >&2; exit 2")
    assert read_deep(path, facts, failing, {}).parts == Unknown("the reader ended with exit code 2: out of memory")
    hanging = script(tmp_path / "hanging", "sleep 60")
    assert read_deep(path, facts, hanging, {}, timeout=0.3).parts == Unknown(
        "the reader was still running after the time limit"
    )


@pytest.mark.go
def test_a_program_that_go_did_not_make() -> None:
    path = Path(sys.executable).resolve()
    found = ask(path, functions=None, nothing=None)
    assert found.part("functions", FunctionFacts) == Unknown("no Go function table (pclntab) was found")
    assert found.part("nothing", TypeFacts) == Unknown('the reader does not know the want "nothing"')


@pytest.mark.go
def test_a_file_that_changed_or_went(builder: Builder, tmp_path: Path) -> None:
    path = tmp_path / "program"
    path.write_bytes(builder.build("linux/amd64").read_bytes())
    facts = read_binary(path)
    gone = tmp_path / "gone"
    assert read_deep(gone, facts, reader(), {}).parts == Unknown("No such file or directory")
    path.write_bytes(b"\x7fELF")
    cut = read_deep(path, facts, reader(), {}).parts
    assert isinstance(cut, Unknown) and "inside the ELF header" in cut.unknown


@pytest.mark.go
def test_each_architecture_of_a_universal_file(builder: Builder, tmp_path: Path) -> None:
    thin = [builder.build(f"darwin/{goarch}", STRIPPED) for goarch in ("amd64", "arm64")]
    path = tmp_path / "universal"
    path.write_bytes(universal((AMD64, thin[0].read_bytes()), (ARM64, thin[1].read_bytes())))
    whole = read_binary(path)
    for one, member in zip(thin, whole.members, strict=True):
        found = read_deep(path, member, reader(), {"functions": None}).part("functions", FunctionFacts)
        assert found == functions(one)
    # Of the whole file the first architecture is told.
    assert read_deep(path, whole, reader(), {"functions": None}).part("functions", FunctionFacts) == functions(thin[0])


@pytest.mark.go
def test_without_section_headers_the_tables_are_found_by_their_pattern(builder: Builder, tmp_path: Path) -> None:
    whole = builder.build("linux/amd64", STRIPPED)
    raw = bytearray(whole.read_bytes())
    raw[0x28:0x30] = bytes(8)  # e_shoff
    raw[0x3C:0x40] = bytes(4)  # e_shnum, e_shstrndx
    path = tmp_path / "bare"
    path.write_bytes(raw)
    assert read_binary(path).problems == ("sections: the file has no section headers",)
    same_but_for_addresses(see(whole), see(path))


@pytest.mark.go
def test_the_layout_is_chosen_by_structure_not_by_the_version(builder: Builder, tmp_path: Path) -> None:
    whole = builder.build("linux/amd64", STRIPPED)
    path = tmp_path / "renamed"
    path.write_bytes(whole.read_bytes().replace(b"go1.27.", b"go1.16."))
    facts = read_binary(path)
    assert not isinstance(facts.go, Unknown) and facts.go.version.startswith("go1.16.")
    same_but_for_addresses(see(whole), see(path))


@pytest.mark.go
def test_a_section_that_is_larger_than_the_file(builder: Builder, tmp_path: Path) -> None:
    """It took all memory: what is not in the file is no code."""
    whole = builder.build("linux/amd64", STRIPPED)
    raw = bytearray(whole.read_bytes())
    names = [section.name for section in deep_request(whole, read_binary(whole), {}).image.sections]
    (table,) = struct.unpack_from("<Q", raw, 0x28)  # e_shoff
    struct.pack_into("<Q", raw, table + 64 * names.index(".text") + 32, 1 << 50)  # sh_size
    path = tmp_path / "larger"
    path.write_bytes(raw)
    same_but_for_addresses(see(whole), see(path))
    parts = ask(path, isa=None, callers=None).parts
    assert isinstance(parts, dict) and not any(bytes(part).startswith(b'{"unknown"') for part in parts.values())


def module_data(path: Path) -> int:
    """The offset of the module data, by the section that Go 1.26 and later have."""
    request = deep_request(path, read_binary(path), {})
    return next(section.offset for section in request.image.sections if section.name == ".go.module")


@pytest.mark.go
def test_a_layout_of_the_future_is_unknown_with_the_checks_that_failed(builder: Builder, tmp_path: Path) -> None:
    """One more word before the types: functions are read, types are not guessed at."""
    whole = builder.build("linux/amd64", STRIPPED)
    raw = bytearray(whole.read_bytes())
    at = module_data(whole) + 8 * TYPES_WORD
    raw[at : at + 8 * 30] = struct.pack("<Q", 1) + raw[at : at + 8 * 29]
    path = tmp_path / "future"
    path.write_bytes(raw)
    deep = ask(path, functions=None, types=None, itabs=None)
    assert deep.part("functions", FunctionFacts) == functions(whole)
    types = deep.part("types", TypeFacts)
    assert isinstance(types, Unknown)
    assert "is not known: Go 1.27: types from 0x1 to" in types.unknown
    assert "Go 1.26: " in types.unknown and "Go 1.20-1.25: " in types.unknown
    assert isinstance(deep.part("itabs", ItabFacts), Unknown)


@pytest.mark.go
def test_damaged_module_data_is_unknown_with_what_was_found(builder: Builder, tmp_path: Path) -> None:
    whole = builder.build("linux/amd64", STRIPPED)
    raw = bytearray(whole.read_bytes())
    at = module_data(whole)
    raw[at + 16 : at + 24] = struct.pack("<Q", 5)  # the capacity of funcnametab
    path = tmp_path / "damaged"
    path.write_bytes(raw)
    found = functions(path)
    assert isinstance(found, Unknown)
    assert "length and capacity differ in word" in found.unknown
