"""What a binary asks of its platform, and who in it asks. Made by `seatrial.needs`."""

from enum import StrEnum

import msgspec

from seatrial.model.absence import Unknown
from seatrial.model.finding import Evidence
from seatrial.model.message import Message
from seatrial.model.platform import Certainty
from seatrial.model.states import Confidence

__all__ = [
    "NOT_READ",
    "CObject",
    "CObjects",
    "Call",
    "CallSite",
    "Cause",
    "FeatureUse",
    "Floor",
    "FloorKind",
    "Needs",
    "Owner",
    "Reason",
    "RelocationKind",
    "RelocationNeed",
    "Standing",
    "SymbolNeed",
    "SystemCalls",
    "User",
    "Way",
]


class FloorKind(StrEnum):
    """What has a lowest version, or a lowest level, that a program runs on."""

    KERNEL = "kernel"
    """Of Linux."""
    GLIBC = "glibc"
    MUSL = "musl"
    MACOS = "macos"
    WINDOWS = "windows"
    FREEBSD = "freebsd"
    CPU = "cpu"
    PAGE_SIZE = "page-size"
    """The other way round: the largest page, in bytes, with which the file can be mapped."""


class Cause(StrEnum):
    """What kind of fact a reason rests on."""

    RELEASE = "Go release"
    HEADER = "header"
    """Version that the file itself names: Mach-O minos, PE versions, ELF ABI note."""
    SYMBOL = "symbol version"
    PRIVATE = "private symbol"
    """Of one build of the C library: no version says whether another has it."""
    RELOCATIONS = "relocations"
    IMPORT = "import"
    SYSTEM_CALL = "system call"
    SETTING = "build setting"
    INSTRUCTIONS = "instructions"
    CONGRUENCE = "congruence"
    """Of a segment's address and offset: with larger pages the kernel cannot map it."""
    ALIGNMENT = "alignment"
    """Of a segment: with larger pages a loader that checks refuses it."""
    SHARED_PAGE = "shared page"
    """With larger pages two segments with different access rights have one in common."""


class Owner(msgspec.Struct, frozen=True):
    """A function that asks for something, with what it belongs to. What is not known is ""."""

    function: str
    """Go's or C's name; `C code at 0x…` where no symbol names it."""
    package: str = ""
    """Import path. For C code the Go packages that call it, where they are known."""
    module: str = ""
    """Module path; `std` for the standard library."""
    version: str = ""
    file: str = ""
    line: int = 0
    address: int = 0


class Reason(msgspec.Struct, frozen=True):
    """Why a floor is not lower."""

    cause: Cause
    minimum: str
    """Dotted version; for a CPU the features, separated by spaces; for pages bytes. "" where no version can be told."""
    subject: str
    """The release, symbol version, library function, system call or build setting that asks."""
    message: Message
    confidence: Confidence
    """A `possible` reason is shown and does not raise the floor."""
    source: str
    """Where the minimum is from: a table's source, or the place in the file."""
    certainty: Certainty = Certainty.VERBATIM
    """How sure the table's row is."""
    title: str = ""
    """The minimum for people, where its version does not say it: "Windows 10 or Server 2016"."""
    evidence: tuple[Evidence, ...] = ()
    owners: tuple[Owner, ...] = ()
    never: bool = False
    """No version has what it asks for."""


class Floor(msgspec.Struct, frozen=True):
    """The lowest of one kind that the program runs on: the maximum over its reasons."""

    kind: FloorKind
    minimum: str
    """"" where no reason is known, or no version would do."""
    reasons: tuple[Reason, ...] = ()
    """The one that binds most first: the highest version, the smallest page."""
    unknown: tuple[Message, ...] = ()
    """What could not be told and might raise it."""

    @property
    def never(self) -> bool:
        """Whether it runs on no version."""
        return any(reason.never and reason.confidence is not Confidence.POSSIBLE for reason in self.reasons)

    def because(self, cause: Cause) -> tuple[Reason, ...]:
        """The reasons that rest on this kind of fact, the one that binds most first."""
        return tuple(reason for reason in self.reasons if reason.cause is cause)


class Standing(StrEnum):
    """What protects a CPU without the feature from a function's use of it."""

    GUARDED = "guarded"
    """On every way to it the CPU is asked, or what is known of it is."""
    CHOSEN = "chosen at run time"
    """The function's address is taken only where the CPU was asked."""
    PERHAPS = "perhaps guarded"
    """Something is tested whose meaning is not known, or the way to it is not seen."""
    UNGUARDED = "unguarded"


class FeatureUse(msgspec.Struct, frozen=True):
    """Instructions of one function that need a feature which not every CPU of the port has."""

    feature: str
    """The kernel's name."""
    owner: Owner
    """With the address of the first instruction, one without a guard where there is one."""
    is_c: bool
    count: int
    standing: Standing
    why: Message
    """What the standing rests on."""
    way: tuple[Owner, ...] = ()
    """Of an unguarded use: the callers up to where nothing was tested, the nearest first."""


class Way(msgspec.Struct, frozen=True):
    """How Go code comes to a function of C."""

    owner: Owner
    """The Go function."""
    via: tuple[str, ...] = ()
    """The functions of C on the way, the first called by Go."""


class User(msgspec.Struct, frozen=True):
    """A function that uses an imported symbol."""

    owner: Owner
    is_c: bool
    calls: bool
    """It calls the symbol; else it takes its address or reads it."""
    ways: tuple[Way, ...] = ()
    """For a function of C. None are known of one that only C's own start-up code calls, or nothing at all."""


class SymbolNeed(msgspec.Struct, frozen=True):
    """An imported symbol with the functions that use it."""

    name: str
    version: str = ""
    library: str = ""
    weak: bool = False
    places: int = 0
    """Instructions that use it."""
    users: tuple[User, ...] = ()
    in_data: int = 0
    """Words of data that the loader fills with its address, and that no code was seen to read."""


class RelocationKind(StrEnum):
    """What a loader does at a place, of the kinds that ask something of it or of the libraries."""

    COPY = "copy"
    """It copies a variable of a library into the program."""
    IRELATIVE = "irelative"
    """It calls a function of the binary that chooses an address."""
    TLS_INITIAL_EXEC = "tls-initial-exec"
    """It stores where a thread's variable is, which must have a place before threads start."""
    TLS_GENERAL_DYNAMIC = "tls-general-dynamic"
    TLS_DESCRIPTOR = "tls-descriptor"
    TEXT = "text"
    """It changes code or constants, which must be made writable for that."""
    PACKED = "relr"
    """Packed relative relocations: DT_RELR."""


class RelocationNeed(msgspec.Struct, frozen=True):
    """What relocations of one kind do with one symbol."""

    kind: RelocationKind
    message: Message
    """What it means."""
    symbol: str = ""
    """"" where they name none."""
    places: int = 0
    """That are changed; 0 where they are not counted."""
    sections: tuple[str, ...] = ()
    users: tuple[User, ...] = ()
    """Functions that use what stands there, or in whose code it stands."""
    in_data: int = 0
    """Places that no code was seen to use."""


class CObject(msgspec.Struct, frozen=True):
    """What one run of a C compiler or assembler made, as far as its code is in the binary."""

    name: str
    """Of the source file."""
    owner: Owner
    """The Go package that it is part of, with its module; the function is one of it. "" for what is of no package."""
    folder: str = ""
    """Where it was compiled; "" where only its name is known."""
    producer: str = ""
    """The compiler."""
    source: str = ""
    """What tells of it: the debugging information or the symbol table."""
    functions: int = 0
    size: int = 0
    """Of their code, in bytes."""
    ways: tuple[Way, ...] = ()
    """The Go functions that lead to it."""


class CObjects(msgspec.Struct, frozen=True):
    """The C objects in a binary."""

    objects: tuple[CObject, ...] = ()
    """By address."""
    unnamed: int = 0
    """Functions of C that others use and of which no object is known."""
    compilers: tuple[str, ...] = ()
    """As they name themselves in the file (.comment)."""


class CallSite(msgspec.Struct, frozen=True):
    """A place that makes a system call."""

    owner: Owner
    is_c: bool
    through: str = ""
    """The function that it hands the number to; "" where it enters the kernel itself."""
    callers: tuple[Owner, ...] = ()
    """Who calls it, where it only wraps the call."""
    without: Message | None = None
    """What happens on a kernel that does not have the call, where that is known to do no harm."""
    source: str = ""
    """Where that is from."""


class Call(msgspec.Struct, frozen=True):
    """A system call that the program can make."""

    number: int
    name: str
    """As in the kernel's headers; "#<number>" for one that no kernel known here has."""
    since: str
    """The kernel that introduced it; "" where that is not known."""
    source: str
    places: int
    sites: tuple[CallSite, ...] = ()

    @property
    def needed(self) -> bool:
        """Whether a place is left for which nothing is known of what happens without the call."""
        return any(site.without is None for site in self.sites)


class SystemCalls(msgspec.Struct, frozen=True):
    """The system calls whose numbers stand in the code. Not those that shared libraries make."""

    calls: tuple[Call, ...]
    """By number."""
    unresolved: int
    """Places whose number is no constant that could be followed."""
    unresolved_sites: tuple[CallSite, ...] = ()
    entries: tuple[str, ...] = ()
    """The functions that are given the number by their callers."""


NOT_READ = Unknown("the code was not read")
"""Only the facts of the file were asked for."""


class Needs(msgspec.Struct, frozen=True):
    """All that a binary asks of its platform."""

    floors: tuple[Floor, ...] = ()
    symbols: tuple[SymbolNeed, ...] | Unknown = NOT_READ
    """Imported symbols, in the file's order."""
    system_calls: SystemCalls | Unknown = NOT_READ
    relocations: tuple[RelocationNeed, ...] | Unknown = NOT_READ
    c_objects: CObjects | Unknown = NOT_READ
    instructions: tuple[FeatureUse, ...] | Unknown = NOT_READ
    """Functions with instructions beyond what every CPU of the port has, and beyond the compiler's level."""

    def floor(self, kind: FloorKind) -> Floor:
        """The floor of that kind; one without reasons where it does not apply to the binary."""
        return next((floor for floor in self.floors if floor.kind is kind), Floor(kind, ""))

    def has(self, kind: FloorKind) -> bool:
        """Whether that floor applies to the binary."""
        return any(floor.kind is kind for floor in self.floors)

    @property
    def libc(self) -> Floor | None:
        """The floor of the C library that must be on the system; None where none must, or its family is not known."""
        return next((floor for floor in self.floors if floor.kind in (FloorKind.GLIBC, FloorKind.MUSL)), None)

    @property
    def system(self) -> Floor | None:
        """The floor of the operating system; None where the file does not name one that has floors."""
        return next((floor for floor in self.floors if floor.kind in _SYSTEMS), None)


_SYSTEMS = (FloorKind.KERNEL, FloorKind.MACOS, FloorKind.WINDOWS, FloorKind.FREEBSD)
