"""`seatrial inspect`: what a binary is, what it needs and who in it, as a page for people or as JSON for programs."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from seatrial.cli.inspect_words import Words
    from seatrial.inspection import Inspection

__all__ = ["SCHEMA", "command"]

SCHEMA = "seatrial/inspect/2"

_LABEL = 20


@click.command(short_help="Show what a binary needs, and who in it.")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--why",
    metavar="WHAT",
    multiple=True,
    help="Who asks for a symbol, a symbol version, a library, a CPU feature, syscall:<name>, relocation:<kind> or"
    " object:<C file>. May be repeated.",
)
@click.option("--floors", is_flag=True, help="The oldest kernel, C library, system and CPU, each with its reasons.")
@click.option("--run", "arguments", metavar="ARGS", help="Run it once with these arguments: the system calls it made.")
@click.option(
    "--compare",
    "other",
    metavar="OTHER",
    type=click.Path(path_type=Path),
    help="Set another binary beside it: the same program with and without cgo, or any two.",
)
@click.option(
    "--source",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="With --compare: the module that was built, for its #cgo words. Default: the module cache.",
)
@click.option(
    "--sysroot",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="With --compare: stands for / where libraries are looked for. Default: this host.",
)
@click.option(
    "--json", "json_to", metavar="FILE", help="Write everything as JSON; - for stdout, and nothing else there."
)
@click.option(
    "--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of what is printed."
)
@click.option("--go", metavar="PATH", default="", help="A Go command or GOROOT, to build the reader of code with.")
def command(
    path: Path,
    why: tuple[str, ...],
    floors: bool,
    arguments: str | None,
    other: Path | None,
    source: Path | None,
    sysroot: Path | None,
    json_to: str | None,
    lang: str,
    go: str,
) -> None:
    """Show what a binary is, what it needs and from when on it runs, read from its bytes: nothing is run, unless asked.

    PATH is an ELF, PE or Mach-O program, library or object, a universal file or an ar archive, of any platform,
    stripped or not.

    \b
    seatrial inspect ./server
    seatrial inspect ./server --why GLIBC_2.34      symbols, and the C and Go functions that use them
    seatrial inspect ./server --why libpcap.so.1 --why getaddrinfo
    seatrial inspect ./server --why syscall:statx   call sites, and what happens on a kernel without it
    seatrial inspect ./server --why object:sqlite3.c --why relocation:copy
    seatrial inspect ./server --floors
    seatrial inspect ./server --run '-check x.conf' system calls of a run under QEMU, beside those in the code
    seatrial inspect ./server --compare ./server-pure --source .   what cgo changed, the way to each library
    seatrial inspect ./server --lang zh             in Chinese
    seatrial inspect app.exe --json -
    seatrial inspect ./server --json - | jq -r '.parts[].needs.floors[] | .kind + " " + .minimum'

    What cannot be read is told with the reason, and the exit code is still 0. It is 2 for what is no binary or
    was cut off, and for a WHAT that the binary does not ask for; 3 where a WHAT could not be looked for.
    """
    from seatrial.cli.json_output import written
    from seatrial.inspection import inspect
    from seatrial.store import Store, default_root
    from seatrial.toolchains.reader import deep_reader

    if other is not None:
        from seatrial.cli.inspect_compare import compare_binaries

        if why or floors or arguments is not None:
            raise click.UsageError("--compare stands alone: --why, --floors and --run are asked of one binary.")
        compare_binaries(path, other, source, sysroot, json_to, lang, go)
        return
    if not all(what.strip() for what in why):
        raise click.UsageError("--why asks for something: --why GLIBC_2.34, --why avx2, --why syscall:statx.")
    if source or sysroot:
        raise click.UsageError("--source and --sysroot belong to --compare.")
    store = Store(default_root())
    found = inspect(path, deep_reader(store, go), why)
    made = None
    if arguments is not None:
        from seatrial.inspected_run import calls_in_run

        made = calls_in_run(path, found.facts, _words(arguments), store, lambda line: click.echo(line, err=True))
    if written(SCHEMA, {"facts": found.facts, "parts": found.parts} | ({"run": made} if made else {}), json_to):
        return
    from seatrial.cli.inspect_words import Words

    words = Words(lang)
    if why or floors or made:
        _print_answers(found, why, floors, words)
        if made:
            from seatrial.cli.inspect_called import called_lines

            _print_indented(called_lines(made, found.parts[0].needs, words))
    else:
        _print_page(found, words)


def _words(arguments: str) -> list[str]:
    import shlex

    try:
        return shlex.split(arguments)
    except ValueError as error:
        raise click.BadParameter(f"{arguments!r}: {error}", param_hint="--run") from error


def _print_answers(found: "Inspection", why: tuple[str, ...], floors: bool, words: "Words") -> None:
    from seatrial.cli.inspect_floors import floor_lines
    from seatrial.cli.inspect_why import why as asked_why
    from seatrial.errors import SeatrialError

    refused: dict[str, list[SeatrialError]] = {what: [] for what in why}
    for part in found.parts:
        if len(found.parts) > 1:
            click.echo(part.facts.path)
        for floor in part.needs.floors if floors else ():
            _print_indented(floor_lines(floor, words))
        for what in why:
            try:
                lines = [*asked_why(part.facts, part.needs, what, words)]
            except SeatrialError as error:
                refused[what].append(error)
            else:
                _print_indented(lines)
    # What one part of a universal file asks for is answered, also where the others do not.
    unanswered = [errors[0] for errors in refused.values() if len(errors) == len(found.parts)]
    for each in unanswered[:-1]:
        click.echo(f"seatrial: {each}", err=True)
    if unanswered:
        raise unanswered[-1]


def _print_indented(lines: Iterable[tuple[int, str]]) -> None:
    from seatrial.cli.wrapping import terminal_width, wrapped

    width = terminal_width()
    for depth, line in lines:
        click.secho(wrapped("  " * depth + line, width, 2 * depth + 4), bold=depth == 0)


def _print_page(found: "Inspection", words: "Words") -> None:
    from seatrial.cli.inspect_page import page
    from seatrial.cli.inspect_words import padded
    from seatrial.cli.wrapping import terminal_width, wrapped

    width = terminal_width()
    click.secho(found.facts.path, bold=True)
    for title, rows in page(found, words):
        click.secho(f"\n{title}", fg="cyan", bold=True)
        for label, value in rows:
            name = padded(f"  {label} ", _LABEL)
            line = wrapped(name + value, width, _LABEL)
            click.echo(click.style(name, dim=True) + line.removeprefix(name))
