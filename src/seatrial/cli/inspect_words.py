"""The words of `seatrial inspect`, and of verbs like it, in the language that was asked for."""

from collections.abc import Sequence

from seatrial.cli.wrapping import columns
from seatrial.model.message import Message
from seatrial.tables.messages import templates, translate

__all__ = ["Words", "padded"]


class Words:
    """Called with the name of a text of the room and its arguments; returns the text. Raises KeyError for another."""

    def __init__(self, language: str = "en", room: str = "inspect") -> None:
        self._language = language
        self._texts = {name: texts[language] for name, texts in templates(room).items()}

    def __call__(self, name: str, /, **args: object) -> str:
        return self._texts[name].format(**args)

    def counted(self, name: str, count: int) -> str:
        """The text for a count: `name-one` for exactly one."""
        return self(f"{name}-one" if count == 1 else name, count=f"{count:,}")

    def message(self, told: Message) -> str:
        """The sentence in this language."""
        return translate(told, self._language)

    def some(self, names: Sequence[str], shown: int) -> str:
        """The first names, and how many more there are."""
        first = ", ".join(names[:shown])
        return self("and-more", names=first, more=len(names) - shown) if len(names) > shown else first


def padded(text: str, width: int) -> str:
    """The text with spaces behind it, up to this many columns of a terminal: Chinese characters take two."""
    return text + " " * (width - columns(text))
