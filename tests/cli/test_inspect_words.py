"""The words of `inspect` and `trace-linking`: each is there in every language, and each is used."""

import re
import string
from pathlib import Path

import pytest

import seatrial.cli
from seatrial.cli.inspect_words import Words, padded
from seatrial.model.needs import FloorKind, Standing
from seatrial.model.states import Confidence
from seatrial.tables.messages import LANGUAGES, templates
from support.builds import Builder
from support.inspecting import run

ROOMS = {"inspect": "inspect*.py", "trace": "trace_linking.py"}
"""Messages, and the files that print them."""
MADE = {
    *(f"floor-{kind}" for kind in FloorKind),
    *(f"confidence-{confidence}" for confidence in Confidence),
    *(f"standing-{standing.name.lower()}" for standing in Standing),
}


@pytest.mark.parametrize(("room", "name"), [(room, name) for room in ROOMS for name in templates(room)])
def test_every_text_says_the_same_in_each_language(room: str, name: str) -> None:
    texts = templates(room)[name]
    assert tuple(texts) == LANGUAGES
    fields = [{field for _, field, _, _ in string.Formatter().parse(text) if field} for text in texts.values()]
    assert fields[0] == fields[1]


@pytest.mark.parametrize("room", ROOMS)
def test_every_text_is_used_and_every_name_has_one(room: str) -> None:
    texts = set(templates(room))
    made = MADE if room == "inspect" else set()
    code = "".join(path.read_text() for path in Path(seatrial.cli.__path__[0]).glob(ROOMS[room]))
    literals = set(re.findall(r'["\']([a-z][a-z0-9-]*)["\']', code))
    used = literals | {f"{name}-one" for name in literals} | made
    assert texts - used == set()
    assert texts >= made
    called = set(re.findall(r'words\(\s*"([a-z0-9-]+)"', code))
    assert called <= texts
    counted = set(re.findall(r'words\.counted\("([a-z0-9-]+)"', code))
    assert counted | {f"{name}-one" for name in counted} <= texts


def test_chinese_takes_two_columns() -> None:
    assert padded("库", 4) == "库  " and padded("abc", 4) == "abc " and padded("abcde", 4) == "abcde"
    assert Words().some(("a", "b", "c"), 2) == "a, b and 1 more"


@pytest.mark.go
def test_the_page_in_chinese(
    builder: Builder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(builder.build("linux/amd64"))
    code, out, _ = run(capsys, monkeypatch, path, "--lang", "zh")
    assert code == 0
    assert "Linux 内核        3.2：go1.27.3 要求 Linux 3.2。\n" in out
    titles = [line for line in out.splitlines()[1:] if line and not line.startswith(" ")]
    assert titles[:3] == ["它是什么", "它需要什么", "它最低可运行于"]
    code, out, _ = run(capsys, monkeypatch, path, "--lang", "zh", "--floors", "--why", "avx2")
    assert code == 0
    assert "页大小：不超过 4 KiB" in out and "函数自身事先会询问。" in out
    code, out, _ = run(capsys, monkeypatch, path, "--lang", "zh", "--compare", path)
    assert code == 0 and "导入符号" in out
