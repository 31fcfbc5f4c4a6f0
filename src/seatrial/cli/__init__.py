"""The command line: one file a verb; parse, call, print. Verbs are imported when they are used."""

import errno
import importlib
import os
import sys
from typing import Any, NoReturn

import click

from seatrial import __version__
from seatrial.cli.streams import ready_streams
from seatrial.errors import SeatrialError

__all__ = ["main"]

_VERBS = {
    "verify": "Build a program for platforms, judge it, run it: the matrix.",
    "conformance": "Ask a platform whether it keeps the contracts that Go leans on: a certificate.",
    "vm": "Run a program, or a shell, in a machine: any kernel, any CPU model.",
    "old-kernel": "Run a program as if this host's kernel were older.",
    "targets": "List the platforms; show what is known of one.",
    "inspect": "Show what a binary needs, and who in it.",
    "trace-linking": "Trace what the loader does for a program.",
    "explain": "Explain a rule: why it exists, how to mend what it found.",
    "completion": "Print the shell completion script.",
}
"""Verb to its one line in --help. The module of a verb is `seatrial.cli.<verb>` (`_` for `-`), its command is named
`command`."""


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        command: click.Command = importlib.import_module(f"seatrial.cli.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_VERBS.items()))


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="seatrial")
def cli() -> None:
    """Sea trials for Go programs: prove that a program builds, links, loads and runs where it must ship to.

    \b
    seatrial verify ./cmd/app                       every default platform
    seatrial verify ./cmd/app -t 'kylin*'           those that match
    seatrial conformance                            what this machine promises Go programs, and keeps
    seatrial targets kylin-v10-sp3/ft-2000-4        what is known of a platform
    seatrial explain ST-LIBC-001                    why, and how to mend it

    Exit codes: 0 good, 1 bad, 2 usage, 3 could not check, 70 a bug of ours.
    """


def main() -> None:
    """Run the command line and exit: every error that is not a bug is one clear line on stderr."""
    ready_streams()
    arguments: dict[str, Any] = {"standalone_mode": False, "prog_name": "seatrial"}
    try:
        code = cli.main(**arguments)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("seatrial: interrupted", err=True)
        sys.exit(3)
    except SeatrialError as error:
        click.echo(f"seatrial: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            _report_bug()
            sys.exit(70)
        _write_no_more(
            f"seatrial: the output cannot be written: {error.strerror}. Free some space, or write elsewhere."
        )
    except SystemExit:  # click's, where nobody reads stdout any more
        _write_no_more("")
    except Exception:
        _report_bug()
        sys.exit(70)
    sys.exit(code if isinstance(code, int) else 0)


def _write_no_more(why: str) -> NoReturn:
    """End without the rest of the output, which Python would try to write at its own end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if why:
        click.echo(why, err=True)
    sys.exit(3)


def _report_bug() -> None:
    import platform
    import traceback

    click.echo("seatrial: this is a bug of ours. Please report it with the lines below.", err=True)
    click.echo(f"seatrial {__version__}, Python {platform.python_version()}, {platform.platform()}", err=True)
    click.echo(f"argv: {sys.argv[1:]}", err=True)
    click.echo(traceback.format_exc(), err=True)
