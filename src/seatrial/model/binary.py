"""Facts of a binary: what was read from its bytes, with no judgement. Made by `seatrial.formats`."""

from enum import StrEnum

import msgspec

from seatrial.model.absence import Unknown
from seatrial.model.go_target import VARIANT_AXES, GoTarget

__all__ = [
    "BinaryFacts",
    "BinaryFormat",
    "GoBuildInfo",
    "Kind",
    "Linkage",
    "Module",
    "NeededSymbol",
    "Relocations",
    "Segment",
]


class BinaryFormat(StrEnum):
    ELF = "elf"
    PE = "pe"
    MACHO = "macho"
    UNIVERSAL = "macho-universal"
    ARCHIVE = "ar"


class Kind(StrEnum):
    """What the linker made. A PIE with an interpreter or without is `pie`."""

    EXECUTABLE = "exe"
    PIE = "pie"
    SHARED = "c-shared"
    ARCHIVE = "c-archive"
    OBJECT = "object"
    CORE = "core"


class Linkage(StrEnum):
    STATIC = "static"
    DYNAMIC = "dynamic"


class NeededSymbol(msgspec.Struct, frozen=True):
    """A symbol that the loader must find elsewhere. For ELF the version and library come from .gnu.version_r."""

    name: str
    """As the file writes it; "#17" for a PE import by ordinal."""
    version: str = ""
    library: str = ""
    weak: bool = False
    """The program loads without it: ELF STB_WEAK, Mach-O N_WEAK_REF, PE delay-load."""
    weak_version: bool = False
    """The loader takes a library without this version too: VER_FLG_WEAK. Linkers do not set it for a weak symbol."""


class Segment(msgspec.Struct, frozen=True):
    """A part that the loader maps (ELF PT_LOAD, Mach-O LC_SEGMENT, PE section). Sizes and addresses in bytes."""

    name: str
    offset: int
    address: int
    file_size: int
    memory_size: int
    align: int
    flags: str
    """Some of "rwx"."""


class Module(msgspec.Struct, frozen=True):
    path: str
    version: str
    sum: str = ""
    replace: "Module | None" = None
    """The module that stands in for it (a `replace` line of go.mod)."""


class GoBuildInfo(msgspec.Struct, frozen=True):
    """What `go version -m` prints (Go source: debug/buildinfo)."""

    version: str
    """"go1.27.3"."""
    path: str = ""
    """Import path of the main package."""
    main: Module | None = None
    deps: tuple[Module, ...] = ()
    settings: dict[str, str] = {}
    """GOOS, GOARCH, GOAMD64, CGO_ENABLED, -buildmode, -tags, DefaultGODEBUG, vcs.revision, ..."""


class Relocations(msgspec.Struct, frozen=True):
    """Counts of the kinds of relocation that rules ask about."""

    tls_initial_exec: int = 0
    """R_X86_64_TPOFF64, R_AARCH64_TLS_TPREL64, ... (ELF psABI of the machine)."""
    relr: bool = False
    """DT_RELR is present (needs glibc 2.36)."""
    total: int = 0


class BinaryFacts(msgspec.Struct, frozen=True):
    """One binary. A field of `Unknown` could not be read; its reason says why."""

    path: str
    size: int
    sha256: str
    format: BinaryFormat
    kind: Kind | Unknown
    goos: str | Unknown
    """From build info, else from the format's own marks (ELF OSABI, notes, interpreter)."""
    goarch: str | Unknown
    """Go's name of the machine; an unnamed machine is Unknown with its number."""
    bits: int
    endian: str
    """`little` or `big`."""
    machine: str
    """The format's own name and number, for example "EM_X86_64 (62)"."""
    float_abi: str = ""
    """`soft`, `hard` or "" where the format does not say (ELF e_flags, .ARM.attributes, .MIPS.abiflags)."""
    abi: str = ""
    """What e_flags name of the ABI: `objabi-v1` (LoongArch), `elfv2` (ppc64), `eabi5` (ARM), `o32` (MIPS)."""
    flags: int = 0
    """ELF e_flags, PE Characteristics, Mach-O flags."""
    dll_characteristics: int = 0
    """PE DllCharacteristics (0x40 DYNAMIC_BASE, 0x100 NX_COMPAT, ...)."""
    subsystem: str = ""
    """PE: `windows-cui`, `windows-gui`, `efi-application`, ..."""
    linkage: Linkage | Unknown = Linkage.STATIC
    interpreter: str = ""
    """PT_INTERP or LC_LOAD_DYLINKER; "" when there is none."""
    soname: str = ""
    libraries: tuple[str, ...] | Unknown = ()
    """DT_NEEDED, PE import directory, LC_LOAD_DYLIB, in the file's order."""
    optional_libraries: tuple[str, ...] = ()
    """Those of `libraries` that may be missing at start: LC_LOAD_WEAK_DYLIB, PE delay-load."""
    run_path: tuple[str, ...] = ()
    imports: tuple[NeededSymbol, ...] | Unknown = ()
    exports: tuple[str, ...] | Unknown = ()
    """Names of exported (defined, global or weak) dynamic symbols."""
    segments: tuple[Segment, ...] = ()
    executable_stack: bool | Unknown = False
    """ELF: PT_GNU_STACK with PF_X; absent PT_GNU_STACK is told as Unknown."""
    static_tls: bool = False
    """ELF DF_STATIC_TLS."""
    relocations: Relocations | Unknown = Relocations()
    minimum_os: str = ""
    """Mach-O minos, PE OS or subsystem version (the higher), FreeBSD or GNU ABI note, as "13.0"; "" for not said."""
    sdk: str = ""
    """Mach-O SDK version."""
    build_id: str = ""
    go_build_id: str = ""
    go: GoBuildInfo | Unknown = Unknown("not read")
    """Unknown("no Go build information") for a file that is not made by Go or was stripped of it."""
    static_symbols: tuple[str, ...] | Unknown = ()
    """Defined functions that rules ask about in static binaries (`getaddrinfo`, `dlopen`, ...), from .symtab."""
    libc: str = ""
    """Family of a C library that is linked in statically or asked for: `glibc`, `musl`, "" for none seen."""
    code_signature: bool = False
    """Mach-O LC_CODE_SIGNATURE or a PE certificate table is present; not whether it is valid."""
    problems: tuple[str, ...] = ()
    """What is odd or could not be read, one sentence each ("section header table lies outside the file")."""
    members: tuple["BinaryFacts", ...] = ()
    """The architectures of a universal Mach-O; the first object of an archive."""

    @property
    def go_target(self) -> GoTarget | None:
        """The target that the build information names; None where there is none."""
        if isinstance(self.go, Unknown) or isinstance(self.goos, Unknown) or isinstance(self.goarch, Unknown):
            return None
        axis = VARIANT_AXES.get(self.goarch, "")
        return GoTarget(self.goos, self.goarch, self.go.settings.get(axis, ""))
