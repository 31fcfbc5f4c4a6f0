"""Setting up a machine: what is pinned, what is installed as root, what is only named, what is done once."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOOLS = ("bash", "env", "dirname", "mktemp", "rm", "cat", "touch")


def run(command: list[str], folder: Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(path)} if path else None
    return subprocess.run(command, cwd=folder, env=environment, text=True, capture_output=True, timeout=60)


def fake(folder: Path, name: str, script: str) -> None:
    """An executable of this name that runs a line of shell."""
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A PATH with the tools of a bare system and no other."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in TOOLS:
        (folder / name).symlink_to(shutil.which(name) or f"/usr/bin/{name}")
    return folder


def pins(name: str) -> dict[str, str]:
    """Package to version; fails for a package without a digest."""
    found = {}
    for entry in re.split(r"\n(?=\S)", (ROOT / name).read_text()):
        if entry.startswith("#"):
            continue
        assert "--hash=sha256:" in entry, entry
        found[entry.partition("==")[0]] = re.split(r"[ ;\\]", entry.partition("==")[2])[0]
    return found


def test_every_dependency_is_pinned_with_a_digest() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = {re.split(r"[<>=~! \[;]", text)[0].lower() for text in project["dependencies"]}
    dev = {re.split(r"[<>=~! \[;]", text)[0].lower() for text in project["optional-dependencies"]["dev"]}
    running, testing = pins("requirements.txt"), pins("requirements-dev.txt")
    assert names | {"setuptools"} <= running.keys()
    assert dev <= testing.keys()
    assert running.items() <= testing.items(), "the tests would run with other versions than the user"


def test_the_pins_name_no_host() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        assert not re.search(r"^\s*--(?!hash=)", text, re.MULTILINE)


def test_as_root_what_is_missing_is_installed(bare: Path, tmp_path: Path) -> None:
    fake(bare, "id", "echo 0")
    fake(bare, "apt-get", f'echo "$@" >> {tmp_path}/calls')
    ended = run([str(ROOT / "setup/system-packages"), "test"], tmp_path, bare)
    assert ended.returncode == 0, ended.stderr
    update, install = (tmp_path / "calls").read_text().splitlines()
    assert update.endswith(" update")
    assert " install -y --no-install-recommends " in install
    assert " binutils" in install


def test_a_failing_installation_is_told_and_the_rest_goes_on(bare: Path, tmp_path: Path) -> None:
    fake(bare, "id", "echo 0")
    fake(bare, "apt-get", "echo no such mirror; exit 100")
    ended = run([str(ROOT / "setup/system-packages"), "test"], tmp_path, bare)
    assert ended.returncode == 0
    assert "no such mirror" in ended.stderr
    assert "Could not install" in ended.stderr


@pytest.mark.parametrize(
    ("apt", "says"), [(True, "As root:  apt-get install -y"), (False, "there is no apt-get to install it")]
)
def test_without_root_what_is_missing_is_named(bare: Path, tmp_path: Path, apt: bool, says: str) -> None:
    fake(bare, "id", "echo 1000")
    if apt:
        fake(bare, "apt-get", "exit 99")
    ended = run([str(ROOT / "setup/system-packages"), "test"], tmp_path, bare)
    assert ended.returncode == 0
    assert says in ended.stderr
    assert "binutils: a second opinion" in ended.stderr


def test_nothing_is_said_when_nothing_is_missing(bare: Path, tmp_path: Path) -> None:
    fake(bare, "unshare", "exit 0")
    if not Path("/etc/ssl/certs/ca-certificates.crt").exists():
        pytest.skip("this machine has no ca-certificates")
    ended = run([str(ROOT / "setup/system-packages"), "run"], tmp_path, bare)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_system_packages_wants_to_know_for_what(tmp_path: Path) -> None:
    assert run([str(ROOT / "setup/system-packages")], tmp_path).returncode == 2


def copy_of_setup(tmp_path: Path) -> Path:
    folder = tmp_path / "copy"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "setup", folder / "setup")
    return folder


def test_without_python_the_command_to_get_it_is_named(bare: Path, tmp_path: Path) -> None:
    fake(bare, "id", "echo 1000")
    ended = run(["setup/python-environment", "requirements.txt"], copy_of_setup(tmp_path), bare)
    assert ended.returncode == 1
    assert "apt-get install -y python3 python3-venv" in ended.stderr


def test_the_environment_is_made_once(tmp_path: Path) -> None:
    folder = copy_of_setup(tmp_path)
    calls = tmp_path / "calls"
    fake(folder / "setup", "python-environment", f'mkdir -p .venv; echo "$@" >> {calls}')
    for _ in range(2):
        ended = run(["make", ".venv/.ready"], folder)
        assert ended.returncode == 0, ended.stderr
    assert calls.read_text() == "requirements.txt\n"
    later = (folder / "requirements.txt").stat().st_mtime + 60
    os.utime(folder / "requirements.txt", (later, later))
    run(["make", ".venv/.ready"], folder)
    assert calls.read_text() == "requirements.txt\n" * 2


@pytest.mark.parametrize(("lint", "test", "code"), [(0, 0, 0), (1, 0, 1), (0, 2, 2), (1, 2, 2)])
def test_the_check_fails_when_any_part_fails(bare: Path, tmp_path: Path, lint: int, test: int, code: int) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci/run", tmp_path / ".ci")
    fake(bare, "make", f'case "$*" in *lint) exit {lint};; *test) echo "CI=$CI"; exit {test};; esac')
    ended = run([".ci/run"], tmp_path, bare)
    assert ended.returncode == code
    assert ended.stdout == "CI=true\n", "the tests run even where the style is wrong, and come last"
