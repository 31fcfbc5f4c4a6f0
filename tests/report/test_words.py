"""Labels: in both languages, with the same arguments, and none that nobody uses."""

import re
import string
import subprocess
import sys
from pathlib import Path

import pytest

import seatrial.report
from seatrial.model.states import Confidence, Fidelity, Group, Severity, StageName, State
from seatrial.report.words import Words
from seatrial.tables.messages import LANGUAGES, templates

LABELS = templates("report")
FAMILIES = (
    *("verdict-", "state-", "means-", "group-", "stage-", "fidelity-", "code-", "rests-", "fact-", "system-"),
    *("severity-", "confidence-", "coverage-", "work-"),
)
"""Labels whose names are put together from a member of the model."""


def arguments(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("name", LABELS)
def test_each_label_is_in_each_language(name: str) -> None:
    texts = LABELS[name]
    assert set(texts) == set(LANGUAGES)
    assert all(texts.values())
    assert len({frozenset(arguments(text)) for text in texts.values()}) == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_member_has_a_label(language: str) -> None:
    words = Words(language)
    assert all(words.state(state) and words(f"means-{state}") for state in State)
    assert all(words.fidelity(each) and words.short(each) and words(f"rests-{each}") for each in Fidelity)
    assert all(words.group(group) for group in Group)
    assert all(words.stage(stage) for stage in StageName)
    assert all(words.severity(severity) for severity in Severity)
    assert all(words.confidence(confidence) for confidence in Confidence)


def test_english_states_and_codes_are_the_fixed_words() -> None:
    words = Words("en")
    assert [words.state(state) for state in State] == [state.value for state in State]
    assert [words.code(each) for each in Fidelity] == ["", "api", "host", "user", "cpuid", "sys", "hw"]
    assert [Words("zh").code(each) for each in Fidelity] == ["", "接口", "本机", "用户态", "CPUID", "系统", "实机"]


def test_no_label_is_left_over() -> None:
    folder = Path(seatrial.report.__file__).parent
    sources = [path for path in folder.rglob("*") if path.suffix in (".py", ".html")]
    text = "\n".join(path.read_text("utf-8") for path in sources)
    for name in LABELS:
        plain = name.removesuffix("-one")
        assert plain.startswith(FAMILIES) or re.search(f"[\"']{re.escape(plain)}[\"']", text), name


def test_an_unknown_label_is_a_bug() -> None:
    with pytest.raises(KeyError):
        Words("en")("no-such-label")


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (0.0, "0.0 s", "0.0 秒"),
        (59.94, "59.9 s", "59.9 秒"),
        (60, "1 min 0 s", "1 分 0 秒"),
        (724, "12 min 4 s", "12 分 4 秒"),
    ],
)
def test_durations(seconds: float, english: str, chinese: str) -> None:
    assert Words("en").duration(seconds) == english
    assert Words("zh").duration(seconds) == chinese


@pytest.mark.parametrize("module", ["json", "junit", "sarif", "markdown"])
def test_formats_load_neither_rich_nor_jinja2(module: str) -> None:
    code = f"import sys, seatrial.report.{module}; print(*{{'rich', 'jinja2'}} & sys.modules.keys())"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == ""
