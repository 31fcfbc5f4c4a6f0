import os
import time
from pathlib import Path

from seatrial.build.signatures import Watch, content_digest, go_names


def _settle() -> None:
    time.sleep(0.03)


def test_names_that_a_package_may_consist_of() -> None:
    assert all(map(go_names, ("a.go", "b.c", "x_arm64.s", "lib.syso", "h.hh", "a_test.go")))
    assert not any(map(go_names, ("README.md", "_a.go", ".b.go", "go", "a.go.bak")))


def test_a_manifest_holds_until_a_file_or_a_listing_changes(tmp_path: Path) -> None:
    (tmp_path / "a.go").write_text("package a")
    _settle()
    watch = Watch()
    watch.package(str(tmp_path))
    watch.files((str(tmp_path / "go.work"),))
    manifest = watch.manifest()
    assert manifest.holds()
    (tmp_path / "README.md").write_text("no part of a package")
    assert manifest.holds()
    (tmp_path / "b_arm64.go").write_text("package a")
    assert not manifest.holds() and not manifest.unchanged_since()
    (tmp_path / "b_arm64.go").unlink()
    assert manifest.holds()
    (tmp_path / "go.work").write_text("")
    assert not manifest.holds()


def test_a_file_with_the_same_size_and_time_is_still_seen(tmp_path: Path) -> None:
    file = tmp_path / "a.go"
    file.write_text("package a")
    stat = file.stat()
    _settle()
    watch = Watch()
    watch.files((str(file),))
    manifest = watch.manifest()
    file.write_text("package b")
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert not manifest.holds()


def test_what_changed_just_before_the_look_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "a.go").write_text("package a")
    watch = Watch()
    watch.package(str(tmp_path))
    manifest = watch.manifest()
    assert not manifest.holds() and manifest.unchanged_since()


def test_embed_patterns_watch_where_a_new_match_could_be(tmp_path: Path) -> None:
    for name in ("static/deep/a.txt", "other/b.txt", "t/one/c.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    _settle()

    def seen(pattern: str, new: str) -> bool:
        watch = Watch()
        watch.pattern(str(tmp_path), pattern)
        manifest = watch.manifest()
        assert manifest.holds()
        (tmp_path / new).write_text("")
        try:
            return not manifest.holds()
        finally:
            (tmp_path / new).unlink()
            _settle()

    assert seen("static", "static/deep/new.txt")
    assert seen("all:static", "static/.hidden")
    assert seen("t/*/*.html", "t/one/new.html")
    assert seen("*.txt", "new.txt")
    assert not seen("static", "other/new.txt")
    assert not seen("t/*.html", "t/one/new.html")


def test_content_is_read_anew_when_the_file_changed(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("1")
    first = content_digest(str(file))
    _settle()
    file.write_text("2")
    assert content_digest(str(file)) != first
    assert content_digest(str(tmp_path / "absent")) == ""
