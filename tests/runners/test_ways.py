from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from seatrial.model.platform import Platform
from seatrial.model.runner import CannotOffer, Offer, Runner, Workload
from seatrial.model.states import Fidelity
from seatrial.runners import Ways, all_runners, ways
from seatrial.store import Store
from seatrial.tables.messages import message

_AMD64 = Workload("linux", "amd64")


class _Fixed:
    """A runner with fixed answers."""

    def __init__(self, *found: Offer | CannotOffer) -> None:
        self.name = "fixed"
        self._found = found

    def offers(self, platform: Platform, workload: Workload) -> Iterable[Offer | CannotOffer]:
        return self._found


_NATIVE = Offer("native", "Linux", Fidelity.HOST)
_TEN = Offer("qemu-user", "qemu-user 10.0.2", Fidelity.USER_EMULATION)
_SEVEN = Offer("qemu-user", "qemu-user 7.2", Fidelity.USER_EMULATION)
_REFUSAL = CannotOffer("wine", message("runners.nobody", port="x"), "no-wine", message("runners.needs_namespaces"))


def _all(found: Ways) -> tuple[tuple[Offer, ...], tuple[CannotOffer, ...]]:
    while found.another():
        pass
    return found.offers, found.refusals


_RUNNERS: tuple[Runner, ...] = (_Fixed(_NATIVE), _Fixed(_TEN, _SEVEN), _Fixed(_REFUSAL))


def test_a_named_cpu_is_emulated_first(platform: Callable[..., Platform]) -> None:
    offers, refusals = _all(ways(_RUNNERS, platform(model="Dhyana", cpu="hygon-dhyana-vm"), _AMD64))
    assert offers == (_TEN, _SEVEN, _NATIVE)
    assert refusals == (_REFUSAL,)


@pytest.mark.parametrize(
    ("goarch", "cpu", "model"), [("amd64", "x86-64-v3", "Haswell"), ("386", "i686", "n270"), ("amd64", "kx-1", "")]
)
def test_a_level_runs_natively_first(platform: Callable[..., Platform], goarch: str, cpu: str, model: str) -> None:
    offers, _ = _all(ways(_RUNNERS, platform(goarch, model, cpu), Workload("linux", goarch)))
    assert offers == (_NATIVE, _TEN, _SEVEN)


def test_the_platform_itself_comes_first(platform: Callable[..., Platform]) -> None:
    hardware = Offer("native", "Linux", Fidelity.HARDWARE)
    offers, _ = _all(ways((_Fixed(hardware), _Fixed(_TEN)), platform(model="Dhyana"), _AMD64))
    assert offers == (hardware, _TEN)


def test_a_platform_that_cannot_run_go_is_offered_nothing(platform: Callable[..., Platform]) -> None:
    offers, (refusal,) = _all(ways(_RUNNERS, platform("loong64", cannot_run=("old-world kernel",)), _AMD64))
    assert offers == ()
    assert refusal.reason_code == "cannot-run"
    assert "old-world kernel" in refusal.reason.text


def test_one_is_looked_for_only_when_it_is_asked_for(platform: Callable[..., Platform]) -> None:
    asked = []

    class Lazy(_Fixed):
        def offers(self, platform: Platform, workload: Workload) -> Iterator[Offer | CannotOffer]:
            for one in self._found:
                asked.append(one)
                yield one

    found = ways((Lazy(_REFUSAL, _TEN), Lazy(_SEVEN)), platform(), _AMD64)
    assert (asked, found.offers, found.looked) == ([], (), 0)
    found.look(1)
    assert (asked, found.offers, found.refusals) == ([_REFUSAL, _TEN], (_TEN,), (_REFUSAL,))
    found.look(1)
    assert len(asked) == 2
    found.look(9)
    assert (found.offers, found.looked, found.more) == ((_TEN, _SEVEN), 3, False)
    assert not found.another() and found.looked == 3


def test_nobody_at_all_is_a_reason_too(tmp_path: Path, platform: Callable[..., Platform]) -> None:
    runners = all_runners(Store(tmp_path), print, Path, Path)
    assert [runner.name for runner in runners] == ["native", "qemu-user", "wine", "micro-vm"]
    offers, (refusal,) = _all(ways(runners, platform("arm64", goos="darwin"), Workload("darwin", "arm64")))
    assert offers == ()
    assert (refusal.reason_code, refusal.needs.text) == ("no-runner", "A machine with darwin/arm64.")
    assert not list(tmp_path.iterdir())  # nothing was fetched or tried for it
