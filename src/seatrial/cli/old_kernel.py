"""`seatrial old-kernel`: run a program on this host as if its kernel were older."""

import os
from pathlib import Path

import click

__all__ = ["command"]


@click.command(
    short_help="Run a program as if this host's kernel were older.", context_settings={"allow_interspersed_args": False}
)
@click.option("-k", "--kernel", metavar="VERSION", help="The kernel's version: 3.10, 4.19, 5.10.156.")
@click.option("-t", "--target", metavar="TARGET", help="A platform, for its kernel.")
@click.option("--list", "only_list", is_flag=True, help="Show the system calls that are refused, and run nothing.")
@click.option("--go", metavar="PATH", default="", help="The go command that builds our launcher, the first time.")
@click.option(
    "--cache-dir", type=click.Path(file_okay=False, path_type=Path), help="Where seatrial keeps what it makes."
)
@click.argument("words", nargs=-1, type=click.UNPROCESSED, metavar="[--] PROGRAM [ARGUMENT]...")
def command(
    kernel: str | None, target: str | None, only_list: bool, go: str, cache_dir: Path | None, words: tuple[str, ...]
) -> None:
    """Run PROGRAM natively; every system call that is younger than the given kernel fails with ENOSYS.

    In milliseconds, without an image of the kernel: for finding the call that an old customer system does not have.
    The calls alone are those of the older kernel; flags of older calls, /proc, /sys and behaviour are this host's. The
    program takes this command's place: its output, signals and exit code are its own.

    \b
    seatrial old-kernel --kernel 3.10 -- ./server --selftest
    seatrial old-kernel -t kylin-v10-sp1 -- go test ./...
    seatrial old-kernel --kernel 4.19 --list
    """
    from seatrial.errors import CouldNotCheck, UsageError
    from seatrial.host import host
    from seatrial.runners.old_kernel import calls_to_refuse, launcher_program, why_not
    from seatrial.store import Store, default_root
    from seatrial.tables.system_calls import release_of, younger_than
    from seatrial.toolchains import find_go

    facts = host()
    if not facts.goarch:
        raise CouldNotCheck(f"No port of Go is known for this host ({facts.machine}).", "Use a virtual machine.")
    version = _version(kernel, target, facts.goarch)
    refused = calls_to_refuse(facts.goarch, version)
    if only_list:
        calls = younger_than(facts.goarch, version)
        click.echo("\n".join(f"{call.number:5}  {call.since:<6}  {call.name}" for call in calls))
        return
    if not words:
        raise UsageError("No program is given.", "Give one: seatrial old-kernel --kernel 3.10 -- ./app")
    store = Store((cache_dir or default_root()).absolute())
    launcher = launcher_program(find_go(go, store), facts.goarch, store)
    if why := why_not(launcher, refused):
        raise CouldNotCheck(
            f"This host does not let a program filter its system calls: {why}.", "Use a virtual machine."
        )
    if release_of(facts.kernel)[:2] < release_of(version)[:2]:
        click.echo(
            f"seatrial: this host's Linux {facts.kernel} is older than {version}: it stays what it is.", err=True
        )
    os.execv(launcher, ["oldkernel", refused, *words])


def _version(kernel: str | None, target: str | None, goarch: str) -> str:
    from seatrial.errors import UsageError
    from seatrial.platforms import load

    if (kernel is None) == (target is None):
        raise UsageError("Give either --kernel or --target.", "For example --kernel 3.10, or -t kylin-v10-sp1.")
    if kernel is not None:
        return kernel
    assert target is not None
    named = {platform.goarch: platform for platform in load().select([target])}
    platform = named.get(goarch) or next(iter(named.values()))
    if platform.goos != "linux" or platform.kernel.value is None:
        raise UsageError(f"No version of Linux is known for {platform.name}.", "Give one with --kernel.")
    return platform.kernel.value
