"""Tracing for real: programs made by gcc, this machine's loader, every way in which it refuses."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from seatrial.errors import CouldNotCheck, UsageError
from seatrial.formats import read_binary
from seatrial.linking import trace_linking
from seatrial.linking.explain import refusal
from seatrial.model.linking import Asked, LinkTrace
from seatrial.store import Store, default_root

_LIBRARY = "int foo(void) { return 0; }\n"
_PROGRAM = "int foo(void);\nint main(void) { return foo(); }\n"
_OPENS = """#include <dlfcn.h>
#include <stdio.h>
int main(void)
{
	void *here = dlopen("./libfoo.so.1", RTLD_NOW), *gone = dlopen("libgone.so.7", RTLD_NOW);
	return !(here && dlsym(here, "foo") && !gone && !dlsym(RTLD_DEFAULT, "nobody"));
}
"""

Cc = Callable[..., Path]


@pytest.fixture
def cc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cc:
    monkeypatch.chdir(tmp_path)

    def compile_(name: str, text: str, *flags: str) -> Path:
        (tmp_path / f"{name}.c").write_text(text)
        subprocess.run(["gcc", "-o", name, f"{name}.c", *flags], check=True, cwd=tmp_path)
        return tmp_path / name

    return compile_


@pytest.fixture
def app(cc: Cc) -> Path:
    """A program that needs libfoo.so.1, which lies beside it."""
    cc("libfoo.so.1", _LIBRARY, "-shared", "-fPIC", "-Wl,-soname,libfoo.so.1")
    return cc("app", _PROGRAM, "./libfoo.so.1", "-Wl,-rpath,$ORIGIN")


def trace(*argv: str) -> LinkTrace:
    return trace_linking(argv, Store(default_root()))


def explanation(seen: LinkTrace) -> str:
    (error,) = seen.errors
    assert error.fatal and not seen.started
    return error.explanation.text


def test_a_program_that_loads(app: Path) -> None:
    seen = trace("./app")
    assert (seen.started, seen.ending, seen.errors) == (True, "exit code 0", ())
    foo, libc = seen.searches
    assert (foo.library, foo.by, foo.asked, foo.found) == (
        "libfoo.so.1",
        "./app",
        Asked.NEEDED,
        f"{app.parent}/libfoo.so.1",
    )
    assert foo.attempts[-1].source == "RUNPATH of ./app"
    assert libc.library == "libc.so.6"
    (binding,) = (one for one in seen.bindings if one.symbol == "foo")
    assert (binding.file, binding.to) == ("./app", foo.found)
    assert any(check.version.startswith("GLIBC_2.") and check.by == "./app" for check in seen.versions)
    assert not any("audit.so" in text for one in seen.searches for text in (one.library, one.by))


@pytest.mark.zig
def test_dlopen_and_dlsym_with_their_callers(cc: Cc, app: Path) -> None:
    cc("opens", _OPENS, "-ldl")
    seen = trace("./opens")
    assert (seen.started, seen.ending) == (True, "exit code 0")
    opened = {one.library: one for one in seen.searches if one.asked is Asked.DLOPEN}
    assert (opened["./libfoo.so.1"].found, opened["./libfoo.so.1"].by) == ("./libfoo.so.1", "./opens")
    assert opened["libgone.so.7"].found == ""
    assert isinstance(seen.lookups, tuple)
    assert [(one.caller, one.symbol, Path(one.found).name) for one in seen.lookups] == [
        ("./opens", "foo", "libfoo.so.1")
    ]
    texts = [error.explanation.text for error in seen.errors]
    assert not any(error.fatal for error in seen.errors)
    assert any(text.startswith("libgone.so.7, which ./opens asks for, is in none of the places") for text in texts)
    assert "./opens asks for the symbol nobody, and no loaded library has it." in texts


def test_a_library_that_is_missing(app: Path) -> None:
    (app.parent / "libfoo.so.1").unlink()
    text = explanation(trace("./app"))
    assert text.startswith(
        f"libfoo.so.1, which ./app asks for, is in none of the places that the loader looked at: {app.parent}"
    )


def test_what_cannot_be_preloaded_does_not_end_it(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_PRELOAD", "/nowhere/libgone.so")
    seen = trace("./app")
    (error,) = seen.errors
    assert (seen.started, error.fatal, error.file) == (True, False, "LD_PRELOAD")
    assert error.explanation.text == (
        "/nowhere/libgone.so, which LD_PRELOAD asks for, is in none of the places that the loader looked at: /nowhere."
    )


def test_a_library_of_the_wrong_class(app: Path) -> None:
    (app.parent / "libfoo.so.1").write_bytes(b"\x7fELF\1\1\1".ljust(52, b"\0"))
    seen = trace("./app")
    text = explanation(seen)
    assert text.startswith("libfoo.so.1, which ./app asks for, was found and refused: ")
    assert "wrong ELF class: 32 bits, the program has 64" in text


def test_a_version_that_the_library_has_not(cc: Cc) -> None:
    folder = Path.cwd()
    for name, version in (("old", "FOO_1"), ("new", "FOO_2")):
        (folder / "map").write_text(f"{version} {{ global: foo; }};\n")
        cc(name, _LIBRARY, "-shared", "-fPIC", "-Wl,-soname,libfoo.so.1,--version-script=map")
    (folder / "new").rename("libfoo.so.1")
    cc("app", _PROGRAM, "./libfoo.so.1", "-Wl,-rpath,$ORIGIN")
    (folder / "old").rename("libfoo.so.1")
    text = explanation(trace("./app"))
    assert text.startswith(f"./app asks for the version FOO_2 of {folder}/libfoo.so.1")


def test_a_symbol_that_no_library_has(cc: Cc, app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cc("libfoo.so.1", "int other(void) { return 0; }\n", "-shared", "-fPIC", "-Wl,-soname,libfoo.so.1")
    monkeypatch.setenv("LD_BIND_NOW", "1")
    assert explanation(trace("./app")) == "./app asks for the symbol foo, and no loaded library has it."


def test_a_program_of_the_path(monkeypatch: pytest.MonkeyPatch, app: Path) -> None:
    monkeypatch.setenv("PATH", str(app.parent), prepend=os.pathsep)
    assert trace("app").program == str(app)


def test_a_program_that_goes_on_is_stopped(cc: Cc) -> None:
    cc("waits", "#include <unistd.h>\nint main(void) { return pause(); }\n")
    seen = trace_linking(("./waits",), Store(default_root()), seconds=0.3)
    assert (seen.started, seen.ending) == (True, "stopped after 0.3 s")


def test_what_cannot_be_traced(cc: Cc, tmp_path: Path) -> None:
    cc("static", "int main(void) { return 0; }\n", "-static")
    with pytest.raises(UsageError, match="linked statically"):
        trace("./static")
    cc("musl", "int main(void) { return 0; }\n", "-Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1")
    with pytest.raises(CouldNotCheck, match="not on this machine"):
        trace("./musl")
    (tmp_path / "script").write_text("#!/bin/sh\n")
    with pytest.raises(UsageError, match="neither ELF"):
        trace("./script")
    app = cc("app", "int main(void) { return 0; }\n")
    app.chmod(0o644)
    with pytest.raises(CouldNotCheck, match="Permission denied"):
        trace("./app")


def test_why_a_file_is_passed_over(cc: Cc, tmp_path: Path) -> None:
    program = read_binary(cc("app", "int main(void) { return 0; }\n"))
    library = cc("libfoo.so", _LIBRARY, "-shared", "-fPIC")
    assert refusal(tmp_path / "none", program) is None
    assert refusal(library, program) is None
    (tmp_path / "dangling").symlink_to("nowhere")
    (tmp_path / "text").write_text("INPUT(libfoo.so)\n")
    data = bytearray(library.read_bytes())
    data[18:20] = (183).to_bytes(2, "little")
    (tmp_path / "other").write_bytes(data)
    cc("object.o", _LIBRARY, "-c")
    told = {name: refusal(tmp_path / name, program) for name in ("dangling", "text", "other", "object.o")}
    words = ("symbolic link to nowhere", "no library", "another machine: EM_AARCH64", "no shared library")
    assert all(told_one and word in told_one.text for told_one, word in zip(told.values(), words, strict=True)), told


def test_the_page_and_the_json(app: Path) -> None:
    command = (sys.executable, "-c", "from seatrial.cli import main; main()", "trace-linking")
    page = subprocess.run([*command, "--", "./app"], capture_output=True, text=True, check=False, timeout=120)
    assert page.returncode == 0 and "\x1b" not in page.stdout
    assert "libfoo.so.1" in page.stdout and "Symbols of the program" in page.stdout
    many = [*command, "--lang", "zh", "--", "/bin/bash", "-c", ":"]
    page = subprocess.run(many, capture_output=True, text=True, check=False, timeout=120)
    symbols = page.stdout.split("程序的符号\n")[1].split("\n\n")[0].splitlines()
    assert len(symbols) == 21 and symbols[-1].startswith("  另有 ")
    (app.parent / "libfoo.so.1").unlink()
    done = subprocess.run(
        [*command, "--json", "-", "--", "./app"], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["trace"]["errors"][0]["fatal"] is True
