"""`go list -deps -json`: the packages of a program for one target, the standard library left out (go help list)."""

import msgspec

from seatrial.decoding import ready
from seatrial.model.program import Program
from seatrial.toolchains.go import GoToolchain

__all__ = ["GoPackage", "ListRequest", "Listed", "list_packages"]

_TIME_LIMIT = 600.0  # modules may have to be downloaded first


class ListRequest(msgspec.Struct, frozen=True):
    """Everything that decides what `go list` says, the files aside."""

    patterns: tuple[str, ...]
    environment: dict[str, str]
    flags: tuple[str, ...] = ()
    """-tags, -modfile, -mod."""
    tests: bool = False
    """Also the files of the tests of the packages that the patterns name."""


class GoModule(msgspec.Struct, frozen=True):
    Path: str = ""
    Version: str = ""
    Sum: str = ""
    Dir: str = ""
    GoMod: str = ""
    Main: bool = False
    Replace: "GoModule | None" = None


class GoError(msgspec.Struct, frozen=True):
    Err: str = ""
    Pos: str = ""


class GoPackage(msgspec.Struct, frozen=True):
    """One package, with the names of `go list`. Paths of files are relative to Dir."""

    ImportPath: str
    Dir: str = ""
    Name: str = ""
    Standard: bool = False
    ForTest: str = ""
    DepOnly: bool = False
    Module: GoModule | None = None
    GoFiles: tuple[str, ...] = ()
    CgoFiles: tuple[str, ...] = ()
    IgnoredGoFiles: tuple[str, ...] = ()
    InvalidGoFiles: tuple[str, ...] = ()
    CFiles: tuple[str, ...] = ()
    CXXFiles: tuple[str, ...] = ()
    MFiles: tuple[str, ...] = ()
    HFiles: tuple[str, ...] = ()
    FFiles: tuple[str, ...] = ()
    SFiles: tuple[str, ...] = ()
    SwigFiles: tuple[str, ...] = ()
    SwigCXXFiles: tuple[str, ...] = ()
    SysoFiles: tuple[str, ...] = ()
    EmbedPatterns: tuple[str, ...] = ()
    EmbedFiles: tuple[str, ...] = ()
    TestGoFiles: tuple[str, ...] = ()
    XTestGoFiles: tuple[str, ...] = ()
    TestEmbedPatterns: tuple[str, ...] = ()
    TestEmbedFiles: tuple[str, ...] = ()
    XTestEmbedPatterns: tuple[str, ...] = ()
    XTestEmbedFiles: tuple[str, ...] = ()
    CgoCFLAGS: tuple[str, ...] = ()
    CgoCPPFLAGS: tuple[str, ...] = ()
    CgoCXXFLAGS: tuple[str, ...] = ()
    CgoLDFLAGS: tuple[str, ...] = ()
    Error: GoError | None = None

    @property
    def uses_cgo(self) -> bool:
        return bool(self.CgoFiles or self.SwigFiles or self.SwigCXXFiles)

    @property
    def sources(self) -> tuple[str, ...]:
        """The files of the package that this target uses, embedded ones included, tests not."""
        return (
            *self.GoFiles, *self.CgoFiles, *self.InvalidGoFiles, *self.CFiles, *self.CXXFiles, *self.MFiles,
            *self.HFiles, *self.FFiles, *self.SFiles, *self.SwigFiles, *self.SwigCXXFiles, *self.SysoFiles,
            *self.EmbedFiles,
        )  # fmt: skip

    @property
    def test_sources(self) -> tuple[str, ...]:
        return (*self.TestGoFiles, *self.XTestGoFiles, *self.TestEmbedFiles, *self.XTestEmbedFiles)


_FIELDS = ",".join(GoPackage.__struct_fields__)
_DECODER = msgspec.json.Decoder(ready(GoPackage))


class Listed(msgspec.Struct, frozen=True):
    """What `go list` said."""

    packages: tuple[GoPackage, ...]
    """Outside the standard library, dependencies first."""
    errors: tuple[str, ...]
    """What was wrong with the packages; the build will say so in the compiler's words."""
    whole: bool
    """Whether `go list` came to its end."""


def list_packages(program: Program, request: ListRequest, go: GoToolchain) -> Listed:
    """List the packages of the request. Never raises for a broken program: that shows in `errors` and `whole`."""
    arguments = ["list", "-e", "-deps", f"-json={_FIELDS}"]
    arguments += ["-test"] if request.tests else []
    arguments += [*request.flags, "--", *request.patterns]
    outcome = go.run(arguments, request.environment, _TIME_LIMIT, program.directory)
    packages, errors = [], []
    whole = outcome.ok
    for text in outcome.stdout.split("\n}\n"):
        if not text.strip():
            continue
        try:
            package = _DECODER.decode(text + "\n}")
        except msgspec.MsgspecError:
            whole = False
            continue
        if package.Error:
            errors.append(package.Error.Err)
        if not package.Standard and package.Dir and not package.ImportPath.endswith(".test"):
            packages.append(package)
    if not outcome.ok:
        errors.append(outcome.stderr.strip() or outcome.ending)
    return Listed(tuple(packages), tuple(errors), whole)
