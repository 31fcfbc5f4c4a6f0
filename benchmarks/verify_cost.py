"""A full `seatrial verify` of a pure Go program on eight Linux targets against a plain shell loop. Goal: at most 1.1.

The loop runs, one after the other, the commands that the report gives as reproducers: `go build`, then the program
under its emulator. Both start with an empty GOCACHE; emulators and modules are there already. What seatrial does on
top, its canaries, the static judgement and the reports, is in its time.
"""

import argparse
import re
import shutil
import tempfile
from pathlib import Path

import roundtrip_verified
from seatrial.model.report import Report
from seatrial.model.states import StageName
from stopwatch import in_turns, run, table


def _loop(report: Report) -> str:
    """The shell script: build and run for each target, and stop at the first failure."""
    lines = ["set -e"]
    for cell in report.cells:
        build, smoke = cell.stage(StageName.BUILD), cell.stage(StageName.SMOKE)
        if build is None or smoke is None or cell.artifact is None:
            raise SystemExit(f"{cell.target}: the report has no commands.")
        program = re.search(r" -o (\S+) ", build.reproducer)
        if program is None or cell.artifact.path not in smoke.reproducer:
            raise SystemExit(f"{cell.target}: the commands do not fit together: {build.reproducer} {smoke.reproducer}")
        lines += [build.reproducer, f"{smoke.reproducer.replace(cell.artifact.path, program[1])} </dev/null"]
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--show-loop", action="store_true", help="print the commands of the loop")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="seatrial-bench-") as folder:
        scratch = Path(folder)
        cache, go_cache, json = scratch / "cache", scratch / "go-cache", scratch / "report.json"
        first = roundtrip_verified.prepare(cache, scratch)
        loop = _loop(first)
        if options.show_loop:
            print(loop)

        def by_seatrial() -> float:
            roundtrip_verified.forget_results(cache)
            seconds = roundtrip_verified.verify(cache, roundtrip_verified.environment(go_cache), json)
            shutil.rmtree(go_cache)
            roundtrip_verified.report(json)
            return seconds

        def by_shell() -> float:
            seconds = run(["bash", "-c", loop], roundtrip_verified.environment(go_cache))
            shutil.rmtree(go_cache)
            return seconds

        title = f"Full verify of a pure Go program on {len(first.cells)} Linux targets, empty GOCACHE"
        times = in_turns({"seatrial verify": by_seatrial, "shell loop": by_shell}, options.rounds)
        print(table(title, times, "shell loop", goal=1.1))


if __name__ == "__main__":
    main()
