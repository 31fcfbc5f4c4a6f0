"""Pages and messages: every rule has both, in both languages, and nothing is left over."""

import ast
import re
import string
from pathlib import Path

import jsonschema
import pytest

import seatrial.rules
from seatrial.errors import UsageError
from seatrial.model.attribution import Step
from seatrial.rules import catalogue, explanation, explanation_ids, rule_ids
from seatrial.running import NEWER_LIBC
from seatrial.tables.messages import LANGUAGES, templates
from seatrial.tables.rules import page

SOURCES = sorted(Path(seatrial.rules.__file__).parent.glob("*.py"))


def literals() -> set[str]:
    """The message ids that the rules mention; the start of one that is put together ends with `-`, or is empty."""
    return {
        node.value.removeprefix("rules.")
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("rules.")
    }


@pytest.mark.parametrize("id_", rule_ids())
def test_every_rule_has_a_page_and_a_title(id_: str) -> None:
    told = explanation(id_)
    assert told.page.id == id_
    assert told.title.text == templates("rules")[id_]["en"]


@pytest.mark.parametrize("id_", explanation_ids())
def test_pages_are_complete(id_: str) -> None:
    about = page(id_)
    for text in (about.why, about.mend):
        assert len(text.en.split()) >= 7
        assert re.search(r"[一-鿿]{2}", text.zh)
    assert about.example.strip()
    assert id_ in templates("rules"), "no title"


def test_every_static_page_belongs_to_a_rule() -> None:
    assert {id_ for id_ in explanation_ids() if id_.startswith("ST-")} == set(rule_ids())


def test_the_ids_of_other_stages_are_explained() -> None:
    others = {"BD-COMPILE-001", "BD-CGO-001", NEWER_LIBC, *Step}
    assert {id_ for id_ in explanation_ids() if not id_.startswith("ST-")} == others


def test_every_message_exists_and_is_used() -> None:
    mentioned = literals()
    starts = tuple(name for name in mentioned if name.endswith("-"))
    names = set(templates("rules")) - set(explanation_ids())
    assert {name for name in mentioned if name and not name.endswith("-")} <= names
    assert {name for name in names if name not in mentioned and not name.startswith(starts)} == set()


@pytest.mark.parametrize("name", templates("rules"))
def test_every_message_says_the_same_in_each_language(name: str) -> None:
    texts = templates("rules")[name]
    assert set(texts) == set(LANGUAGES)
    fields = [{field for _, field, _, _ in string.Formatter().parse(text) if field} for text in texts.values()]
    assert fields[0] == fields[1]
    assert re.search(r"[一-鿿]", texts["zh"])


def test_catalogue_is_what_sarif_needs() -> None:
    rules = catalogue()
    assert [rule.id for rule in rules] == sorted(rule.id for rule in rules)
    assert set(rule_ids()) <= {rule.id for rule in rules}
    for rule in rules:
        assert "How to mend it" in rule.help
        jsonschema.validate(rule.severity, {"enum": ["error", "warning", "note"]})


def test_an_unknown_id_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="ST-LIBC-001"):
        explanation("ST-LIBC-1")
    with pytest.raises(UsageError, match="lists all"):
        explanation("what")


def test_ids_are_accepted_in_lower_case() -> None:
    assert explanation(" st-isa-001 ").page.id == "ST-ISA-001"
