"""The program under trial, the job that builds it for one Go target, and what came out."""

from enum import StrEnum
from pathlib import Path

import msgspec

from seatrial.model.go_target import GoTarget
from seatrial.model.message import Message
from seatrial.model.report import ArtifactSummary, ProgramSummary, ToolVersion
from seatrial.model.states import State

__all__ = [
    "BuildFailed",
    "BuildJob",
    "BuildResult",
    "Built",
    "CCompiler",
    "CannotBuild",
    "CgoFiles",
    "Program",
    "ProgramKind",
]


class ProgramKind(StrEnum):
    PACKAGE = "package"
    """A directory with a Go main package, in a module of its own."""
    MODULE = "module"
    """`module/path@version`, built from the module cache."""
    BINARY = "binary"
    """A finished binary: nothing is built."""


class Program(msgspec.Struct, frozen=True):
    """What the user gave us. Made by `seatrial.build.resolve`."""

    name: str
    """As `go build` would name the executable."""
    argument: str
    kind: ProgramKind
    module: str = ""
    version: str = ""
    revision: str = ""
    """The commit that is checked out (or that the module version was made from); "" where there is none."""
    directory: Path = Path()
    """Where `go` is run: the directory of the module; of a finished binary, the one that holds it."""
    package: str = ""
    """Package pattern relative to `directory`: `./cmd/app`, `.`."""
    import_path: str = ""
    binary: str = ""
    """Path of the finished binary."""
    sha256: str = ""
    """Of the finished binary."""
    port: str | None = None
    """Of the finished binary, for example `linux/amd64`; None where nothing in it says so, or where one is built."""
    modfile: str = ""
    """A writable copy of go.mod that stands in for the one in the module cache; "" for a directory of the user's."""

    def summary(self) -> ProgramSummary:
        """What the report shows of it."""
        return ProgramSummary(
            self.name, self.argument, self.kind, self.module, self.version, self.revision, self.sha256
        )


class CCompiler(msgspec.Struct, frozen=True):
    """A C compiler for one platform, as the command lines that `go build` takes. Made by `seatrial.toolchains`."""

    title: str
    """For people: "zig 0.17.0 for aarch64-linux-gnu.2.28"."""
    cc: str
    cxx: str
    ar: str = ""
    digest: str = ""
    """Of the compiler's own file, for cache keys."""
    ldflags: str = ""
    """What the Go linker needs with it, added to the user's -ldflags."""
    buildmode: str = ""
    """What `exe` must become with it; "" for no change."""
    notes: tuple[Message, ...] = ()
    tool: ToolVersion | None = None
    """For the report's list of outside tools; None where a file's version is not known."""


class CgoFiles(msgspec.Struct, frozen=True):
    """Files of a package outside the standard library that `import "C"`."""

    package: str
    files: tuple[str, ...]


class BuildJob(msgspec.Struct, frozen=True):
    """Everything that decides how a program is built. Equal jobs of one program give one artifact."""

    go_target: GoTarget
    cgo: bool = False
    cc: CCompiler | None = None
    buildmode: str = "exe"
    tags: tuple[str, ...] = ()
    ldflags: str = ""
    gcflags: str = ""
    env: tuple[tuple[str, str], ...] = ()
    reproducible: bool = True
    sources: str = ""
    """Digest of every file outside the standard library that goes into the artifact."""
    outside: str = ""
    """Digest of the C headers and libraries among them that lie outside the packages' directories; "" for none."""
    left_out: tuple[CgoFiles, ...] = ()
    """The files that are not built because cgo is off."""
    notes: tuple[Message, ...] = ()


class CannotBuild(msgspec.Struct, frozen=True):
    """Why nothing can be built for a platform with these settings, and what would change that."""

    reason: Message
    reason_code: str
    """`no-c-compiler`, `c-target`, `cgo-needed`."""
    needs: Message
    state: State = State.ENVIRONMENT
    cgo_files: tuple[CgoFiles, ...] = ()
    """The files that ask for C, package by package."""


class Built(msgspec.Struct, frozen=True):
    """One artifact."""

    path: str
    sha256: str
    size: int
    seconds: float
    """What the build took when it was done."""
    reproducer: str
    key: str
    reason: Message
    header: str = ""
    """The C header beside a c-shared or c-archive artifact."""
    output: str = ""
    """What the compilers printed although they succeeded."""
    left_out: tuple[CgoFiles, ...] = ()
    notes: tuple[Message, ...] = ()
    cached: bool = False

    def summary(self) -> ArtifactSummary:
        """What the report shows of it."""
        return ArtifactSummary(self.sha256, self.size, path=self.path)


class BuildFailed(msgspec.Struct, frozen=True):
    """A build that ended without an artifact."""

    reason: Message
    reason_code: str
    """`compile`, `link`, `module-download`, `c-target`, `time-limit`, `no-space`, ..."""
    state: State
    """`fail` when the program is at fault; `environment` when the toolchain, the network or the host is."""
    output: str
    """The compiler's own lines."""
    seconds: float
    reproducer: str
    needs: Message | None = None
    left_out: tuple[CgoFiles, ...] = ()
    cached: bool = False


BuildResult = Built | BuildFailed
