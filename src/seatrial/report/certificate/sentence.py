"""The sentence that a certificate begins with, and which group it is shown as."""

from seatrial.model.conformance import Certificate
from seatrial.model.states import Group, State, group_of
from seatrial.report.words import Words

__all__ = ["asked", "count_groups", "sentence", "verdict"]

_ORDER = (Group.BAD, Group.UNCHECKED, Group.GOOD, Group.NEUTRAL)


def count_groups(certificate: Certificate) -> dict[Group, int]:
    """How many cases count as good, bad, could not check, neutral; zeros included."""
    groups = dict.fromkeys(_ORDER, 0)
    for state, count in certificate.states.items():
        groups[group_of(State(state))] += count
    return groups


def verdict(certificate: Certificate) -> Group:
    """The group that the whole is shown as. A case that names what it takes does not spoil what holds."""
    groups = count_groups(certificate)
    if groups[Group.BAD]:
        return Group.BAD
    if certificate.exit_code == 3 or not groups[Group.GOOD]:
        return Group.UNCHECKED
    return Group.GOOD


def sentence(certificate: Certificate, words: Words) -> str:
    """ "298 of 306 contracts hold, 2 do not, 1 could not be decided, 2 need what is not there, 3 do not apply." """
    groups, every = count_groups(certificate), len(certificate.cases)
    if not every:
        return words("verdict-nothing")
    if groups[Group.GOOD] == every:
        return words.counted("verdict-all", every) + words("verdict-end")
    parts = [words.counted("verdict-hold", groups[Group.GOOD], all=every)]
    lacking = sum(case.lacking for case in certificate.cases)
    counts = {
        "bad": groups[Group.BAD],
        "open": groups[Group.UNCHECKED] - lacking,
        "lacking": lacking,
        "neutral": groups[Group.NEUTRAL],
    }
    parts += [words.counted(f"verdict-{name}", count) for name, count in counts.items() if count]
    return words("comma").join(parts) + words("verdict-end")


def asked(certificate: Certificate, words: Words) -> str:
    """Who was asked: this machine, or something in the platform's place."""
    if not certificate.runner:
        return words("asked-nobody")
    if not certificate.platform:
        return words("asked-here")
    return words("asked-stand-in", runner=certificate.runner)
