"""`seatrial vm`: real kernels on CPU models of your choice; run a program there, or look around."""

import importlib
import os
import re
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seatrial.cli.vm_machine import Size, machine_options, note_of, prepare
from seatrial.errors import CouldNotCheck, UsageError

if TYPE_CHECKING:
    from seatrial.machines.carry import Order
    from seatrial.machines.machine import Machine
    from seatrial.machines.session import Session
    from seatrial.model.machine import Limits, Proof
    from seatrial.vm import Made, Result

__all__ = ["command"]

_FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


class _Parts(click.Group):
    """The kernels' part is imported only when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*super().list_commands(ctx), "kernels"]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name == "kernels":
            found: click.Command = importlib.import_module("seatrial.cli.vm_kernels").command
            return found
        return super().get_command(ctx, cmd_name)


@click.group(cls=_Parts, short_help="Run a program, or a shell, in a machine: any kernel, any CPU model.")
def command() -> None:
    """Machines that are booted in seconds: a real Linux kernel on a CPU model of QEMU.

    \b
    seatrial vm run -t kylin-v10-sp3/hygon-c86-3s -- ./app --selftest
    seatrial vm shell -t openeuler-22.03/kunpeng-920
    seatrial vm kernels
    """


@command.command("run", context_settings={"allow_interspersed_args": False})
@machine_options
@click.option("--memory-max", type=Size(), metavar="SIZE", help="Of the program's control group.")
@click.option("--memory-high", type=Size(), metavar="SIZE", help="The same; cgroup v2 only.")
@click.option("--cpu-max", type=click.FloatRange(0.01, 64), metavar="CPUS", help="CPU time of the group: 1.5.")
@click.option("--cpuset", metavar="LIST", default="", help="CPUs of the group: 0-1.")
@click.option("--pids-max", type=click.IntRange(1), metavar="COUNT", help="Processes and threads of the group.")
@click.option(
    "--time-limit", type=click.FloatRange(0.1), metavar="SECONDS", help="Then SIGQUIT, and 2 s later SIGKILL."
)
@click.option(
    "--json", "json_path", metavar="FILE", help="Write what the guest saw and how it ended as JSON; - is stdout."
)
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="[--] PROGRAM [ARGUMENT]...")
def run(words: tuple[str, ...], **options: Any) -> int:
    """Boot a machine, run PROGRAM in it, and end as it ended.

    The program is carried into the machine, a dynamic one with its loader and libraries; your environment and the
    working directory's path are the same in there. The host's files are not: name what else is needed with --carry.
    Nothing that the program writes comes back but its output.

    \b
    seatrial vm run --cpu Dhyana -- ./app --selftest
    seatrial vm run -t kylin-v10-sp3/hygon-c86-3s -- ./app
    seatrial vm run --kernel debian-12 --cpus 4 --numa 2 --cgroup v1 -- ./app
    seatrial vm run --memory-max 64M --cpu-max 1.5 -- ./app
    GOARCH=loong64 go test -exec 'seatrial vm run --arch loong64 --carry . --' ./...

    Exit codes: the program's own; 128 + N when signal N ended it; 3 when the machine was lost or could not be made,
    2 for a wrong option, both with a line that begins with "seatrial:"; --json tells all of it.
    """
    from seatrial.model.machine import Limits

    limits = Limits(
        memory_max=options["memory_max"] or 0,
        memory_high=options["memory_high"] or 0,
        cpu_max=options["cpu_max"] or 0.0,
        cpuset=options["cpuset"],
        pids_max=options["pids_max"] or 0,
    )
    program = Path(words[0])
    if "/" in words[0] and not program.is_file():
        raise UsageError(f"{words[0]} is no file.", "Name a program.")
    if "/" not in words[0] and not options["carry"]:
        raise UsageError(f"{words[0]} is no path: a machine has no programs of its own.", "Name a file: ./app.")
    if program.is_file() and not os.access(program, os.X_OK):
        raise UsageError(f"{words[0]} may not be executed.", f"Allow it: chmod +x {shlex.quote(words[0])}.")
    machine, order = prepare(options, words, program)
    _check_script(program, options["carry"])
    to_stdout = options["json_path"] == "-"
    result = _in_machine(
        machine,
        lambda ready: _run(machine.session, order, limits, options["time_limit"], ready, 2 if to_stdout else 1),
        options,
    )
    if options["json_path"]:
        _write_json(options["json_path"], result)
    return _told(result, limits, words[0])


def _check_script(program: Path, carry: tuple[Path, ...]) -> None:
    """Raise UsageError for a script whose interpreter (execve(2)) is not carried in."""
    if not program.is_file():
        return
    with program.open("rb") as file:
        first = file.readline(256)
    words = os.fsdecode(first.removeprefix(b"#!")).split()
    if not first.startswith(b"#!") or not words:
        return
    interpreter = Path(words[0])
    if not any(interpreter.is_relative_to(each.absolute()) for each in carry):
        raise UsageError(
            f"{program} is a script for {interpreter}, which the machine does not have.",
            f"Carry it and what it needs (--carry {interpreter}), or name a program.",
        )


@command.command("shell", context_settings={"allow_interspersed_args": False})
@machine_options
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[[--] COMMAND [ARGUMENT]...]")
def shell(words: tuple[str, ...], **options: Any) -> int:
    """Look around in a machine: a shell with busybox's tools on your terminal. `exit` or Ctrl-D leaves it.

    \b
    seatrial vm shell -t openeuler-22.03/kunpeng-920
    seatrial vm shell --arch loong64 --carry ./app
    seatrial vm shell --cpu Dhyana -- cat /proc/cpuinfo
    """
    from seatrial import vm

    if not sys.stdin.isatty() or not sys.stdout.isatty():
        raise UsageError("`vm shell` needs a terminal.", "For a program use `seatrial vm run`.")
    machine, order = prepare(options, words or ("sh", "-l"), None)
    session = machine.session
    tools = vm.busybox(session.store, note_of(options), session.spec.goarch)
    environment = {"PATH": "/bin:/sbin:/usr/bin", "HOME": "/root", "PS1": "\\h:\\w\\$ "}
    environment["TERM"] = os.environ.get("TERM", "vt100")
    order = type(order)(order.argv, environment, "/root", order.carry)
    result = _in_machine(machine, lambda ready: vm.shell(session, order, tools, ready), options)
    return _code(result, order.argv[0])


def _in_machine(
    made: "Made", work: "Callable[[Callable[[Machine], None]], Result]", options: dict[str, Any]
) -> "Result":
    """The work's result; the machine is ended in any case."""
    from seatrial.model.machine import VmLost, WrongMachine

    def ready(machine: "Machine") -> None:
        if not options["quiet"]:
            for line in _described(machine.proof, made):
                click.echo(f"seatrial: {line}", err=True)

    try:
        return work(ready)
    except VmLost as lost:
        if re.search(r"CPU model|Property|CPU feature", lost.log):
            raise UsageError(
                f"QEMU does not make this CPU: {lost.why.rstrip('.')}.", "Name another with --cpu."
            ) from lost
        for line in lost.console.splitlines()[-10:]:
            click.echo(f"console: {line}", err=True)
        raise CouldNotCheck(f"The machine was lost at stage {lost.stage}: {lost.why.rstrip('.')}.") from lost
    except WrongMachine as wrong:
        raise CouldNotCheck(f"{wrong}.", "Nothing was run in it.") from wrong
    finally:
        made.session.end()


def _described(proof: "Proof", made: "Made") -> list[str]:
    """What machine it is: one line, another for what is not the platform's own, another for what QEMU cannot give."""
    seen = proof.seen
    how = "from a snapshot" if proof.restored else "booted"
    cpu = f"{seen.cpu_model or seen.goarch}" + (f" (-cpu {proof.cpu})" if proof.cpu else "")
    nodes = f" on {len(seen.numa_nodes)} NUMA nodes" if len(seen.numa_nodes) > 1 else ""
    accelerator = "KVM" if proof.accelerator == "kvm" else "TCG"
    lines = [
        f"Linux {seen.kernel}, {cpu}, {seen.cpus} CPUs{nodes}, {seen.memory >> 20} MiB, cgroup {seen.cgroup}; "
        f"{proof.emulator} with {accelerator}, {how} in {proof.boot_seconds:.1f} s"
    ]
    if made.platform and (others := made.substitutes(proof)):
        told = "; ".join(f"{each.fact} {each.value} in place of {each.platform}" for each in others)
        lines.append(f"It stands for {made.platform.name} with {told}")
    if proof.unsupported:
        lines.append(f"QEMU cannot give these features of the CPU model: {', '.join(proof.unsupported)}")
    return lines


def _run(
    session: "Session",
    order: "Order",
    limits: "Limits",
    seconds: float | None,
    ready: "Callable[[Machine], None]",
    screen: int,
) -> "Result":
    """Run it in a thread, so that signals that come meanwhile can be passed on."""
    from seatrial import vm

    results: list[Result] = []
    errors: list[BaseException] = []
    running: list[Machine] = []

    def tell(machine: "Machine") -> None:
        ready(machine)
        running.append(machine)

    def work() -> None:
        try:
            results.append(
                vm.run(
                    session,
                    order,
                    limits,
                    seconds=seconds,
                    stdin=_stdin(),
                    ready=tell,
                    on_stdout=lambda data: _write(screen, data),
                    on_stderr=lambda data: _write(2, data),
                )
            )
        except BaseException as error:
            errors.append(error)

    def forward(number: int, _frame: object) -> None:
        if running:
            running[0].signal(number)
        else:
            raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in _FORWARDED}
    thread = threading.Thread(target=work, daemon=True)
    try:
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, forward)
        thread.start()
        while thread.is_alive():
            thread.join(0.2)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if errors:
        raise errors[0]
    return results[0]


def _stdin() -> Iterator[bytes]:
    try:
        while part := os.read(0, 65536):
            yield part
    except OSError:  # closed
        return


def _write(fd: int, data: bytes) -> None:
    try:
        while data:
            data = data[os.write(fd, data) :]
    except OSError:  # nobody reads any more; the program goes on as one whose output is thrown away
        return


def _told(result: "Result", limits: "Limits", program: str) -> int:
    """Say on stderr what is not the program's own ending; the exit code."""
    ended = result.ended
    if ended.oom_killed:
        limit = f"its control group's {limits.memory_max >> 20} MiB" if limits.memory_max else "the machine's memory"
        click.echo(f"seatrial: the guest's kernel killed the program for want of memory: {limit}", err=True)
    if ended.timed_out:
        click.echo(f"seatrial: the program was still running after {ended.seconds:.0f} s and was killed", err=True)
    for line in ended.warnings:
        click.echo(f"seatrial: the guest's kernel: {line}", err=True)
    return _code(result, program)


def _why_not(error: str) -> str:
    if "no such file" in error:
        return "What runs in a machine is carried into it: name a file, and with --carry what it needs."
    return "Is it a program for the machine's architecture?"


def _code(result: "Result", program: str) -> int:
    ended = result.ended
    if ended.error:
        raise CouldNotCheck(f"{program} cannot be started in the machine: {ended.error}.", _why_not(ended.error))
    return 128 + ended.signal if ended.signal else ended.exit_code or 0


def _write_json(path: str, result: "Result") -> None:
    import msgspec

    from seatrial.cli.json_output import write_json

    value = {"schema": "seatrial/vm-run/1", **msgspec.to_builtins(result, builtin_types=())}
    for stream in ("stdout", "stderr"):
        value["ended"][stream] = getattr(result.ended, stream).decode("utf-8", "replace")
    write_json(path, value)
