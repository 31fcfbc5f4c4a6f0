"""The two worlds of LoongArch: binaries of ABI 1.0 (old) and ABI 2.0 (new) do not run on each other's systems."""

from seatrial.model.binary import BinaryFacts, BinaryFormat
from seatrial.model.finding import Evidence
from seatrial.model.needs import Needs
from seatrial.model.platform import Platform
from seatrial.rules.rule import Hit, Order, Outcome, known, rule, unknown_fact
from seatrial.tables.messages import message

__all__ = ["cannot_run", "new_on_old", "old_on_new", "world_of"]

_OBJABI_V1 = 0x40  # EF_LOONGARCH_OBJABI_V1, LoongArch ELF psABI
_OLD_LOADER = "/lib64/ld.so.1"


def world_of(facts: BinaryFacts) -> str:
    """`old` or `new`; the interpreter decides where there is one, else the object ABI in e_flags."""
    if facts.interpreter:
        return "old" if facts.interpreter == _OLD_LOADER else "new"
    return "new" if facts.flags & _OBJABI_V1 else "old"


@rule("ST-LOONG-001", BinaryFormat.ELF, order=Order.WORLD)
def new_on_old(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """A new-world binary on an old-world system; Go's upstream releases make no other."""
    if facts.goarch != "loong64" or platform.goarch != "loong64" or world_of(facts) != "new":
        return
    world = known(platform.world)
    if world is None:
        yield unknown_fact("rules.unknown-world", platform.world)
    elif world == "old":
        kind = "rules.new-on-old" if facts.interpreter else "rules.new-on-old-static"
        yield Hit(
            facts.interpreter or f"e_flags {facts.flags:#x}",
            message(kind, interpreter=facts.interpreter),
            message("rules.old-world-toolchain"),
            _evidence(facts, platform),
            rests_on=(platform.world.certainty,),
        )


@rule("ST-LOONG-002", BinaryFormat.ELF, order=Order.WORLD)
def old_on_new(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """An old-world binary, from the vendor's tool chain, on a new-world system."""
    if facts.goarch != "loong64" or platform.goarch != "loong64" or world_of(facts) != "old":
        return
    world = known(platform.world)
    if world is None:
        yield unknown_fact("rules.unknown-world", platform.world)
    elif world == "new":
        yield Hit(
            facts.interpreter or f"e_flags {facts.flags:#x}",
            message("rules.old-on-new"),
            message("rules.upstream-go"),
            _evidence(facts, platform),
            rests_on=(platform.world.certainty,),
        )


@rule("ST-PLATFORM-001", order=Order.WORLD)
def cannot_run(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """The platform's file says that Go programs cannot run there, for a reason that no other rule tells."""
    if known(platform.world) == "old" and facts.goarch == "loong64":
        return  # ST-LOONG-001 says it; an old-world binary does run
    for reason in platform.cannot_run:
        yield Hit(
            platform.name,
            message("rules.cannot-run", platform=platform.title, reason=reason),
            message("rules.other-platform"),
            (Evidence("platform", reason, ", ".join(platform.files)),),
        )


def _evidence(facts: BinaryFacts, platform: Platform) -> tuple[Evidence, ...]:
    seen = [Evidence("object ABI", f"e_flags {facts.flags:#x}", "ELF header")]
    if facts.interpreter:
        seen.append(Evidence("interpreter", facts.interpreter, "PT_INTERP"))
    seen += [Evidence("platform", reason, ", ".join(platform.files)) for reason in platform.cannot_run]
    return tuple(seen)
