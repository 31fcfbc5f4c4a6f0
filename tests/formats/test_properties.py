"""What holds for any input: what is written is read back, and damage ends in facts or in one UsageError."""

import json
import string
import tempfile
from pathlib import Path

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.errors import UsageError
from seatrial.formats import read_binary
from seatrial.formats.window import printable
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, NeededSymbol
from support import go_info
from support.elf_writer import Elf, Library, Part, Symbol
from support.macho_writer import ARM64, Macho, archive, universal
from support.macho_writer import Symbol as MachoSymbol
from support.pe_writer import Pe, coff_object

NAMES = st.text(string.ascii_letters + string.digits + "_.$", min_size=1, max_size=30)
SHAPES = st.sampled_from([(bits, order) for bits in (32, 64) for order in "<>"])
FUNCTIONS = st.lists(NAMES | st.integers(0, 65535), min_size=1, max_size=5, unique=True)
FEW_NAMES = st.lists(NAMES, max_size=8, unique=True)
INFO = go_info.inline("go1.27.3", go_info.modules())

SOUND = (
    Library(
        (Symbol("a", "V_1", "one.so"), Symbol("b", "V_2", "two.so"), Symbol("c", defined=True)),
        ("one.so", "two.so"),
        relocations=((18, 1), (8, 0)),
        more=(Part(INFO, ".go.buildinfo", flags=3),),
        elf=Elf(type=3),
    ).build(),
    Library((Symbol("a", "V_1", "one.so"),), hash="gnu", elf=Elf(bits=32, order=">", machine=8, type=3)).build(),
    Pe(imports=(("a.dll", ("f", 7)),), delayed=(("b.dll", ("g",)),), exports=("h",), data=INFO).build(),
    Macho(libraries=("/usr/lib/a.dylib",), symbols=(MachoSymbol("_a", library=1),), data=INFO).build(),
    universal((ARM64, Macho(data=INFO).build())),
    archive(("go.o", coff_object((("Start", 1), ("a_long_symbol_name", 0)), INFO)), form="coff"),
    archive(("go.o", Elf((Part(b"x", ".text"),), type=1).build())),
)


def read(content: bytes) -> BinaryFacts:
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return read_binary(Path(file.name))


def read_anything(content: bytes) -> None:
    """Facts that can be written as JSON, or one clear line."""
    try:
        facts = read(content)
    except UsageError as error:
        assert error.message.endswith(".") and "\n" not in str(error)
    else:
        assert json.loads(msgspec.json.encode(facts))["size"] == len(content)
        assert all(line.isprintable() for line in facts.problems)


@settings(max_examples=150, deadline=None)
@given(FEW_NAMES, FEW_NAMES, SHAPES, st.data())
def test_elf_symbols_are_read_back(
    imports: list[str], exports: list[str], shape: tuple[int, str], data: st.DataObject
) -> None:
    libraries = data.draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    needed = tuple(
        Symbol(name, data.draw(NAMES), data.draw(st.sampled_from(libraries)), bind=data.draw(st.sampled_from([1, 2])))
        for name in imports
    )
    defined = tuple(Symbol(name, defined=True) for name in exports)
    elf = Elf(bits=shape[0], order=shape[1], type=3, with_sections=data.draw(st.booleans()))
    made = Library((*needed, *defined), tuple(libraries), hash=data.draw(st.sampled_from(["sysv", "gnu"])), elf=elf)
    relocations = tuple((6, number) for number in range(len(needed) + 1))
    facts = read(Library(**{**made.__dict__, "relocations": relocations}).build())
    assert facts.imports == tuple(
        NeededSymbol(symbol.name, symbol.version, symbol.library, symbol.bind == 2) for symbol in needed
    )
    assert facts.exports == tuple(exports)
    assert facts.libraries == tuple(libraries)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(NAMES, st.lists(NAMES | st.integers(0, 65535), min_size=1, max_size=5, unique=True)), max_size=4
    ),
    FEW_NAMES,
    st.sampled_from([32, 64]),
)
def test_pe_imports_are_read_back(libraries: list[tuple[str, list[str | int]]], exports: list[str], bits: int) -> None:
    rows = tuple((name, tuple(functions)) for name, functions in libraries)
    facts = read(Pe(bits=bits, imports=rows, exports=tuple(exports)).build())
    expected = [
        NeededSymbol(function if isinstance(function, str) else f"#{function}", library=name)
        for name, functions in rows
        for function in functions
    ]
    assert facts.imports == tuple(dict.fromkeys(expected))
    assert facts.exports == tuple(exports)
    assert facts.libraries == tuple(name for name, _ in rows)


@settings(max_examples=100, deadline=None)
@given(FEW_NAMES, FEW_NAMES, SHAPES, st.data())
def test_mach_o_symbols_are_read_back(
    libraries: list[str], imports: list[str], shape: tuple[int, str], data: st.DataObject
) -> None:
    symbols = tuple(MachoSymbol(name, library=data.draw(st.integers(0, len(libraries)))) for name in imports)
    facts = read(Macho(bits=shape[0], order=shape[1], libraries=tuple(libraries), symbols=symbols).build())
    assert facts.libraries == tuple(libraries)
    assert facts.imports == tuple(
        NeededSymbol(symbol.name, library=libraries[symbol.library - 1] if symbol.library else "") for symbol in symbols
    )


@settings(max_examples=50, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=5), st.sampled_from(["gnu", "bsd", "coff"]))
def test_names_of_members_are_read_back(names: list[str], form: str) -> None:
    content = Elf((Part(b"x", ".text"),), type=1).build()
    members = ((name, b"text") for name in names)
    facts = read(archive(*members, ("last.o", content), form=form))
    assert facts.members[0].path.endswith("(last.o)")


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(SOUND), st.data())
def test_any_number_in_any_place(sound: bytes, data: st.DataObject) -> None:
    raw = bytearray(sound)
    for _ in range(data.draw(st.integers(1, 4))):
        size = data.draw(st.sampled_from([1, 2, 4, 8]))
        at = data.draw(st.integers(0, len(raw) - size))
        value = data.draw(st.integers(0, (1 << 8 * size) - 1) | st.sampled_from([0, (1 << 8 * size) - 1]))
        raw[at : at + size] = value.to_bytes(size, "little")
    read_anything(bytes(raw))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SOUND), st.data())
def test_any_cut(sound: bytes, data: st.DataObject) -> None:
    read_anything(sound[: data.draw(st.integers(1, len(sound)))])


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(SOUND), st.binary(max_size=300), st.integers(4, 64))
def test_any_bytes_behind_the_magic(sound: bytes, rest: bytes, keep: int) -> None:
    read_anything(sound[:keep] + rest)


@given(st.binary(max_size=100))
def test_any_name_is_safe_to_print(raw: bytes) -> None:
    text = printable(raw)
    assert text.encode().decode() == text
    assert not any(character in text for character in "\x1b\r\n\0\u202e\u2028")


def test_memory_for_names_is_bounded() -> None:
    """Twenty thousand symbols that all have the same name of 16,000 characters: 320 MB if each were kept."""
    count = 20_000
    symbol = Elf().pack("IBBHQQ", 1, 0x12, 0, 0, 0, 0)
    parts = (
        Part(symbol * count, ".symtab", 2, link=".strtab"),
        Part(b"\0" + b"x" * 16_000 + b"\0", ".strtab", 3),
    )
    facts = read(Elf(parts, type=1).build())
    assert isinstance(facts.imports, Unknown)
    assert "sum to more than 16 MiB" in facts.imports.unknown
