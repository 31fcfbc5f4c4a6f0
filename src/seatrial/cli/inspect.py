"""`seatrial inspect`: the facts of one binary, as a page for people or as JSON for programs."""

import sys
from pathlib import Path

import click

__all__ = ["SCHEMA", "command"]

SCHEMA = "seatrial/inspect/1"

_LABEL = 20


@click.command(short_help="Show the facts of a binary.")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--json", "json_to", metavar="FILE", help="Write the facts as JSON; - for stdout, and nothing else there."
)
def command(path: Path, json_to: str | None) -> None:
    """Show what a binary is and what it needs, read from its bytes: no judgement, nothing is run.

    PATH is an ELF, PE or Mach-O program, library or object, a universal file or an ar archive, of any platform.

    \b
    seatrial inspect ./app
    seatrial inspect app.exe --json -
    seatrial inspect libapp.so --json facts.json
    seatrial inspect ./app --json - | jq -r '.facts.imports[] | .version + " " + .name' | sort -V

    What cannot be read is told with the reason, and the exit code is still 0. It is 2 for what is no binary or
    ends within its headers.
    """
    import msgspec
    from rich.console import Console
    from rich.text import Text

    from seatrial import __version__
    from seatrial.cli.inspect_page import page
    from seatrial.formats import read_binary
    from seatrial.store import write_atomically

    facts = read_binary(path)
    if json_to is not None:
        document = {"schema": SCHEMA, "tool": {"version": __version__}, "facts": facts}
        data = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
        if json_to == "-":
            click.echo(data, nl=False)
            return
        write_atomically(Path(json_to), data)
    console = Console(file=sys.stdout, highlight=False, emoji=False)
    console.print(Text(facts.path, style="bold"), soft_wrap=True)
    for title, rows in page(facts):
        console.print(Text(f"\n{title}", style="bold cyan"), soft_wrap=True)
        for label, value in rows:
            console.print(Text.assemble((f"  {label}".ljust(_LABEL), "dim"), value), soft_wrap=True)
