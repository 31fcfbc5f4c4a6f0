"""What is done again when something changes: exactly the cells that the change touches.

Programs are built and run natively (amd64, 386), where that says it all, so that this stays quick.
"""

import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seatrial.model.report import Report
from seatrial.model.states import StageName
from seatrial.store import Store
from support.verification import cached, own_store, run, states

pytestmark = pytest.mark.go

AMD64, I386 = "debian-12/amd64", "debian-12/386"

FILES = {
    "go.mod": """module example.test/touch

go 1.27

require example.test/neighbour v0.0.0

replace example.test/neighbour => ../neighbour
""",
    "main.go": """package main

import (
	_ "embed"
	"fmt"

	"example.test/neighbour"
)

//go:embed words.txt
var words string

func main() { fmt.Println(words, neighbour.Word(), level) }
""",
    "words.txt": "hello",
    "level_amd64.go": "package main\n\nconst level = 64\n",
    "level_386.go": "package main\n\nconst level = 32\n",
    "main_test.go": """package main

import "testing"

func TestLevel(t *testing.T) {
	if level != 64 && level != 32 {
		t.Fatal(level)
	}
}
""",
    "README.md": "About it.\n",
    "seatrial.toml": "",
    "../neighbour/go.mod": "module example.test/neighbour\n\ngo 1.27\n",
    "../neighbour/word.go": 'package neighbour\n\nfunc Word() string { return "word" }\n',
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, Path]:
    """A program that has been verified once."""
    root = tmp_path_factory.mktemp("again")
    store, program = own_store(root / "store"), root / "program"
    for name, text in FILES.items():
        path = program / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.resolve().write_text(text)
    report = run(store, program, AMD64, I386)
    assert set(states(report).values()) == {"pass"}
    assert not any(cached(report).values())
    return store, program


def again(place: tuple[Store, Path]) -> Report:
    return run(place[0], place[1], AMD64, I386)


def redone(report: Report) -> set[tuple[str, str]]:
    """What was built or run, as (architecture, stage)."""
    return {(target.partition("/")[2], stage.value) for (target, stage), old in cached(report).items() if not old}


NATIVE = """package native

// #cgo CFLAGS: -I${SRCDIR}/../../include
// #include <outside.h>
// #include "inside.h"
import "C"

func N() int { return C.INSIDE + C.OUTSIDE }
"""

EXITS_0 = "[smoke]\nexit_code = 0\n"
EVERYTHING = {(arch, stage) for arch in ("amd64", "386") for stage in ("build", "smoke", "tests")}


def edit(name: str, text: str) -> Callable[[Path], None]:
    def change(program: Path) -> None:
        path = (program / name).resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    return change


def test_unchanged_nothing_is_built_or_run(place: tuple[Store, Path]) -> None:
    report = again(place)
    assert redone(report) == set()
    assert report.summary.cached == 6
    assert set(states(report).values()) == {"pass"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(edit("README.md", "Something else.\n"), set(), id="a file that no build uses"),
        pytest.param(edit("words.txt", "good morning"), EVERYTHING, id="an embedded file"),
        pytest.param(
            edit("../neighbour/word.go", 'package neighbour\n\nfunc Word() string { return "other" }\n'),
            EVERYTHING,
            id="a module that replace points to",
        ),
        pytest.param(
            edit("level_386.go", "package main\n\nconst level = 32 // thirty-two\n\nvar _ = level\n"),
            {("386", "build"), ("386", "tests")},
            id="a file of one architecture that changes no byte of the artifact but the tests' sources",
        ),
        pytest.param(
            edit("level_amd64.go", 'package main\n\nimport "os"\n\nvar level = 64 + len(os.Getenv("NONE"))\n'),
            {("amd64", "build"), ("amd64", "smoke"), ("amd64", "tests")},
            id="a file of one architecture",
        ),
        pytest.param(edit("more.go", "package main\n\nfunc init() { println() }\n"), EVERYTHING, id="a new file"),
        pytest.param(
            edit("main_test.go", 'package main\n\nimport "testing"\n\nfunc TestOther(t *testing.T) {}\n'),
            {("amd64", "tests"), ("386", "tests")},
            id="a test",
        ),
        pytest.param(edit("testdata/input", "x"), {("amd64", "tests"), ("386", "tests")}, id="a file in testdata"),
        pytest.param(
            edit("seatrial.toml", EXITS_0),
            {("amd64", "smoke"), ("386", "smoke")},
            id="what the smoke trial must see",
        ),
        pytest.param(
            edit(
                "seatrial.toml", '[smoke]\nexit_code = 0\n[[override]]\ntargets = ["*/386"]\nbuild = { tags = ["x"] }\n'
            ),
            {("386", "build"), ("386", "tests")},
            id="a build tag for one target that changes no byte of the artifact but its build information",
        ),
    ],
)
def test_a_change_touches_its_cells_only(
    place: tuple[Store, Path], change: Callable[[Path], None], expected: set[tuple[str, str]]
) -> None:
    change(place[1])
    report = again(place)
    done = redone(report)
    # The linker writes build tags into the artifact, so its bytes and with them the smoke trial may change too.
    assert done - {("386", "smoke")} == expected - {("386", "smoke")}
    assert not any(old is False for (_, stage), old in cached(again(place)).items()), "the second time it is kept"


def test_a_program_that_was_moved_is_told_of_where_it_is_now(tmp_path: Path) -> None:
    store = own_store(tmp_path / "store")
    main = "package main\n\nfunc main() {}\n"
    test = 'package main\n\nimport "testing"\n\nfunc TestIt(t *testing.T) {}\n'
    for name in ("here", "two words"):
        programs = {"sound": main, "broken": main.replace("{}", "{ nothing() }")}
        for program, text in programs.items():
            (tmp_path / name / program).mkdir(parents=True)
            (tmp_path / name / program / "go.mod").write_text(f"module example.test/{program}\n\ngo 1.27\n")
            (tmp_path / name / program / "main.go").write_text(text)
            (tmp_path / name / program / "main_test.go").write_text(test)
            stages = run(store, tmp_path / name / program, AMD64).cells[0].stages
            told = [stage for stage in stages if stage.stage in ("build", "tests") and stage.state != "not-run"]
            assert [stage.cached for stage in told] == [name != "here"] * len(told)
            place = shlex.quote(str(tmp_path / name / program))
            assert all(stage.reproducer.startswith(f"(cd {place} && ") for stage in told)
        app = tmp_path / name / "app"
        shutil.copy2("/bin/true", app)
        smoke = run(store, app, AMD64, stages=("smoke",)).cells[0].stages[0]
        assert smoke.cached == (name != "here")
        assert shlex.split(smoke.reproducer)[-1] == str(app)


def test_a_platform_file_touches_its_platforms(place: tuple[Store, Path], tmp_path: Path) -> None:
    from seatrial import platforms

    shipped = Path(platforms.__file__).parent / "data"
    (tmp_path / "os").mkdir()
    own = tmp_path / "os" / "own-12.toml"
    own.write_text((shipped / "os" / "debian-12.toml").read_text())
    store, program = place
    more: dict[str, Any] = {"platforms": (str(tmp_path),)}
    first = run(store, program, "own-12/386", AMD64, **more)
    assert redone(first) == {("386", "smoke"), ("386", "tests")}
    assert redone(run(store, program, "own-12/386", AMD64, **more)) == set()
    own.write_text(own.read_text().replace("6.1.0", "6.2.0"))
    assert redone(run(store, program, "own-12/386", AMD64, **more)) == {("386", "smoke"), ("386", "tests")}


@pytest.mark.qemu
def test_another_emulator_touches_what_it_runs(
    place: tuple[Store, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, program = place
    edit("level_arm64.go", "package main\n\nconst level = 64\n")(program)
    first = run(store, program, "debian-12/arm64", AMD64)
    found = [tool.path for tool in first.tool.outside if tool.name == "qemu-aarch64"]
    emulator = tmp_path / "qemu-aarch64"
    shutil.copy(found[0], emulator)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    run(store, program, "debian-12/arm64", AMD64)
    assert redone(run(store, program, "debian-12/arm64", AMD64)) == set()
    with emulator.open("ab") as file:
        file.write(b"\0")
    assert redone(run(store, program, "debian-12/arm64", AMD64)) == {("arm64", "smoke"), ("arm64", "tests")}


@pytest.mark.zig
def test_a_c_header_touches_what_includes_it(tmp_path: Path) -> None:
    store, program = own_store(tmp_path / "store"), tmp_path / "program"
    (program / "native").mkdir(parents=True)
    (tmp_path / "include").mkdir()
    (program / "go.mod").write_text("module example.test/header\n\ngo 1.27\n")
    (program / "main.go").write_text(
        'package main\n\nimport "example.test/header/native"\n\nfunc main() { println(native.N()) }\n'
    )
    (program / "native" / "native.go").write_text(
        'package native\n\n// #cgo CFLAGS: -I${SRCDIR}/../../include\n// #include <outside.h>\n// #include "inside.h"\n'
        'import "C"\n\nfunc N() int { return C.INSIDE + C.OUTSIDE }\n'
    )
    inside, outside = program / "native" / "inside.h", tmp_path / "include" / "outside.h"
    inside.write_text("#define INSIDE 1\n")
    outside.write_text("#define OUTSIDE 2\n")

    def verify() -> dict[tuple[str, StageName], bool]:
        return dict(cached(run(store, program, AMD64, stages=("smoke",))))

    assert not any(verify().values())
    assert all(verify().values())
    for header in (inside, outside):
        header.write_text(header.read_text().replace("1", "3").replace("2", "4"))
        assert not any(verify().values()), header
        assert all(verify().values())
