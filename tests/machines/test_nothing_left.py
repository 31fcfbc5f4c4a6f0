"""Whatever ends the process that has a machine, no QEMU and no file stays behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seatrial.store import Store
from support.machines import GUEST, boot_machine, emulator, guest_program, init, machine_spec

pytestmark = [pytest.mark.go, pytest.mark.vm]

_PROGRAM = f"""
import sys
from pathlib import Path
from support.machines import boot_machine, machine_spec, with_guest
from seatrial.store import Store

machine = with_guest(boot_machine(machine_spec("amd64"), Store(Path(sys.argv[1]))))
machine.run(["{GUEST}", "sleep"], {{}}, on_stdout=lambda said: print(said.decode(), flush=True))
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """With a snapshot in it, so that all are quick but the first."""
    made = Store(tmp_path_factory.mktemp("store"))
    boot_machine(machine_spec("amd64"), made).close()
    return made


def _start(store: Store, folder: Path) -> subprocess.Popen[str]:
    guest_program("amd64")
    init("amd64")
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, store.root],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(folder)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a background job ignores it
    )


def _emulators_for(store: Store) -> list[int]:
    """Processes of QEMU with a file of this store on their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        if words.startswith(emulator("amd64").path.encode()) and str(store.root).encode() in words:
            found.append(int(path.parent.name))
    return found


def _files(*folders: Path) -> set[Path]:
    return {path for folder in folders for path in folder.rglob("*")}


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("running", [True, False])
def test_a_process_that_is_ended(store: Store, tmp_path: Path, number: signal.Signals, running: bool) -> None:
    before = _files(store.root, tmp_path)
    process = _start(store, tmp_path)
    assert process.stdout is not None
    if running:
        while "asleep" not in process.stdout.readline():
            assert process.poll() is None
    else:  # while it is being restored
        while not _emulators_for(store):
            assert process.poll() is None
    assert _emulators_for(store)
    process.send_signal(number)
    process.wait(60)
    deadline = time.monotonic() + 60
    while _emulators_for(store):
        assert time.monotonic() < deadline, "QEMU lives on"
        time.sleep(0.02)
    assert _files(store.root, tmp_path) == before


def test_a_first_boot_that_is_killed_leaves_no_snapshot(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    process = _start(store, tmp_path)
    while not _emulators_for(store):
        assert process.poll() is None
    before = _files(tmp_path)
    time.sleep(1.0)
    process.kill()
    process.wait(60)
    while _emulators_for(store):
        time.sleep(0.02)
    assert _files(tmp_path) - before <= {store.root / "snapshots"}


@pytest.mark.sweep
@pytest.mark.parametrize("goarch", ["amd64", "arm64", "riscv64", "loong64"])
@pytest.mark.timeout(1800)
def test_fifty_boots_and_fifty_restores_without_a_lost_machine(goarch: str, tmp_path: Path) -> None:
    store = Store(tmp_path)
    spec = machine_spec(goarch)
    for snapshots in (False, True):
        for number in range(50 + snapshots):  # the first of the second kind makes the snapshot
            machine = boot_machine(spec, store, snapshots)
            machine.close()
            assert machine.attempts == 1
            assert machine.restored == (snapshots and number > 0)
