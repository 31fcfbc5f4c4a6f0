"""Which change of which file changes which keys: exactly those of the targets that use it."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest

from seatrial.build import go_list, input_key, inputs, plan, resolve
from seatrial.build.go_list import Listed, ListRequest
from seatrial.model.platform import Platform
from seatrial.model.program import BuildJob, Program
from seatrial.model.project import BuildSettings
from seatrial.store import Store
from seatrial.toolchains import GoToolchain

pytestmark = pytest.mark.go

Write = Callable[[Mapping[str, str]], None]
Named = Callable[[str], Platform]

AMD64, ARM64, WINDOWS = "debian-12/amd64", "ubuntu-22.04/arm64", "windows-10/amd64"
EVERY = {AMD64, ARM64, WINDOWS}

PURE = {
    "go.mod": "module example.com/m\n\ngo 1.24\n\nrequire example.com/r v0.0.0\n\nreplace example.com/r => ./r\n",
    "main.go": "package main\n\nimport (\n\t_ \"embed\"\n\t\"example.com/m/lib\"\n\t\"example.com/r\"\n)\n\n"
    "//go:embed static/a.txt\nvar text string\n\nfunc main() { println(text, lib.Name, r.Name) }\n",
    "static/a.txt": "embedded",
    "static/b.txt": "not embedded",
    "lib/lib.go": "package lib\n\nconst Name = arch\n",
    "lib/lib_arm64.go": "package lib\n\nconst arch = \"arm\"\n",
    "lib/lib_other.go": "//go:build !arm64\n\npackage lib\n\nconst arch = \"other\"\n",
    "lib/win_windows.go": "package lib\n",
    "lib/lib_test.go": "package lib\n",
    "lib/testdata/case.txt": "1",
    "r/go.mod": "module example.com/r\n\ngo 1.24\n",
    "r/r.go": "package r\n\nconst Name = 1\n",
    "README.md": "words",
    "unused/unused.go": "package unused\n",
}  # fmt: skip


class Keys:
    """The keys of one module for three platforms, and how often `go list` was asked."""

    def __init__(self, home: Path, go: GoToolchain, store: Store, platform: Named) -> None:
        self.home, self.go, self.store, self.platform = home, go, store, platform
        self.listed = 0

    @property
    def program(self) -> Program:
        return resolve(".", self.home, self.go, self.store)

    def job(self, name: str, **settings: object) -> BuildJob:
        build = msgspec.convert(settings, BuildSettings)
        job = plan(self.program, self.platform(name), build, self.go, self.store)
        assert isinstance(job, BuildJob)
        return job

    def __call__(self, **settings: object) -> dict[str, str]:
        return {name: input_key(self.program, self.job(name, **settings), self.go) for name in EVERY}

    def changed(self, before: dict[str, str]) -> set[str]:
        after = self()
        return {name for name in EVERY if before[name] != after[name]}

    def tests(self, name: str = AMD64, packages: tuple[str, ...] = ("./...",)) -> str:
        return inputs.test_key(self.program, self.job(name), self.go, self.store, packages)


@pytest.fixture
def keys(home: Path, go: GoToolchain, store: Store, platform: Named, monkeypatch: pytest.MonkeyPatch) -> Keys:
    made = Keys(home, go, store, platform)
    really = go_list.list_packages

    def counted(program: Program, request: ListRequest, go: GoToolchain) -> Listed:
        made.listed += 1
        return really(program, request, go)

    monkeypatch.setattr("seatrial.build.survey.list_packages", counted)
    return made


def test_unchanged_files_need_no_process_and_little_time(keys: Keys, write: Write) -> None:
    write(PURE)
    first = keys()
    assert keys.listed == 3 and len(set(first.values())) == 3
    started = time.perf_counter()
    assert keys() == first
    assert keys.listed == 3
    assert time.perf_counter() - started < 0.1


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        ({"static/a.txt": "other"}, EVERY),
        ({"static/b.txt": "other"}, set()),
        ({"lib/lib_arm64.go": 'package lib\n\nconst arch = "arm64"\n'}, {ARM64}),
        ({"lib/lib_other.go": '//go:build !arm64\n\npackage lib\n\nconst arch = ""\n'}, {AMD64, WINDOWS}),
        ({"lib/win_windows.go": "package lib\n\nvar _ = 1\n"}, {WINDOWS}),
        ({"lib/new_arm64.s": "// new\n"}, {ARM64}),
        ({"lib/new_linux.go": "package lib\n"}, {AMD64, ARM64}),
        ({"r/r.go": "package r\n\nconst Name = 2\n"}, EVERY),
        ({"r/go.mod": "module example.com/r\n\ngo 1.23\n"}, EVERY),
        ({"go.mod": PURE["go.mod"].replace("go 1.24", "go 1.23")}, EVERY),
        ({"go.work": "go 1.24\n\nuse .\n"}, EVERY),
        ({"README.md": "other words", "lib/notes.txt": "", "unused/unused.go": "package unused // x\n"}, set()),
        ({"lib/lib_test.go": "package lib // x\n", "lib/testdata/case.txt": "2"}, set()),
    ],
)
def test_a_change_touches_exactly_the_targets_that_use_it(
    change: dict[str, str], touched: set[str], keys: Keys, write: Write
) -> None:
    write(PURE)
    before = keys()
    write(change)
    assert keys.changed(before) == touched


def test_a_file_that_is_taken_away(keys: Keys, write: Write) -> None:
    write(PURE)
    before = keys()
    (keys.home / "lib" / "win_windows.go").unlink()
    assert keys.changed(before) == {WINDOWS}
    write({"lib/win_windows.go": PURE["lib/win_windows.go"]})
    assert keys.changed(before) == set(), "what is as before has the key of before"


def test_a_new_file_that_an_embed_pattern_matches(keys: Keys, write: Write) -> None:
    write(PURE | {"main.go": PURE["main.go"].replace("//go:embed static/a.txt\nvar text string", "var text string")})
    write({"fs.go": 'package main\n\nimport "embed"\n\n//go:embed static\nvar files embed.FS\n'})
    before = keys()
    write({"static/deep/c.txt": "new"})
    assert keys.changed(before) == EVERY


def test_the_same_source_elsewhere_has_the_same_key(keys: Keys, write: Write, tmp_path: Path) -> None:
    write(PURE)
    before = keys()
    keys.home = keys.home.rename(tmp_path / "moved")
    assert keys.changed(before) == set()


def test_a_module_behind_a_symbolic_link_is_the_same(keys: Keys, write: Write, tmp_path: Path) -> None:
    write(PURE)
    before = keys()
    (tmp_path / "link").symlink_to(keys.home)
    keys.home = tmp_path / "link"
    assert keys.changed(before) == set()
    assert keys.listed == 3


def test_platforms_that_need_the_same_share_one_key(keys: Keys, write: Write) -> None:
    write(PURE)
    shared = {
        input_key(keys.program, keys.job(name), keys.go)
        for name in (AMD64, "kylin-v10-sp3/hygon-c86-3s", "centos-7/amd64")
    }
    assert len(shared) == 1


def test_settings_and_the_toolchain_are_part_of_the_key(keys: Keys, write: Write) -> None:
    write(PURE)
    settings: list[dict[str, object]] = [
        {}, {"tags": ("x",)}, {"ldflags": "-s"}, {"gcflags": "-N"}, {"buildmode": "pie"}, {"variants": {"amd64": "v2"}},
        {"env": {"GOEXPERIMENT": "synctest"}}, {"reproducible": False},
    ]  # fmt: skip
    seen = {input_key(keys.program, keys.job(AMD64, **one), keys.go) for one in settings}
    assert len(seen) == len(settings)
    other = msgspec.structs.replace(keys.go, digest="another release")
    assert input_key(keys.program, keys.job(AMD64), other) not in seen


def test_a_tag_brings_in_its_files(keys: Keys, write: Write) -> None:
    write(PURE | {"lib/extra.go": "//go:build extra\n\npackage lib\n"})
    plain, tagged = keys(), keys(tags=("extra",))
    write({"lib/extra.go": "//go:build extra\n\npackage lib\n\nvar _ = 1\n"})
    assert keys.changed(plain) == set()
    assert all(keys(tags=("extra",))[name] != tagged[name] for name in EVERY)


CGO = {
    "go.mod": "module example.com/m\n\ngo 1.24\n",
    "main.go": "package main\n\n/*\n#cgo CFLAGS: -I${SRCDIR}/include\n#include \"own.h\"\n#include <inc.h>\n"
    "#include \"../beside/beside.h\"\n*/\nimport \"C\"\n\nfunc main() { println(C.seatrial_a) }\n",
    "own.h": "enum { seatrial_a = 1 };\n",
    "include/inc.h": "enum { seatrial_b = 1 };\n",
}  # fmt: skip


@pytest.mark.zig
@pytest.mark.parametrize(
    "header", ["own.h", "include/inc.h", "include/new.h", "../beside/beside.h", "../beside/inner.h"]
)
def test_a_c_header_in_and_outside_the_package(header: str, keys: Keys, write: Write) -> None:
    write(CGO | {"../beside/beside.h": '#include "inner.h"\n', "../beside/inner.h": "enum { seatrial_c = 1 };\n"})
    before = keys()
    listed = keys.listed
    assert keys.changed(before) == set() and keys.listed == listed
    write({header: "enum { seatrial_d = 2 };\n"})
    assert keys.changed(before) == EVERY


@pytest.mark.zig
def test_other_files_beside_the_headers_do_not_count(keys: Keys, write: Write) -> None:
    write(CGO | {"main.go": CGO["main.go"].replace("include\n", "include -I${SRCDIR}\n"), "include/README.md": "1"})
    before = keys()
    write({"include/README.md": "2", "include/notes.txt": "", "README.md": ""})
    assert keys.changed(before) == set()


@pytest.mark.zig
def test_a_header_that_was_missing_is_noticed_when_it_comes(keys: Keys, write: Write) -> None:
    write(CGO)
    before = keys()
    write({"../beside/beside.h": "enum { seatrial_c = 1 };\n"})
    assert keys.changed(before) == EVERY


def test_a_broken_program_is_listed_again_each_time(keys: Keys, write: Write) -> None:
    write(PURE | {"lib/broken.go": 'package lib\n\nimport _ "example.com/m/nothere"\n'})
    before = keys()
    keys()
    assert keys.listed == 6
    write({"nothere/x.go": "package nothere\n"})
    assert keys.changed(before) == EVERY


def test_tests_have_a_key_with_their_own_files(keys: Keys, write: Write) -> None:
    write(PURE)
    before = keys.tests()
    listed = keys.listed
    assert keys.tests() == before and keys.listed == listed
    changes = (
        {"lib/lib_test.go": "package lib // x\n"},
        {"lib/testdata/case.txt": "2"},
        {"lib/testdata/deep/new.txt": "2"},
        {"lib/x_linux_test.go": "package lib_test\n"},
        {"lib/lib_other.go": "//go:build !arm64\n\npackage lib\n\nconst arch = `x`\n"},
        {"more/more_test.go": "package more\n"},
    )
    for change in changes:
        write(change)
        after = keys.tests()
        assert after != before, change
        before = after
    for change in (
        {"README.md": "x"},
        {"lib/x_windows_test.go": "package lib\n"},
        {"lib/lib_arm64.go": "package lib\n"},
    ):
        write(change)
        assert keys.tests() == before, change
    assert keys.tests(packages=("./lib",)) != before
