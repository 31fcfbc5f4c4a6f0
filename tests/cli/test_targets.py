"""`seatrial targets`, as a user sees it."""

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from seatrial.cli.selectors import complete_selector
from seatrial.cli.targets import command
from seatrial.errors import UsageError
from seatrial.platforms import load


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, catch_exceptions=False)


def test_the_list_without_a_selector() -> None:
    result = run()
    rows = result.stdout.splitlines()
    assert rows[0].split()[:3] == ["PLATFORM", "ARCH", "KERNEL"]
    catalogue = load()
    starred = {row.split()[1] for row in rows if row.startswith("*")}
    assert starred == set(catalogue.default_names())
    named = {row.removeprefix("*").split()[0] for row in rows[1:]}
    assert named == {platform.name for platform in catalogue.select(["*"])} | starred
    assert "not verified" in result.stderr


def test_selectors_filter() -> None:
    rows = run("kylin-v10-sp3/*", "kx-6000").stdout.splitlines()[1:]
    assert ["*", "kylin-v10-sp3/ft-2000-4", "arm64", "4.19.90", "glibc", "2.28"] in [row.split()[:6] for row in rows]
    assert any("uos-desktop-20/kx-6000" in row and " v2 " in row for row in rows)
    assert not any("debian" in row for row in rows)


def test_in_a_pipe_lines_are_plain_and_whole() -> None:
    result = run("*/*")
    assert "\x1b" not in result.stdout
    for platform in load().select(["*/*"]):
        assert f" {platform.name} " in result.stdout
    (row,) = (line for line in result.stdout.splitlines() if "kylin-v10-sp3/loong64" in line)
    assert "cannot run" in row


def test_the_page_of_one_platform() -> None:
    page = run("kylin-v10-sp3/ft-2000-4").stdout
    assert page.splitlines()[0] == "kylin-v10-sp3/ft-2000-4"
    assert "page size   65536 bytes\n            assumed, not verified: rustfs/rustfs#3276" in page
    assert "GOARM64     v8.0\n            verbatim: hrw/arm-socs-table#23" in page
    assert "QEMU        -cpu cortex-a72\n" in page
    assert "data/cpu/ft-2000-4.toml" in page


def test_the_page_says_what_differs_and_what_is_unknown() -> None:
    kunpeng = run("kylin-v10-sp3/kunpeng-920").stdout
    assert "it lacks: jscvt fcma asimdfhm" in kunpeng
    assert "it adds: lrcpc (a use passes in QEMU and dies on the CPU)" in kunpeng
    unknown = run("kylin-v11/arm64").stdout
    assert "page size   unknown\n            nobody could say\n            no arm64 machine" in unknown
    assert "cannot run  old-world LoongArch system" in run("loongnix-20").stdout
    assert "go1.26 is the last release that supports it" in run("macos-12/amd64").stdout
    assert "(QEMU 10.0 or newer)" in run("anolis-8/kh-40000").stdout
    assert "QEMU        none" in run("macos-13/arm64").stdout


def test_json(tmp_path: Path) -> None:
    result = run("{debian-12,alpine-3.20}/amd64", "kylin-v11/arm64", "--json", "-")
    report = json.loads(result.stdout)
    assert report["schema"] == "seatrial/targets/1"
    assert [target["name"] for target in report["targets"]] == [
        "debian-12/amd64",
        "alpine-3.20/amd64",
        "kylin-v11/arm64",
    ]
    assert report["targets"][0]["libc"]["value"] == {"family": "glibc", "version": "2.36"}
    assert report["targets"][0]["default"] is True
    assert report["targets"][2]["page_size"]["certainty"] == "unknown"
    written = tmp_path / "targets.json"
    assert run("debian-12/amd64", "--json", str(written)).stdout == ""
    assert json.loads(written.read_text("utf-8"))["targets"][0]["name"] == "debian-12/amd64"
    with pytest.raises(UsageError, match="cannot be written"):
        run("debian-12/amd64", "--json", str(written / "targets.json"))


def test_the_users_own_platforms(tmp_path: Path) -> None:
    (tmp_path / "cpu").mkdir()
    ours = Path(load().platform("debian-12/kx-6000").files[-1])
    (tmp_path / "cpu" / "mine.toml").write_text(ours.read_text("utf-8").replace("Zhaoxin KX-6000", "Mine"), "utf-8")
    assert "Debian 12 on Mine" in run("debian-12/mine", "--platforms", str(tmp_path)).stdout


def test_what_is_no_platform_is_one_line_and_exit_2() -> None:
    result = seatrial("targets", "linux/amd64")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("seatrial: linux/amd64 is a port of Go, not a platform.")
    assert len(result.stderr.splitlines()) == 1


def seatrial(*arguments: str) -> subprocess.CompletedProcess[str]:
    code = "from seatrial.cli import main; main()"
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60)


def on_a_terminal(columns: int, *arguments: str) -> str:
    """What the verb prints on a pseudo-terminal of that width."""
    leader, follower = pty.openpty()
    code = "import sys; from seatrial.cli import main; main()"
    env = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm"}
    env.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=follower, stderr=subprocess.DEVNULL, env=env
    )
    os.close(follower)
    output = b""
    while select.select([leader], [], [], 60)[0]:
        try:
            data = os.read(leader, 65536)
        except OSError:  # EIO: the other side is closed
            break
        if not data:
            break
        output += data
    os.close(leader)
    assert process.wait(60) == 0
    return output.decode().replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [80, 100, 140])
def test_a_terminal_is_not_overflowed_and_names_are_whole(columns: int) -> None:
    output = on_a_terminal(columns, "targets", "*/*")
    assert "\x1b[1m" in output
    rows = click.unstyle(output).splitlines()
    assert max(len(row) for row in rows) <= columns
    assert {row.removeprefix("*").split()[0] for row in rows[1:]} == {p.name for p in load().select(["*/*"])}
    page = on_a_terminal(columns, "targets", "kylin-v10-sp3/kx-6000")
    assert "Haswell-noTSX,-avx2,-fma,-erms,-x2apic,+adx,+rdseed,+umip,vendor=CentaurHauls" in page


def test_completion() -> None:
    context = click.Context(command)
    argument = command.params[0]

    def words(incomplete: str) -> set[str]:
        return {item.value for item in complete_selector(context, argument, incomplete)}

    assert {"kylin-v10-sp3/", "kylin-v11/"} <= words("kylin")
    assert words("kx") == {"kx-6000", "kx-7000"}
    assert "kylin-v10-sp3/ft-2000-4" in words("kylin-v10-sp3/ft")
    assert words("nothing/") == set()
    broken = click.Context(command)
    broken.params["platform_dirs"] = ("/nowhere",)
    assert complete_selector(broken, argument, "") == []
