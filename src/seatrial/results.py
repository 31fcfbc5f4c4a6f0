"""Results that outlive a run: cached by the digest of their inputs, and kept in the run's journal as they come.

A cached result is used again by any run with the same inputs. A journal belongs to one request (program, targets,
options): `--resume` takes from it also what is not worth caching, such as a stage that the environment spoiled.
"""

import threading
from pathlib import Path

import msgspec

from seatrial.errors import UsageError
from seatrial.model.finding import Finding
from seatrial.model.report import Stage
from seatrial.model.states import State
from seatrial.store import Store
from seatrial.store.journal import Journal

__all__ = ["Result", "Results", "run_directory"]

_LASTING = frozenset({State.PASS, State.WARN, State.FAIL, State.FLAKY, State.EMULATOR, State.NA})
"""States that the same inputs give again. The others (a missing tool, a lost machine) may be over tomorrow."""


class Result(msgspec.Struct, frozen=True):
    """How a stage ended and what was found on the way."""

    stage: Stage
    findings: tuple[Finding, ...] = ()
    place: str = ""
    """Where the program was: the same one may be elsewhere when the result is used again."""


class _Entry(msgspec.Struct, frozen=True):
    target: str
    key: str
    result: Result


def run_directory(store: Store, request: str) -> Path:
    """Where the journal and the report of a request's last run are. `request` is a digest of what was asked for."""
    return store.root / "runs" / request[:16]


class Results:
    """The results of one run. Raises UsageError when there is nothing to resume."""

    def __init__(self, store: Store, request: str, resume: bool, fresh: bool = False) -> None:
        self._store = store
        self._fresh = fresh
        self._lock = threading.Lock()
        self._journal: Journal[_Entry] = Journal(run_directory(store, request) / "journal.jsonl", _Entry)
        self._resumed: dict[tuple[str, str], Result] = {}
        if resume:
            if not self._journal.path.exists():
                raise UsageError("There is no interrupted run of this request to go on with.", "Leave --resume out.")
            self._resumed = {(entry.target, entry.key): entry.result for entry in self._journal.read()}
        else:
            self._journal.clear()

    @property
    def resumed(self) -> int:
        """How many results an earlier, interrupted run of the same request left."""
        return len(self._resumed)

    def known(self, target: str, key: str) -> Result | None:
        """The result that the same inputs gave before, marked as cached; None when there is none."""
        result = self._resumed.get((target, key))
        if result is None and not self._fresh:
            result = self._store.get("results", key, Result)
        if result is None:
            return None
        self._record(target, key, result)
        stage = msgspec.structs.replace(result.stage, cached=True, seconds=0.0)
        return msgspec.structs.replace(result, stage=stage)

    def keep(self, target: str, key: str, result: Result) -> None:
        """Keep a result. Raises CouldNotCheck when nothing can be written any more."""
        self._record(target, key, result)
        if result.stage.state in _LASTING:
            self._store.put("results", key, result)

    def _record(self, target: str, key: str, result: Result) -> None:
        with self._lock:
            self._journal.append(_Entry(target, key, result))

    def close(self) -> None:
        self._journal.close()
