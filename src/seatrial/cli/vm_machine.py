"""The options that describe a machine, for the verbs of `seatrial vm`."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seatrial.cli.selectors import complete_selector

if TYPE_CHECKING:
    from seatrial.machines.carry import Order
    from seatrial.vm import Made

__all__ = ["Size", "machine_options", "note_of", "prepare"]

_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


class Size(click.ParamType[int]):
    """Bytes, as "64M" or "1G"."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"(\d+)([KMG]?)(i?B)?", str(value), re.IGNORECASE)
        if not found:
            self.fail(f"{value!r} is no size: 64M, 1G.", param, ctx)
        return int(found[1]) * _UNITS[found[2].upper()]


def _complete_kernel(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from seatrial.packages.kernels import kernels

    arch = ctx.params.get("arch")
    names = {row.name for row in kernels() if arch in (None, "", row.goarch)}
    return sorted(name for name in names if name.startswith(incomplete))


def _complete_arch(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from seatrial.tables.guest_machines import guest_machines

    return sorted(name for name in guest_machines() if name.startswith(incomplete))


_MACHINE = [
    click.option(
        "-t",
        "--target",
        metavar="PLATFORM",
        default="",
        shell_complete=complete_selector,
        help="The platform that the machine stands for: its CPU model, a kernel near its own, its cgroup mode.",
    ),
    click.option(
        "--platforms",
        "platform_dirs",
        multiple=True,
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="A folder with platform files of your own. Repeatable.",
    ),
    click.option(
        "--arch",
        metavar="GOARCH",
        default="",
        shell_complete=_complete_arch,
        help="Default: that of the program, else of this host.",
    ),
    click.option("--cpu", metavar="MODEL", default="", help="QEMU's -cpu: Dhyana, neoverse-n1, la464, ..."),
    click.option(
        "--kernel",
        metavar="NAME|FILE",
        default="",
        shell_complete=_complete_kernel,
        help="A name of `seatrial vm kernels`, or your own vmlinuz. Default: debian-12, or near the platform's.",
    ),
    click.option("--cpus", type=click.IntRange(1, 64), help="Default: 2."),
    click.option("--numa", "numa_nodes", type=click.IntRange(1, 16), default=1, show_default=True, help="NUMA nodes."),
    click.option("--memory", type=Size(), metavar="SIZE", help="Files in the machine are in it too. Default: 2G."),
    click.option("--cgroup", type=click.Choice(["v1", "v2", "hybrid"]), help="Default: v2, or the platform's."),
    click.option(
        "--clock-source", metavar="NAME", default="", help="tsc, hpet, acpi_pm, ... Default: the kernel's choice."
    ),
    click.option("--append", multiple=True, metavar="WORD", help="More of the kernel command line. Repeatable."),
    click.option(
        "--accel",
        "accelerator",
        type=click.Choice(["tcg", "kvm", "auto"]),
        help="tcg emulates the instruction set: what the CPU lacks traps. kvm is faster and executes it all the same. "
        "Default: auto; with -t, tcg where kvm would show too little.",
    ),
    click.option(
        "--carry",
        multiple=True,
        type=click.Path(exists=True, path_type=Path),
        metavar="PATH",
        help="A file or folder that is to be in the machine, at its own path, besides the program. Repeatable.",
    ),
    click.option("--go", "go_command", metavar="PATH", default="", help="The go command that builds the guest's init."),
    click.option(
        "--cache-dir",
        type=click.Path(file_okay=False, path_type=Path),
        help="Where kernels and machines are kept. Default: SEATRIAL_CACHE or ~/.cache/seatrial.",
    ),
    click.option("-q", "--quiet", is_flag=True, help="Say nothing of the machine, only what went wrong."),
]


def machine_options(wrapped: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options."""
    for option in reversed(_MACHINE):
        wrapped = option(wrapped)
    return wrapped


def note_of(options: dict[str, Any]) -> Callable[[str], None]:
    """Where is told what takes time."""
    return (lambda _: None) if options["quiet"] else (lambda text: click.echo(f"seatrial: {text}", err=True))


def prepare(options: dict[str, Any], words: tuple[str, ...], program: Path | None) -> "tuple[Made, Order]":
    """The machine that the options describe, and the command for it. Raises UsageError and CouldNotCheck."""
    from seatrial.machines.carry import Order
    from seatrial.store import Store, default_root
    from seatrial.vm import Described, made

    described = Described(
        target=options["target"],
        platforms=tuple(map(str, options["platform_dirs"])),
        arch=options["arch"],
        cpu=options["cpu"],
        kernel=options["kernel"],
        cpus=options["cpus"] or 0,
        numa_nodes=options["numa_nodes"],
        memory=options["memory"] or 0,
        cgroup=options["cgroup"] or "",
        clock_source=options["clock_source"],
        append=options["append"],
        accelerator=options["accelerator"] or "",
        carry=tuple(str(path.absolute()) for path in options["carry"]),
        go=options["go_command"],
    )
    store = Store((options["cache_dir"] or default_root()).absolute())
    machine = made(described, store, note_of(options), program)
    return machine, Order(words, dict(os.environ), str(Path.cwd()), described.carry, machine.root)
