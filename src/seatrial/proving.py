"""Proves each runner once, before anything rests on it."""

import threading
from functools import partial

from seatrial.build.plan import go_target
from seatrial.model.go_target import GoTarget
from seatrial.model.platform import Platform
from seatrial.model.project import BuildSettings
from seatrial.model.runner import Offer
from seatrial.model.trial import CanaryResult
from seatrial.store import Store, digest
from seatrial.toolchains import GoToolchain, compile_probe
from seatrial.trials.proof import Proved, prove

__all__ = ["Canaries"]


class Canaries:
    """What the canary and the calibration showed under each offer. For any thread."""

    def __init__(self, go: GoToolchain, store: Store) -> None:
        self._go = go
        self._store = store
        self._proved: dict[str, Proved] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    def __call__(self, platform: Platform, offer: Offer, goarch: str = "") -> CanaryResult:
        """The result for this platform, and for programs of this GOARCH, where that is not the platform's own.

        Raises CouldNotCheck when a probe cannot be built.
        """
        target = go_target(platform, BuildSettings())
        if goarch not in ("", target.goarch):
            target = GoTarget(target.goos, goarch)
        key = digest(offer.key, offer.prefix, target)
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._proved:
                build = partial(compile_probe, self._go, target=target, store=self._store)
                self._proved[key] = prove(offer, target.goos, target.goarch, build)
            return self._proved[key].against(platform)
