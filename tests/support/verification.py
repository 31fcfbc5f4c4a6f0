"""Running `verify` in tests: a store of their own that shares only what was downloaded, and short answers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seatrial.model.events import Event
from seatrial.model.report import Report
from seatrial.model.states import StageName
from seatrial.planning import Request
from seatrial.store import Store, default_root
from seatrial.verify import verify

__all__ = ["cached", "own_store", "run", "states"]

_DOWNLOADS = ("apt", "packages", "package-pins", "wine-prefixes")


def own_store(place: Path) -> Store:
    """An empty store, except that packages are those that were fetched before."""
    place.mkdir()
    for room in _DOWNLOADS:
        (default_root() / room).mkdir(parents=True, exist_ok=True)
        (place / room).symlink_to(default_root() / room)
    return Store(place)


def run(store: Store, program: Path, *targets: str, events: list[Event] | None = None, **more: Any) -> Report:
    """Verify a program on targets, as the command line would."""
    fields: dict[str, Any] = {"argument": str(program), "directory": str(program.parent), "targets": targets, "jobs": 2}
    request = Request(**fields | more)

    def listen(event: Event, _: object) -> None:
        if events is not None:
            events.append(event)

    return verify(request, store, listen)


def states(report: Report) -> Mapping[tuple[str, StageName], str]:
    """(target, stage) to state."""
    return {(cell.target, stage.stage): stage.state.value for cell in report.cells for stage in cell.stages}


def cached(report: Report) -> Mapping[tuple[str, StageName], bool]:
    """(target, stage) to whether it was taken from an earlier run; static judgement is always made anew."""
    return {
        (cell.target, stage.stage): stage.cached
        for cell in report.cells
        for stage in cell.stages
        if stage.stage is not StageName.STATIC
    }
