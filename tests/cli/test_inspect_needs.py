"""`seatrial inspect` on real programs: who asks, floors with reasons, what a run called."""

import json
from pathlib import Path

import pytest

from seatrial.errors import CouldNotCheck
from seatrial.toolchains import reader as toolchains_reader
from support import floor_programs
from support.builds import Builder
from support.inspecting import run

pytestmark = pytest.mark.go


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Makes openat2, which Linux has since 5.6."""
    return floor_programs.caller(Builder(tmp_path_factory.mktemp("programs")), "openat2")


def test_the_page_says_from_when_on_it_runs(
    program: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = run(capsys, monkeypatch, str(program))
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "From when on it runs" in lines
    assert any(line.startswith("Linux kernel 5.6: openat2 is called by main.main;") for line in lines)
    assert "page size up to 4 KiB" in " | ".join(lines)
    assert any("pidfd_open (Linux 5.3)" in line for line in lines)


def test_why_a_system_call(program: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = run(capsys, monkeypatch, str(program), "--why", "syscall:openat2")
    assert (code, err) == (0, "")
    assert out.startswith("openat2, number 437, of Linux 5.6: 1 place\n  main.main (example.com/openat2 (devel)")
    assert "through syscall.Syscall6" in out and "no way around it is known" in out
    _, out, _ = run(capsys, monkeypatch, str(program), "--why", "syscall:434")
    assert "pidfd_open" in out and "The kernel is asked first; without it os works with process numbers." in out


def test_floors_with_reasons_and_confidence(
    program: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = run(capsys, monkeypatch, str(program), "--floors")
    assert code == 0
    assert "Linux kernel: 5.6\n" in out
    assert (
        "  5.6  openat2 is called by main.main; Linux has it since 5.6, and no way around it is known. [likely; " in out
    )
    assert "  3.2  go1.27.3 asks for Linux 3.2. [certain; " in out
    assert "CPU: GOAMD64=v1" in out


def test_why_a_cpu_feature(program: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = run(capsys, monkeypatch, str(program), "--why", "sse2")
    assert code == 0 and "GOAMD64=v1 lets the compiler use" in out


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("syscall:openat3", "syscall:openat2?"),
        ("sse22", "Did you mean sse2"),
        ("openat2", "'openat2' is a system call. Ask for syscall:openat2."),
        ("libnothing.so.9", "Ask for a symbol, a symbol version, a library, a CPU feature, syscall:<name>, "),
    ],
)
def test_what_it_does_not_ask_for_is_a_wrong_use(
    program: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, what: str, said: str
) -> None:
    code, out, err = run(capsys, monkeypatch, str(program), "--why", what, "--why", "sse2")
    assert code == 2 and "GOAMD64=v1 lets the compiler use" in out
    assert said in err and err.count("\n") == 1
    code, out, err = run(capsys, monkeypatch, str(program), "--why", what, "--why", "libnone.so")
    assert (code, out) == (2, "")
    assert said in err and "libnone.so" in err and err.count("\n") == 2


def test_json_has_all_of_it(program: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, err = run(capsys, monkeypatch, str(program), "--json", "-")
    document = json.loads(out)
    assert (code, err, document["schema"]) == (0, "", "seatrial/inspect/2")
    needs = document["parts"][0]["needs"]
    assert {floor["kind"]: floor["minimum"] for floor in needs["floors"]}["kernel"] == "5.6"
    call = next(call for call in needs["system_calls"]["calls"] if call["name"] == "openat2")
    assert call["sites"][0]["owner"]["module"] == "example.com/openat2"


def test_without_a_toolchain_the_reason_is_told(
    program: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(explicit: str = "", store: object = None) -> None:
        raise CouldNotCheck("There is no Go toolchain here.")

    monkeypatch.setattr(toolchains_reader, "find_go", none)
    code, out, _ = run(capsys, monkeypatch, str(program))
    assert code == 0
    assert "unknown: There is no Go toolchain here." in out
    code, out, err = run(capsys, monkeypatch, str(program), "--why", "syscall:openat2")
    assert (code, out) == (3, "")
    assert "could not be read: There is no Go toolchain here." in err


@pytest.mark.qemu
def test_what_a_run_called(program: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = run(capsys, monkeypatch, str(program), "--run", "")
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "openat2 1 in the code" in lines
    assert any(line.startswith("In the code and not called in this run:") for line in lines)
    code, _, err = run(capsys, monkeypatch, str(program), "--run", "'")
    assert code == 2 and "No closing quotation" in err


def test_a_run_of_what_is_no_linux_program(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from support.pe_writer import Pe

    (tmp_path / "app.exe").write_bytes(Pe(imports=(("kernel32.dll", ("WriteFile",)),)).build())
    code, out, err = run(capsys, monkeypatch, str(tmp_path / "app.exe"), "--run", "")
    assert (code, out) == (2, "") and "no Linux program" in err
