"""`seatrial conformance`, as a user sees it."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from seatrial.cli.conformance import command
from seatrial.errors import UsageError
from seatrial.host import host
from seatrial.model.states import State
from seatrial.report.certificate import json as certificate_json
from seatrial.tables.conformance_cases import cases
from support.certificates import certificate, verdict
from support.conformance_probes import run_probe


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(command, arguments, catch_exceptions=False, standalone_mode=False)
    assert result.return_value == code, result.stderr
    return result


def test_the_catalogue() -> None:
    text = run("--list", "--topic", "clocks").stdout
    assert "clocks/resolution" in text
    assert "signals/" not in text
    rows = json.loads(run("--list", "--run", "clocks/mono*", "--json", "-").stdout)
    assert {row["id"].partition("/")[0] for row in rows} == {"clocks"}
    windows = json.loads(run("--list", "--topic", "clocks", "-t", "windows-10/amd64", "--json", "-").stdout)
    assert "clocks/resolution" not in {row["id"] for row in windows}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--topic", "nothing"), "no topic 'nothing'"),
        (("--run", "clocks/nothing"), "No case matches"),
        (("-t", "nowhere"), "nowhere"),
        (("--html", "-", "--json", "-"), "Only one report"),
        (("--json", "/"), "directory"),
        (("--html", "/proc/version/page.html"), "/proc/version is no directory"),
        (("--html", "x.html", "-t", "debian-12"), "a page holds one"),
        (("export", "--port", "linux/vax"), "no port"),
        (("export", "--port", "plan9/amd64"), "no port"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        run(*arguments)


def test_a_file_that_is_nothing(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\x00\xff")
    for arguments in (("import", str(tmp_path / "x")), ("diff", str(tmp_path / "x"), str(tmp_path / "x"))):
        with pytest.raises(UsageError):
            run(*arguments)


def test_two_certificates(tmp_path: Path) -> None:
    for name, state in (("a", State.PASS), ("b", State.FAIL)):
        (tmp_path / name).write_bytes(certificate_json.render((certificate(verdict("files/a", state)),)))
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    assert "Cases: 1 worse, 0 better" in run("diff", a, b, code=1).stdout
    assert "Cases: 0 worse, 1 better" in run("diff", b, a).stdout
    assert json.loads(run("diff", a, a, "--json", "-").stdout)["same"] == 1


@pytest.mark.go
def test_this_machine(tmp_path: Path) -> None:
    page, file = tmp_path / "c.html", tmp_path / "c.json"
    result = run("--topic", "clocks", "--json", str(file), "--html", str(page))
    made = certificate_json.read(file.read_bytes())
    assert made.platform == ""
    assert made.port == f"linux/{host().goarch}"
    assert {case.state for case in made.cases} <= {State.PASS, State.NA}
    assert len(made.cases) >= 10
    assert made.facts["goarch"] == host().goarch
    assert made.probes[0].sha256
    assert "contracts hold." in result.stdout
    assert page.read_bytes().startswith(b"<!doctype html>")
    assert "Only a part of the suite was run: clocks." in result.stdout


@pytest.mark.go
def test_one_case_is_one_case() -> None:
    result = run("--run", "clocks/resolution")
    assert result.stderr.splitlines()[0].endswith(": 1 case")
    assert "The one contract holds." in result.stdout


@pytest.mark.go
def test_what_was_answered_until_the_end_is_kept(tmp_path: Path) -> None:
    """SIGTERM as soon as some cases have been answered; the others are told as not run, and as not good."""
    page, file = tmp_path / "c.html", tmp_path / "c.json"
    line = [sys.executable, "-m", "seatrial", "conformance", "--json", str(file), "--html", str(page)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        seen = ""
        while "50 of " not in seen:
            seen = process.stderr.readline()
            assert seen, "it ended before"
        process.terminate()
        told, _ = process.communicate(timeout=60)
    assert process.returncode == 3
    made = certificate_json.read(file.read_bytes())
    assert (made.complete, made.exit_code) == (False, 3)
    assert made.states["pass"] >= 50
    assert made.states["not-run"] > 0
    assert len(made.cases) == len([info for info in cases().values() if info.applies("linux", host().goarch)])
    assert told.startswith("This is a part of a certificate")
    assert "This is a part of a certificate" in page.read_text()


@pytest.mark.go
@pytest.mark.zig
@pytest.mark.slow
def test_one_file_for_a_machine_without_python(tmp_path: Path) -> None:
    """It gives the same cases and states there as they are given here."""
    made = tmp_path / "suite"
    port = f"linux/{host().goarch}"
    run("export", "--port", port, "-o", str(made))
    done = subprocess.run([made], env={}, cwd="/", capture_output=True, text=True, timeout=300)
    (tmp_path / "lines").write_text(done.stdout)
    run("import", str(tmp_path / "lines"), "--json", str(tmp_path / "there.json"), code=done.returncode)
    run("--json", str(tmp_path / "here.json"), code=done.returncode)
    there, here = (certificate_json.read((tmp_path / name).read_bytes()) for name in ("there.json", "here.json"))
    assert {case.id: case.state for case in there.cases} == {case.id: case.state for case in here.cases}
    assert there.chosen == ()
    assert there.complete


@pytest.mark.go
@pytest.mark.zig
def test_where_nothing_can_be_unpacked_the_cases_with_c_do_not_apply(tmp_path: Path) -> None:
    made = tmp_path / "suite"
    run("export", "--port", f"linux/{host().goarch}", "-o", str(made))
    rows = subprocess.run([made, "--list"], capture_output=True, text=True, check=True).stdout.splitlines()
    with_c = sorted(row["id"] for row in map(json.loads, rows) if row["id"].startswith("cgocalls/"))[:3]
    ids = ",".join([*with_c, "clocks/wall-clock-plausible"])

    def states(argv: Sequence[str | Path], env: dict[str, str]) -> tuple[set[str], str]:
        _, _, cases = run_probe(*argv, "--run", ids, env=env)
        assert cases["clocks/wall-clock-plausible"]["state"] == "pass"
        return {cases[id_]["state"] for id_ in with_c}, cases[with_c[0]]["detail"]

    assert states([made], {}) == ({"pass"}, "")
    folder, file = tmp_path / "noexec", tmp_path / "file"
    file.touch()
    state, detail = states([made], {"TMPDIR": str(file)})
    assert state == {"n/a"}
    assert "no folder to unpack it to" in detail
    folder.mkdir()
    mount = f'mount -t tmpfs -o noexec none {folder} && exec {made} "$@"'
    unshare = ["unshare", "-rm", "sh", "-c", mount, "sh"]
    if subprocess.run([*unshare, "--facts"], capture_output=True).returncode:
        pytest.skip("no user namespace to mount a noexec folder in")
    state, detail = states(unshare, {"TMPDIR": str(folder)})
    assert state == {"n/a"}
    assert "permission denied" in detail
