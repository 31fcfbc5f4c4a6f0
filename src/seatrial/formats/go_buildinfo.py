"""Go build information: what `go version -m` prints (Go source: debug/buildinfo, runtime/debug/mod.go)."""

import re
from collections.abc import Sequence

from seatrial.formats.address_space import AddressSpace, Mapping
from seatrial.formats.window import Malformed, Problems, Window, printable
from seatrial.model.absence import Unknown
from seatrial.model.binary import GoBuildInfo, Module

__all__ = ["find_build_info", "parse_module_info", "unquote"]

_MAGIC = b"\xff Go buildinf:"
_ALIGN, _HEADER = 16, 32
_INLINE, _BIG_ENDIAN = 2, 1
_TEXT_LIMIT = 4 * 1024 * 1024


def find_build_info(
    problems: Problems, window: Window, places: Sequence[Mapping], memory: AddressSpace
) -> GoBuildInfo | Unknown:
    """What the first of the places says that holds build information; Unknown where none does.

    A file that Go did not make has none, and that is no problem of the file.
    """
    try:
        return _search(window, places, memory) or Unknown("no Go build information")
    except Malformed as error:
        problems.note(f"Go build information: {error}")
        return Unknown(str(error))


def _search(window: Window, places: Sequence[Mapping], memory: AddressSpace) -> GoBuildInfo | None:
    for place in places:
        base = place.offset - place.address  # aligned as addresses are
        at = window.find(_MAGIC, place.offset, place.size, align=_ALIGN, base=base)
        if at >= 0:
            return _read(window, at, min(place.offset + place.size, window.size), memory)
    if not all(window.holds(place.offset, place.size) for place in places):
        raise Malformed("the part of the file that would hold it is cut off")
    return None


def _read(window: Window, at: int, end: int, memory: AddressSpace) -> GoBuildInfo:
    """What the information at an offset says; it may reach to `end`."""
    header = window.read(at, _HEADER, "the header of the Go build information")
    pointer_size, flags = header[14], header[15]
    if flags & _INLINE:
        version, after = _inline_text(window, at + _HEADER, end)
        modules, _ = _inline_text(window, after, end)
    elif pointer_size in (4, 8):
        # Go 1.13 to 1.17: pointers to two Go strings.
        order = ">" if flags & _BIG_ENDIAN else "<"
        layout = "QQ" if pointer_size == 8 else "II"
        pointers = window.ordered(order).numbers(layout, at + 16, "the header of the Go build information")
        version, modules = (_pointed_text(memory, order, layout, pointer) for pointer in pointers)
    else:
        raise Malformed(f"the Go build information is damaged: pointers of {pointer_size} bytes")
    if not version:
        raise Malformed("the Go build information names no version")
    # The module information stands between two marks of 16 bytes (cmd/go/internal/modload).
    framed = len(modules) >= 33 and modules[-17:-16] == b"\n"
    return parse_module_info(printable(version), modules[16:-16] if framed else b"")


def _inline_text(window: Window, at: int, end: int) -> tuple[bytes, int]:
    raw = window.read(at, max(0, min(10, end - at)), "the Go build information")
    length = 0
    for index, byte in enumerate(raw):
        length |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            break
    else:
        raise Malformed("a length in the Go build information does not end")
    start = at + index + 1
    if length > min(_TEXT_LIMIT, end - start):
        raise Malformed(f"the Go build information is cut off: {length} bytes from {start:#x}")
    return window.read(start, length, "the Go build information"), start + length


def _pointed_text(memory: AddressSpace, order: str, layout: str, pointer: int) -> bytes:
    if pointer == 0:
        return b""
    what = "a text of the Go build information"
    size = 16 if layout == "QQ" else 8
    address, length = memory.part(pointer, size, what).ordered(order).numbers(layout, 0, what)
    if length == 0:
        return b""
    if length > _TEXT_LIMIT:
        raise Malformed(f"{what} has {length} bytes")
    return memory.part(address, length, what).read(0, length, what)


def parse_module_info(version: str, raw: bytes) -> GoBuildInfo:
    """The build information from its text (runtime/debug.ParseBuildInfo). Raises Malformed."""
    path, main = "", None
    deps: list[Module] = []
    settings: dict[str, str] = {}
    last = ""
    for line in raw.split(b"\n"):
        word, _, rest = line.partition(b"\t")
        if word == b"path":
            path = printable(rest)
        elif word == b"mod":
            main, last = _module(rest), "mod"
        elif word == b"dep":
            deps.append(_module(rest))
            last = "dep"
        elif word == b"=>" and last:
            if last == "mod" and main is not None:
                main = _replaced(main, rest)
            else:
                deps[-1] = _replaced(deps[-1], rest)
            last = ""
        elif word == b"build":
            key, value = _setting(rest)
            settings[key] = value
    return GoBuildInfo(version, path, main, tuple(deps), settings)


def _module(rest: bytes) -> Module:
    columns = [printable(column) for column in rest.split(b"\t")]
    if len(columns) not in (2, 3):
        raise Malformed(f"a module line of the Go build information has {len(columns)} columns")
    return Module(columns[0], columns[1], columns[2] if len(columns) == 3 else "")


def _replaced(module: Module, rest: bytes) -> Module:
    return Module(module.path, module.version, module.sum, _module(rest))


def _setting(rest: bytes) -> tuple[str, str]:
    if rest[:1] in (b'"', b"`"):
        quoted = _QUOTED.match(rest)
        if not quoted or rest[quoted.end() : quoted.end() + 1] != b"=":
            raise Malformed("a build line of the Go build information has no key")
        key, value = unquote(quoted.group()), rest[quoted.end() + 1 :]
    else:
        plain, equals, value = rest.partition(b"=")
        if not plain or not equals:
            raise Malformed("a build line of the Go build information has no key")
        key = plain
    if value[:1] in (b'"', b"`"):
        value = unquote(value)
    return printable(key), printable(value)


_QUOTED = re.compile(rb'"(?:[^"\\\n]|\\.)*"|`[^`]*`')
_ESCAPE = re.compile(rb"\\(?:([abfnrtv\\\"'])|x([0-9a-fA-F]{2})|([0-7]{3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|)")
_SIMPLE = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def unquote(text: bytes) -> bytes:
    """The value of a Go string literal (strconv.Unquote). Raises Malformed for what is none."""
    quoted = _QUOTED.fullmatch(text)
    if not quoted:
        raise Malformed("a quoted value in the Go build information does not end")
    if text[:1] == b"`":
        return text[1:-1].replace(b"\r", b"")
    return _ESCAPE.sub(_unescape, text[1:-1])


def _unescape(match: "re.Match[bytes]") -> bytes:
    simple, hexadecimal, octal, short, long = match.groups()
    if simple:
        return _SIMPLE.get(simple, simple)
    if hexadecimal:
        return bytes([int(hexadecimal, 16)])
    if octal and int(octal, 8) < 256:
        return bytes([int(octal, 8)])
    code = int(short or long or b"110000", 16)
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise Malformed("a quoted value in the Go build information has an escape that Go does not know")
    return chr(code).encode()
