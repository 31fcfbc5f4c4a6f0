from pathlib import Path

from seatrial.build.git import revision

HASH = "0123456789abcdef0123456789abcdef01234567"
OTHER = "f" * 40


def _repository(place: Path, head: str = "ref: refs/heads/main\n") -> Path:
    git = place / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text(head)
    return git


def test_head_by_branch_by_hash_and_packed(tmp_path: Path) -> None:
    git = _repository(tmp_path)
    (git / "packed-refs").write_text(f"# pack-refs with: peeled\n{OTHER} refs/tags/v1\n{HASH} refs/heads/main\n")
    assert revision(tmp_path / "cmd" / "app") == HASH
    (git / "refs" / "heads" / "main").write_text(f"{OTHER}\n")
    assert revision(tmp_path) == OTHER
    (git / "HEAD").write_text(f"{HASH}\n")
    assert revision(tmp_path) == HASH


def test_a_worktree_shares_the_branches_of_its_repository(tmp_path: Path) -> None:
    git = _repository(tmp_path / "main")
    (git / "refs" / "heads" / "side").write_text(HASH)
    inner = git / "worktrees" / "w"
    inner.mkdir(parents=True)
    (inner / "HEAD").write_text("ref: refs/heads/side\n")
    (inner / "commondir").write_text("../..\n")
    work = tmp_path / "w"
    work.mkdir()
    (work / ".git").write_text(f"gitdir: {inner}\n")
    assert revision(work) == HASH


def test_no_repository_no_commit_or_a_broken_one(tmp_path: Path) -> None:
    assert revision(tmp_path) == ""
    git = _repository(tmp_path)
    assert revision(tmp_path) == ""
    (git / "HEAD").write_bytes(b"\xff\xfe")
    assert revision(tmp_path) == ""
