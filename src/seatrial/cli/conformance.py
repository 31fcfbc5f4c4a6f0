"""`seatrial conformance`: whether a platform keeps the contracts that Go programs lean on, case by case."""

import shlex
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seatrial.cli.interruption import end_as_by_ctrl_c
from seatrial.cli.outputs import check_outputs, tell_lost, write_outputs
from seatrial.cli.selectors import complete_selector
from seatrial.cli.tiers import runner_of, tier_option
from seatrial.errors import UsageError

if TYPE_CHECKING:
    from seatrial.conformance import Event
    from seatrial.model.conformance import Certificate
    from seatrial.store import Store

__all__ = ["command"]

_EVERY = 50
"""In a pipe a line is written each time so many cases are done."""

_LANG = click.option(
    "--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of what is printed."
)
_CACHE = click.option(
    "--cache-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where tools and probes are kept. Default: SEATRIAL_CACHE or ~/.cache/seatrial.",
)


@click.group(
    invoke_without_command=True,
    subcommand_metavar="[export|import|diff]",
    short_help="Ask a platform whether it keeps the contracts that Go leans on: a certificate.",
)
@click.option(
    "-t",
    "--target",
    "targets",
    multiple=True,
    metavar="SELECTOR",
    shell_complete=complete_selector,
    help="Platforms, as in `seatrial targets`. Repeatable. Default: this machine.",
)
@click.option("--topic", "topics", multiple=True, metavar="TOPIC", help="Only this topic. Repeatable.")
@click.option("--run", "cases", multiple=True, metavar="CASE", help="Only this case, or those of a glob. Repeatable.")
@click.option("--list", "listing", is_flag=True, help="List the cases, with why each exists, and run nothing.")
@click.option(
    "--platforms",
    "platform_dirs",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with platform files of your own. Repeatable.",
)
@click.option(
    "--runner",
    type=click.Choice(["native", "qemu-user", "wine", "micro-vm", "old-kernel", "page-size"]),
    help="Run with this runner only. Default: the best.",
)
@tier_option
@click.option("--go", "go_command", metavar="PATH", help="Another go command, or its GOROOT.")
@click.option("--json", "json_path", metavar="FILE", help="Write the certificate as JSON; - is stdout.")
@click.option("--html", "html_path", metavar="FILE", help="Write the certificate as one HTML file.")
@_LANG
@_CACHE
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors; the exit code and the files tell.")
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> int:
    """Ask this machine, or a platform, whether it keeps the contracts that Go programs lean on.

    \b
    seatrial conformance                                  this machine, natively
    seatrial conformance -t kylin-v10-sp3/ft-2000-4       under the best runner for it
    seatrial conformance -t debian-12/arm64 --tier vm     in a machine with a kernel of its own
    seatrial conformance --topic signals --html out.html  one topic
    seatrial conformance --list --topic signals           the catalogue, with why each case exists
    seatrial conformance export --port linux/loong64      one file for a machine without Python
    seatrial conformance import result.jsonl              what that file printed there
    seatrial conformance diff a.json b.json               two platforms, or two days

    Exit codes: 0 every contract holds, but for those that need what is not there; 1 one does not; 2 usage; 3 some could
    not be decided; 70 a bug of ours.
    """
    if ctx.invoked_subcommand:
        return 0
    if options["listing"]:
        return _list(options)
    from seatrial.conformance import Request, conformance

    check_outputs(_paths(options))
    _check_one_page(options)
    request = Request(
        targets=options["targets"],
        topics=options["topics"],
        cases=options["cases"],
        platforms=tuple(map(str, options["platform_dirs"])),
        runner=runner_of(options),
        go=options["go_command"] or "",
        command=shlex.join(["seatrial", *sys.argv[1:]]),
    )
    end_as_by_ctrl_c()
    with _Progress(options["quiet"], options["lang"]) as show:
        certificates = conformance(request, _store(options), show)
    return _deliver(certificates, options)


def _store(options: dict[str, Any]) -> "Store":
    from seatrial.store import Store, default_root

    return Store((options["cache_dir"] or default_root()).absolute())


def _paths(options: dict[str, Any]) -> dict[str, str]:
    """The reports that were asked for, by their name."""
    return {name: path for name in ("json", "html") if (path := options[f"{name}_path"])}


def _check_one_page(options: dict[str, Any]) -> None:
    """A page holds one certificate: said before hours are spent on several."""
    if options["html_path"] and options["targets"]:
        from seatrial.platforms import load

        chosen = load(options["platform_dirs"]).select(options["targets"])
        if len(chosen) > 1:
            raise UsageError(f"These are {len(chosen)} platforms, and a page holds one.", "Name one, or use --json.")


def _deliver(certificates: "tuple[Certificate, ...]", options: dict[str, Any]) -> int:
    """Write the files that were asked for, print the rest, return the exit code."""
    from seatrial.report.certificate import html, json
    from seatrial.report.certificate.terminal import final
    from seatrial.report.terminal import console_on

    def render(name: str) -> bytes:
        return json.render(certificates) if name == "json" else html.render(certificates[0], options["lang"])

    paths = _paths(options)
    written, lost = write_outputs(paths, render)
    if not options["quiet"]:
        console = console_on(sys.stderr if "-" in paths.values() else sys.stdout)
        for number, certificate in enumerate(certificates):
            if number:
                console.print()
            final(certificate, console, options["lang"], written if number == len(certificates) - 1 else ())
    codes = {certificate.exit_code for certificate in certificates}
    cut_short = not all(certificate.complete for certificate in certificates)
    return tell_lost(lost, 3 if cut_short else next((code for code in (1, 3) if code in codes), 0))


def _list(options: dict[str, Any]) -> int:
    """The catalogue, or a part of it, for people; with --json for machines."""
    from seatrial.conformance import choose
    from seatrial.platforms import load
    from seatrial.report.certificate.catalogue import catalogue
    from seatrial.report.terminal import console_on
    from seatrial.tables.conformance_cases import cases

    infos = choose(tuple(cases().values()), options["topics"], options["cases"])
    if options["targets"]:
        chosen = load(options["platform_dirs"]).select(options["targets"])
        infos = tuple(info for info in infos if any(info.applies(one.goos, one.goarch) for one in chosen))
    if options["json_path"]:
        from seatrial.cli.json_output import write_json

        write_json(options["json_path"], infos)
        return 0
    catalogue(infos, console_on(sys.stdout), options["lang"])
    return 0


class _Progress:
    """What is shown while cases run: one line that changes on a terminal, a line now and then in a pipe."""

    def __init__(self, quiet: bool, language: str) -> None:
        from seatrial.report.words import Words

        self._quiet = quiet
        self._words = Words(language, "certificate")
        self._live = not quiet and sys.stderr.isatty()
        self._lock = threading.Lock()
        self._all = self._done = self._bad = 0

    def __enter__(self) -> "_Progress":
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()

    def __call__(self, event: "Event") -> None:
        from seatrial.conformance import CaseEnded, Noted, PlatformStarted
        from seatrial.model.states import State

        if self._quiet:
            return
        with self._lock:
            match event:
                case PlatformStarted():
                    self._all, self._done, self._bad = event.cases, 0, 0
                    self._line(self._words.counted("starting", event.cases, title=event.title))
                case Noted():
                    self._line(event.text)
                case CaseEnded():
                    self._done += 1
                    self._bad += event.outcome.state is State.FAIL
                    text = self._words("progress", done=self._done, all=self._all, bad=self._bad)
                    if self._live:
                        click.echo(f"\r\033[K{text}", err=True, nl=False)
                    elif self._done % _EVERY == 0:
                        self._line(text)

    def _line(self, text: str) -> None:
        from seatrial.report.printable import printable

        self._clear()
        click.echo(printable(text).replace("\n", " "), err=True)

    def _clear(self) -> None:
        if self._live:
            click.echo("\r\033[K", err=True, nl=False)


@command.command("export")
@click.option("--port", required=True, metavar="GOOS/GOARCH", help="For which machine: linux/loong64.")
@click.option("-o", "--output", metavar="FILE", help="Default: conformance-GOOS-GOARCH.")
@click.option("--glibc", metavar="VERSION", help="The machine's glibc, for the cases that take C. Default: 2.28.")
@click.option("--go", "go_command", metavar="PATH", help="Another go command, or its GOROOT.")
@_CACHE
def export(port: str, **options: Any) -> int:
    """Build the suite as one file for a machine without Python.

    Run it there with its output in a file, and read that here with `seatrial conformance import`:

    \b
    seatrial conformance export --port linux/loong64 -o conformance
    ./conformance > result.jsonl                          on the other machine
    seatrial conformance import result.jsonl --html certificate.html
    """
    from seatrial.conformance import export_suite

    made = export_suite(
        port,
        Path(options["output"] or f"conformance-{port.replace('/', '-')}{'.exe' * port.startswith('windows/')}"),
        _store(options),
        glibc=options["glibc"] or "",
        go=options["go_command"] or "",
        note=lambda text: click.echo(text, err=True),
    )
    click.echo(str(made))
    return 0


@command.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--json", "json_path", metavar="FILE", help="Write the certificate as JSON; - is stdout.")
@click.option("--html", "html_path", metavar="FILE", help="Write the certificate as one HTML file.")
@_LANG
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors; the exit code and the files tell.")
def import_(file: Path, **options: Any) -> int:
    """Make a certificate of what an exported suite printed; - is stdin."""
    from seatrial.conformance import read_lines

    check_outputs(_paths(options))
    data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    certificate = read_lines(data.decode("utf-8", "replace"), shlex.join(["seatrial", *sys.argv[1:]]))
    return _deliver((certificate,), options)


@command.command("diff")
@click.argument("before", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("after", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_LANG
@click.option("--json", "json_path", metavar="FILE", help="Write the difference as JSON; - is stdout.")
def diff(before: Path, after: Path, lang: str, json_path: str | None) -> int:
    """Compare two certificates: two platforms, or one on two days.

    Exit codes: 0 no case got worse; 1 a case that held does not hold any more; 3 one cannot be decided any more.
    """
    from seatrial.cli.json_output import write_json
    from seatrial.conformance import compare
    from seatrial.report.certificate import json
    from seatrial.report.certificate.difference import show
    from seatrial.report.terminal import console_on

    difference = compare(json.read(before.read_bytes()), json.read(after.read_bytes()))
    if json_path:
        write_json(json_path, difference)
        if json_path == "-":
            return difference.exit_code
    show(difference, console_on(sys.stdout), lang)
    return difference.exit_code
