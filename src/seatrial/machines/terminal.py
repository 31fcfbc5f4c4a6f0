"""A command in the guest on the user's own terminal."""

import contextlib
import os
import select
import signal
import termios
import threading
import tty
from collections.abc import Iterator
from types import FrameType

from seatrial.machines.channel import Channel, Frame, Kind

__all__ = ["converse", "window"]


def window(terminal: int) -> dict[str, int]:
    """The size of a terminal, as init takes it."""
    try:
        size = os.get_terminal_size(terminal)
    except OSError:
        return {"rows": 24, "columns": 80}
    return {"rows": size.lines, "columns": size.columns}


def converse(channel: Channel, keyboard: int, screen: int) -> Frame:
    """Pass on what is typed and what is said until the command ends; the frame that says how.

    Raises ChannelClosed, ChannelTimeout.
    """
    with _raw(keyboard), _resized(channel, screen):
        waiting = select.poll()
        waiting.register(channel.fileno(), select.POLLIN)
        waiting.register(keyboard, select.POLLIN)
        while True:
            frame = channel.receive_now()
            if frame is None:
                ready = [fd for fd, _ in waiting.poll()]
                if channel.fileno() in ready:
                    channel.fetch()
                if keyboard in ready:
                    typed = os.read(keyboard, 4096)
                    channel.send(Kind.DATA if typed else Kind.END, typed)
                    if not typed:
                        waiting.unregister(keyboard)
            elif frame.kind in (Kind.ENDED, Kind.ERROR):
                return frame
            elif frame.kind in (Kind.STDOUT, Kind.STDERR):
                _write(screen, frame.payload)


def _write(screen: int, said: bytes) -> None:
    while said:
        said = said[os.write(screen, said) :]


@contextlib.contextmanager
def _raw(keyboard: int) -> Iterator[None]:
    """Ctrl-C and the rest are the guest's while this lasts."""
    if not os.isatty(keyboard):
        yield
        return
    before = termios.tcgetattr(keyboard)
    tty.setraw(keyboard, termios.TCSADRAIN)  # what was typed ahead is kept
    try:
        yield
    finally:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)


@contextlib.contextmanager
def _resized(channel: Channel, screen: int) -> Iterator[None]:
    """The guest's terminal follows the size of the user's."""
    if threading.current_thread() is not threading.main_thread():  # only it may set handlers
        yield
        return

    def tell(_number: int, _frame: FrameType | None) -> None:
        channel.send_json(Kind.WINDOW, window(screen))

    before = signal.signal(signal.SIGWINCH, tell)
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)
