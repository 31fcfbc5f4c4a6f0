"""`seatrial --help` against the `--help` of a program that has nothing but click. Goal: at most 1.3 times."""

import argparse
import sys
import tempfile
from pathlib import Path

from stopwatch import in_turns, run, table

_BARE = """\
#!{python}
import sys
import click

@click.group()
def cli():
    "A program that does nothing."

@cli.command()
def nothing():
    "Do nothing."

if __name__ == "__main__":
    sys.exit(cli())
"""


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=31)
    rounds = arguments.parse_args().rounds
    seatrial = Path(sys.executable).with_name("seatrial")
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder, "bare")
        bare.write_text(_BARE.format(python=sys.executable))
        bare.chmod(0o755)
        commands = {"seatrial --help": [str(seatrial), "--help"], "bare click --help": [str(bare), "--help"]}
        tasks = {name: lambda command=command: run(command) for name, command in commands.items()}
        in_turns(tasks, 2)  # compiles the modules and warms the page cache
        print(table("Start-up", in_turns(tasks, rounds), "bare click --help", goal=1.3))


if __name__ == "__main__":
    main()
