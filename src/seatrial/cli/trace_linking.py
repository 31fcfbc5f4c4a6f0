"""`seatrial trace-linking`: what the loader does for a program that runs."""

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from seatrial.model.linking import LinkTrace

__all__ = ["SCHEMA", "command"]

SCHEMA = "seatrial/trace-linking/1"


@click.command(
    short_help="Trace what the loader does for a program.", context_settings={"ignore_unknown_options": True}
)
@click.argument("argv", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- PROGRAM [ARGUMENT...]")
@click.option("--seconds", default=10.0, show_default=True, help="Stop the program after this time.")
@click.option("--all", "everything", is_flag=True, help="Every path that was tried, every binding, every version.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", help="Language of the explanations.")
@click.option("--json", "json_to", metavar="FILE", help="Write JSON; - for stdout, and nothing else there.")
def command(argv: tuple[str, ...], seconds: float, everything: bool, lang: str, json_to: str | None) -> None:
    """Run a dynamic program of this machine and tell what its loader does: every library that is looked for and where
    it was found, every symbol that is bound, dlopen and dlsym with their callers, and why something was refused.

    \b
    seatrial trace-linking -- ./app --selftest
    seatrial trace-linking --all -- ./app            every path, binding and version check
    seatrial trace-linking --json - -- ./app | jq '.trace.errors'

    Linux with glibc. Exit code 0 when the program was loaded, 1 when the loader refused it, 2 when none runs for it
    (a static program), 3 when it cannot be traced.
    """
    from rich.console import Console

    from seatrial.cli.json_output import written
    from seatrial.linking import trace_linking
    from seatrial.store import Store, default_root

    trace = trace_linking(argv, Store(default_root()), seconds)
    if not written(SCHEMA, {"trace": trace}, json_to):
        _print(Console(file=sys.stdout, highlight=False, emoji=False, soft_wrap=True), trace, everything, lang)
    if not trace.started:
        raise click.exceptions.Exit(1)


def _print(console: "Console", trace: "LinkTrace", everything: bool, lang: str) -> None:
    from rich.text import Text

    from seatrial.model.absence import Unknown
    from seatrial.model.linking import Asked
    from seatrial.tables.messages import translate

    def title(text: str) -> None:
        console.print(Text(f"\n{text}", style="bold cyan"))

    console.print(Text(trace.program, style="bold"), Text(f"loaded by {trace.loader}; {trace.ending}", style="dim"))
    if trace.errors:
        title("Refused")
        for error in trace.errors:
            style = "red" if error.fatal else "yellow"
            console.print(Text.assemble(("  ✗ ", style), translate(error.explanation, lang)))
            console.print(Text(f"    {error.file}: {error.text}" if error.file else f"    {error.text}", style="dim"))
    for asked, name in ((Asked.NEEDED, "Libraries"), (Asked.DLOPEN, "Opened by dlopen")):
        searches = [one for one in trace.searches if one.asked is asked]
        if searches:
            title(name)
        for search in searches:
            found = Text(search.found) if search.found else Text("not loaded", style="red")
            console.print(Text.assemble(f"  {search.library:24} → ", found, (f"   asked for by {search.by}", "dim")))
            for attempt in search.attempts:
                if attempt.refused:
                    console.print(Text(f"      passed over: {translate(attempt.refused, lang)}", style="yellow"))
                elif everything and attempt.path != search.found:
                    console.print(Text(f"      not there: {attempt.path} ({attempt.source})", style="dim"))
    if isinstance(trace.lookups, Unknown):
        title("Looked up by dlsym")
        console.print(Text(f"  not known: {trace.lookups.unknown}", style="yellow"))
    elif trace.lookups:
        title("Looked up by dlsym")
        for lookup in trace.lookups:
            console.print(Text.assemble(f"  {lookup.symbol:24} → {lookup.found}", (f"   by {lookup.caller}", "dim")))
    own = [one for one in trace.bindings if everything or one.file == trace.program]
    if own:
        title("Symbols" if everything else "Symbols of the program")
        for one in own:
            name = f"{one.symbol}@{one.version}" if one.version else one.symbol
            when = "   when first used" if one.after_start else ""
            by = f"   for {one.file}" if everything else ""
            console.print(Text.assemble(f"  {name:32} → {one.to}", (by + when, "dim")))
    if everything and trace.versions:
        title("Versions that were checked")
        for check in trace.versions:
            console.print(Text.assemble(f"  {check.version:24} of {check.of}", (f"   for {check.by}", "dim")))
    hidden = len(trace.bindings) - len(own)
    notes = [f"{hidden} bindings of libraries are not shown (--all)"] if hidden and not everything else []
    if trace.others:
        notes.append(f"{trace.others} other programs, which it started, are not shown")
    if notes:
        console.print(Text(f"\n{'; '.join(notes)}.", style="dim"))
    if not trace.started and trace.output:
        title("It printed")
        console.print(Text(trace.output.rstrip(), style="dim"))
