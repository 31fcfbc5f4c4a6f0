"""DWARF 2 to 5 in both forms of compression, judged by pyelftools and by Go's debug/dwarf."""

import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from elftools.dwarf.die import DIE
from elftools.elf.elffile import ELFFile

from seatrial.formats import read_binary
from seatrial.formats.deep import deep_request
from seatrial.model.absence import Unknown
from seatrial.model.insight import DebugTypes, DebugUnits, FunctionFacts
from support.builds import Builder, zig_cc
from support.deep import ask, judge
from support.deep_agreement import STRIPPED

SOURCE = """
typedef unsigned long word;
enum color { RED, BLUE = 7 };
union both { int number; char bytes[4]; };
struct point { int x; short y; };
struct shape {
    const char *name;
    struct point corners[3][2];
    word (*area)(const struct shape *);
    volatile word count;
    union both either;
    struct shape *next;
    enum color paint;
};
static word area(const struct shape *shape) { return shape->count; }
__attribute__((noinline)) word total(struct shape *shape) {
    word sum = 0;
    for (; shape; shape = shape->next) sum += shape->area(shape);
    return sum;
}
struct shape one = {"one", {{{1, 2}}}, area, 3, {4}, 0, BLUE};
int main(void) { return (int)total(&one); }
void _start(void) { main(); for (;;); }
"""
FIELDS = [
    *(("name", "const char *"), ("corners", "struct point[3][2]"), ("area", "word () *"), ("count", "volatile word")),
    *(("either", "union both"), ("next", "struct shape *"), ("paint", "enum color")),
]


def compiled(folder: Path, compiler: list[str], *flags: str) -> Path:
    source, made = folder / "shapes.c", folder / "shapes"
    source.write_text(SOURCE)
    command = [*compiler, *flags, "-O1", "-nostdlib", "-static", "-o", str(made), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    return made


def gcc() -> list[str]:
    found = shutil.which("gcc")
    if found is None:
        pytest.skip("gcc was missing")
    return [found]


def units_of(path: Path) -> DebugUnits:
    found = ask(path, units={"functions": True, "go": True}).part("units", DebugUnits)
    assert not isinstance(found, Unknown), found
    return found


def types_of(path: Path) -> DebugTypes:
    found = ask(path, debug_types={"all": True, "go": True}).part("debug_types", DebugTypes)
    assert not isinstance(found, Unknown), found
    return found


def value(die: DIE, name: str) -> Any:
    raw = die.attributes[name].value if name in die.attributes else None
    return raw.decode() if isinstance(raw, bytes) else raw


def walk(die: DIE) -> Iterator[DIE]:
    yield die
    for child in die.iter_children():
        yield from walk(child)


def agree_with_pyelftools(path: Path) -> None:
    """The units, the functions that have code, and every type that has a name."""
    units, types = units_of(path), types_of(path)
    with path.open("rb") as file:
        dwarf = ELFFile(file).get_dwarf_info()
        tops = [unit.get_top_DIE() for unit in dwarf.iter_CUs()]
        assert units.versions == tuple(dict.fromkeys(unit["version"] for unit in dwarf.iter_CUs()))
        assert [(u.name, u.folder, u.language, u.producer) for u in units.units] == [
            tuple(value(top, f"DW_AT_{word}") for word in ("name", "comp_dir", "language", "producer")) for top in tops
        ]
        dies = [die for top in tops for die in walk(top)]
        functions = set()
        for die in dies:
            if die.tag == "DW_TAG_subprogram" and "DW_AT_low_pc" in die.attributes:
                low, high = value(die, "DW_AT_low_pc"), value(die, "DW_AT_high_pc")
                end = high if die.attributes["DW_AT_high_pc"].form == "DW_FORM_addr" else low + high
                while "DW_AT_name" not in die.attributes:
                    die = die.get_DIE_from_attribute("DW_AT_abstract_origin")
                functions.add((value(die, "DW_AT_name"), low, end))
        named = {"structure_type": "struct", "union_type": "union", "enumeration_type": "enum", "base_type": "base"}
        expected = {}
        for die in dies:
            kind = named.get(str(die.tag).removeprefix("DW_TAG_"))
            if kind and "DW_AT_name" in die.attributes and "DW_AT_byte_size" in die.attributes:
                fields = [child for child in die.iter_children() if child.tag == "DW_TAG_member"]
                expected[kind, value(die, "DW_AT_name")] = (
                    value(die, "DW_AT_byte_size"),
                    [(value(field, "DW_AT_name"), offset_of(field)) for field in fields],
                )
    assert {(f.name, f.start, f.end) for unit in units.units for f in unit.functions} == functions
    ours = {
        (t.kind, t.name): (t.size, [(f.name, f.offset) for f in t.fields]) for t in types.all if t.kind != "typedef"
    }
    assert ours == expected


def offset_of(field: DIE) -> int:
    """DWARF 2 writes an expression: DW_OP_plus_uconst and the number."""
    raw = value(field, "DW_AT_data_member_location")
    if isinstance(raw, list):
        assert raw[0] == 0x23 and raw[1] < 0x80
        return int(raw[1])
    return int(raw or 0)


def is_the_source(path: Path) -> None:
    agree_with_pyelftools(path)
    shape = next(kind for kind in types_of(path).all if kind.name == "shape")
    assert [(field.name, field.type) for field in shape.fields] == FIELDS
    (unit,) = units_of(path).units
    names = {function.name: function.file for function in unit.functions}
    assert {"total", "main", "_start"} <= names.keys()
    assert names["total"] == str(path.parent / "shapes.c")


@pytest.mark.go
@pytest.mark.parametrize("form", ["none", "zlib", "zlib-gnu"])
@pytest.mark.parametrize("version", [2, 3, 4, 5])
def test_gcc(tmp_path: Path, version: int, form: str) -> None:
    is_the_source(compiled(tmp_path, gcc(), f"-gdwarf-{version}", "-gstrict-dwarf", f"-gz={form}"))


@pytest.mark.go
@pytest.mark.parametrize("flags", [("-gdwarf64", "-gdwarf-5"), ("-gdwarf64", "-gdwarf-4"), ("-gdwarf-4", "-fPIC")])
def test_wide_offsets_and_addends(tmp_path: Path, flags: tuple[str, ...]) -> None:
    is_the_source(compiled(tmp_path, gcc(), *flags))


@pytest.mark.go
@pytest.mark.zig
@pytest.mark.parametrize("target", ["s390x-linux-gnu", "mips-linux-gnueabihf", "aarch64-linux-gnu"])
@pytest.mark.parametrize("version", [4, 5])
def test_clang_in_either_byte_order(tmp_path: Path, target: str, version: int) -> None:
    """Version 5 with strings and addresses by their number in tables."""
    path = compiled(tmp_path, zig_cc(target).split(), f"-gdwarf-{version}", "-fno-sanitize=all")
    agree_with_pyelftools(path)
    shape = next(kind for kind in types_of(path).all if kind.name == "shape")
    assert [field.name for field in shape.fields] == [name for name, _ in FIELDS]


@pytest.mark.go
def test_c_functions_are_named_by_symbols_else_by_dwarf(builder: Builder, tmp_path: Path) -> None:
    gcc()
    whole = builder.build("linux/amd64", cc="gcc")
    raw = bytearray(whole.read_bytes())
    with whole.open("rb") as file:
        elf = ELFFile(file)
        header = elf["e_shoff"] + elf["e_shentsize"] * elf.get_section_index(".symtab")
    struct.pack_into("<I", raw, header + 4, 1)  # no symbol table any more, but some bytes
    path = tmp_path / "without-symbols"
    path.write_bytes(raw)
    by_symbols, by_dwarf = outside(whole), outside(path)
    start = by_symbols["x_cgo_init"]
    assert by_dwarf["x_cgo_init"] == start
    stripped = outside(builder.build("linux/amd64", STRIPPED, cc="gcc"))
    assert "x_cgo_init" not in stripped and any(name.startswith("C code at 0x") for name in stripped)


def outside(path: Path) -> dict[str, int]:
    """The code that is not Go's: name to address."""
    found = ask(path, functions={"all": True}).part("functions", FunctionFacts)
    assert not isinstance(found, Unknown) and found.outside == len(found.outside_all)
    return {function.name: function.entry for function in found.outside_all}


@pytest.mark.go
def test_a_compression_that_is_not_read_is_unknown(tmp_path: Path) -> None:
    path = compiled(tmp_path, gcc(), "-g", "-gz=zlib")
    raw = bytearray(path.read_bytes())
    section = next(s for s in deep_request(path, read_binary(path), {}).image.sections if s.name == ".debug_info")
    assert section.compressed and struct.unpack_from("<I", raw, section.offset)[0] == 1
    raw[section.offset] = 2
    path.write_bytes(raw)
    found = ask(path, units=None).part("units", DebugUnits)
    assert found == Unknown("section .debug_info: compression 2 is not read (zlib is 1, zstd is 2)")
    struct.pack_into("<I", raw, section.offset, 1)
    struct.pack_into("<Q", raw, section.offset + 8, 1 << 40)
    path.write_bytes(raw)
    found = ask(path, units=None).part("units", DebugUnits)
    assert isinstance(found, Unknown) and "cannot unpack to 1099511627776" in found.unknown


@pytest.mark.go
@pytest.mark.parametrize("port", ["linux/amd64", "linux/mips", "linux/s390x", "windows/amd64", "darwin/arm64"])
def test_go(builder: Builder, port: str) -> None:
    """Units and types of each format's Go programs: packages, sizes, fields and the descriptors they belong to."""
    path = builder.build(port)
    opinion, units = judge(builder, path), units_of(path)
    assert [(unit.path) for unit in units.packages] == [u.Name for u in opinion.Units or () if u.Language == 0x16]
    assert units.go == len(units.packages) > 30 and units.producer.startswith("Go cmd/compile go1.")
    assert {"main": "main", "internal/cpu": "cpu"}.items() <= {p.path: p.name for p in units.packages}.items()
    ours = {t.runtime_type: t for t in types_of(path).all if t.runtime_type}
    compared = 0
    for told in opinion.Types or ():
        if told.Offset in ours and told.Fields:
            one = ours[told.Offset]
            assert (one.name, one.kind, one.size) == (told.Name, "struct", told.Size)
            assert [(f.name, f.offset) for f in one.fields] == [(f.Name, f.Offset) for f in told.Fields]
            compared += 1
    assert compared > 100


@pytest.mark.go
def test_stripped_of_it(builder: Builder) -> None:
    found = ask(builder.build("linux/amd64", STRIPPED), units=None, functions=None)
    assert found.part("units", DebugUnits) == Unknown("there is no debugging information (DWARF): it was stripped")
    assert isinstance(found.part("functions", FunctionFacts), FunctionFacts)
