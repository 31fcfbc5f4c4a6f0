"""`seatrial vm run` and `vm shell` as a user types them."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seatrial.model.go_target import GoTarget
from seatrial.store import Store, default_root
from seatrial.toolchains import compile_probe, find_go
from support import go_info
from support.elf_writer import Elf, Library, Part, Symbol
from support.machines import guest_program, machine_spec
from support.terminal import typed_into

_SECONDS = 200.0
FILE = str(Path(__file__).parents[2] / "setup" / "system-packages")
"""No binary, so for any machine."""
_needs_a_machine = pytest.mark.usefixtures("kernel")


@pytest.fixture(scope="module")
def kernel() -> None:
    """The kernel is there, or the test is skipped with the reason."""
    machine_spec("amd64")


@pytest.fixture(scope="module")
def guest() -> Path:
    return guest_program("amd64")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """A program of one file."""

    def make(text: str, goamd64: str = "v1") -> Path:
        place = tmp_path_factory.mktemp("program")
        (place / "go.mod").write_text("module app\n\ngo 1.21\n")
        (place / "main.go").write_text(text)
        return compile_probe(find_go(), place, GoTarget("linux", "amd64", goamd64), Store(default_root()), name="app")

    return make


def seatrial(*words: object, typed: str = "", **more: Any) -> "subprocess.CompletedProcess[str]":
    line = [sys.executable, "-m", "seatrial", *map(str, words)]
    return subprocess.run(line, capture_output=True, text=True, input=typed, timeout=_SECONDS, check=False, **more)


@pytest.mark.go
@pytest.mark.vm
@_needs_a_machine
def test_a_program_in_a_machine_of_this_description(guest: Path, tmp_path: Path) -> None:
    env = {**os.environ, "WORD": "word"}
    options = (
        "--cpu",
        "Dhyana",
        "--cpus",
        "4",
        "--numa",
        "2",
        "--cgroup",
        "v1",
        "--append",
        "loglevel=3",
        "--accel",
        "tcg",
    )
    done = seatrial("vm", "run", *options, "--", guest, "say", "a", "b", cwd=tmp_path, env=env)
    assert (done.returncode, done.stdout) == (0, f"a b word {tmp_path} seatrial\n")
    machine, lacking, said = done.stderr.splitlines()
    assert machine.startswith("seatrial: Linux 6.1.") and "Hygon Dhyana Processor (-cpu Dhyana)" in machine
    assert "4 CPUs on 2 NUMA nodes" in machine and "cgroup v1" in machine and "with TCG" in machine
    assert "cannot give these features" in lacking and "misalignsse" in lacking
    assert said == "aside"


@pytest.mark.go
@pytest.mark.vm
@_needs_a_machine
def test_the_exit_code_is_the_programs_own(guest: Path) -> None:
    done = seatrial("vm", "run", "-q", "--", guest, "exit", "7")
    assert (done.returncode, done.stdout, done.stderr) == (7, "", "")
    assert seatrial("vm", "run", "-q", "--", guest, "die", "15").returncode == 128 + 15
    assert seatrial("vm", "run", "-q", "--", guest, "copy", typed="typed").stdout == "typed"


@pytest.mark.go
@pytest.mark.vm
@_needs_a_machine
def test_too_much_memory_is_the_guests_oom_kill_and_no_crash(guest: Path) -> None:
    done = seatrial("vm", "run", "-q", "--memory-max", "48M", "--json", "-", "--", guest, "eat", "200")
    assert done.returncode == 128 + 9
    killed, victim = done.stderr.splitlines()
    assert killed == "seatrial: the guest's kernel killed the program for want of memory: its control group's 48 MiB"
    assert "Memory cgroup out of memory: Killed process" in victim
    told = json.loads(done.stdout)
    assert told["schema"] == "seatrial/vm-run/1"
    assert (told["ended"]["signal"], told["ended"]["oom_killed"]) == (9, True)
    assert told["proof"]["seen"]["cgroup"] == "v2" and "memory" in told["proof"]["seen"]["controllers"]
    assert (
        seatrial("vm", "run", "-q", "--cpu-max", "2", "--memory-max", "300M", "--", guest, "eat", "10").returncode == 0
    )


@pytest.mark.go
@pytest.mark.vm
@_needs_a_machine
def test_a_lost_machine_is_one_line_and_could_not_check(guest: Path) -> None:
    done = seatrial("vm", "run", "-q", "--", guest, "panic")
    assert done.returncode == 3
    last = done.stderr.splitlines()[-1]
    assert last == "seatrial: The machine was lost at stage running: Kernel panic - not syncing: sysrq triggered crash."


@pytest.mark.go
@pytest.mark.vm
@_needs_a_machine
@pytest.mark.parametrize("cpu", ["no-such-cpu", "Dhyana,+no-such-feature"])
def test_a_cpu_that_qemu_does_not_make(guest: Path, cpu: str) -> None:
    done = seatrial("vm", "run", "-q", "--cpu", cpu, "--", guest, "exit", "0")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("seatrial: QEMU does not make this CPU: ") and "no-such" in line


@pytest.mark.go
@pytest.mark.vm
@_needs_a_machine
def test_a_level_that_the_cpu_does_not_have(program: Callable[..., Path]) -> None:
    hello = program('package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n', "v3")
    done = seatrial("vm", "run", "-q", "--cpu", "Nehalem", "--", hello)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "This program can only be run on AMD64 processors with v3 microarchitecture support.\n"


@pytest.mark.go
@pytest.mark.vm
@_needs_a_machine
def test_time_limit_and_signals(guest: Path) -> None:
    late = seatrial("vm", "run", "-q", "--time-limit", "1", "--", guest, "sleep")
    assert late.returncode == 2 and "SIGQUIT: quit" in late.stderr
    assert late.stderr.splitlines()[-1].startswith("seatrial: the program was still running after")
    line = [sys.executable, "-m", "seatrial", "vm", "run", "-q", "--", str(guest), "catch"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None and running.stdout.readline() == "waiting\n"
        running.send_signal(signal.SIGINT)
        assert (running.stdout.read(), running.wait(60)) == ("interrupt\n", 0)


@pytest.mark.go
@pytest.mark.vm
@_needs_a_machine
def test_a_dynamic_program_finds_its_loader_and_what_is_carried(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("carried\n")
    if not Path("/bin/cat").exists():
        pytest.skip("a dynamic program, /bin/cat, was missing")
    done = seatrial("vm", "run", "-q", "--carry", tmp_path / "word", "--", "/bin/cat", tmp_path / "word")
    assert (done.returncode, done.stdout) == (0, "carried\n")
    done = seatrial("vm", "run", "-q", "--", "/bin/cat", tmp_path / "word")
    assert done.returncode == 1 and "No such file" in done.stderr


@pytest.mark.go
@pytest.mark.vm
@_needs_a_machine
def test_libraries_that_are_missing_are_named_before_the_boot(tmp_path: Path) -> None:
    library = tmp_path / "libown.so.1"
    library.write_bytes(Library((Symbol("own"),), ("libdeep.so.2", "libc.so.6"), elf=Elf(type=3)).build())
    loader = "/lib64/ld-linux-x86-64.so.2"
    program = tmp_path / "app"
    needed = ("libown.so.1", "libc.so.6")
    program.write_bytes(
        Library((Symbol("own"),), needed, interpreter=loader, runpath="$ORIGIN", elf=Elf(type=3)).build()
    )
    program.chmod(0o755)
    done = seatrial("vm", "run", "--", program)
    assert (done.returncode, done.stderr) == (
        2,
        f"seatrial: {program} needs libown.so.1, libdeep.so.2, which the machine does not have. "
        f"Carry what it needs: --carry {library}.\n",
    )
    done = seatrial("vm", "run", "-q", "--carry", tmp_path, "--", program)
    assert "needs libdeep.so.2, which" in done.stderr


@pytest.mark.go
@pytest.mark.vm
@_needs_a_machine
def test_a_shell_on_a_terminal() -> None:
    command = [sys.executable, "-m", "seatrial", "vm", "shell", "-q"]
    code, said = typed_into(command, b"~# ", b"tty; uname -n; expr 20 + 22; exit 5\n", _SECONDS)
    assert b"/dev/pts/0" in said and b"\r\nseatrial\r\n" in said and b"\r\n42\r\n" in said, said
    assert code == 5


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run",), "Missing argument"),
        (("run", "--", "./nothing"), "./nothing is no file. Name a program."),
        (("run", "--arch", "mips", "--", FILE), "No kernel is known for mips."),
        (("run", "--arch", "amd64", "--kernel", "debian-99", "--", FILE), "No kernel named debian-99 is known"),
        (("run", "--kernel", "/etc/hostname", "--", FILE), "/etc/hostname is no Linux kernel"),
        (("run", "-t", "windows-10/amd64", "--", FILE), "no machine stands for it"),
        (("run", "-t", "kylin*", "--", FILE), "platforms: "),
        (("run", "-t", "debian-12/arm64", "--arch", "amd64", "--", FILE), "debian-12/arm64 is arm64, not amd64."),
        (("run", "--memory", "much", "--", FILE), "'much' is no size"),
        (("run", "--memory-max", "64X", "--", FILE), "'64X' is no size"),
        (("run", "--cgroup", "v3", "--", FILE), "'v3' is not one of"),
        (("run", "--", "true"), "true is no path: a machine has no programs of its own. Name a file: ./app."),
        (("run", "--arch", "arm64", "--", "AMD64"), "The program is for amd64, and --arch arm64 is arm64."),
        (("run", "-t", "debian-12/arm64", "--", "AMD64"), "The program is for amd64, and debian-12/arm64 is arm64."),
        (("run", "--", FILE), f"{FILE} is a script for /usr/bin/env, which the machine does not have."),
        (("run", "--", "PLAIN"), "may not be executed. Allow it: chmod +x "),
        (("shell",), "`vm shell` needs a terminal."),
    ],
)
def test_a_wrong_word_is_one_line(words: tuple[str, ...], told: str, tmp_path: Path) -> None:
    program = tmp_path / "app"
    info = go_info.inline("go1.27.3", go_info.modules())
    program.write_bytes(Elf((Part(info, ".go.buildinfo", flags=3),)).build())
    program.chmod(0o755)
    plain = tmp_path / "plain"
    plain.write_text("no program")
    files = {"AMD64": program, "PLAIN": plain}
    done = seatrial("vm", *(files.get(word, word) for word in words))
    assert done.returncode == 2
    assert told in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("verb", ["run", "shell", "kernels"])
def test_help_has_examples(verb: str) -> None:
    done = seatrial("vm", verb, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"seatrial vm {verb}" in done.stdout
    assert verb in seatrial("vm", "--help").stdout


def test_tier_and_runner_must_agree() -> None:
    done = seatrial("verify", ".", "--tier", "vm", "--runner", "native")
    assert done.returncode == 2 and "--tier vm does not run with native" in done.stderr
