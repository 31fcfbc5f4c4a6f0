"""The page as text: what must stay true of it without a browser (design: report.md)."""

import base64
import hashlib
import html
import re
import time
from html.parser import HTMLParser
from urllib.parse import unquote

import msgspec
import pytest

from seatrial.model.message import Message
from seatrial.model.report import Report
from seatrial.model.states import StageName, State
from seatrial.report.html import render
from seatrial.report.words import Words

VOID = {"meta", "link", "br", "input", "col", "path", "circle", "rect"}


class Outline(HTMLParser):
    """The elements of a page; fails where one is not closed in its place."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.sources: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._open: list[str] = []
        self.feed(page)
        assert not self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.tags.append((tag, attributes))
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes["href"]] if "href" in attributes else []
        self.sources += [attributes["src"]] if "src" in attributes else []
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag


def found(pattern: str, text: str) -> str:
    """The first group of the pattern, or all that it matched; fails where it does not."""
    match = re.search(pattern, text, re.DOTALL)
    assert match is not None, pattern
    return str(match[1] if match.re.groups else match[0])


def page_of(report: Report, language: str = "en") -> str:
    return render(report, language).decode("utf-8")


@pytest.mark.parametrize("name", ["rich_report", "hostile_report", "empty_report", "good_report", "large_report"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_page_is_whole_and_loads_nothing(name: str, language: str, request: pytest.FixtureRequest) -> None:
    outline = Outline(page_of(request.getfixturevalue(name), language))
    assert len(outline.ids) == len(set(outline.ids))
    assert not outline.sources
    for link in outline.links:
        assert link.startswith(("#", "data:image/svg+xml,"))
        if link.startswith("#"):
            assert unquote(link[1:]) in outline.ids
    tags = [tag for tag, _ in outline.tags]
    assert tags.count("h1") == tags.count("main") == tags.count("header") == tags.count("footer") == 1
    assert not {"iframe", "object", "embed", "base"} & set(tags)
    assert ("html", {"lang": "zh-CN" if language == "zh" else "en"}) in outline.tags


def test_the_policy_names_exactly_what_is_inside(hostile_report: Report) -> None:
    page = page_of(hostile_report)
    policy = html.unescape(found('Content-Security-Policy" content="([^"]*)"', page))
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    inside = re.findall("<(style|script)>(.*?)</", page, re.DOTALL)
    assert [tag for tag, _ in inside] == ["style", "script", "script"]
    for _, text in inside:
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy


def test_recorded_text_is_escaped_and_whole(hostile_report: Report) -> None:
    page = page_of(hostile_report)
    assert page.count("<script>") == 2
    assert '<b>"quoted"' not in page
    assert page.count("{{ 7 * 7 }}") > 100
    shown = html.unescape(page)
    assert "\\x1b[31mred\\x1b[0m \\x00\\x07 \\u202edlrow" in shown
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", page)
    assert shown.count("</script><script>alert(1)</script>") > 100  # the output's hundred among them: nothing is cut


@pytest.mark.parametrize("name", ["rich_report", "hostile_report", "empty_report", "good_report", "large_report"])
def test_the_sum_is_printed_and_true(name: str, request: pytest.FixtureRequest) -> None:
    report = request.getfixturevalue(name)
    total = re.search(r"(\d+) planned = (\d+) good \+ (\d+) bad \+ (\d+) could not check \+ (\d+) n/a", page_of(report))
    assert total is not None
    planned, *parts = (int(number) for number in total.groups())
    assert planned == sum(parts) == report.summary.planned == sum(len(cell.stages) for cell in report.cells)


def test_every_planned_stage_has_a_mark_a_word_and_a_record(rich_report: Report) -> None:
    page = page_of(rich_report)
    for cell in rich_report.cells:
        body = found(f'<tbody id="{re.escape(cell.target)}".*?</tbody>', page)
        marks = re.findall(r'<td class="c (?!np)([\w-]+)".*?#mark-([\w-]+)".*?<b>(.*?)</b>', body)
        expected = [cell.stage(name) for name in StageName]
        states = [stage.state for stage in expected if stage]
        assert [word for _, _, word in marks] == states
        assert all(css == mark for css, mark, _ in marks)
        assert body.count("<dt>") == len(states)


def test_columns_are_the_stages_that_occur(rich_report: Report, good_report: Report) -> None:
    def heads(report: Report) -> list[str]:
        head = found('class="cp".*?<thead>(.*?)</thead>', page_of(report))
        return re.findall(">([^<]+)</th>", head)

    assert heads(rich_report)[4:-1] == ["build", "static", "smoke", "conformance", "tests"]
    assert heads(good_report)[4:-1] == ["build", "static", "tests"]


@pytest.mark.parametrize("stages", range(1, 7))
def test_rows_are_as_wide_as_the_head_whatever_the_stages(good_report: Report, stages: int) -> None:
    cells = tuple(
        msgspec.structs.replace(
            cell, stages=tuple(msgspec.structs.replace(cell.stages[2], stage=name) for name in list(StageName)[:stages])
        )
        for cell in good_report.cells
    )
    page = page_of(msgspec.structs.replace(good_report, cells=cells))
    widths = set()
    for row in re.findall("<tr>.*?</tr>", found('<table class="m.*?</table>', page), re.DOTALL):
        cells_of_row = re.findall("<t[hd][^>]*>", re.sub("<dl.*</dl>", "", row, flags=re.DOTALL))
        widths.add(sum(int(found(r'colspan="(\d+)"', cell)) if "colspan" in cell else 1 for cell in cells_of_row))
    assert widths == {max(stages, 4) + 5}


def test_facts_tell_the_platform_from_its_substitutes(rich_report: Report) -> None:
    page = page_of(rich_report)
    body = found('<tbody id="alpine-3.20/arm64".*?</tbody>', page)
    rows = re.findall(r'<tr><th scope="row">([\w-]+)</th>(.*?)</tr>', body)
    facts = {label: re.findall(">([^<]*)</td>", cells) for label, cells in rows}
    assert facts["platform"] == ["arm64 generic", "4.19.90", "musl 1.2.5", "4 KiB", "v1"]
    assert facts["user-emulation"] == ["AMD EPYC 9554", "6.1.0", "=", "=", "="]


def test_records_hold_reason_rule_command(rich_report: Report) -> None:
    page = page_of(rich_report)
    assert '<a href="#ST-LIBC-001">ST-LIBC-001</a></dd><dd>Needs GLIBC_2.28.' in page
    assert "user-emulation, qemu-aarch64 10.0.2, 12.2 s, decided by repeat" in page
    assert '<pre tabindex="0">wal.c:41:1: error: no</pre>' in page
    assert "<i>Needs: </i>A build that works." in page
    assert "<kbd>seatrial verify ./lighthouse -t debian-12/armv7 --stage build</kbd>" in page
    assert "api, qemu-aarch64 10.0.2, 12.2 s, from an earlier run" in page
    assert "goroutine 50 [running]:" in page


def test_findings_are_told_by_rule(rich_report: Report) -> None:
    page = page_of(rich_report)
    articles = re.findall(r'<article id="([^"]+)" class="(\w+)">(.*?)</article>', page, re.DOTALL)
    assert [(rule, severity) for rule, severity, _ in articles] == [
        ("ST-LIBC-001", "error"),
        ("RT-LIBC-002", "warning"),
        ("RT-SKIP-001", "note"),
    ]
    assert '<a href="#centos-7/amd64">centos-7/amd64</a>, <a href="#anolis-8/amd64">' in articles[0][2]
    assert "Build against glibc 2.17." in articles[0][2]
    assert "Suppressed until 2027-03-31: <code>ST-CGRP-001</code>" in page


def test_one_rule_with_several_findings_is_one_article(rich_report: Report) -> None:
    first = rich_report.findings[0]
    other = msgspec.structs.replace(first, subject="memcpy@GLIBC_2.14", message=Message("x.y", "Other."))
    page = page_of(msgspec.structs.replace(rich_report, findings=(*rich_report.findings, other)))
    article = found('<article id="ST-LIBC-001".*?</article>', page)
    assert "memcpy@GLIBC_2.14" in article
    assert article.count("Build against glibc 2.17.") == 1  # a remedy that they share is told once


def test_verdict_cached_and_interrupted(rich_report: Report, good_report: Report, hostile_report: Report) -> None:
    assert 'class="verdict bad"' in page_of(rich_report)
    assert "1 of 35 stages taken from an earlier run" in page_of(rich_report)
    assert 'class="verdict good"' in page_of(good_report)
    assert "nothing was built or run" in page_of(good_report)
    assert "was interrupted" not in page_of(rich_report)
    page = page_of(hostile_report)
    assert page.index("was interrupted") < page.index('class="verdict bad"')


def test_what_could_not_be_checked_never_looks_good(rich_report: Report) -> None:
    cells = tuple(cell for cell in rich_report.cells if cell.state in (State.UNKNOWN, State.PASS))
    states = {State.UNKNOWN.value: 1, State.PASS.value: len(cells) - 1}
    summary = msgspec.structs.replace(rich_report.summary, platforms=len(cells), platform_states=states)
    page = page_of(msgspec.structs.replace(rich_report, cells=cells, summary=summary))
    assert 'class="verdict open"' in page


def test_chinese_has_labels_in_chinese_and_evidence_as_recorded(rich_report: Report) -> None:
    page = page_of(rich_report, "zh")
    words = Words("zh")
    for text in (words("matrix"), words("legend"), words.state(State.NOT_RUN), "静态", words("copy")):
        assert text in page
    assert "fcntl64@GLIBC_2.28" in page
    body = re.sub("(?s)<(style|script)>.*?</", "", page)
    for text in (">Matrix<", ">Findings<", "not-run</", "could not", "Copy"):
        assert text not in body


def test_old_browsers_can_read_style_and_script(empty_report: Report) -> None:
    page = page_of(empty_report)
    style, _, script = (
        re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
        for text in re.findall("<(?:style|script)>(.*?)</", page, re.DOTALL)
    )
    assert ":has(" not in style
    assert "&" not in style  # nesting
    assert not re.search(r"=>|\blet\b|\bconst\b|`|\?\.|\.\.\.|\bclass\s+\w+\s*{", script)


def test_thirty_platforms_are_rendered_quickly(large_report: Report) -> None:
    assert len(large_report.cells) == 30
    render(large_report)
    times = []  # of our own process: other work on the machine is not ours
    for _ in range(5):
        begun = time.process_time()
        render(large_report)
        times.append(time.process_time() - begun)
    assert min(times) < 0.15
