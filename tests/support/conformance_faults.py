"""The planted faults of the conformance suite: `topics/*/faults.toml`, checked. See the suite's README.md.

`python tests/support/conformance_faults.py NAME` prints the rules of a fault as the injector reads them.
"""

import re
import sys
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

import seatrial

__all__ = ["INJECTOR", "SUITE", "Fault", "faults"]

SUITE = Path(seatrial.__file__).parent / "probes" / "conformance"
INJECTOR = SUITE.parent / "faultinjector"


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A contract broken on purpose."""

    name: str
    catches: tuple[str, ...]
    """Cases that must turn red."""
    leans: tuple[str, ...] = ()
    """Other topics that may turn red, because they lean on the broken contract."""
    rule: tuple[dict[str, Any], ...] = ()
    """What the injector does; empty for a fault that is planted in the source."""
    hangs: bool = False
    """The cases turn red by their time limit. Otherwise a time limit counts as slowness, not as caught."""
    port: str = "linux/amd64"
    """Where it is run; rules are for linux/amd64 only."""


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    fault: tuple[Fault, ...] = ()


@cache
def faults() -> tuple[Fault, ...]:
    """All of them, by topic. Raises ValueError for a row that is wrong in itself."""
    found: list[Fault] = []
    for path in sorted(SUITE.glob("topics/*/faults.toml")):
        topic = path.parent.name
        for fault in msgspec.toml.decode(path.read_bytes(), type=_Table).fault:
            where = f"{path.parent.name}/faults.toml: {fault.name}"
            if not re.fullmatch(rf"{topic}-[a-z0-9]+(-[a-z0-9]+)*", fault.name):
                raise ValueError(f"{where}: the name is not {topic}-kebab-name")
            if fault.name in {other.name for other in found}:
                raise ValueError(f"{where}: the name is taken")
            if not fault.catches:
                raise ValueError(f"{where}: it catches nothing")
            if fault.rule and fault.port != "linux/amd64":
                raise ValueError(f"{where}: rules are for linux/amd64 only")
            found.append(fault)
    return tuple(found)


if __name__ == "__main__":
    (chosen,) = (fault for fault in faults() if fault.name == sys.argv[1])
    print(msgspec.json.encode(chosen.rule).decode())
