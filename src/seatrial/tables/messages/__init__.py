"""Every sentence that a report shows, in each language: one TOML file a room, `[id]` with `en` and `zh`.

`{name}` stands for an argument. Loaded file by file, only when a message of that room is made.
The id is "room.name"; the room is the file.
"""

import tomllib
from functools import cache
from pathlib import Path

from seatrial.model.message import Message

__all__ = ["LANGUAGES", "message", "rooms", "templates", "translate"]

LANGUAGES = ("en", "zh")


def rooms() -> tuple[str, ...]:
    """The rooms that have a file of messages."""
    return tuple(sorted(path.stem for path in Path(__file__).parent.glob("*.toml")))


@cache
def templates(room: str) -> dict[str, dict[str, str]]:
    """The templates of one room: name to language to text."""
    with (Path(__file__).parent / f"{room}.toml").open("rb") as file:
        table: dict[str, dict[str, str]] = tomllib.load(file)
    return table


def _template(id_: str, language: str) -> str:
    room, _, name = id_.partition(".")
    return templates(room)[name][language]


def message(id_: str, /, **args: object) -> Message:
    """The message `room.name` with its arguments filled in. Raises KeyError for an unknown id or a missing argument."""
    words = {name: str(value) for name, value in args.items()}
    return Message(id=id_, text=_template(id_, "en").format(**words), args=words)


def translate(msg: Message, language: str) -> str:
    """The message in a language of `LANGUAGES`; its English text where this release does not know the id."""
    if language == "en":
        return msg.text
    try:
        return _template(msg.id, language).format(**msg.args)
    except (KeyError, FileNotFoundError):
        return msg.text
