"""Several platforms: each has its certificate, after Ctrl-C too."""

import pytest

from seatrial.conformance import CaseEnded, Event, PlatformStarted, Request, conformance
from seatrial.model.states import State
from seatrial.store import Store, default_root

pytestmark = pytest.mark.go


def test_after_ctrl_c_no_other_platform_is_begun() -> None:
    events: list[Event] = []

    def listen(event: Event) -> None:
        events.append(event)
        if isinstance(event, CaseEnded):
            raise KeyboardInterrupt

    request = Request(targets=("debian-12/amd64", "debian-12/386"), cases=("clocks/resolution",))
    first, second = conformance(request, Store(default_root()), listen)
    assert [case.state for case in (*first.cases, *second.cases)] == [State.PASS, State.NOT_RUN]
    assert not first.complete and not second.complete
    assert sum(isinstance(event, PlatformStarted) for event in events) == 1
    again = conformance(
        Request(targets=("debian-12/amd64",), cases=request.cases), Store(default_root()), events.append
    )
    assert again[0].complete
