"""A static program with glibc inside that still needs glibc's shared parts at run time."""

from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat, Linkage
from seatrial.model.finding import Evidence
from seatrial.model.needs import Needs
from seatrial.model.platform import Platform
from seatrial.rules.rule import Hit, Outcome, Undecided, rule
from seatrial.tables.libc_features import loads_shared_parts
from seatrial.tables.messages import message

__all__ = ["shared_parts"]


@rule("ST-STATIC-001", BinaryFormat.ELF)
def shared_parts(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """Functions of a static glibc that load NSS modules or other libraries: they fit one version of glibc only."""
    if facts.linkage is not Linkage.STATIC or facts.libc != "glibc":
        return
    if isinstance(facts.static_symbols, Unknown):
        yield Undecided("rules.unread-static-symbols", {"why": facts.static_symbols.unknown})
        return
    names = sorted(name for name in facts.static_symbols if loads_shared_parts(name))
    if names:
        yield Hit(
            ", ".join(names),
            message("rules.static-glibc", symbols=", ".join(names)),
            message("rules.build-without-static-glibc"),
            tuple(Evidence("symbol", name, ".symtab") for name in names),
        )
