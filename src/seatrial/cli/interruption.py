"""SIGTERM and SIGHUP end a long job as Ctrl-C does: with what was found until then."""

import signal
from types import FrameType
from typing import NoReturn

__all__ = ["end_as_by_ctrl_c"]

_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


def end_as_by_ctrl_c() -> None:
    """From now on these signals raise KeyboardInterrupt, once. What is ignored, as under nohup(1), stays ignored."""
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    for number in _SIGNALS:  # a terminal that is closed sends several: the report is written all the same
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt
