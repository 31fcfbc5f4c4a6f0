"""The commit that is checked out, read from .git itself: no process, no index, no look at changed files."""

from pathlib import Path

__all__ = ["revision"]


def revision(directory: Path) -> str:
    """The full hash of HEAD in the repository that holds the directory; "" for none (git help gitrepository-layout)."""
    for place in (directory, *directory.parents):
        dot_git = place / ".git"
        if dot_git.exists():
            try:
                return _head(dot_git)
            except (OSError, UnicodeDecodeError):
                return ""
    return ""


def _head(dot_git: Path) -> str:
    if dot_git.is_file():  # a worktree or a submodule: "gitdir: <path>"
        dot_git = dot_git.parent / dot_git.read_text(encoding="utf-8").strip().removeprefix("gitdir: ")
    head = (dot_git / "HEAD").read_text(encoding="utf-8").strip()
    if not head.startswith("ref: "):
        return head
    name = head.removeprefix("ref: ")
    shared = dot_git / "commondir"
    common = dot_git / shared.read_text(encoding="utf-8").strip() if shared.is_file() else dot_git
    for place in (dot_git, common):
        if (place / name).is_file():
            return (place / name).read_text(encoding="utf-8").strip()
    packed = common / "packed-refs"
    lines = packed.read_text(encoding="utf-8").splitlines() if packed.is_file() else []
    return next((line.split(" ", 1)[0] for line in lines if line.endswith(f" {name}")), "")
