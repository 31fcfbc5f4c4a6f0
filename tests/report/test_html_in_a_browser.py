"""The page in headless Chromium: looks, filters, sorting, keyboard, print, no script, and what axe-core says of it.

With SEATRIAL_SCREENSHOTS=<folder> a picture of each width, theme and language is kept there, to be looked at.
"""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from seatrial.model.report import Report
from seatrial.report.html import render

pytestmark = pytest.mark.chromium

PACKAGES = ("axe-core@4.14.1", "puppeteer-core@24.43.1", "acorn@8.19.0")
WIDTHS = (390, 600, 1100, 1440)
SHOWN = "Array.from(document.querySelectorAll('.m>tbody')).filter(b => !b.hidden).map(b => b.id)"
OPEN_RECORDS = "Array.from(document.querySelectorAll('.m dl.on')).map(r => r.querySelector('dt').textContent)"
FOCUSED = "document.activeElement.textContent"


class Browser:
    """One Chromium for all tests of this file."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def ask(self, do: str, **request: object) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": do, **request}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the browser is gone"
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["value"]

    def open(
        self,
        url: str,
        *,
        width: int = 1440,
        scheme: str = "light",
        javascript: bool = True,
        media: str = "screen",
        bypass: bool = False,
    ) -> None:
        """Show a page; `bypass` sets its security policy aside, so that axe can be put in."""
        self.ask("open", url=url, width=width, scheme=scheme, javascript=javascript, media=media, bypass=bypass)

    def evaluate(self, code: str) -> Any:
        return self.ask("evaluate", code=code)

    def press(self, *keys: str) -> None:
        for key in keys:
            self.ask("press", key=key)

    def click(self, selector: str) -> None:
        self.ask("click", selector=selector)


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The packages that the browser is driven and judged with, fetched once for each set of versions."""
    if missing := [tool for tool in ("node", "npm", "chromium") if shutil.which(tool) is None]:
        pytest.skip(f"missing: {', '.join(missing)}")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "seatrial-tests"
    folder = cache / re.sub("[^a-z0-9.]+", "-", "-".join(PACKAGES))
    if not (folder / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts", *PACKAGES]
        fetched = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
        if fetched.returncode:
            pytest.skip(f"npm cannot fetch {', '.join(PACKAGES)}: {fetched.stderr[-300:]}")
        (folder / "complete").touch()
    return folder / "node_modules"


@pytest.fixture(scope="module")
def browser(node_modules: Path) -> Iterator[Browser]:
    script = Path(__file__).parent / "browser.js"
    command = ["node", str(script), str(node_modules), str(shutil.which("chromium"))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Browser(process)
        assert process.stdin is not None
        process.stdin.close()
        process.wait(30)


@pytest.fixture
def rich(rich_report: Report, tmp_path: Path) -> str:
    return written(rich_report, tmp_path)


def written(report: Report, folder: Path, language: str = "en") -> str:
    path = folder / f"report-{language}.html"
    path.write_bytes(render(report, language))
    return path.as_uri()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", ["rich_report", "hostile_report", "good_report", "empty_report"])
def test_no_width_scrolls_sideways(
    browser: Browser, name: str, language: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = written(request.getfixturevalue(name), tmp_path, language)
    heads = "Array.from(document.querySelectorAll('thead th')).filter(t => t.clientWidth > 8)"
    too_wide = f"{heads}.filter(t => t.scrollWidth > t.clientWidth + 1).map(t => t.textContent)"
    browser.open(url)
    if name != "empty_report":
        browser.click("#all")
    for width in WIDTHS:
        for scheme in ("light", "dark"):
            browser.ask("size", width=width, scheme=scheme, media="screen")
            scroll, inner = browser.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
            assert scroll <= inner == width, scheme
            assert browser.evaluate(too_wide) == []
            if folder := os.environ.get("SEATRIAL_SCREENSHOTS"):
                browser.ask("screenshot", to=str(Path(folder) / f"{name}-{language}-{width}-{scheme}.png"))
    seen = browser.ask("seen")
    assert seen["errors"] == []
    assert [each for each in seen["requests"] if not each.startswith("data:")] == [url[:100]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("language", "width"), [("en", 1440), ("zh", 1440), ("en", 390)])
@pytest.mark.parametrize("name", ["rich_report", "hostile_report"])
def test_axe_finds_nothing_with_all_records_open(
    browser: Browser,
    name: str,
    language: str,
    width: int,
    scheme: str,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    url = written(request.getfixturevalue(name), tmp_path, language)
    browser.open(url, width=width, scheme=scheme, bypass=True)
    browser.click("#all")
    assert browser.ask("axe") == []


def test_axe_would_find_what_is_wrong(browser: Browser, rich: str) -> None:
    browser.open(rich, bypass=True)
    browser.evaluate("document.querySelector('.hint').style.color = '#ccc'")
    browser.evaluate("document.documentElement.removeAttribute('lang')")
    assert {each.split(":")[0] for each in browser.ask("axe")} == {"color-contrast", "html-has-lang"}


def test_the_policy_stops_what_is_not_ours(browser: Browser, rich_report: Report, tmp_path: Path) -> None:
    page = render(rich_report).decode()
    foreign = "<script>window.foreign = 1</script><img src='x' onerror='window.foreign = 2'>"
    path = tmp_path / "foreign.html"
    path.write_text(page.replace("</main>", f"{foreign}</main>"), "utf-8")
    browser.open(path.as_uri())
    assert browser.evaluate("window.foreign === undefined")
    assert browser.ask("seen")["errors"]
    browser.open(path.as_uri(), bypass=True)
    assert browser.evaluate("window.foreign")


def test_filters_are_or_within_a_group_and_and_between(browser: Browser, rich: str) -> None:
    def toggle(group: str, label: str) -> None:
        browser.evaluate(
            f"Array.from(document.querySelectorAll('input[name={group}]'))"
            f".filter(i => i.parentNode.textContent.trim().indexOf('{label} ') === 0)[0].click()"
        )

    browser.open(rich)
    assert len(browser.evaluate(SHOWN)) == 11
    toggle("s", "flaky")
    assert browser.evaluate(SHOWN) == ["alpine-3.20/arm64"]
    toggle("s", "not-run")
    assert set(browser.evaluate(SHOWN)) == {"alpine-3.20/arm64", "debian-12/armv7"}
    toggle("o", "Linux, musl")
    assert browser.evaluate(SHOWN) == ["alpine-3.20/arm64"]
    assert browser.evaluate("document.querySelector('output').textContent") == "1 of 11 platforms"
    toggle("a", "amd64")
    assert browser.evaluate(SHOWN) == []
    browser.click("button[type=reset]")
    browser.evaluate("new Promise(done => setTimeout(done, 50))")
    assert len(browser.evaluate(SHOWN)) == 11
    # "n/a" is a state like the others.
    toggle("s", "n/a")
    assert browser.evaluate(SHOWN) == ["windows-10/amd64"]


def test_every_column_sorts_both_ways(browser: Browser, rich_report: Report, rich: str) -> None:
    browser.open(rich)
    targets = sorted(cell.target for cell in rich_report.cells)
    assert browser.evaluate(SHOWN)[:3] == ["anolis-8/amd64", "centos-7/amd64", "debian-12/armv7"]  # worst first
    heads = browser.evaluate("document.querySelectorAll('.m thead th').length")
    for column in range(heads):
        sort = f"document.querySelectorAll('.m thead th')[{column}]"
        states = []
        for _ in range(2):
            browser.evaluate(f"{sort}.querySelector('button').click()")
            states.append((browser.evaluate(f"{sort}.getAttribute('aria-sort')"), browser.evaluate(SHOWN)))
        assert {state for state, _ in states} == {"ascending", "descending"}
        assert all(sorted(shown) == targets for _, shown in states)
        assert browser.evaluate("document.querySelectorAll('[aria-sort]').length") == 1
        by = dict(states)
        if column == 0:
            assert by["ascending"] == targets
            assert by["descending"] == targets[::-1]
        if column == 3:
            assert by["ascending"][0] == "debian-12/armv7"  # nothing ran
            assert by["descending"][0] == "openeuler-24.03/kunpeng-920"  # hardware
        if column == heads - 1:
            assert by["ascending"][0] == "debian-12/armv7"
            assert by["descending"][0] == "alpine-3.20/arm64"


def test_keyboard_does_all_that_the_mouse_does(browser: Browser, rich: str) -> None:
    browser.open(rich)
    browser.evaluate("document.querySelector('.m th a').focus()")
    browser.press("Enter")
    assert browser.evaluate(OPEN_RECORDS) == ["build pass", "static fail", "smoke pass"]
    assert browser.evaluate("document.activeElement.getAttribute('aria-expanded')") == "true"
    browser.press("Space")
    assert browser.evaluate(OPEN_RECORDS) == []
    browser.press("ArrowDown")
    assert browser.evaluate(FOCUSED) == "centos-7/amd64"
    browser.press("ArrowRight", "ArrowRight")
    assert browser.evaluate(FOCUSED) == "fail"
    browser.press("Enter")
    assert browser.evaluate(OPEN_RECORDS) == ["static fail"]
    browser.press("ArrowDown", "ArrowUp", "ArrowLeft", "Space")
    assert browser.evaluate(OPEN_RECORDS) == ["build pass", "static fail"]
    # Arrows pass over cells in which there is nothing: conformance was run on one platform only.
    browser.evaluate("document.getElementById('uos-desktop-20/kx-7000').querySelectorAll('button')[2].focus()")
    browser.press("ArrowUp")
    assert browser.evaluate("document.activeElement.closest('tbody').id") == "uos-desktop-20/kx-7000"
    # From inside a record, Escape closes the row and goes back to its name.
    browser.evaluate("document.querySelector('.m dl.on kbd button').focus()")
    browser.press("Escape")
    assert browser.evaluate(OPEN_RECORDS) == []
    assert browser.evaluate(FOCUSED) == "centos-7/amd64"


def test_tab_reaches_everything_in_order(browser: Browser, rich: str) -> None:
    browser.open(rich)
    seen = []
    for _ in range(60):
        browser.press("Tab")
        seen.append(browser.evaluate("document.activeElement.textContent.trim() || document.activeElement.value"))
    assert seen[0] == "Skip to the matrix"
    wanted = ["Matrix", "0", "Clear", "Open all", "Platform", "anolis-8/amd64"]
    places = [seen.index(each) for each in wanted]
    assert places == sorted(places)


def test_open_all_and_close_all(browser: Browser, rich_report: Report, rich: str) -> None:
    browser.open(rich)
    browser.click("#all")
    assert len(browser.evaluate(OPEN_RECORDS)) == rich_report.summary.planned
    assert browser.evaluate("document.getElementById('all').textContent") == "Close all"
    browser.click("#all")
    assert browser.evaluate(OPEN_RECORDS) == []
    assert browser.evaluate("document.getElementById('all').textContent") == "Open all"


def test_a_link_to_a_platform_opens_it_though_it_is_filtered_out(browser: Browser, rich: str) -> None:
    browser.open(f"{rich}#debian-12/s390x")
    assert browser.evaluate(OPEN_RECORDS) == ["build pass", "static pass", "tests environment"]
    browser.open(rich)
    browser.evaluate("document.querySelector('input[name=a][value=loong64]').click()")
    browser.evaluate("document.querySelector('#findings article a').click()")
    browser.evaluate("new Promise(done => setTimeout(done, 50))")
    assert browser.evaluate(SHOWN) == ["centos-7/amd64", "loongnix-25/3a6000"]
    assert browser.evaluate(OPEN_RECORDS) == ["build pass", "static fail", "smoke warn"]


def test_copy_says_that_it_did(browser: Browser, rich: str) -> None:
    browser.open(rich)
    browser.click("#findings kbd button")
    browser.evaluate("new Promise(done => setTimeout(done, 100))")
    assert browser.evaluate("document.querySelector('#findings kbd button').textContent") == "Copied"
    assert browser.evaluate("document.querySelectorAll('textarea').length") == 0


def test_without_script_the_page_holds_everything(browser: Browser, rich: str) -> None:
    browser.open(f"{rich}#debian-12/s390x", javascript=False)
    visible = (
        "Array.from(document.querySelectorAll('.m dl')).filter(r => r.offsetHeight > 0)"
        ".map(r => r.querySelector('dt').textContent)"
    )
    assert browser.evaluate(visible) == ["build pass", "static pass", "tests environment"]
    assert browser.evaluate("document.querySelector('form').offsetHeight") == 0
    assert browser.evaluate("document.querySelectorAll('.m button').length") == 0
    assert browser.evaluate("document.querySelector('.hint .plain').offsetHeight") > 0
    browser.open(rich, javascript=False)
    assert browser.evaluate(visible) == []


def test_paper_shows_what_is_open_in_the_light_colours(browser: Browser, rich: str) -> None:
    browser.open(f"{rich}#debian-12/s390x", scheme="dark", media="print")
    assert browser.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert browser.evaluate("document.querySelector('form').offsetHeight") == 0
    assert browser.evaluate("document.querySelector('nav').offsetHeight") == 0
    shown = "Array.from(document.querySelectorAll('.m dl')).filter(r => r.offsetHeight > 0).length"
    assert browser.evaluate(shown) == 3
    assert browser.evaluate("getComputedStyle(document.querySelector('.m thead')).display") == "table-header-group"


def test_the_script_is_es5(browser: Browser, rich_report: Report) -> None:
    for script in re.findall("<script>(.*?)</script>", render(rich_report).decode(), re.DOTALL):
        browser.ask("es5", code=script)
    with pytest.raises(RuntimeError, match="SyntaxError"):
        browser.ask("es5", code="const f = () => 1;")
