"""The store: whole entries or none, by digest, for several processes at once."""

import multiprocessing
import os
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.errors import CouldNotCheck
from seatrial.store import Store, default_root, digest, file_digest, write_atomically
from seatrial.store.journal import Journal


class Value(msgspec.Struct, frozen=True):
    name: str
    count: int = 0


def test_what_was_put_is_got(tmp_path: Path) -> None:
    store = Store(tmp_path)
    key = digest("a", 1)
    assert store.get("room", key, Value) is None
    store.put("room", key, Value("x", 2))
    assert store.get("room", key, Value) == Value("x", 2)


def test_a_damaged_entry_is_as_good_as_none(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.put("room", digest("a"), Value("x"))
    (store.path("room", digest("a")) / "value.json").write_bytes(b'{"name": ')
    assert store.get("room", digest("a"), Value) is None


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_digests_tell_different_parts_apart(left: list[str], right: list[str]) -> None:
    assert (digest(*left) == digest(*right)) == (left == right)


def test_the_order_of_a_dict_does_not_matter() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


def test_file_digest(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    assert file_digest(tmp_path / "f") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_failed_fill_leaves_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def fill(place: Path) -> None:
        (place / "half").write_text("x")
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        store.make("room", digest("a"), fill)
    assert [p.name for p in (tmp_path / "room").rglob("*") if p.is_file()] == []
    assert store.make("room", digest("a"), lambda place: (place / "whole").touch()).is_dir()


def _fill_slowly(root: Path, log: Path) -> None:
    def fill(place: Path) -> None:
        with log.open("a") as file:
            file.write("filled\n")
        (place / "x").touch()

    Store(root).make("room", digest("same"), fill)


def test_two_processes_fill_an_entry_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    workers = [multiprocessing.Process(target=_fill_slowly, args=(tmp_path / "s", log)) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert log.read_text() == "filled\n"


def test_atomic_write_replaces_and_leaves_no_temporary(tmp_path: Path) -> None:
    target = tmp_path / "sub" / "f"
    write_atomically(target, b"one")
    write_atomically(target, b"two")
    assert target.read_bytes() == b"two"
    assert [path.name for path in target.parent.iterdir()] == ["f"]


def test_what_is_no_file_is_written_to_and_stays(tmp_path: Path) -> None:
    """As root, a rename onto /dev/null would be the end of it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_atomically(pipe, b"told")
    assert (os.read(reading, 9), pipe.is_fifo()) == (b"told", True)
    os.close(reading)
    with pytest.raises(CouldNotCheck, match="Is a directory"):
        write_atomically(tmp_path, b"x")


def test_a_link_stays_one(tmp_path: Path) -> None:
    """As root, --json /dev/stdout would put a file in its place."""
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("old")
    link.symlink_to(target)
    write_atomically(link, b"new")
    assert (link.is_symlink(), target.read_text()) == (True, "new")


def test_a_link_to_a_pipe_is_written_to() -> None:
    """/dev/stdout in a pipeline, and what a shell makes of >(...): below /proc, with no path behind them."""
    reading, writing = os.pipe()
    write_atomically(Path(f"/dev/fd/{writing}"), b"told")
    assert os.read(reading, 9) == b"told"
    os.close(reading)
    os.close(writing)


def test_what_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CouldNotCheck, match=r"Cannot write .*file/f: File exists\. Free some space"):
        write_atomically(tmp_path / "file" / "f", b"x")
    with pytest.raises(CouldNotCheck, match="Cannot write"):
        Store(tmp_path / "file").put("room", digest("a"), Value("x"))


def test_root_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEATRIAL_CACHE", "/a")
    assert default_root() == Path("/a")
    monkeypatch.delenv("SEATRIAL_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/b")
    assert default_root() == Path("/b/seatrial")


def test_journal_gives_back_what_was_appended(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "runs" / "j", Value)
    assert list(journal.read()) == []
    journal.append(Value("a", 1))
    journal.append(Value("b", 2))
    journal.close()
    assert list(Journal(tmp_path / "runs" / "j", Value).read()) == [Value("a", 1), Value("b", 2)]


@given(cut=st.integers(0, 60))
def test_a_torn_journal_keeps_its_whole_lines(cut: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("journal") / "j"
    journal = Journal(path, Value)
    lines = []
    for number in range(3):
        journal.append(Value("v", number))
        lines.append(path.stat().st_size)
    journal.close()
    whole = path.read_bytes()[:cut]
    path.write_bytes(whole)
    survived = sum(size <= len(whole) for size in lines)
    assert len(list(Journal(path, Value).read())) == survived
    journal = Journal(path, Value)
    journal.append(Value("after", 9))
    journal.close()
    assert [value.name for value in Journal(path, Value).read()] == ["v"] * survived + ["after"]


def test_a_full_disk_is_one_clear_line() -> None:
    journal = Journal(Path("/dev/full"), Value)
    with pytest.raises(CouldNotCheck, match="No space left on device"):
        journal.append(Value("x"))
