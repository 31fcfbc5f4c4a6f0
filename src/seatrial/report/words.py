"""The labels of a report in its language; the sentences themselves come translated from their messages."""

from collections.abc import Iterable

from seatrial.model.message import Message
from seatrial.model.states import Confidence, Fidelity, Group, Severity, StageName, State
from seatrial.tables.messages import templates, translate

__all__ = ["Words"]


class Words:
    """Called with the name of a label in `tables/messages/report.toml` and its arguments; returns the text.

    A report of another kind has a file of its own besides, whose labels come first. Raises KeyError for a name that
    has no label: a bug of ours.
    """

    def __init__(self, language: str = "en", kind: str = "") -> None:
        self.language = language
        rooms = ("report", kind) if kind else ("report",)
        self._labels = {name: texts[language] for room in rooms for name, texts in templates(room).items()}

    def __call__(self, name: str, /, **args: object) -> str:
        label = self._labels[name]
        return label.format(**args) if args else label

    def counted(self, name: str, count: int, **args: object) -> str:
        """The label for a count: `name-one` for exactly one, where there is such a label."""
        one = f"{name}-one"
        return self(one if count == 1 and one in self._labels else name, count=count, **args)

    def message(self, message: Message | None) -> str:
        """The sentence in this language, "" for none."""
        return translate(message, self.language) if message else ""

    def state(self, state: State) -> str:
        return self._labels[f"state-{state}"]

    def group(self, group: Group) -> str:
        return self._labels[f"group-{group}"]

    def stage(self, stage: str) -> str:
        """The name of a stage; one that is not in `StageName` (a finding may name any) stands for itself."""
        return self._labels.get(f"stage-{stage}", stage)

    def stages(self, stages: Iterable[StageName]) -> str:
        return self("list-comma").join(self.stage(stage) for stage in stages)

    def fidelity(self, fidelity: Fidelity | None) -> str:
        return self._labels[f"fidelity-{fidelity}"] if fidelity else "–"

    def code(self, fidelity: Fidelity | None) -> str:
        """The short code of a cell; "" where nothing ran (build) or the column's head says it (static)."""
        return "" if fidelity in (None, Fidelity.STATIC) else self._labels[f"code-{fidelity}"]

    def short(self, fidelity: Fidelity | None) -> str:
        """The short code of any fidelity, for a column that has no room for words."""
        return self._labels[f"code-{fidelity}"] if fidelity else "–"

    def fact(self, fact: str) -> str:
        return self._labels.get(f"fact-{fact}", fact)

    def system(self, system: str) -> str:
        return self._labels.get(f"system-{system}", system)

    def severity(self, severity: Severity) -> str:
        return self._labels[f"severity-{severity}"]

    def confidence(self, confidence: Confidence) -> str:
        return self._labels[f"confidence-{confidence}"]

    def duration(self, seconds: float) -> str:
        """`9.8 s` below a minute, `12 min 4 s` from there."""
        if seconds < 59.95:
            return self("seconds", count=f"{seconds:.1f}")
        minutes, rest = divmod(round(seconds), 60)
        return self("minutes-seconds", minutes=minutes, seconds=rest)
