"""A sentence for people, kept as id and arguments so that every report can show it in its own language."""

import msgspec

__all__ = ["Message"]


class Message(msgspec.Struct, frozen=True):
    """One sentence. Made by `seatrial.tables.messages.message`, never by hand.

    `text` is the English sentence, rendered; `id` and `args` are what a report in another language renders anew.
    Arguments are evidence (symbols, versions, paths) and are never translated.
    """

    id: str
    text: str
    args: dict[str, str] = {}

    def __str__(self) -> str:
        return self.text
