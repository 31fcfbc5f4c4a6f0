"""`seatrial trace-linking`: what the loader does for a program that runs."""

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from seatrial.cli.inspect_words import Words
    from seatrial.model.linking import Binding, LinkTrace, Search, VersionCheck

__all__ = ["SCHEMA", "command"]

SCHEMA = "seatrial/trace-linking/1"

_SHOWN = 20
"""Lines of one kind, beyond which they are counted; --all and --json have all."""


@click.command(
    short_help="Trace what the loader does for a program.", context_settings={"ignore_unknown_options": True}
)
@click.argument("argv", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- PROGRAM [ARGUMENT...]")
@click.option("--seconds", default=10.0, show_default=True, help="Stop the program after this time.")
@click.option("--all", "everything", is_flag=True, help="Every path that was tried, every symbol, every version.")
@click.option(
    "--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of what is printed."
)
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

    from seatrial.cli.inspect_words import Words
    from seatrial.cli.json_output import written
    from seatrial.linking import trace_linking
    from seatrial.store import Store, default_root

    trace = trace_linking(argv, Store(default_root()), seconds)
    if not written(SCHEMA, {"trace": trace}, json_to):
        console = Console(file=sys.stdout, highlight=False, emoji=False, soft_wrap=True)
        _print(console, trace, everything, Words(lang, "trace"))
    if not trace.started:
        raise click.exceptions.Exit(1)


def _print(console: "Console", trace: "LinkTrace", everything: bool, words: "Words") -> None:
    from rich.text import Text

    from seatrial.model.absence import Unknown
    from seatrial.model.linking import Asked

    def section(title: str, lines: "Iterable[Text]", shown: int | None = None) -> None:
        """A title with its lines; none where there are no lines, and the rest counted beyond `shown`."""
        those = list(lines)
        if those:
            console.print(Text(f"\n{title}", style="bold cyan"))
        for line in those[:shown]:
            console.print(Text("  ") + line)
        if shown is not None and len(those) > shown:
            console.print(Text("  " + words("more", count=len(those) - shown), style="dim"))

    told = words("loaded-by", loader=trace.loader, ending=trace.ending)
    console.print(Text(trace.program, style="bold"), Text(told, style="dim"))
    section(words("refused"), _errors(trace, words))
    for asked, title in ((Asked.NEEDED, "libraries"), (Asked.DLOPEN, "opened")):
        searches = [one for one in trace.searches if one.asked is asked]
        section(words(title), _searches(searches, everything, words))
    shown = None if everything else _SHOWN
    if isinstance(trace.lookups, Unknown):
        section(words("looked-up"), [Text(words("not-known", why=trace.lookups.unknown), style="yellow")])
    else:
        lookups = (
            Text.assemble(f"{one.symbol:24} → {one.found}", (words("by", caller=one.caller), "dim"))
            for one in trace.lookups
        )
        section(words("looked-up"), lookups, shown)
    own = [one for one in trace.bindings if everything or one.file == trace.program]
    title = words("symbols" if everything else "symbols-of-program")
    section(title, (_binding(one, everything, words) for one in own), shown)
    if everything:
        section(words("versions"), (_version(check, words) for check in trace.versions))
    notes = []
    if len(trace.bindings) > len(own):
        notes.append(words("bindings-hidden", count=len(trace.bindings) - len(own)))
    if trace.others:
        notes.append(words("others-hidden", count=trace.others))
    if notes:
        console.print(Text("\n" + " ".join(notes), style="dim"))
    if not trace.started and trace.output:
        section(words("printed"), (Text(line, style="dim") for line in trace.output.rstrip().splitlines()))


def _errors(trace: "LinkTrace", words: "Words") -> "Iterator[Text]":
    from rich.text import Text

    for error in trace.errors:
        yield Text.assemble(("✗ ", "red" if error.fatal else "yellow"), words.message(error.explanation))
        yield Text(f"  {error.file}: {error.text}" if error.file else f"  {error.text}", style="dim")


def _searches(searches: "Iterable[Search]", everything: bool, words: "Words") -> "Iterator[Text]":
    from rich.text import Text

    for search in searches:
        found = Text(search.found) if search.found else Text(words("not-loaded"), style="red")
        yield Text.assemble(f"{search.library:24} → ", found, (words("asked-by", by=search.by), "dim"))
        for attempt in search.attempts:
            if attempt.refused:
                yield Text("    " + words("passed-over", why=words.message(attempt.refused)), style="yellow")
            elif everything and attempt.path != search.found:
                yield Text("    " + words("not-there", path=attempt.path, source=attempt.source), style="dim")


def _binding(one: "Binding", everything: bool, words: "Words") -> "Text":
    from rich.text import Text

    name = f"{one.symbol}@{one.version}" if one.version else one.symbol
    by = words("for", file=one.file) if everything else ""
    return Text.assemble(f"{name:32} → {one.to}", (by + (words("first-used") if one.after_start else ""), "dim"))


def _version(check: "VersionCheck", words: "Words") -> "Text":
    from rich.text import Text

    return Text.assemble(f"{check.version:24}{words('of', file=check.of)}", (words("for", file=check.by), "dim"))
