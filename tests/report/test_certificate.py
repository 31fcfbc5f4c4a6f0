"""The certificate in a terminal, as JSON and as HTML; the comparison of two; the catalogue."""

import io
import re
from html.parser import HTMLParser

import jsonschema
import msgspec
import pytest
from rich.console import Console

from seatrial.conformance import compare
from seatrial.errors import UsageError
from seatrial.model.states import State
from seatrial.report.certificate import html, json
from seatrial.report.certificate.catalogue import catalogue
from seatrial.report.certificate.difference import show
from seatrial.report.certificate.sentence import sentence
from seatrial.report.certificate.terminal import final
from seatrial.report.words import Words
from seatrial.tables.conformance_cases import cases
from seatrial.tables.messages import message
from support.certificates import certificate, verdict, with_states


def printed(width: int = 120) -> tuple[Console, io.StringIO]:
    stream = io.StringIO()
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False), stream


class Structure(HTMLParser):
    """Ids, opened records and element balance of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.open: list[str] = []
        self.links: list[str] = []
        self.stack: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        if values.get("id"):
            self.ids.append(str(values["id"]))
        if tag == "details" and "open" in values:
            self.open.append(str(values.get("id")))
        if tag == "a":
            self.links.append(str(values["href"]))
        if tag not in ("meta", "link", "br", "use", "path", "rect", "circle"):
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("use", "path", "rect", "circle"):
            assert self.stack.pop() == tag


def test_json_is_read_back_and_fits_its_schema() -> None:
    made = with_states()
    data = json.render((made,))
    assert json.read(data) == made
    schema = msgspec.json.decode(json.render_schema())
    jsonschema.validate(msgspec.json.decode(data), schema)
    assert json.SCHEMA_FILE.read_bytes() == json.render_schema(), "write json.render_schema() to its file"
    wrong = msgspec.json.decode(data) | {"states": []}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no certificate"),
        (b"\xff\xfe", "no certificate"),
        (b"[]", "holds 0 certificates"),
        (b'{"schema":"seatrial/report/1"}', "seatrial/report/1"),
        (b'{"schema":"seatrial/conformance/1"}', "no certificate"),
        (b"7", "None"),
    ],
)
def test_what_is_no_certificate_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        json.read(data)


@pytest.mark.parametrize(
    ("states", "english", "chinese"),
    [
        ([State.PASS, State.PASS], "All 2 contracts hold.", "2 项约定全部成立。"),
        ([State.PASS, State.FAIL], "1 of 2 contracts holds, 1 does not.", "2 项约定中 1 项成立，1 项不成立。"),
        ([State.EMULATOR, State.NA], "0 of 2 contracts hold, 1 could not be decided, 1 does not apply.", ""),
        ([State.PASS, State.UNKNOWN], "1 of 2 contracts holds, 1 needs what is not there.", ""),
        ([State.PASS], "The one contract holds.", "唯一的约定成立。"),
        ([], "No case was run.", "没有运行任何用例。"),
    ],
)
def test_the_sentence(states: list[State], english: str, chinese: str) -> None:
    made = certificate(*(verdict(f"files/{number}", state) for number, state in enumerate(states)))
    assert sentence(made, Words("en", "certificate")) == english
    if chinese:
        assert sentence(made, Words("zh", "certificate")) == chinese


@pytest.mark.parametrize("width", [60, 120])
def test_the_terminal_tells_what_is_not_good(width: int) -> None:
    console, stream = printed(width)
    final(with_states(), console)
    text = re.sub(r"\s+", " ", stream.getvalue())
    for said in ("got EPERM, want ENOSYS", "kernel 6.18.44 in place of 4.19.90", "needs real-time", "exit code 1"):
        assert said in text
    assert (
        "24 of 32 contracts hold, 2 do not, 4 could not be decided, 1 needs what is not there, 1 does not apply."
        in text
    )
    assert "Linux 6.18.44, linux/amd64" in text
    assert '[[fault]] id = "qemu-user-arm64-signals-timer-overrun"' in text
    assert all(len(line) <= width for line in stream.getvalue().splitlines() if not line.lstrip().startswith("$"))


def test_a_certificate_that_was_cut_short_says_so_first() -> None:
    case = verdict("files/a", State.NOT_RUN, reason=message("conformance.interrupted"))
    for language, said in (("en", "This is a part of a certificate"), ("zh", "这只是证书的一部分")):
        console, stream = printed()
        final(certificate(case, complete=False), console, language)
        assert stream.getvalue().startswith(said)
        assert said in html.render(certificate(case, complete=False), language).decode()
        assert said not in html.render(certificate(case), language).decode()


def test_what_was_seen_is_labelled_once() -> None:
    case = verdict("signals/a", State.FAIL, "seen: no signal; expected: SIGSEGV", reason=message("build.no-zig"))
    console, stream = printed()
    final(certificate(case), console)
    assert re.search(r"^  seen +no signal; expected: SIGSEGV *$", stream.getvalue(), re.MULTILINE)
    assert "<dt>seen</dt><dd><code>no signal; expected" in html.render(certificate(case)).decode()


def test_the_terminal_in_chinese() -> None:
    console, stream = printed()
    final(with_states(), console, "zh")
    assert "32 项约定中 24 项成立，2 项不成立，4 项未能判定，1 项缺少所需条件，1 项不适用。" in stream.getvalue()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_holds_every_case_once_and_opens_what_failed(language: str) -> None:
    made = with_states()
    page = html.render(made, language).decode()
    seen = Structure(page)
    assert seen.stack == []
    assert len(seen.ids) == len(set(seen.ids))
    assert {case.id for case in made.cases} <= set(seen.ids)
    assert seen.open == ["syscalls/unknown-call", "signals/lost"]
    assert {link.removeprefix("#") for link in seen.links} <= set(seen.ids)
    assert "<more>" not in page
    assert "and &lt;more&gt;" in page
    assert "<script" not in page
    assert "http" not in re.sub(r"http://www\.w3\.org/2000/svg|http-equiv", "", page)


def test_hostile_words_stay_words() -> None:
    case = verdict("files/a", State.FAIL, "</style><script>alert(1)</script>\x1b[31m\x00", values={"<b>": ["<i>", 1]})
    page = html.render(certificate(case)).decode()
    assert "<script" not in page
    assert "<b><i>" not in page
    assert "\x1b" not in page
    assert "\x00" not in page
    console, stream = printed()
    final(certificate(case), console)
    assert "\x1b" not in stream.getvalue()


def test_the_comparison_tells_the_worst_first() -> None:
    before = certificate(verdict("files/a", State.FAIL), verdict("files/b", values={"n": 1}), verdict("files/c"))
    after = certificate(verdict("files/a"), verdict("files/b", values={"n": 2}), verdict("files/c", State.FAIL, "gone"))
    console, stream = printed()
    show(compare(before, after), console)
    lines = stream.getvalue().splitlines()
    changes = [line.split()[0] for line in lines if line.startswith("files/")]
    assert changes == ["files/c", "files/a", "files/b"]
    assert "gone" in stream.getvalue()
    assert "1 → 2" in stream.getvalue()
    console, stream = printed()
    show(compare(before, before), console)
    assert "No case changed its state." in stream.getvalue()


def test_what_stands_in_one_of_them_only_is_counted() -> None:
    """A topic beside the whole suite is not a change of hundreds of cases."""
    part = certificate(verdict("files/a"))
    whole = certificate(
        verdict("files/a"), *(verdict(f"clocks/{n}") for n in range(40)), verdict("signals/a", State.NA)
    )
    for before, after, label in ((part, whole, "Only in the second:"), (whole, part, "Only in the first:")):
        console, stream = printed()
        show(compare(before, after), console)
        assert f"{label} ✓ pass 40  – n/a 1\n" in stream.getvalue()
        assert "clocks/" not in stream.getvalue()
        assert (
            "Cases: 0 worse, 0 better, 0 changed otherwise, 1 the same, 41 in one of the two only." in stream.getvalue()
        )
    console, stream = printed()
    show(compare(part, whole), console, "zh")
    assert "仅在第二份中：" in stream.getvalue()


def test_the_catalogue_for_people() -> None:
    console, stream = printed()
    chosen = tuple(info for info in cases().values() if info.topic == "clocks")
    catalogue(chosen, console)
    text = stream.getvalue()
    for info in chosen:
        assert info.id in text
    assert f"{len(chosen)} cases" in text
