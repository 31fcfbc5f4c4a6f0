"""Is this file a program of the platform's operating system and machine at all?"""

from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat, Kind, Linkage
from seatrial.model.finding import Evidence
from seatrial.model.needs import Needs
from seatrial.model.platform import Platform
from seatrial.rules.rule import Hit, Order, Outcome, Undecided, rule
from seatrial.tables.machines import float_abi_of_loader, second_machine
from seatrial.tables.messages import message

__all__ = ["float_abi", "not_a_program", "second_architecture", "wrong_architecture", "wrong_os"]

_FORMATS = {
    "windows": (BinaryFormat.PE,),
    "darwin": (BinaryFormat.MACHO, BinaryFormat.UNIVERSAL),
}
_RUNNABLE = (Kind.EXECUTABLE, Kind.PIE, Kind.SHARED, Kind.ARCHIVE)


@rule("ST-IDENTITY-001", order=Order.IDENTITY)
def wrong_os(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """The file is for another operating system."""
    loads = (*_FORMATS.get(platform.goos, (BinaryFormat.ELF,)), BinaryFormat.ARCHIVE)
    if facts.format not in loads or (isinstance(facts.goos, str) and facts.goos != platform.goos):
        system = facts.goos if isinstance(facts.goos, str) else facts.format.value
        yield Hit(
            system,
            message("rules.wrong-os", system=system, platform=platform.goos),
            message("rules.build-for-port", goos=platform.goos, goarch=platform.goarch),
            (Evidence("format", facts.format, facts.path),),
        )
    elif isinstance(facts.goos, Unknown):
        yield Undecided("rules.unread-os", {"why": facts.goos.unknown})


@rule("ST-IDENTITY-002", order=Order.IDENTITY)
def wrong_architecture(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """The file is for another machine, word size or byte order, and the platform cannot run it beside its own."""
    if facts.goarch == platform.goarch or _runs_beside(facts, platform):
        return
    yield Hit(
        facts.machine,
        message(
            "rules.wrong-architecture",
            machine=facts.goarch if isinstance(facts.goarch, str) else facts.machine,
            bits=facts.bits,
            endian=facts.endian,
            platform=platform.goarch,
        ),
        message("rules.build-for-port", goos=platform.goos, goarch=platform.goarch),
        (Evidence("machine", f"{facts.machine}, {facts.bits} bits, {facts.endian} endian", "file header"),),
    )


@rule("ST-IDENTITY-003")
def second_architecture(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """The file is for a machine that the platform runs beside its own, if it is set up for that."""
    if facts.goarch == platform.goarch or not isinstance(facts.goarch, str):
        return
    second = second_machine(platform.goos, platform.goarch, facts.goarch)
    if second is not None and not second.always:
        yield Hit(
            facts.goarch,
            message("rules.second-architecture", machine=facts.goarch, platform=platform.goarch, needs=second.needs),
            message("rules.build-for-port", goos=platform.goos, goarch=platform.goarch),
            (Evidence("machine", facts.machine, "file header"),),
        )


@rule("ST-IDENTITY-004", BinaryFormat.ELF)
def float_abi(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """A dynamic program passes floating point otherwise than the platform's C library.

    Static programs bring their own library: for them only the CPU decides (ST-ISA-001).
    """
    if facts.linkage is not Linkage.DYNAMIC or not facts.float_abi or facts.goarch != platform.goarch:
        return
    theirs = float_abi_of_loader(platform.goarch, platform.loader.value or "")
    if theirs and theirs != facts.float_abi:
        yield Hit(
            facts.float_abi,
            message("rules.float-abi", ours=facts.float_abi, theirs=theirs, loader=platform.loader.value or ""),
            message("rules.build-float-abi", theirs=theirs),
            (Evidence("float ABI", facts.float_abi, f"e_flags {facts.flags:#x}"),),
            rests_on=(platform.loader.certainty,),
        )


@rule("ST-IDENTITY-005", order=Order.IDENTITY)
def not_a_program(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """An object file or a core dump."""
    if isinstance(facts.kind, Unknown):
        yield Undecided("rules.unread-kind", {"why": facts.kind.unknown})
    elif facts.kind not in _RUNNABLE:
        yield Hit(
            facts.kind,
            message(f"rules.not-a-program-{facts.kind}"),
            message("rules.link-it"),
            (Evidence("kind", facts.kind, facts.path),),
        )


def _runs_beside(facts: BinaryFacts, platform: Platform) -> bool:
    return isinstance(facts.goarch, str) and second_machine(platform.goos, platform.goarch, facts.goarch) is not None
