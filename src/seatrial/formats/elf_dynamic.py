"""What an ELF file asks of the loader: the dynamic section, symbols and their versions.

gABI chapter 5 ("Dynamic Linking"), LSB core ("Symbol Versioning"). Everything is found as a loader finds it, from
PT_DYNAMIC, so that a file without section headers says the same.
"""

import msgspec

from seatrial.formats.elf import PT_DYNAMIC, SHT_DYNSYM, ElfImage
from seatrial.formats.symbols import SYMBOL_LIMIT, Collected, Symbols
from seatrial.formats.window import Malformed, NameTable, Window
from seatrial.model.absence import Unknown
from seatrial.model.binary import NeededSymbol

__all__ = ["Dynamic", "dynamic_symbol_count", "read_dynamic", "read_dynamic_symbols", "split_symbols"]

DT_NEEDED, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_SONAME, DT_RPATH, DT_RUNPATH = 1, 4, 5, 6, 10, 14, 15, 29
DT_FLAGS, DT_RELR, DT_GNU_HASH, DT_FLAGS_1 = 30, 36, 0x6FFFFEF5, 0x6FFFFFFB
DT_VERSYM, DT_VERNEED, DT_VERNEEDNUM = 0x6FFFFFF0, 0x6FFFFFFE, 0x6FFFFFFF
DF_STATIC_TLS, DF_1_PIE = 0x10, 0x08000000

_ENTRY_LIMIT = 65536
_EM_S390 = 22
_STB_WEAK = 2
_VER_FLG_WEAK = 2
_STV_HIDDEN = (1, 2)  # STV_INTERNAL, STV_HIDDEN
_STT_NAMELESS = (3, 4)  # STT_SECTION, STT_FILE


class Dynamic(msgspec.Struct, frozen=True):
    """The dynamic section: tag to its values, in the file's order."""

    image: ElfImage
    tags: dict[int, list[int]]

    def value(self, tag: int, default: int = 0) -> int:
        """The first value of a tag."""
        return self.tags.get(tag, [default])[0]

    def names(self) -> NameTable:
        """The table of names. Raises Malformed."""
        table = self.image.memory.part(self.value(DT_STRTAB), self.value(DT_STRSZ), "the dynamic string table")
        return NameTable(table, "the dynamic string table")

    def strings(self, tag: int) -> tuple[str, ...]:
        """The names that the values of a tag point to. Raises Malformed."""
        if tag not in self.tags:
            return ()
        names = self.names()
        return tuple(names.name(value) for value in self.tags[tag])


def read_dynamic(image: ElfImage) -> Dynamic | None:
    """The dynamic section; None for a file without one. Raises Malformed."""
    headers = image.segments(PT_DYNAMIC)
    if not headers:
        return None
    layout, size = ("QQ", 16) if image.is_64 else ("II", 8)
    window = image.window.part(headers[0].offset, headers[0].file_size, "the dynamic section")
    tags: dict[int, list[int]] = {}
    for index in range(min(window.size // size, _ENTRY_LIMIT)):
        tag, value = window.numbers(layout, index * size, "a dynamic entry")
        if tag == 0:
            break
        tags.setdefault(tag, []).append(value)
    return Dynamic(image, tags)


def read_dynamic_symbols(dynamic: Dynamic, highest_relocated: int) -> Symbols:
    """What is imported, with versions, and what is exported. Raises Malformed.

    `highest_relocated`: the highest symbol number that a relocation names; the GNU hash table counts no imports.
    """
    if DT_SYMTAB not in dynamic.tags:
        return Symbols()
    image = dynamic.image
    table = image.memory.rest(dynamic.value(DT_SYMTAB), "the dynamic symbol table")
    size = 24 if image.is_64 else 16
    count = dynamic_symbol_count(dynamic, highest_relocated)
    if count > SYMBOL_LIMIT:
        # Asked before the versions, of which there is one for each symbol.
        raise Malformed(f"{count} symbols are more than the {SYMBOL_LIMIT} that are read")
    table = table.part(0, count * size, f"the dynamic symbol table ({count} symbols)")
    names = dynamic.names()
    versions = _needed_versions(dynamic, names)
    indexes: tuple[int, ...] = ()
    if versions:
        where = image.memory.part(dynamic.value(DT_VERSYM), 2 * count, "the table of symbol versions")
        indexes = where.numbers(f"{count}H", 0, "the table of symbol versions")
    return split_symbols(table, image.is_64, names, indexes, versions)


def split_symbols(
    table: Window,
    is_64: bool,
    names: NameTable,
    indexes: tuple[int, ...] = (),
    versions: dict[int, tuple[str, str, bool]] | None = None,
) -> Symbols:
    """The undefined and the defined global symbols of an ELF symbol table, each once. Raises Malformed."""
    found = Collected()
    size = 24 if is_64 else 16
    if table.size // size > SYMBOL_LIMIT:
        raise Malformed(f"{table.size // size} symbols are more than the {SYMBOL_LIMIT} that are read")
    for index in range(1, table.size // size):
        if is_64:
            name_at, info, other, place = table.numbers("IBBH", index * size, "a symbol")
        else:
            name_at, _, _, info, other, place = table.numbers("IIIBBH", index * size, "a symbol")
        if info >> 4 == 0 or info & 15 in _STT_NAMELESS or not name_at:
            continue
        if place == 0:
            name = names.name(name_at)
            needed = (versions or {}).get(indexes[index] & 0x7FFF if indexes else 0, ("", "", False))
            version, library, weak_version = needed
            found.add_import(NeededSymbol(name, version, library, info >> 4 == _STB_WEAK, weak_version))
        elif other & 3 not in _STV_HIDDEN:
            found.add_export(names.name(name_at))
    return found.symbols


def _needed_versions(dynamic: Dynamic, names: NameTable) -> dict[int, tuple[str, str, bool]]:
    """Version index to the version's name, the library that must hold it, and VER_FLG_WEAK (.gnu.version_r)."""
    if DT_VERNEED not in dynamic.tags or DT_VERSYM not in dynamic.tags:
        return {}
    table = dynamic.image.memory.rest(dynamic.value(DT_VERNEED), "the needed versions")
    versions: dict[int, tuple[str, str, bool]] = {}
    at, left = 0, 32768  # a version index has 15 bits
    for _ in range(min(dynamic.value(DT_VERNEEDNUM), left)):
        _, count, file_at, aux, following = table.numbers("HHIII", at, "a needed version")
        library, place = names.name(file_at), at + aux
        for _ in range(count):
            left -= 1
            if left < 0:
                raise Malformed("the needed versions do not end")
            _, flags, other, name_at, step = table.numbers("IHHII", place, "a needed version")
            versions[other & 0x7FFF] = (names.name(name_at), library, bool(flags & _VER_FLG_WEAK))
            if step == 0:
                break
            place += step
        if following == 0:
            break
        at += following
    return versions


def dynamic_symbol_count(dynamic: Dynamic, highest_relocated: int) -> int:
    """How many entries the dynamic symbol table has, with the one at 0. Raises Malformed."""
    image, memory = dynamic.image, dynamic.image.memory
    for section in () if isinstance(image.sections, Unknown) else image.sections:
        if section.type == SHT_DYNSYM and section.address == dynamic.value(DT_SYMTAB):
            return section.size // (24 if image.is_64 else 16)
    if DT_HASH in dynamic.tags:
        # nchain. Words of the hash table have 8 bytes on s390x (its ELF ABI supplement).
        wide = image.machine == _EM_S390 and image.is_64
        table = memory.rest(dynamic.value(DT_HASH), "the hash table")
        return table.numbers("QQ" if wide else "II", 0, "the hash table")[1]
    if DT_GNU_HASH in dynamic.tags:
        return max(_gnu_hash_count(dynamic), highest_relocated + 1)
    return highest_relocated + 1


def _gnu_hash_count(dynamic: Dynamic) -> int:
    table = dynamic.image.memory.rest(dynamic.value(DT_GNU_HASH), "the GNU hash table")
    buckets, first, bloom_words, _ = table.numbers("IIII", 0, "the GNU hash table")
    buckets_at = 16 + bloom_words * (8 if dynamic.image.is_64 else 4)
    if buckets > SYMBOL_LIMIT:
        raise Malformed(f"the GNU hash table has {buckets} buckets, more than the {SYMBOL_LIMIT} that are read")
    last = max(table.numbers(f"{buckets}I", buckets_at, "the GNU hash table"), default=0)
    if last < first:
        return first
    chain_at = buckets_at + 4 * buckets
    for index in range(last, SYMBOL_LIMIT):
        # The chain's last entry has its lowest bit set.
        if table.numbers("I", chain_at + 4 * (index - first), "the GNU hash table")[0] & 1:
            return index + 1
    raise Malformed("the GNU hash table does not end")
