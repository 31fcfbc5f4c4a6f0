"""With which page sizes a file can be mapped (gABI 5.1: p_vaddr and p_offset are congruent modulo the page size)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise

from seatrial.model.binary import BinaryFacts, BinaryFormat, Kind, Segment
from seatrial.model.finding import Evidence
from seatrial.model.message import Message
from seatrial.model.needs import Cause, Reason
from seatrial.model.states import Confidence
from seatrial.tables.messages import message

__all__ = ["page_reasons"]

_LARGEST = 65536
"""The largest page that Linux uses on any port of Go: what is aligned to it fits everywhere."""

_WHERE = "program header table"


def page_reasons(facts: BinaryFacts) -> Iterator[Reason]:
    """What limits the pages with which an ELF file can be mapped; one reason without a limit where nothing does."""
    if facts.format is not BinaryFormat.ELF or not facts.segments:
        return
    limits = [*_incongruent(facts), *_aligned(facts), *_sharing(facts)]
    yield from limits
    if not limits:
        yield _reason(Cause.ALIGNMENT, _LARGEST, message("needs.any-page", page=_LARGEST // 1024), ())


def _incongruent(facts: BinaryFacts) -> Iterator[Reason]:
    """One reason for each page size beyond which a segment's address and offset differ."""
    by_limit: defaultdict[int, list[Segment]] = defaultdict(list)
    for segment in facts.segments:
        apart = (segment.address - segment.offset) % _LARGEST
        if segment.file_size and apart:
            by_limit[apart & -apart].append(segment)
    for limit, segments in by_limit.items():
        first = segments[0]
        told = message("needs.congruence", address=f"{first.address:#x}", offset=f"{first.offset:#x}", limit=limit)
        yield _reason(Cause.CONGRUENCE, limit, told, segments)


def _aligned(facts: BinaryFacts) -> Iterator[Reason]:
    """One reason for each alignment. The kernel does not look at it, loaders of libraries do."""
    by_align: defaultdict[int, list[Segment]] = defaultdict(list)
    for segment in facts.segments:
        if segment.align < _LARGEST:
            by_align[segment.align].append(segment)
    confidence = Confidence.CERTAIN if facts.kind is Kind.SHARED else Confidence.LIKELY
    for align, segments in by_align.items():
        whole = align >= 1024
        told = message("needs.pages" if whole else "needs.small-alignment", align=align, page=align // 1024)
        yield _reason(Cause.ALIGNMENT, align, told, segments, confidence)


def _sharing(facts: BinaryFacts) -> Iterator[Reason]:
    """The largest page with which no two neighbours of different access rights share one, if any page is too large."""
    least = min(segment.align for segment in facts.segments)
    page = _LARGEST
    pair: tuple[Segment, ...] = ()
    while page > max(least, 1) and (found := _neighbours(facts, page)):
        page, pair = page // 2, found
    if pair:
        yield _reason(Cause.SHARED_PAGE, page, message("needs.shared-page", limit=page), pair)


def _neighbours(facts: BinaryFacts, page: int) -> tuple[Segment, ...]:
    """The first two with different access rights that have a page in common."""
    ordered = sorted(facts.segments, key=lambda segment: segment.address)
    for first, second in pairwise(ordered):
        last = first.address + first.memory_size - 1
        if first.memory_size and last // page == second.address // page and first.flags != second.flags:
            return first, second
    return ()


def _reason(
    cause: Cause,
    limit: int,
    told: Message,
    segments: Iterable[Segment],
    confidence: Confidence = Confidence.CERTAIN,
) -> Reason:
    evidence = tuple(
        Evidence(
            "segment",
            f"{segment.name}: offset {segment.offset:#x}, address {segment.address:#x}, align {segment.align:#x}",
            _WHERE,
        )
        for segment in segments
    )
    return Reason(cause, str(limit), "PT_LOAD", told, confidence, _WHERE, evidence=evidence)
