"""With which page sizes a file can be mapped (gABI 5.1: p_vaddr and p_offset are congruent modulo the page size)."""

from itertools import pairwise

from seatrial.model.binary import BinaryFacts, BinaryFormat, Segment
from seatrial.model.finding import Evidence
from seatrial.model.needs import Cause, Reason
from seatrial.model.states import Confidence
from seatrial.tables.messages import message

__all__ = ["LARGEST_PAGE", "alignment_reason", "incongruent", "segment_evidence", "sharing"]

LARGEST_PAGE = 65536
"""The largest page that Linux uses on any port of Go: what is aligned to it fits everywhere."""

_SMALLEST_PAGE = 4096


def incongruent(facts: BinaryFacts, page: int) -> list[Segment]:
    """The segments whose address and offset differ modulo the page size: they cannot be mapped."""
    return [segment for segment in facts.segments if segment.file_size and (segment.address - segment.offset) % page]


def sharing(facts: BinaryFacts, page: int) -> bool:
    """Whether two neighbours with different access rights have a page in common."""
    ordered = sorted(facts.segments, key=lambda segment: segment.address)
    return any(
        (first.address + first.memory_size - 1) // page == second.address // page and first.flags != second.flags
        for first, second in pairwise(ordered)
        if first.memory_size
    )


def segment_evidence(segments: list[Segment]) -> tuple[Evidence, ...]:
    """Where the segments lie."""
    return tuple(
        Evidence(
            "segment",
            f"{segment.name}: offset {segment.offset:#x}, address {segment.address:#x}, align {segment.align:#x}",
            "program header table",
        )
        for segment in segments
    )


def alignment_reason(facts: BinaryFacts) -> Reason | None:
    """The largest page with which every segment of an ELF file can be mapped; None for another format."""
    if facts.format is not BinaryFormat.ELF or not facts.segments:
        return None
    page, limit = LARGEST_PAGE, None
    while page > _SMALLEST_PAGE:
        bad = incongruent(facts, page) or [segment for segment in facts.segments if segment.align < page]
        if not bad:
            break
        page, limit = page // 2, bad
    what = "needs.any-page" if limit is None else "needs.pages"
    return Reason(
        Cause.ALIGNMENT,
        str(page),
        "PT_LOAD",
        message(what, page=page // 1024),
        Confidence.CERTAIN,
        "program header table",
        evidence=segment_evidence(limit or []),
    )
