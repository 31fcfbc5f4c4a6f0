"""The executable stack, which loaders and security modules refuse more and more."""

from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat, Kind
from seatrial.model.finding import Evidence
from seatrial.model.needs import Needs
from seatrial.model.platform import Platform
from seatrial.model.states import Severity
from seatrial.rules.rule import Hit, Outcome, known, rule
from seatrial.rules.versions import older
from seatrial.tables.libc_features import execstack_refused_since
from seatrial.tables.machines import stack_without_note
from seatrial.tables.messages import message

__all__ = ["executable_stack", "no_stack_note"]


@rule("ST-HARDENING-001", BinaryFormat.ELF)
def executable_stack(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """PT_GNU_STACK asks for an executable stack: refused by newer glibc for libraries, by SELinux for everything."""
    if platform.goos != "linux" or facts.executable_stack is not True:
        return
    libc = known(platform.libc)
    since = execstack_refused_since(libc.family) if libc else ""
    refused = bool(since) and libc is not None and facts.kind is Kind.SHARED and not older(libc.version, since)
    yield Hit(
        "PT_GNU_STACK",
        message("rules.executable-stack-refused" if refused else "rules.executable-stack", libc=str(libc or "-")),
        message("rules.no-executable-stack"),
        (Evidence("segment", "PT_GNU_STACK rwx", "program header table"),),
        severity=Severity.ERROR if refused else None,
        rests_on=(platform.libc.certainty,) if refused else (),
    )


@rule("ST-HARDENING-002", BinaryFormat.ELF)
def no_stack_note(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """No PT_GNU_STACK at all, on a machine where the kernel then makes the stack executable."""
    if platform.goos != "linux" or not isinstance(facts.executable_stack, Unknown) or not facts.segments:
        return
    default = stack_without_note(platform.goarch)
    if default is None:
        return
    kernel = known(platform.kernel)
    if default.until and kernel is not None and not older(kernel, default.until):
        return
    yield Hit(
        "PT_GNU_STACK",
        message("rules.no-stack-note", goarch=platform.goarch),
        message("rules.no-executable-stack"),
        (Evidence("segment", facts.executable_stack.unknown, "program header table"),),
        rests_on=(platform.kernel.certainty,) if default.until else (),
    )
