"""Binaries and platforms made by hand: a stock program of Go 1.27.3 and Debian 12, changed in one thing by a test."""

from collections.abc import Callable

import msgspec
import pytest

from seatrial.model.binary import BinaryFacts, BinaryFormat, GoBuildInfo, Kind, Linkage, Segment
from seatrial.model.platform import Certainty, Fact, Libc, Platform

Binary = Callable[..., BinaryFacts]
System = Callable[..., Platform]


SEGMENTS = (Segment("PT_LOAD", 0, 0x10000, 0x1000, 0x1000, 0x10000, "rx"),)


def fact(value: object, certainty: Certainty = Certainty.VERBATIM) -> Fact[object]:
    return Fact(value, "a test", certainty)


STATIC = BinaryFacts(
    path="app",
    size=1_000_000,
    sha256="0" * 64,
    format=BinaryFormat.ELF,
    kind=Kind.EXECUTABLE,
    goos="linux",
    goarch="amd64",
    bits=64,
    endian="little",
    machine="EM_X86_64 (62)",
    linkage=Linkage.STATIC,
    segments=SEGMENTS,
    go=GoBuildInfo("go1.27.3", settings={"GOOS": "linux", "GOARCH": "amd64", "GOAMD64": "v1"}),
)

DYNAMIC = msgspec.structs.replace(
    STATIC,
    linkage=Linkage.DYNAMIC,
    interpreter="/lib64/ld-linux-x86-64.so.2",
    libraries=("libc.so.6",),
    libc="glibc",
)

DEBIAN = Platform(
    name="debian-12/amd64",
    os="debian-12",
    cpu="x86-64-v1",
    title="Debian 12 on generic x86-64-v1",
    cpu_title="generic x86-64-v1",
    goos="linux",
    goarch="amd64",
    kernel=Fact("6.1.0", "a test", Certainty.VERBATIM),
    libc=Fact(Libc("glibc", "2.36"), "a test", Certainty.VERBATIM),
    loader=Fact("/lib64/ld-linux-x86-64.so.2", "a test", Certainty.VERBATIM),
    page_size=Fact(4096, "a test", Certainty.VERBATIM),
    cgroup=Fact("v2", "a test", Certainty.VERBATIM),
    features=Fact(("fpu", "cx8", "cmov", "mmx", "fxsr", "sse", "sse2"), "a test", Certainty.VERBATIM),
    variant=Fact("v1", "a test", Certainty.VERBATIM),
    world=Fact("", "a test", Certainty.VERBATIM),
    libraries=Fact(("libc.so.6", "libm.so.6"), "a test", Certainty.VERBATIM),
    qemu=None,
)

MUSL: dict[str, object] = {
    "libc": Libc("musl", "1.2.5"),
    "loader": "/lib/ld-musl-x86_64.so.1",
    "libraries": ("libc.so", "libc.musl-x86_64.so.1"),
}
LOONG: dict[str, object] = {
    "goarch": "loong64",
    "world": "old",
    "loader": "/lib64/ld.so.1",
    "page_size": 16384,
    "features": ("lsx",),
    "kernel": "6.6",
}
WINDOWS: dict[str, object] = {
    "goos": "windows",
    "kernel": "10.0.14393",
    "libc": Libc("msvcrt", ""),
    "loader": "",
    "cgroup": "none",
    "libraries": ("kernel32.dll",),
}
MACOS: dict[str, object] = {
    "goos": "darwin",
    "kernel": "13.0",
    "libc": Libc("libSystem", ""),
    "loader": "/usr/lib/dyld",
    "cgroup": "none",
    "libraries": ("/usr/lib/libSystem.B.dylib",),
}
SYSTEMS = {"musl": MUSL, "loong": LOONG, "windows": WINDOWS, "macos": MACOS, "debian": {}}

_FACTS = {field.name for field in msgspec.structs.fields(Platform)} & {
    "kernel", "libc", "loader", "page_size", "cgroup", "features", "variant", "world", "libraries",
}  # fmt: skip


def make_platform(base: str = "debian", **changes: object) -> Platform:
    fields = SYSTEMS[base] | changes
    return msgspec.structs.replace(
        DEBIAN,
        **{
            name: fact(value) if name in _FACTS and not isinstance(value, Fact) else value
            for name, value in fields.items()
        },
    )


BINARIES: dict[str, dict[str, object]] = {
    "static": {},
    "dynamic": {},
    "library": {"kind": Kind.SHARED, "interpreter": "", "soname": "libapp.so"},
    "musl": {"interpreter": "/lib/ld-musl-x86_64.so.1", "libraries": ("libc.musl-x86_64.so.1",), "libc": "musl"},
    "loong": {"goarch": "loong64", "machine": "EM_LOONGARCH (258)", "flags": 0x43, "segments": SEGMENTS},
    "pe": {
        "format": BinaryFormat.PE,
        "goos": "windows",
        "linkage": Linkage.DYNAMIC,
        "libraries": ("kernel32.dll",),
        "minimum_os": "6.1",
    },
    "macho": {
        "format": BinaryFormat.MACHO,
        "goos": "darwin",
        "linkage": Linkage.DYNAMIC,
        "libraries": ("/usr/lib/libSystem.B.dylib",),
        "minimum_os": "13.0",
    },
}


def make_binary(base: str = "static", **changes: object) -> BinaryFacts:
    start = DYNAMIC if base in ("dynamic", "library", "musl") else STATIC
    return msgspec.structs.replace(start, **(BINARIES[base] | changes))


@pytest.fixture
def binary() -> Binary:
    return make_binary


@pytest.fixture
def system() -> System:
    return make_platform


@pytest.fixture
def unknown() -> Fact[object]:
    return Fact(None, "a test", Certainty.UNKNOWN, "nobody could say")


@pytest.fixture
def assumed() -> Fact[object]:
    """A glibc of which nobody is sure."""
    return fact(Libc("glibc", "2.28"), Certainty.ASSUMED)
