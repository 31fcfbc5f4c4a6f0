"""Frames, cpio archives, what is kept of a stream, and the device tree's names, without a machine."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.machines.channel import Channel, ChannelClosed, ChannelTimeout, Frame, Kind
from seatrial.machines.device_tree import GdbError, padded, rewrite
from seatrial.machines.kept import Kept
from seatrial.processes import OUTPUT_LIMIT


@given(st.lists(st.tuples(st.sampled_from(Kind), st.binary(max_size=3000)), max_size=20), st.integers(1, 700))
def test_frames_arrive_as_they_were_sent_however_they_are_cut(frames: list[tuple[Kind, bytes]], cut: int) -> None:
    ours, theirs = socket.socketpair()
    wire = b"".join(len(payload).to_bytes(4) + kind.encode() + payload for kind, payload in frames)

    def feed() -> None:
        with theirs:
            for start in range(0, len(wire), cut):
                theirs.sendall(wire[start : start + cut])

    feeder = threading.Thread(target=feed)
    feeder.start()
    with ours:
        channel = Channel(ours)
        assert [channel.receive(time.monotonic() + 30) for _ in frames] == [Frame(*frame) for frame in frames]
        with pytest.raises(ChannelClosed):
            channel.receive(None)
    feeder.join()


def test_silence_and_nonsense() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        channel = Channel(ours)
        with pytest.raises(ChannelTimeout):
            channel.receive(time.monotonic() + 0.01)
        theirs.sendall(b"\0\0\0\0?")
        with pytest.raises(ChannelClosed):
            channel.receive(None)


def test_a_frame_that_is_too_long_is_nonsense() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"\xff\xff\xff\xffD")
        with pytest.raises(ChannelClosed):
            Channel(ours).receive(None)


def test_data_is_cut_into_frames_and_ended_though_its_source_fails() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender, receiver = Channel(ours), Channel(theirs)

        def parts() -> Iterator[bytes]:
            yield b"begun"
            raise OSError("gone")

        received: list[Frame] = []

        def receive() -> None:
            while (frame := receiver.receive(time.monotonic() + 30)).kind is not Kind.END:
                received.append(frame)

        reader = threading.Thread(target=receive)
        reader.start()
        sender.send_data([b"a" * 300_000, b"b"])
        reader.join()
        assert b"".join(frame.payload for frame in received) == b"a" * 300_000 + b"b"
        with pytest.raises(OSError, match="gone"):
            sender.send_data(parts())
        assert receiver.receive(time.monotonic() + 1).kind is Kind.END


@given(st.lists(st.binary(min_size=1, max_size=400), max_size=60))
def test_what_is_kept(parts: list[bytes]) -> None:
    handed: list[bytes] = []
    kept = Kept(handed.append)
    for part in parts:
        kept.add(part)
    assert bytes(kept) == b"".join(handed) == b"".join(parts)


def test_the_middle_of_too_much_is_left_out() -> None:
    kept = Kept()
    for number in range(40):
        kept.add(bytes([number]) * (OUTPUT_LIMIT // 8))
    text = bytes(kept)
    assert text.startswith(b"\0") and text.endswith(bytes([39]))
    assert b"bytes left out" in text
    assert len(text) < 2 * OUTPUT_LIMIT


def test_names_are_padded_to_the_same_size() -> None:
    assert padded("ab", 3) == b"ab\0"
    assert padded("ab", 6) == b"ab\0--\0"
    assert padded("ab", 4) == b"ab\0\0"


def test_a_stub_that_is_none() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        theirs.close()
        with pytest.raises(GdbError):
            rewrite(ours, 0x100000, {"a": "b"})
