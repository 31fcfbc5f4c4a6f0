"""The pages of `seatrial explain`: one TOML file a rule or step, named for its id, validated when it is read.

Ids of static rules start with ST, of building with BD, of running with RT; steps of attribution
are `attribution:<step>`. In the name of a file `--` stands for the colon, which some file systems do not allow.

Titles stand in `tables/messages/rules.toml` under the same id, because findings carry them as messages.
"""

from functools import cache
from pathlib import Path

import msgspec

from seatrial.decoding import ready
from seatrial.model.states import Confidence, Severity

__all__ = ["Page", "Text", "page", "page_ids"]

_FOLDER = Path(__file__).parent


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same text in each language."""

    en: str
    zh: str


class Page(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is to be known of one rule."""

    id: str
    severity: Severity
    """Of a finding, unless the rule lowers it for a single one (a weak symbol).

    Of a step of attribution: an error where it makes a stage bad, a note where it leaves it unchecked.
    """
    confidence: Confidence
    """The highest that a finding of this rule can have."""
    evidence: tuple[str, ...]
    """The least that must be readable for the rule to be decided; without it the stage is `unknown`."""
    why: Text
    mend: Text
    example: str
    """What a user sees: the command or the machine's own words. The same in every language."""
    sources: tuple[str, ...]


@cache
def page_ids() -> tuple[str, ...]:
    """The ids that have a page, sorted."""
    return tuple(sorted(path.stem.replace("--", ":") for path in _FOLDER.glob("*.toml")))


@cache
def page(id_: str) -> Page:
    """The page of an id. Raises KeyError for an id without one, msgspec.ValidationError for a page that is wrong."""
    if id_ not in page_ids():
        raise KeyError(id_)
    path = _FOLDER / f"{id_.replace(':', '--')}.toml"
    found = msgspec.toml.decode(path.read_bytes(), type=ready(Page))
    if found.id != id_ or not found.sources or not found.evidence:
        raise msgspec.ValidationError(f"{path.name}: its id must be the file's name, with evidence and sources")
    return found
