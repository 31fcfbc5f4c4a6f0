"""Segments of an ELF file against the page size of the platform's kernel."""

from seatrial.model.binary import BinaryFacts, BinaryFormat, Kind
from seatrial.model.finding import Evidence
from seatrial.model.needs import Cause, FloorKind, Needs, Reason
from seatrial.model.platform import Platform
from seatrial.model.states import Confidence, Severity
from seatrial.rules.rule import Hit, Outcome, known, rule, unknown_fact
from seatrial.tables.architectures import architectures
from seatrial.tables.messages import message

__all__ = ["alignment", "congruence"]


@rule("ST-PAGE-001", BinaryFormat.ELF)
def alignment(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """Segments aligned to less than a page."""
    page = known(platform.page_size)
    if page is None:
        if any(reason.evidence for reason in _limits(needs, Cause.ALIGNMENT)) and _could_be_larger(platform):
            yield unknown_fact("rules.unknown-page-size", platform.page_size)
        return
    small = _below(needs, Cause.ALIGNMENT, page)
    if not small or _below(needs, Cause.CONGRUENCE, page):
        return  # ST-PAGE-002 tells the second
    severity, confidence = None, None
    if facts.kind is Kind.SHARED:
        told = "rules.page-alignment-library"
    elif _below(needs, Cause.SHARED_PAGE, page):
        told = "rules.page-alignment"
    else:
        told, severity, confidence = "rules.page-alignment-apart", Severity.WARNING, Confidence.LIKELY
    yield Hit(
        small[0].subject,
        message(told, align=int(small[0].minimum), page=page),
        message("rules.align-to-page", page=f"{page:#x}"),
        _evidence(small),
        severity=severity,
        confidence=confidence,
        rests_on=(platform.page_size.certainty,),
    )


@rule("ST-PAGE-002", BinaryFormat.ELF)
def congruence(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """Segments whose address and file offset differ modulo the page size: they cannot be mapped."""
    page = known(platform.page_size)
    if page is None:
        return  # ST-PAGE-001 tells it
    bad = _below(needs, Cause.CONGRUENCE, page)
    if bad:
        words = bad[0].message.args
        yield Hit(
            bad[0].subject,
            message("rules.page-incongruent", address=words["address"], offset=words["offset"], page=page),
            message("rules.align-to-page", page=f"{page:#x}"),
            _evidence(bad),
            rests_on=(platform.page_size.certainty,),
        )


def _limits(needs: Needs, cause: Cause) -> tuple[Reason, ...]:
    return needs.floor(FloorKind.PAGE_SIZE).because(cause)


def _below(needs: Needs, cause: Cause, page: int) -> list[Reason]:
    """The reasons whose largest page is smaller than the platform's."""
    return [reason for reason in _limits(needs, cause) if int(reason.minimum) < page]


def _evidence(reasons: list[Reason]) -> tuple[Evidence, ...]:
    return tuple(one for reason in reasons for one in reason.evidence)


def _could_be_larger(platform: Platform) -> bool:
    """Whether the machine's kernels are built for several page sizes."""
    machine = architectures().get(platform.goarch)
    return platform.goos == "linux" and machine is not None and machine.larger_pages
