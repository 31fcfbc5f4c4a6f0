"""The C compiler for a platform: zig with the platform's own libc version in the triple, or the user's own.

zig's binary is called where it lies in its package: starting Python for each C file would cost more than compiling it.
It keeps the C libraries that it has compiled in its own cache (ZIG_GLOBAL_CACHE_DIR, else ~/.cache/zig): the first
use of a target takes 5 to 230 s, later ones about one.
"""

import importlib.util
import shlex
import shutil
from pathlib import Path

import msgspec

from seatrial.model.message import Message
from seatrial.model.platform import Platform
from seatrial.model.program import CCompiler
from seatrial.model.project import BuildSettings
from seatrial.model.report import ToolVersion
from seatrial.store import Store, digest
from seatrial.tables.messages import message
from seatrial.tables.zig_targets import ZigTarget, zig_target
from seatrial.toolchains.apple_stubs import apple_stubs
from seatrial.toolchains.environment import scrubbed
from seatrial.toolchains.go import GoToolchain
from seatrial.toolchains.identity import tool_digest

__all__ = ["NoCCompiler", "c_compiler", "find_zig", "of_some_libc"]


class NoCCompiler(msgspec.Struct, frozen=True):
    """Why there is no C compiler for a platform, and what would change that."""

    reason: Message
    reason_code: str
    """`no-c-compiler`: the tool is missing; `c-target`: it cannot make code for this platform."""
    needs: Message


def find_zig(store: Store | None = None) -> ToolVersion | None:
    """The zig of the package `ziglang` beside this Python; None where it is missing."""
    spec = importlib.util.find_spec("ziglang")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for name in ("zig", "zig.exe"):
            binary = Path(place) / name
            if binary.is_file():
                records = sorted(binary.parent.parent.glob("ziglang-*.dist-info"))
                version = records[-1].name.removeprefix("ziglang-").removesuffix(".dist-info") if records else ""
                return ToolVersion("zig", version, tool_digest(binary, store), str(binary))
    return None


def c_compiler(
    platform: Platform, settings: BuildSettings, variant: str, go: GoToolchain, store: Store
) -> CCompiler | NoCCompiler:
    """The compiler that makes C code for the platform, at this value of the architecture's variant variable."""
    if settings.cc:
        return _users(settings, store)
    family = platform.libc.value.family if platform.libc.value else ""
    row = zig_target(platform.goos, platform.goarch, family, variant)
    port = f"{platform.goos}/{platform.goarch}"
    name_one = message("build.name-a-c-compiler", port=port)
    if row is None:
        libc = f"{family} " if platform.goos == "linux" else ""
        reason = message(
            "build.zig-untried", port=port, libc=libc.strip() or "its own C library", variant=variant or "-"
        )
        return NoCCompiler(reason, "c-target", name_one)
    if row.fails:
        return NoCCompiler(message("build.zig-fails", triple=row.triple, why=row.fails), "c-target", name_one)
    triple = row.triple
    if row.glibc:
        version = settings.glibc or (platform.libc.value.version if platform.libc.value else "")
        if not version:
            return NoCCompiler(message("build.glibc-unknown", platform=platform.name), "c-target", name_one)
        if _numbers(version) < _numbers(row.minimum):
            reason = message("build.glibc-too-old", triple=row.triple, version=version, minimum=row.minimum)
            return NoCCompiler(reason, "c-target", name_one)
        triple = f"{row.triple}.{version}"
    zig = find_zig(store)
    if zig is None:
        return NoCCompiler(message("build.no-zig"), "no-c-compiler", message("build.no-zig-needs"))
    return _zig(zig, row, triple, go, store)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _zig(zig: ToolVersion, row: ZigTarget, triple: str, go: GoToolchain, store: Store) -> CCompiler:
    binary = shlex.quote(zig.path)
    extra = ""
    if row.frameworks:
        stubs = shlex.quote(str(apple_stubs(go, store)))
        extra = f" -L{stubs} -F{stubs}"
    return CCompiler(
        title=f"zig {zig.version} for {triple}",
        cc=f"{binary} cc -target {triple}{extra}",
        cxx=f"{binary} c++ -target {triple}{extra}",
        ar=f"{binary} ar",
        digest=digest(zig.sha256, triple, row.ldflags, row.buildmode, go.digest if row.frameworks else ""),
        ldflags=row.ldflags,
        buildmode=row.buildmode,
        tool=zig,
    )


def of_some_libc(compiler: CCompiler, header: str) -> bool:
    """Whether a header belongs to the C library or the kernel of some system that zig knows.

    Apple's folder does not count: libraries stand in it that other systems have as well (zlib).
    """
    if compiler.tool is None or compiler.tool.name != "zig":
        return False
    place = Path(compiler.tool.path).parent / "lib" / "libc" / "include"
    return any((folder / header).is_file() for folder in place.glob("*") if "darwin" not in folder.name)


def _users(settings: BuildSettings, store: Store) -> CCompiler | NoCCompiler:
    """The user's compiler is known by its own file; what it brings along (sysroot, headers) is the user's to keep."""
    needs = message("build.cc-missing-needs")
    digests = []
    for line in (settings.cc, settings.cxx):
        try:
            words = shlex.split(line)
        except ValueError:
            return NoCCompiler(message("build.cc-unreadable", cc=line), "no-c-compiler", needs)
        if not words:
            continue
        found = shutil.which(words[0], path=scrubbed()["PATH"])
        if found is None:
            return NoCCompiler(message("build.cc-missing", command=words[0]), "no-c-compiler", needs)
        digests.append(tool_digest(Path(found), store))
    return CCompiler(
        title=settings.cc, cc=settings.cc, cxx=settings.cxx, digest=digest(settings.cc, settings.cxx, digests)
    )
