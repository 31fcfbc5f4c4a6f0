"""The sentence that every report begins with. It counts platforms, each by its worst stage."""

import msgspec

from seatrial.model.report import Report
from seatrial.model.states import Fidelity, Group, StageName, State, group_of
from seatrial.report.words import Words

__all__ = ["PlatformCounts", "cached_sentence", "count_platforms", "verdict_sentence"]

_ORDER = (Group.BAD, Group.UNCHECKED, Group.GOOD, Group.NEUTRAL)
_NAMES = {Group.BAD: "bad", Group.UNCHECKED: "unchecked", Group.GOOD: "good", Group.NEUTRAL: "neutral"}


class PlatformCounts(msgspec.Struct, frozen=True):
    """Platforms by what their worst stage counts as."""

    all: int
    groups: dict[Group, int]
    """A count for each group, zeros included."""
    static_only: int
    """Of the good ones: those on which nothing was run."""

    @property
    def verdict(self) -> Group:
        """The group that the whole report is shown as: the worst one that has a platform."""
        return next((group for group in _ORDER if self.groups[group]), Group.NEUTRAL)


def count_platforms(report: Report) -> PlatformCounts:
    """Count the platforms of the report."""
    groups = dict.fromkeys(_ORDER, 0)
    for state, count in report.summary.platform_states.items():
        groups[group_of(State(state))] += count
    static_only = sum(
        group_of(cell.state) is Group.GOOD and cell.fidelity in (None, Fidelity.STATIC) for cell in report.cells
    )
    return PlatformCounts(report.summary.platforms, groups, static_only)


def verdict_sentence(report: Report, words: Words) -> str:
    """ "6 of 18 platforms are bad, 4 could not be checked, 8 are good (2 by static judgement alone)." """
    counts = count_platforms(report)
    present = [group for group in _ORDER if counts.groups[group]]
    if not present:
        return words("verdict-nothing")
    if counts.all == 1:
        parts = [words(f"verdict-{_NAMES[present[0]]}-lone")]
    elif present == [Group.GOOD] and counts.all > 2:
        parts = [words("verdict-all-good", all=counts.all)]
    else:
        first, *rest = present
        parts = [words.counted(f"verdict-{_NAMES[first]}-first", counts.groups[first], all=counts.all)]
        parts += [words.counted(f"verdict-{_NAMES[group]}-then", counts.groups[group]) for group in rest]
    if counts.static_only:
        every = counts.static_only == counts.groups[Group.GOOD]
        note = words("verdict-static-all") if every else words("verdict-static-only", count=counts.static_only)
        parts[present.index(Group.GOOD)] += note
    return words("comma").join(parts) + words("verdict-end")


def cached_sentence(report: Report, words: Words) -> str:
    """How much was taken from an earlier run, "" for nothing. Static judgement is cheap enough to be done anew."""
    counts = report.summary
    if not counts.cached:
        return ""
    idle = all(
        stage.cached or stage.stage is StageName.STATIC or stage.state in (State.NOT_RUN, State.NA)
        for cell in report.cells
        for stage in cell.stages
    )
    return words("unchanged" if idle else "partly-cached", cached=counts.cached, planned=counts.planned)
