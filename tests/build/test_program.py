import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from seatrial.build import resolve
from seatrial.build.program import main_name
from seatrial.errors import UsageError
from seatrial.model.program import ProgramKind
from seatrial.store import Store
from seatrial.toolchains import GoToolchain

Write = Callable[[Mapping[str, str]], None]

MAIN = "package main\n\nfunc main() {}\n"


@pytest.mark.parametrize(
    ("path", "name"),
    [("example.com/app", "app"), ("example.com/app/v2", "app"), ("example.com/v1", "v1"), ("app", "app"), ("v2", "v2")],
)
def test_executables_are_named_as_go_names_them(path: str, name: str) -> None:
    assert main_name(path) == name


@pytest.mark.go
@pytest.mark.parametrize("argument", ["./cmd/app", "cmd/app", "cmd/app/main.go", "cmd/../cmd/app/", "{home}/cmd/app"])
def test_a_package_directory(argument: str, home: Path, write: Write, go: GoToolchain, store: Store) -> None:
    write(
        {
            "go.mod": "// a module\nmodule example.com/m // here\n",
            "cmd/app/main.go": MAIN,
            "cmd/app/x_test.go": "package x_test",
        }
    )
    program = resolve(argument.format(home=home), home, go, store)
    assert (program.kind, program.name, program.module) == (ProgramKind.PACKAGE, "app", "example.com/m")
    assert (program.directory, program.package) == (home, "./cmd/app")
    assert program.import_path == "example.com/m/cmd/app"
    assert program.summary().argument == argument.format(home=home)


@pytest.mark.go
def test_the_root_of_a_module_and_its_go_mod(home: Path, write: Write, go: GoToolchain, store: Store) -> None:
    write(
        {
            "go.mod": 'module "example.com/tool/v2"\n',
            "main.go": MAIN,
            "tool_gen.go": "//go:build ignore\n\npackage main\n",
        }
    )
    for argument in (".", "go.mod"):
        program = resolve(argument, home, go, store)
        assert (program.name, program.package) == ("tool", ".")


@pytest.mark.go
@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ("./nothing", "There is no ./nothing in"),
        ("", "has no name"),
        ("./...", "is a pattern"),
        ("./lib", r"is package lib, not a program. Main packages below it: ./tool"),
        ("./ignored", r"is package lib, not a program"),
        ("./empty", "no Go files"),
        ("example.com/other/cmd", "example.com/other/cmd@latest"),
        ("a@b@c", "is no module@version"),
        ("@v1.0.0", "is no module@version"),
        ("notes.txt", "notes.txt"),
    ],
)
def test_what_is_no_program(argument: str, says: str, home: Path, write: Write, go: GoToolchain, store: Store) -> None:
    write(
        {
            "go.mod": "module example.com/m\n\ngo 1.24\n",
            "lib/lib.go": "package lib\n",
            "lib/tool/main.go": MAIN,
            "ignored/lib.go": "package lib\n",
            "ignored/gen.go": f"//go:build ignore\n\n{MAIN}",
            "empty/README.md": "",
            "notes.txt": "no binary",
        }
    )
    with pytest.raises(UsageError, match=says):
        resolve(argument, home, go, store)


@pytest.mark.go
def test_outside_a_module_and_in_a_broken_one(home: Path, write: Write, go: GoToolchain, store: Store) -> None:
    write({"main.go": MAIN})
    with pytest.raises(UsageError, match=r"is in no Go module.*go mod init"):
        resolve(".", home, go, store)
    write({"go.mod": "go 1.24\n"})
    with pytest.raises(UsageError, match="has no module line"):
        resolve(".", home, go, store)


@pytest.mark.go
def test_a_finished_binary(go: GoToolchain, store: Store, tmp_path: Path) -> None:
    copy = tmp_path / "app.exe"
    copy.write_bytes(Path(go.binary).read_bytes())
    program = resolve("app.exe", tmp_path, go, store)
    assert (program.kind, program.name, program.binary) == (ProgramKind.BINARY, "app", str(copy))
    assert program.port and program.port.startswith("linux/") and len(program.sha256) == 64
    os.truncate(copy, copy.stat().st_size // 4)
    with pytest.raises(UsageError, match="cannot be inspected: it has"):
        resolve("app.exe", tmp_path, go, store)
