"""What the scripts do, with the real kernel: it either allows namespaces, or these tests say what was missing."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seatrial.processes import Running, run, start
from seatrial.runners.launcher import Layer, Registration, Scratch, environment, write_emulator, write_launcher
from seatrial.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    words = ["unshare", "--user", "--map-root-user", "--mount", "true"]
    if not shutil.which("unshare") or subprocess.run(words, capture_output=True).returncode != 0:
        pytest.skip("unprivileged user namespaces (and the command unshare) were missing")
    return Store(tmp_path / "store with spaces")


def test_a_launcher_becomes_the_command(store: Store) -> None:
    launcher = write_launcher(store)
    running = start([launcher.path, sys.executable, "-c", "import os; print(os.getpid(), os.getuid())"], environment())
    assert isinstance(running, Running)
    running.wait(20)
    assert running.finish().stdout == f"{running.pid} {os.getuid()}\n"


def test_exit_status_signals_and_settings_pass_through(store: Store) -> None:
    launcher = write_launcher(store, settings={"SETTING": "a 'quoted' value"})
    assert run([launcher.path, "sh", "-c", "exit 7"], environment(), 20.0).exit_code == 7
    assert run([launcher.path, "sh", "-c", "kill -TERM $$"], environment(), 20.0).signal == 15
    said = run([launcher.path, "sh", "-c", 'echo "$SETTING"'], environment(), 20.0).stdout
    assert said == "a 'quoted' value\n"


def test_a_program_dies_with_the_process_that_started_it(store: Store) -> None:
    launcher = write_launcher(store)
    code = (
        "import sys\nfrom seatrial.processes import start\n"
        "running = start([*sys.argv[1:], 'sleep', '60'], {'PATH': '/usr/bin:/bin'})\n"
        "print(running.pid, flush=True)\nimport time\ntime.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(launcher.path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    state = Path(f"/proc/{pid}/stat")
    time.sleep(0.3)  # let it pass through its two execs
    assert state.exists()
    parent.kill()
    parent.wait()
    for _ in range(50):
        if not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return
        time.sleep(0.1)
    pytest.fail("the program outlived its parent")


def test_a_layer_shows_files_in_the_hosts_directory_to_the_program_alone(store: Store, tmp_path: Path) -> None:
    over, extra = tmp_path / "host", tmp_path / "extra"
    for directory in (over, extra):
        directory.mkdir()
        (directory / "both").write_text(directory.name)
    (extra / "new").write_text("from the layer")
    launcher = write_launcher(store, layers=[Layer(str(over), (str(extra),))])
    outcome = run([launcher.path, "cat", over / "new", over / "both"], environment(), 20.0)
    if "mount" in outcome.stderr:
        pytest.skip(f"overlayfs in user namespaces was missing: {outcome.stderr}")
    assert outcome.stdout == "from the layerhost"
    assert not (over / "new").exists()


def test_a_scratch_copy_is_gone_after_the_run(store: Store, tmp_path: Path) -> None:
    template = tmp_path / "template"
    template.mkdir()
    (template / "file").write_text("kept")
    launcher = write_launcher(store, scratch=Scratch(str(template), "COPY"))
    words = [str(launcher.path), "sh", "-c", 'cat "$COPY/file"; echo changed > "$COPY/file"; cat "$COPY/file"']
    outcomes = [run(words, environment(), 20.0) for _ in range(2)]
    if "mount" in outcomes[0].stderr:
        pytest.skip(f"overlayfs in user namespaces was missing: {outcomes[0].stderr}")
    assert [outcome.stdout for outcome in outcomes] == ["keptchanged\n"] * 2
    assert (template / "file").read_text() == "kept"


def test_a_registered_interpreter_gets_path_argv0_and_arguments(store: Store, tmp_path: Path) -> None:
    emulator = tmp_path / "an emulator"
    emulator.write_text('#!/bin/sh\nfor word in "$@"; do echo "[$word]"; done\n')
    emulator.chmod(0o755)
    script = write_emulator(store, str(emulator), ["-cpu", "a model"])
    entry = Registration("test", b"MAGIC\x00\xff:", b"\xff" * 8, str(script))
    launcher = write_launcher(store, script, [entry])
    program = tmp_path / "program"
    program.write_bytes(b"MAGIC\x00\xff: and more")
    program.chmod(0o755)
    inside = run([*launcher.namespaces, "sh", "-c", f"exec -a name {program} one 'two words'"], environment(), 20.0)
    if "binfmt_misc" in inside.stderr:
        pytest.skip(f"a private binfmt_misc (Linux 6.7) was missing: {inside.stderr}")
    direct = run([launcher.path, program, "one", "two words"], environment(), 20.0)
    assert direct.stdout.split("\n") == [
        "[-cpu]", "[a model]", "[-0]", f"[{program}]", f"[{program}]", "[one]", "[two words]", ""
    ]  # fmt: skip
    assert inside.stdout.startswith("[-cpu]\n[a model]\n[-0]\n") or "not found" in inside.stderr  # dash has no exec -a
    assert run([program], environment(), 20.0).error  # nothing was registered for the rest of the machine


def test_a_mount_that_fails_stops_before_the_program(store: Store, tmp_path: Path) -> None:
    launcher = write_launcher(store, layers=[Layer(str(tmp_path / "none"), (str(tmp_path / "nothing"),))])
    outcome = run([launcher.path, "echo", "started"], environment(), 20.0)
    assert not outcome.ok
    assert outcome.stdout == ""


def test_a_layer_adds_what_is_lacking_or_stands_first() -> None:
    assert Layer("/usr", ("/a", "/b")).lower == ("/usr", "/a", "/b")
    assert Layer("/usr", ("/a", "/b"), first=True).lower == ("/a", "/b", "/usr")
