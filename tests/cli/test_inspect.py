"""`seatrial inspect`: the page, the JSON, and what it does with anything but a sound binary."""

import json
import os
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from support import go_info, mutations
from support.elf_writer import PT_GNU_STACK, Elf, Library, Names, Part, Symbol, symbol_table
from support.inspecting import run
from support.macho_writer import AMD64, ARM64, Macho, archive, universal
from support.macho_writer import Symbol as MachoSymbol
from support.pe_writer import Pe, coff_object

ELF = Library(
    (
        Symbol("malloc", "GLIBC_2.2.5", "libc.so.6"),
        Symbol("dlopen", "GLIBC_2.34", "libc.so.6"),
        Symbol("pidfd_open", "GLIBC_2.36", "libc.so.6", bind=2),
        Symbol("pidfd_kill", "GLIBC_2.36", "libc.so.6"),
        Symbol("Start", defined=True),
    ),
    ("libc.so.6",),
    interpreter="/lib64/ld-linux-x86-64.so.2",
    runpath="$ORIGIN",
    relocations=((18, 0), (6, 1)),
    flags=0x10,
    flags_1=0x08000000,
    more=(Part(go_info.inline("go1.27.3", go_info.modules()), ".go.buildinfo", flags=3),),
    elf=Elf(type=3, extra_headers=((PT_GNU_STACK, 6),)),
)
PE = Pe(
    imports=(("kernel32.dll", ("WriteFile",)),),
    delayed=(("bcryptprimitives.dll", ("ProcessPrng",)),),
    exports=("Start",),
    data=go_info.inline("go1.27.3", go_info.modules("windows")),
)
MACHO = Macho(
    libraries=("/usr/lib/libSystem.B.dylib",),
    symbols=(MachoSymbol("_Start", defined=True), MachoSymbol("_malloc", library=1)),
    data=go_info.inline("go1.27.3", go_info.modules("darwin", "arm64")),
)


def test_a_long_label_is_not_run_into_its_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names()
    table = symbol_table(Elf(), (Symbol("getaddrinfo", defined=True),), names)
    parts = (Part(table, ".symtab", 2, link=".strtab"), Part(names.raw, ".strtab", 3))
    path = tmp_path / "app"
    path.write_bytes(Elf(parts=parts, osabi=3).build())
    code, out, _ = run(capsys, monkeypatch, str(path))
    assert code == 0 and "  C functions inside getaddrinfo\n" in out


def test_the_page(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "app"
    path.write_bytes(ELF.build())
    code, out, err = run(capsys, monkeypatch, str(path))
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    for expected in (
        "kind pie, dynamic",
        "platform linux/amd64",
        "loader /lib64/ld-linux-x86-64.so.2",
        "C library glibc",
        "libraries libc.so.6",
        "highest versions GLIBC_2.36 of libc.so.6: pidfd_open (weak), pidfd_kill",
        "search path $ORIGIN",
        "version go1.27.3",
        "module example.com/app (devel)",
        '-ldflags -X main.text="a\\tb" -s',
        "executable stack no",
        "static TLS DF_STATIC_TLS, 1 relocation",
        "exports Start",
    ):
        assert expected in lines
    assert "\x1b" not in out


def test_what_is_unknown_is_told_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "app"
    made = ELF.build()
    path.write_bytes(made[: int.from_bytes(made[40:48], "little")])
    code, out, _ = run(capsys, monkeypatch, str(path))
    assert code == 0
    assert "executable stack  no" in out
    assert "problems          sections: the section header table lies outside the file" in out
    assert "static symbols    the section header table lies outside the file" in out


def test_no_stack_mark_is_not_shown_as_a_no(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "app"
    path.write_bytes(Elf((Part(b"x"),)).build())
    _, out, _ = run(capsys, monkeypatch, str(path))
    assert "executable stack  there is no PT_GNU_STACK" in out


def test_json_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, to = tmp_path / "app.exe", tmp_path / "facts.json"
    path.write_bytes(PE.build())
    code, out, err = run(capsys, monkeypatch, str(path), "--json", "-")
    document = json.loads(out)
    assert (code, err, document["schema"]) == (0, "", "seatrial/inspect/2")
    assert document["facts"]["libraries"] == ["kernel32.dll", "bcryptprimitives.dll"]
    assert document["facts"]["go"]["settings"]["GOOS"] == "windows"
    code, page, _ = run(capsys, monkeypatch, str(path), "--json", str(to))
    assert code == 0 and "windows-cui" in page
    assert json.loads(to.read_text()) == document


def test_a_name_that_is_no_text_survives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff[red]"))
    path.write_bytes(MACHO.build())
    code, out, _ = run(capsys, monkeypatch, str(path))
    assert code == 0
    assert "\\xff[red]" in out
    code, out, _ = run(capsys, monkeypatch, str(path), "--json", "-")
    assert json.loads(out)["facts"]["path"].endswith("\\xff[red]")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing", "No such file or directory"),
        ("folder", "is a folder"),
        ("empty", "is empty"),
        ("text", "neither ELF, PE, Mach-O nor an ar archive"),
        ("pipe", "is no regular file"),
        ("loop", "cannot be read"),
        ("short", "inside the ELF header"),
    ],
)
def test_what_is_no_binary_ends_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str, message: str
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty").touch()
    (tmp_path / "text").write_text("#!/bin/sh\necho hello\n")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "short").write_bytes(b"\x7fELF\2\1\1")
    os.mkfifo(tmp_path / "pipe")
    code, out, err = run(capsys, monkeypatch, str(tmp_path / name))
    assert (code, out) == (2, "")
    assert message in err
    assert err.startswith("seatrial: ") and err.count("\n") == 1


def test_a_program_that_was_cut_off_is_not_judged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cut"
    path.write_bytes(Path(sys.executable).resolve().read_bytes()[:10_000])
    code, out, err = run(capsys, monkeypatch, str(path))
    assert (code, out) == (2, "")
    assert "cannot be inspected: it has 10,000 bytes, and its segments reach to byte" in err


def test_output_that_nobody_takes(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(ELF.build())
    line = f"{sys.executable} -m seatrial inspect {path}"
    full = subprocess.run(f"{line} > /dev/full", shell=True, stderr=subprocess.PIPE, text=True, timeout=60)
    assert (full.returncode, "No space left on device" in full.stderr, full.stderr.count("\n")) == (3, True, 1)
    closed = subprocess.run(f"{line} | true; exit ${{PIPESTATUS[0]}}", shell=True, executable="/bin/bash", timeout=60)
    assert closed.returncode in (0, 3)  # it may have written all before the reader has gone


def test_why_of_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(ELF.build())
    code, out, err = run(capsys, monkeypatch, str(path), "--why", " ")
    assert (code, out, "--why asks for something" in err) == (2, "", True)


def test_a_file_that_may_not_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret"
    path.write_bytes(b"x")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    code, _, err = run(capsys, monkeypatch, str(path))
    assert (code, "Permission denied" in err) == (2, True)


def bases() -> dict[str, bytes]:
    """Sound files of every kind, small, so that damage hits what is read."""
    small = Elf(type=1, parts=(Part(b"\x90", ".text", flags=6),))
    return {
        "elf64": ELF.build(),
        "elf32be": Library(ELF.symbols, ELF.needed, hash="gnu", elf=Elf(bits=32, order=">", machine=8, type=3)).build(),
        "elf-static": Elf(ELF.more, sections_first=True).build(),
        "pe64": PE.build(),
        "pe32": Pe(machine=0x14C, bits=32, imports=PE.imports, exports=PE.exports).build(),
        "macho": MACHO.build(),
        "universal": universal((AMD64, MACHO.build()), (ARM64, MACHO.build())),
        "archive": archive(("go.o", small.build()), form="gnu"),
        "coff": archive(("go.o", coff_object((("Start", 1), ("a_long_symbol_name", 0)))), form="coff"),
    }


def header_end(made: bytes) -> int:
    """Where the headers of a sound little-endian 64-bit file end."""
    if made.startswith(b"\x7fELF"):
        return 64 + 56 * int(struct.unpack_from("<H", made, 56)[0])
    if made.startswith(b"MZ"):
        start = struct.unpack_from("<I", made, 0x3C)[0]
        sections, optional = struct.unpack_from("<H12xH", made, start + 6)
        return int(start + 24 + optional + 40 * sections)
    return int(32 + struct.unpack_from("<I", made, 20)[0])


def inspect_all(folder: Path) -> list[dict[str, object]]:
    """How `seatrial inspect` ended on each file of a folder, in one process with 1 GiB of memory."""
    script = Path(__file__).parents[1] / "support" / "inspect_many.py"
    done = subprocess.run(
        [sys.executable, str(script), str(folder)], capture_output=True, text=True, timeout=200, check=False
    )
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(results) == len(list(folder.iterdir())), f"ended on file {len(results)}: {done.stderr[-2000:]}"
    return results


def test_two_thousand_damaged_files(tmp_path: Path) -> None:
    """No traceback, no hang, no memory above 1 GiB, never exit 70; 0 with facts or 2 with one line."""
    sound = bases()
    for number, (name, made) in enumerate(sound.items()):
        for index, damaged in enumerate(mutations.mutants(made, 2000 // len(sound) + 1, seed=number)):
            (tmp_path / f"{name}-{index:04}").write_bytes(damaged)
    results = inspect_all(tmp_path)
    assert len(results) >= 2000
    bad = [result for result in results if result["code"] not in (0, 2)]
    assert not bad, bad[0]
    for result in results:
        stderr = str(result["stderr"])
        if result["code"] == 2:
            assert result["stdout"] == 0
            assert stderr.startswith("seatrial: ") and stderr.count("\n") == 1, stderr
        else:
            assert result["stdout"] and not stderr
    for name in sound:
        codes = {result["code"] for result in results if str(result["name"]).startswith(f"{name}-")}
        assert codes == {0, 2}, f"the damage done to {name} shows only one outcome: {codes}"


def test_truncation_in_the_headers_is_always_2(tmp_path: Path) -> None:
    sound = bases()
    for name in ("elf64", "elf-static", "pe64", "macho"):
        made = sound[name]
        for size in range(1, header_end(made)):
            (tmp_path / f"{name}-{size:05}").write_bytes(made[:size])
    results = inspect_all(tmp_path)
    assert {result["code"] for result in results} == {2}


def test_the_limit_can_be_hit(tmp_path: Path) -> None:
    """The child really has 1 GiB: a sound file that is larger cannot be mapped, and that is told in one line."""
    path = tmp_path / "large"
    path.write_bytes(ELF.build())
    os.truncate(path, 2 << 30)
    (result,) = inspect_all(tmp_path)
    assert result["code"] == 2
    assert "cannot be read: Cannot allocate memory" in str(result["stderr"])
