"""What a project says of itself in `seatrial.toml`, and what the command line adds to it."""

import datetime

import msgspec

__all__ = ["PLACEHOLDERS", "BuildOverride", "BuildSettings", "Project", "SmokeSpec", "SuppressionSpec", "TestsSpec"]


class BuildSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How to build (`[build]`)."""

    tags: tuple[str, ...] = ()
    ldflags: str = ""
    gcflags: str = ""
    buildmode: str = "exe"
    """`exe`, `pie`, `c-shared` or `c-archive`."""
    cgo: bool | str = "auto"
    """`auto`: on exactly where a package outside the standard library has cgo files for the target."""
    cc: str = ""
    """The user's own C compiler (a command line); "" is zig with the platform's libc in the triple."""
    cxx: str = ""
    env: dict[str, str] = {}
    """CGO_CFLAGS, CGO_LDFLAGS, GOEXPERIMENT, GOFIPS140, ...: added to the scrubbed environment."""
    variants: dict[str, str] = {}
    """GOARCH to variant: `amd64 = "v3"`, `arm = "6"`. Not named: Go's own default, or the CPU's level where lower."""
    glibc: str = ""
    """The glibc version to link against; "" is the platform's own."""
    reproducible: bool = True
    """-trimpath, -buildvcs=false and, with cgo, a build ID that does not depend on the directory."""


class BuildOverride(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Other settings for some targets (`[[override]]`); the last that matches wins, field by field."""

    targets: tuple[str, ...]
    build: dict[str, object] = {}


PLACEHOLDERS = ("port", "tmp")
"""What `[smoke]` may name in braces."""


class SmokeSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the program must do when started (`[smoke]`). In args, env: `{port}`, a free TCP port; `{tmp}`, a folder."""

    args: tuple[str, ...] = ()
    env: dict[str, str] = {}
    stdin: str = ""
    exit_code: int | None = None
    """The exit code it must end with by itself; None: it may run until it is stopped."""
    stdout: str = ""
    """A regular expression (Python `re`, MULTILINE) that its stdout must match."""
    stderr: str = ""
    http: str = ""
    """A URL that must answer with `status`, for example `http://127.0.0.1:{port}/healthz`."""
    status: int = 200
    body: str = ""
    """A regular expression that the answer's body must match."""
    tcp: str = ""
    """`host:port` that must accept a connection."""
    within: float = 5.0
    """Seconds, natively; emulators get more by their time factor."""
    stop_within: float = 5.0
    """Seconds from SIGTERM to the end."""


class TestsSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which tests to run (`[tests]`)."""

    __test__ = False  # not a test class of ours

    packages: tuple[str, ...] = ("./...",)
    flags: tuple[str, ...] = ()
    """Further flags of `go test` (`-short`, `-run=...`)."""
    timeout: float = 120.0
    """Seconds for each package, natively."""


class SuppressionSpec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A finding that is known and accepted (`[[suppress]]`), with the reason and the day on which it shows again."""

    rule: str
    reason: str
    until: datetime.date
    targets: tuple[str, ...] = ("*",)
    subject: str = "*"
    """A glob over the finding's subject."""


class Project(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole of `seatrial.toml`."""

    targets: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    """Folders with platform files of the user's own (`os/*.toml`, `cpu/*.toml`), relative to seatrial.toml."""
    build: BuildSettings = BuildSettings()
    override: tuple[BuildOverride, ...] = ()
    smoke: SmokeSpec | None = None
    tests: TestsSpec | None = None
    suppress: tuple[SuppressionSpec, ...] = ()
