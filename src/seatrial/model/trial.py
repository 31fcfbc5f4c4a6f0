"""What a trial showed: one artifact, canary or test run put through one runner, before anybody is blamed for it."""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from seatrial.model.finding import Evidence
from seatrial.model.message import Message
from seatrial.model.states import State

__all__ = ["TRAPPED", "Calibration", "CanaryResult", "Layer", "MachineTrouble", "Observation", "Perturbation", "Trap"]

TRAPPED = "trapped"
"""The kind of evidence that tells of a `Trap`."""


class Perturbation(StrEnum):
    """A change of how a program is run that a correct program does not notice and many emulator faults do."""

    NO_ASYNC_PREEMPTION = "GODEBUG=asyncpreemptoff=1"
    ONE_PROC = "GOMAXPROCS=1"
    ONE_CPU = "pinned to one CPU"


class Layer(StrEnum):
    """Who ended a trial (attribution, step 1): known from how it ended, not from what was printed alone."""

    PROGRAM = "program"
    CPU = "cpu"
    """An illegal instruction."""
    CPU_LEVEL = "cpu level"
    """A check in the program's start-up code refused the CPU."""
    LOADER_INTERPRETER = "loader: interpreter"
    """The dynamic loader that the artifact names is not there."""
    LOADER_LIBRARY = "loader: library"
    LOADER_SYMBOL = "loader: symbol"
    """A library has not the symbol, or not the version of it, that the artifact needs."""
    COMPILER = "compiler"
    """Test binaries could not be built."""
    RUNNER = "runner"
    """What stands in front of the program could not be started, or a tool such as `go test` did not begin."""
    MACHINE = "machine"
    """The virtual machine was lost, did not come up, or had too little memory; `subject` is the reason's code."""


class Trap(msgspec.Struct, frozen=True):
    """An instruction that the CPU refused, as the program itself told of it."""

    address: int
    """In memory: a position-independent program has been moved by whole pages."""
    function: str = ""
    """"" where nothing names it: it may be C code."""

    @property
    def where(self) -> str:
        """As findings name a place in a program."""
        return f"{self.function} at {self.address:#x}".strip()


class Observation(msgspec.Struct, frozen=True):
    """What one trial showed."""

    state: State
    """`pass`, `warn`, `fail` or `n/a`: a `fail` is nobody's fault yet."""
    reason: Message
    layer: Layer = Layer.PROGRAM
    signature: str = ""
    """The way of failing, for comparing two trials: "signal SIGSEGV", "exit code 2, fatal error", names of tests."""
    failed: tuple[str, ...] = ()
    """What failed within the trial, where it has parts (tests: "package.TestName")."""
    failed_output: tuple[str, ...] = ()
    """What each of `failed` printed."""
    subject: str = ""
    """The library, symbol or loader that was missing; "" elsewhere."""
    signal: int = 0
    trap: Trap | None = None
    """Where the CPU refused an instruction, if that was told."""
    exit_code: int | None = None
    timed_out: bool = False
    evidence: tuple[Evidence, ...] = ()
    output: str = ""
    """The program's own lines: stdout, then stderr."""
    reproducer: str = ""
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        return self.state != State.FAIL


class Calibration(msgspec.Struct, frozen=True):
    """Which instructions a runner executes, asked one by one."""

    executed: tuple[str, ...] = ()
    """Names of rows of `tables/calibration.toml`."""
    trapped: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()
    """Instructions that raised another signal than SIGILL, with it: they say nothing of their feature."""
    trouble: str = ""
    """Why the program did not come to its end; "" when it did."""
    reproducer: str = ""


class MachineTrouble(msgspec.Struct, frozen=True):
    """Why a virtual machine did not run a command to an end of its own."""

    code: str
    """`vm-lost`, `mismatch`, `oom-killed`, `machine`, `not-started`: the reason's code."""
    text: str
    """"running: Kernel panic - not syncing: ..." where it was lost: the stage, then why."""


class CanaryResult(msgspec.Struct, frozen=True):
    """How a runner did with things whose answers are known."""

    passed: bool
    cases: int = 0
    failed: tuple[str, ...] = ()
    """Each failed, or planned and never reported, case with its detail."""
    self_exec: bool = False
    """Whether a program can start itself here; not needed to pass."""
    facts: Mapping[str, str] = {}
    """What the program saw of its machine: goarch, page_size, uname, cpus, hwcap, ..."""
    evidence: tuple[Evidence, ...] = ()
    """What else the runner shows of itself: how a guest saw its machine, what the calibration found."""
    lacks: tuple[str, ...] = ()
    """CPU features of the platform whose instruction trapped here."""
    trouble: MachineTrouble | None = None
    """Why it could not be run at all; None where it was."""
    ending: str = ""
    """How the canary ended: "exit code 0", "signal SIGSEGV"."""
    output: str = ""
    """Its output, where it did not pass."""
    reproducer: str = ""
    seconds: float = 0.0
