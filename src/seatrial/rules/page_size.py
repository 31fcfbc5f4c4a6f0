"""Segments of an ELF file against the page size of the platform's kernel."""

from seatrial.model.binary import BinaryFacts, BinaryFormat, Kind
from seatrial.model.needs import Needs
from seatrial.model.platform import Platform
from seatrial.model.states import Confidence, Severity
from seatrial.needs.page_size import LARGEST_PAGE, incongruent, segment_evidence, sharing
from seatrial.rules.rule import Hit, Outcome, known, rule, unknown_fact
from seatrial.tables.messages import message

__all__ = ["alignment", "congruence"]


@rule("ST-PAGE-001", BinaryFormat.ELF)
def alignment(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """Segments aligned to less than a page."""
    small = [segment for segment in facts.segments if segment.align < LARGEST_PAGE]
    if not small:
        return
    page = known(platform.page_size)
    if page is None:
        if _could_be_larger(platform):
            yield unknown_fact("rules.unknown-page-size", platform.page_size)
        return
    if incongruent(facts, page):
        return  # ST-PAGE-002 says it
    small = [segment for segment in small if segment.align < page]
    if not small:
        return
    severity, confidence = None, None
    if facts.kind is Kind.SHARED:
        told = "rules.page-alignment-library"
    elif sharing(facts, page):
        told = "rules.page-alignment"
    else:
        told, severity, confidence = "rules.page-alignment-apart", Severity.WARNING, Confidence.LIKELY
    yield Hit(
        small[0].name,
        message(told, align=small[0].align, page=page),
        message("rules.align-to-page", page=f"{page:#x}"),
        segment_evidence(small),
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
    bad = incongruent(facts, page)
    if bad:
        yield Hit(
            bad[0].name,
            message("rules.page-incongruent", address=f"{bad[0].address:#x}", offset=f"{bad[0].offset:#x}", page=page),
            message("rules.align-to-page", page=f"{page:#x}"),
            segment_evidence(bad),
            rests_on=(platform.page_size.certainty,),
        )


def _could_be_larger(platform: Platform) -> bool:
    """x86, s390x and 32-bit machines have one page size on Linux, 4 KiB; the others choose it with the kernel."""
    return platform.goos == "linux" and platform.goarch in (
        "arm64",
        "loong64",
        "ppc64",
        "ppc64le",
        "mips64",
        "mips64le",
    )
