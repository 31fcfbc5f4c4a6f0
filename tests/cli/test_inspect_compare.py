"""`seatrial inspect --compare` as a command: the page, the JSON, and what ends it."""

import json
from pathlib import Path

import pytest

from support import go_info
from support.elf_writer import Elf, Library, Part, Symbol
from support.inspecting import run
from support.macho_writer import AMD64, ARM64, Macho, universal


@pytest.fixture
def pair(tmp_path: Path) -> tuple[str, str]:
    build_info = (Part(go_info.inline("go1.27.3", go_info.modules()), ".go.buildinfo", flags=3),)
    dynamic = Library(
        (Symbol("malloc", "GLIBC_2.2.5", "libc.so.6"), Symbol("own"), Symbol("dlopen", "GLIBC_2.34", "libc.so.6")),
        ("libown.so", "libc.so.6"),
        interpreter="/lib/ld-nowhere.so.1",
        more=build_info,
        elf=Elf(type=2),
    )
    first, second = tmp_path / "app-cgo", tmp_path / "app-pure"
    first.write_bytes(dynamic.build())
    second.write_bytes(Elf(build_info).build())
    return str(first), str(second)


def test_the_page(pair: tuple[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = run(capsys, monkeypatch, pair[0], "--compare", pair[1])
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    for expected in (
        "linkage dynamic static",
        "loader /lib/ld-nowhere.so.1 -",
        "libraries 2 0",
        "glibc 2.34 -",
        "Only in app-cgo",
        "libraries 2 libown.so, libc.so.6",
        "From the source to the library: app-cgo",
    ):
        assert expected in lines
    assert "this host has no loader /lib/ld-nowhere.so.1" in out
    assert "\x1b" not in out and "byte for byte" not in out and "two programs" not in out


def test_the_same_file_and_another_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [tmp_path / name for name in ("one", "same", "other")]
    for path, module in zip(paths, ("app", "app", "other"), strict=True):
        info = go_info.inline("go1.27.3", f"path\texample.com/{module}\nmod\texample.com/{module}\t(devel)\t\n")
        path.write_bytes(Elf((Part(info, ".go.buildinfo", flags=3),)).build())
    one, same, other = map(str, paths)
    assert "The files are the same, byte for byte." in run(capsys, monkeypatch, one, "--compare", same)[1]
    assert "两个文件逐字节相同。" in run(capsys, monkeypatch, one, "--compare", same, "--lang", "zh")[1]
    assert "These are two programs: their main packages differ." in run(capsys, monkeypatch, one, "--compare", other)[1]


def test_json_and_nothing_else(
    pair: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = run(capsys, monkeypatch, pair[0], "--compare", pair[1], "--json", "-")
    document = json.loads(out)
    assert (code, err, document["schema"]) == (0, "", "seatrial/inspect-compare/1")
    comparison = document["comparison"]
    assert comparison["libraries"] == {"first": ["libown.so", "libc.so.6"], "second": []}
    assert [chain["library"] for chain in comparison["first_chains"]] == ["libown.so", "libc.so.6", ""]
    to = tmp_path / "out.json"
    code, page, _ = run(capsys, monkeypatch, pair[0], "--compare", pair[1], "--json", str(to))
    assert code == 0 and "Side by side" in page
    assert json.loads(to.read_text()) == document


def test_of_universal_files_what_both_have_is_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    both, one = tmp_path / "both", tmp_path / "one"
    both.write_bytes(universal((AMD64, Macho().build()), (ARM64, Macho(cpu=ARM64).build())))
    one.write_bytes(Macho(cpu=ARM64).build())
    code, out, _ = run(capsys, monkeypatch, str(both), "--compare", str(one), "--json", "-")
    comparison = json.loads(out)["comparison"]
    assert (code, comparison["first"]["goarch"], comparison["second"]["goarch"]) == (0, "arm64", "arm64")


def test_what_ends_it(
    pair: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = tmp_path / "text"
    text.write_text("#!/bin/sh\n")
    for arguments, expected in (
        ((pair[0], "--compare", str(text)), "neither ELF, PE, Mach-O"),
        ((pair[0], "--compare", str(tmp_path / "gone")), "No such file"),
        ((pair[0], "--compare", pair[1], "--floors"), "--compare stands alone"),
        ((pair[0], "--source", str(tmp_path)), "belong to --compare"),
        ((pair[0], "--compare", pair[1], "--sysroot", str(text)), "is no folder"),
    ):
        code, out, err = run(capsys, monkeypatch, *arguments)
        assert (code, out) == (2, "")
        assert expected in err
