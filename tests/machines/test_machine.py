"""One machine with four CPUs in two nodes: files in and out, commands, their limits and how they end."""

import os
import pty
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from seatrial.errors import CouldNotCheck, UsageError
from seatrial.machines import Machine
from seatrial.model.machine import BootStage, Ended, Limits, VmLost
from seatrial.store import Store
from support.machines import GUEST, boot_machine, machine_spec, with_guest

pytestmark = [pytest.mark.go, pytest.mark.vm]

_SECONDS = 60.0
_NO_LIMITS = Limits()


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="module")
def machine(store: Store) -> Iterator[Machine]:
    spec = msgspec.structs.replace(machine_spec("amd64"), cpu="Haswell", cpus=4, numa_nodes=2, hostname="kylin")
    booted = with_guest(boot_machine(spec, store))
    yield booted
    booted.close()


@pytest.fixture
def own_machine(store: Store, machine: Machine) -> Iterator[Machine]:
    """Another one, to be lost: out of the snapshot of the first."""
    booted = with_guest(boot_machine(machine.spec, store))
    assert booted.restored
    yield booted
    booted.close()


def _run(
    machine: Machine, *words: str, seconds: float = _SECONDS, stdin: bytes = b"", limits: Limits = _NO_LIMITS
) -> Ended:
    return machine.run([GUEST, *words], {"WORD": "word"}, "/app", seconds, stdin, limits)


def test_streams_environment_and_folder(machine: Machine) -> None:
    ended = _run(machine, "say", "hello")
    assert (ended.exit_code, ended.stdout, ended.stderr) == (0, b"hello word /app kylin\n", b"aside\n")
    assert not ended.timed_out and not ended.oom_killed and not ended.kernel_log and not ended.taint


def test_exit_code_and_signal(machine: Machine) -> None:
    assert _run(machine, "exit", "7").exit_code == 7
    killed = _run(machine, "die", "9")
    assert (killed.exit_code, killed.signal, killed.oom_killed) == (None, 9, False)


def test_a_program_that_cannot_be_started(machine: Machine) -> None:
    assert machine.run(["nothing"], {"PATH": "/bin"}).error == "no such file or directory"
    assert machine.run(["/app"], {}).error == "permission denied"
    assert machine.run(["guest", "exit", "3"], {"PATH": "/bin:/app"}).exit_code == 3


def test_commands_that_are_none(machine: Machine) -> None:
    with pytest.raises(UsageError, match="no command"):
        machine.run([], {})
    with pytest.raises(UsageError, match="not UTF-8"):
        machine.run([GUEST, "say", "\udcff"], {})
    assert machine.run([GUEST, "say", "a\0b"], {}).error == "invalid argument"
    assert _run(machine, "say", "中文\n").stdout.startswith("中文\n ".encode())


def test_time_limit_asks_go_what_it_does_and_then_kills(machine: Machine) -> None:
    asked = _run(machine, "sleep", seconds=1.0)
    assert asked.timed_out and asked.exit_code == 2
    assert b"SIGQUIT" in asked.stderr and b"goroutine" in asked.stderr
    killed = _run(machine, "sleep", "quietly", seconds=1.0)
    assert (killed.timed_out, killed.signal) == (True, 9)


def test_stdin_reaches_the_command_and_ends(machine: Machine) -> None:
    text = bytes(range(256)) * 4096
    assert _run(machine, "copy", stdin=text).stdout == text


def test_a_signal_from_outside(machine: Machine) -> None:
    def interrupt(said: bytes) -> None:
        if b"waiting" in said:
            machine.signal(2)

    ended = machine.run([GUEST, "catch"], {}, seconds=_SECONDS, on_stdout=interrupt)
    assert (ended.exit_code, ended.stdout) == (0, b"waiting\ninterrupt\n")


def test_what_a_command_leaves_behind_is_killed(machine: Machine) -> None:
    ended = _run(machine, "orphan")
    assert (ended.exit_code, ended.timed_out) == (0, False)
    assert _run(machine, "fork", limits=Limits(pids_max=20)).exit_code == 0
    assert _run(machine, "escape").exit_code == 0
    assert _run(machine, "alone").stdout == b"[]\n"


def test_much_output_is_handed_on_and_its_middle_left_out(machine: Machine) -> None:
    handed = 0

    def count(part: bytes) -> None:
        nonlocal handed
        handed += len(part)

    ended = machine.run([GUEST, "flood", "20"], {}, seconds=_SECONDS, on_stdout=count)
    assert handed == 20 << 20
    assert len(ended.stdout) < 13 << 20
    assert b"bytes left out" in ended.stdout


def test_files_go_in_and_come_out(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "file").write_bytes(b"content")
    (tmp_path / "deep" / "file").chmod(0o751)
    (tmp_path / "deep" / "link").symlink_to("file")
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")
    machine.put_tree(tmp_path, "/data")
    assert machine.get("/data/deep/link") == b"content"
    assert machine.get("/data/empty") == b""
    listed = _run(machine, "list", "/data").stdout.decode().splitlines()
    assert listed == [
        "drwxr-xr-x deep",
        "drwxr-xr-x deep/er",
        "-rwxr-x--x deep/file",
        "Lrwxrwxrwx deep/link",
        "-rw-r--r-- empty",
    ]
    (tmp_path / "deep" / "file").write_bytes(b"anew")
    machine.put_tree(tmp_path, "/data")
    assert machine.get("/data/deep/file") == b"anew"


def test_files_that_cannot_go_in_or_out(machine: Machine, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such file"):
        machine.get("/data/nothing")
    with pytest.raises(CouldNotCheck, match="Cannot write /proc/here"):
        machine.put(Path(__file__), "/proc/here/x")
    with pytest.raises(CouldNotCheck, match="Cannot read what is to go into the guest"):
        machine.put(tmp_path / "missing", "/x")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(CouldNotCheck, match="no regular file"):
        machine.put(tmp_path / "pipe", "/x")
    with pytest.raises(UsageError, match="not absolute"):
        machine.put(Path(__file__), "x")
    assert _run(machine, "exit", "0").exit_code == 0  # and the channel is still in step


def test_more_memory_than_the_group_has_is_the_guests_oom_kill(machine: Machine) -> None:
    ended = _run(machine, "eat", "100", limits=Limits(memory_max=50 << 20))
    assert (ended.exit_code, ended.signal, ended.oom_killed) == (None, 9, True)
    assert any("oom-killer" in line for line in ended.kernel_log)
    assert _run(machine, "eat", "20", limits=Limits(memory_max=100 << 20)).stdout == b"20\n"


@pytest.mark.parametrize(
    ("limits", "processors"),
    [
        (Limits(), "4 4"),
        (Limits(cpu_max=3.0), "3 4"),
        (Limits(cpu_max=2.5), "3 4"),
        (Limits(cpu_max=0.5), "2 4"),  # Go 1.25: never below 2 for a quota
        (Limits(cpuset="1"), "1 1"),
        (Limits(cpuset="0-2", cpu_max=2.0), "2 3"),
    ],
)
def test_go_sees_the_limits_of_its_group(machine: Machine, limits: Limits, processors: str) -> None:
    assert _run(machine, "processors", limits=limits).stdout.decode().strip() == processors


def test_a_limit_of_processes(machine: Machine) -> None:
    started = int(_run(machine, "fork", limits=Limits(pids_max=20)).stdout)
    assert 0 < started < 20


def test_limits_that_the_guest_does_not_have(machine: Machine) -> None:
    with pytest.raises(CouldNotCheck, match="cpuset"):
        _run(machine, "exit", "0", limits=Limits(cpuset="7"))
    assert _run(machine, "exit", "0").exit_code == 0


def test_numa_nodes_show_to_the_program(machine: Machine) -> None:
    assert machine.seen.numa_nodes == ("0-1", "2-3")
    assert _run(machine, "nodes").stdout == b"0-1\n2-3\n"


def test_the_system_is_as_programs_expect_it(machine: Machine) -> None:
    assert _run(machine, "account").stdout == b"[127.0.0.1 ::1] root true\n"
    assert _run(machine, "listen").stdout == b"hello"
    assert _run(machine, "limits").stdout == b"524288\n"
    behind = time.time_ns() - int(_run(machine, "clock").stdout)
    assert abs(behind) < 30e9


def test_taint_is_noticed(machine: Machine) -> None:
    assert _run(machine, "taint", "512").taint == 512
    assert _run(machine, "exit", "0").taint == 0


def test_what_the_emulator_lacks_is_told(machine: Machine) -> None:
    assert "invpcid" in machine.unsupported
    assert "Haswell" in machine.seen.cpu_model
    assert "avx2" in machine.seen.features


def test_the_guest_has_nothing_of_the_hosts_file_system(machine: Machine) -> None:
    assert not {"-drive", "-blockdev", "-fsdev", "-virtfs", "-hda"} & set(machine.argv)


def test_a_terminal(machine: Machine) -> None:
    ours, theirs = pty.openpty()
    said = b""

    def read() -> None:
        nonlocal said
        while b"name: Ship" not in said:
            said += os.read(ours, 1000)

    reader = threading.Thread(target=read)
    reader.start()
    os.write(ours, b"Ship\n")
    ended = machine.shell([GUEST, "terminal"], {}, keyboard=theirs, screen=theirs)
    reader.join(_SECONDS)
    os.close(ours)
    os.close(theirs)
    assert ended.exit_code == 0
    assert b"terminal: true" in said


def test_panic_and_restart_lose_the_machine(own_machine: Machine) -> None:
    with pytest.raises(VmLost) as lost:
        _run(own_machine, "panic")
    assert lost.value.stage is BootStage.RUNNING
    assert "sysrq triggered crash" in lost.value.why
    assert "Call Trace" in lost.value.console
    with pytest.raises(VmLost):
        _run(own_machine, "exit", "0")


def test_a_machine_that_restarts_is_lost_though_qemu_ends_well(own_machine: Machine) -> None:
    with pytest.raises(VmLost, match="stopped or restarted"):
        _run(own_machine, "restart")


def test_a_machine_that_is_stopped_is_lost(own_machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("seatrial.machines.machine._MARGIN", 0.5)
    monkeypatch.setattr("seatrial.machines.machine._PING_SECONDS", 0.5)
    threading.Timer(0.5, own_machine.pause).start()
    with pytest.raises(VmLost, match="has not answered"):
        _run(own_machine, "sleep", seconds=1.0)
