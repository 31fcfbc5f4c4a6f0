"""Commands through a session's client: as if the program were started here, while it runs in a machine."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from seatrial.errors import CouldNotCheck
from seatrial.machines.carry import Order
from seatrial.machines.session import Session
from seatrial.machines.session_client import NO_ANSWER, dial
from seatrial.model.go_target import GoTarget
from seatrial.model.machine import Proof
from seatrial.store import Store, default_root
from seatrial.toolchains import compile_probe, find_go
from support.machines import emulator, init, machine_spec

pytestmark = [pytest.mark.go, pytest.mark.vm]

_SECONDS = 120.0
_VISITOR = Path(__file__).parent / "visitor"


@pytest.fixture(scope="module")
def visitor() -> Path:
    """The program that is started again and again."""
    return compile_probe(find_go(), _VISITOR, GoTarget("linux", "amd64"), Store(default_root()))


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    spec = msgspec.structs.replace(machine_spec("amd64"), cpu="Dhyana")
    made = Session(spec, emulator("amd64"), init("amd64"), Store(default_root()), print)
    yield made
    made.end()


def run(
    session: Session,
    *words: object,
    options: tuple[str, ...] = (),
    cwd: Path = Path("/"),
    env: dict[str, str] | None = None,
    typed: str = "",
) -> subprocess.CompletedProcess[str]:
    command = [*session.client, *options, "--", *map(str, words)]
    return subprocess.run(
        command, cwd=cwd, env=env, input=typed, capture_output=True, text=True, timeout=_SECONDS, check=False
    )


def test_streams_exit_code_folder_and_environment_are_the_commands_own(
    session: Session, visitor: Path, tmp_path: Path
) -> None:
    env = {"PATH": "/bin", "HOME": str(tmp_path / "home"), "WORD": "a word"}
    done = run(session, visitor, "tell", "7", cwd=tmp_path, env=env, typed="typed\n")
    assert done.stdout == f"{tmp_path} a word typed {tmp_path / 'home'} is a folder\n"
    assert (done.returncode, done.stderr) == (7, "aside\n")


def test_the_way_of_ending_by_a_signal_too(session: Session, visitor: Path) -> None:
    assert run(session, visitor, "die", signal.SIGKILL.value).returncode == -signal.SIGKILL
    assert run(session, visitor, "die", signal.SIGTERM.value).returncode == -signal.SIGTERM


def test_a_signal_is_passed_on(session: Session, visitor: Path) -> None:
    with subprocess.Popen([*session.client, "--", str(visitor), "wait"], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "waiting\n"
        running.send_signal(signal.SIGTERM)
        assert running.stdout.read() == "got terminated\n"
        assert running.wait(_SECONDS) == 0


def test_a_client_that_is_killed_takes_its_command_along(session: Session, visitor: Path) -> None:
    with subprocess.Popen([*session.client, "--", str(visitor), "wait"], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None and running.stdout.readline() == b"waiting\n"
        running.kill()
    assert run(session, visitor, "alone").stdout == "0 others\n"


def test_commands_wait_for_each_other(session: Session, visitor: Path) -> None:
    outcomes: list[subprocess.CompletedProcess[str]] = []
    threads = [threading.Thread(target=lambda: outcomes.append(run(session, visitor, "alone"))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(done.returncode, done.stdout) for done in outcomes] == [(0, "0 others\n")] * 4


def test_what_is_carried_in_is_there_and_changes_are_carried_again(
    session: Session, visitor: Path, tmp_path: Path
) -> None:
    (tmp_path / "data/.git").mkdir(parents=True)
    (tmp_path / "data/.git/config").write_text("no")
    (tmp_path / "data/word").write_text("one")
    (tmp_path / "data/link").symlink_to("word")
    env = {"PATH": "/bin", "SEATRIAL_CARRY": f"{tmp_path / 'data'}:{tmp_path / 'alone'}"}
    (tmp_path / "alone").write_text("alone")
    words = [tmp_path / "data/link", tmp_path / "alone", tmp_path / "data/.git"]
    assert run(session, visitor, "read", *words, env=env).stdout.splitlines()[:2] == ["one", "alone"]
    assert "no such file" in run(session, visitor, "read", words[2], env=env).stdout
    (tmp_path / "data/word").write_text("another")
    assert run(session, visitor, "read", words[0], env=env).stdout == "another\n"
    # The guest's copy is written to, never the host's file.
    run(session, visitor, "write", words[1], "spoilt", env=env)
    assert (tmp_path / "alone").read_text() == "alone"


def test_one_cpu(session: Session, visitor: Path) -> None:
    assert run(session, visitor, "cpus").stdout == "2\n"
    assert run(session, visitor, "cpus", options=("--one-cpu",)).stdout == "1\n"


def test_it_tells_what_its_guest_saw(session: Session) -> None:
    proof = msgspec.json.decode(run(session, options=("--seen",)).stdout, type=Proof)
    assert (proof.seen.goarch, proof.cpu, proof.accelerator) == ("amd64", "Dhyana", "tcg")
    assert proof.seen.cpu_model == "Hygon Dhyana Processor"
    assert "misalignsse" in proof.unsupported
    assert proof == session.proof()


def test_a_server_inside_is_reached_from_here(session: Session, visitor: Path) -> None:
    with subprocess.Popen([*session.client, "--", str(visitor), "serve"], stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        address = running.stdout.readline().strip()
        with dial(session.name, address, 20.0) as connection:
            connection.sendall(b"x" * 300_000 + b"end")
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while part := connection.recv(65536):
                answer += part
        assert answer == b"X" * 300_000 + b"END"
        assert running.wait(_SECONDS) == 0
    with pytest.raises(ConnectionRefusedError, match="connection refused"):
        dial(session.name, address, 20.0)


def test_what_cannot_be_started_is_told_after_the_token(session: Session, tmp_path: Path) -> None:
    done = run(session, "nothing-of-that-name")
    assert done.returncode == NO_ANSWER
    assert done.stderr == f"{session.token} not-started nothing-of-that-name: no such file or directory\n"
    big = tmp_path / "big"
    with big.open("wb") as file:
        file.truncate(300 << 20)
    big.chmod(0o755)
    done = run(session, big)
    assert (done.returncode, done.stdout) == (NO_ANSWER, "")
    assert done.stderr.startswith(f"{session.token} machine {big} does not fit into the machine: it has 300 MiB")


def test_what_is_no_text_is_left_out_or_refused(session: Session, visitor: Path) -> None:
    env = {b"HOME": b"/root", b"WORD": b"word", b"ODD": b"\xff"}
    command = [*session.client, "--", str(visitor), "tell", "0"]
    done = subprocess.run(command, cwd="/", env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"/ word  /root is a folder\n")
    done = subprocess.run([*command, b"\xff"], capture_output=True, check=False)
    assert done.returncode == NO_ANSWER
    assert done.stderr.decode() == f"{session.token} machine names that are not UTF-8 cannot be passed into a machine\n"


@pytest.mark.parametrize(
    ("how", "why"), [("panic", "Kernel panic - not syncing: sysrq triggered crash"), ("reboot", "")]
)
def test_after_a_lost_machine_the_next_command_has_a_fresh_one(
    session: Session, visitor: Path, tmp_path: Path, how: str, why: str
) -> None:
    run(session, visitor, "write", "/tmp/trace", "x")
    done = run(session, visitor, how)
    assert done.returncode == NO_ANSWER
    assert done.stdout == "going\n"
    first = done.stderr.splitlines()[0]
    assert first.startswith(f"{session.token} vm-lost running: {why}")
    assert f"{session.token} console" in done.stderr
    after = run(session, visitor, "read", "/tmp/trace")
    assert (after.returncode, "no such file" in after.stdout) == (0, True)


def test_when_what_is_carried_fills_it_another_machine_takes_over(
    session: Session, visitor: Path, tmp_path: Path
) -> None:
    run(session, visitor, "write", "/tmp/trace", "x")
    assert run(session, visitor, "read", "/tmp/trace").stdout == "x\n"
    (tmp_path / "more").write_bytes(bytes(1000))
    session._carried = session.spec.memory // 2 - 999
    done = run(session, visitor, "size", tmp_path / "more", env={"SEATRIAL_CARRY": str(tmp_path / "more")})
    assert (done.stdout, done.stderr) == ("1000\n", "")
    assert "no such file" in run(session, visitor, "read", "/tmp/trace").stdout


def test_a_session_that_is_over_is_told(session: Session, visitor: Path) -> None:
    other = Session(session.spec, session.emulator, Path("/nothing"), session.store, print)
    client = other.client
    other.end()
    done = subprocess.run([*client, "--", str(visitor)], capture_output=True, text=True, timeout=_SECONDS, check=False)
    assert done.returncode == NO_ANSWER
    assert done.stderr.startswith(f"{other.token} vm-lost the session does not answer")


def test_nothing_is_booted_before_a_command_comes(session: Session) -> None:
    other = Session(session.spec, session.emulator, Path("/nothing"), session.store, print)
    assert other.client and not other.booted
    other.end()


def test_an_order_that_reads_what_is_not_there_ends_in_a_line(session: Session, tmp_path: Path) -> None:
    order = Order(("/nothing",), {}, "/", (str(tmp_path / "nothing"),))
    with pytest.raises(CouldNotCheck, match="Cannot read what is to go into the machine"), session.machine(order):
        pass


def test_kill_9_of_the_job_leaves_no_emulator_and_no_file(visitor: Path, tmp_path: Path) -> None:
    """What holds the session dies without a chance to clean up: QEMU goes with it, and no name is left anywhere."""
    script = f"""
import sys, time
sys.path[:0] = [{str(Path(__file__).parents[1])!r}]
from seatrial.machines.session import Session
from seatrial.store import Store, default_root
from support.machines import emulator, init, machine_spec
session = Session(machine_spec("amd64"), emulator("amd64"), init("amd64"), Store(default_root()), print)
session.proof()
print(" ".join(session.client), session._machine._emulation._running.pid, flush=True)
time.sleep(600)
"""
    env = {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, env=env) as job:
        assert job.stdout is not None
        *client, emulator = job.stdout.readline().split()
        with subprocess.Popen([*client, "--", str(visitor), "wait"], stdout=subprocess.PIPE) as running:
            assert running.stdout is not None and running.stdout.readline() == b"waiting\n"
            job.kill()
            assert running.wait(30) == NO_ANSWER
    deadline = time.monotonic() + 30
    while Path("/proc", emulator).exists():
        assert time.monotonic() < deadline, "QEMU has survived"
        time.sleep(0.05)
    assert client[-2] not in Path("/proc/net/unix").read_text()
    assert list(tmp_path.iterdir()) == []
