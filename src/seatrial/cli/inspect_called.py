"""`seatrial inspect --run`: the system calls of a run beside those in the code."""

from collections.abc import Iterator

from seatrial.model.absence import Unknown
from seatrial.model.needs import Needs
from seatrial.trials.called import CalledCalls

__all__ = ["called_lines"]

_NAME = 24


def called_lines(made: CalledCalls, needs: Needs) -> Iterator[tuple[int, str]]:
    """How the run ended, each call with how often it was made, and what stands in the code alone."""
    yield (
        0,
        f"Run under {made.emulator}: {made.ending} after {made.seconds:.1f} s. Programs it started are not followed.",
    )
    calls = () if isinstance(needs.system_calls, Unknown) else needs.system_calls.calls
    in_code = {call.name: call for call in calls}
    yield 0, f"Called: {len(made.calls)}"
    for name, count in made.calls.items():
        known = in_code.get(name)
        where = "in the code" if known else "not in the code: made by a library, or by the kernel's own page of code"
        yield 1, f"{name:<{_NAME}}{count:>8}  {where}"
    rest = [name for name in in_code if name not in made.calls]
    yield 0, f"In the code and not called in this run: {len(rest)}"
    for name in rest:
        since = in_code[name].since
        yield 1, f"{name:<{_NAME}}{'':>8}  {'Linux ' + since if since else ''}".rstrip()
