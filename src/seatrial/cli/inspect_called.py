"""`seatrial inspect --run`: the system calls of a run beside those in the code."""

from collections.abc import Iterator

from seatrial.cli.inspect_words import Words
from seatrial.model.absence import Unknown
from seatrial.model.needs import Needs
from seatrial.trials.called import CalledCalls

__all__ = ["called_lines"]

_NAME = 24


def called_lines(made: CalledCalls, needs: Needs, words: Words) -> Iterator[tuple[int, str]]:
    """How the run ended, each call with how often it was made, and what stands in the code alone."""
    yield 0, words("run", emulator=made.emulator, ending=made.ending, seconds=f"{made.seconds:.1f}")
    calls = () if isinstance(needs.system_calls, Unknown) else needs.system_calls.calls
    in_code = {call.name: call for call in calls}
    yield 0, words("called", count=len(made.calls))
    for name, count in made.calls.items():
        where = words("called-in-code" if name in in_code else "called-not-in-code")
        yield 1, f"{name:<{_NAME}}{count:>8}  {where}"
    rest = [name for name in in_code if name not in made.calls]
    yield 0, words("not-called", count=len(rest))
    for name in rest:
        since = in_code[name].since
        yield 1, f"{name:<{_NAME}}{'':>8}  {'Linux ' + since if since else ''}".rstrip()
