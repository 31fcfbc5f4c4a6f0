from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest

from seatrial.build import plan, resolve
from seatrial.build.plan import go_target
from seatrial.errors import UsageError
from seatrial.model.platform import Certainty, Fact, Platform
from seatrial.model.program import BuildJob, CannotBuild, Program, ProgramKind
from seatrial.model.project import BuildSettings
from seatrial.store import Store
from seatrial.toolchains import GoToolchain

Write = Callable[[Mapping[str, str]], None]
Named = Callable[[str], Platform]
Plan = Callable[..., BuildJob | CannotBuild]

MOD = "module example.com/m\n\ngo 1.24\n"
CGO = 'package main\n\n// int seatrial_f(void) { return 1; }\nimport "C"\n\nfunc main() { println(C.seatrial_f()) }\n'
STUB = "//go:build !cgo\n\npackage main\n\nfunc main() {}\n"


@pytest.fixture
def planned(home: Path, go: GoToolchain, store: Store, platform: Named) -> Plan:
    def make(name: str, **settings: object) -> BuildJob | CannotBuild:
        program = resolve(".", home, go, store)
        return plan(program, platform(name), msgspec.convert(settings, BuildSettings), go, store)

    return make


@pytest.mark.parametrize(
    ("name", "safe", "wanted", "expected"),
    [
        ("debian-12/amd64", "v3", {}, "linux_amd64_v1"),
        ("debian-12/amd64", "v1", {"amd64": "v3"}, "linux_amd64_v3"),
        ("debian-12/amd64", "v1", {"arm": "6"}, "linux_amd64_v1"),
        ("debian-12/arm", "7", {}, "linux_arm_7"),
        ("debian-12/arm", "6", {}, "linux_arm_6"),
        ("debian-12/arm", "5", {}, "linux_arm_5"),
        ("debian-12/386", "softfloat", {}, "linux_386_softfloat"),
        ("kylin-v11/3a6000", "", {}, "linux_loong64"),
        ("debian-12/s390x", "", {}, "linux_s390x"),
    ],
)
def test_variant(platform: Named, name: str, safe: str, wanted: dict[str, str], expected: str) -> None:
    one = msgspec.structs.replace(platform(name), variant=Fact(safe, "test", Certainty.ASSUMED))
    assert go_target(one, BuildSettings(variants=wanted)).name == expected


def test_a_variant_that_does_not_exist(platform: Named) -> None:
    with pytest.raises(UsageError, match="GOAMD64"):
        go_target(platform("debian-12/amd64"), BuildSettings(variants={"amd64": "v9"}))


@pytest.mark.go
@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"buildmode": "plugin"}, "buildmode = 'plugin'"),
        ({"cgo": "maybe"}, "cgo = 'maybe'"),
        ({"env": {"GOROOT": "/x"}}, "env cannot set GOROOT"),
        ({"env": {"GOAMD64": "v3"}}, "env cannot set GOAMD64"),
        ({"tags": ("a b",)}, "'a b' is no build tag"),
        ({"glibc": "new"}, "glibc = 'new'"),
    ],
)
def test_settings_that_no_platform_can_have(
    settings: dict[str, object], says: str, planned: Plan, write: Write
) -> None:
    write({"go.mod": MOD, "main.go": "package main\n\nfunc main() {}\n"})
    with pytest.raises(UsageError, match=says):
        planned("debian-12/amd64", **settings)


@pytest.mark.go
def test_a_finished_binary_is_not_planned(go: GoToolchain, store: Store, platform: Named) -> None:
    with pytest.raises(ValueError, match="no build job"):
        plan(Program("a", "a", ProgramKind.BINARY), platform("debian-12/amd64"), BuildSettings(), go, store)


@pytest.mark.go
@pytest.mark.zig
def test_cgo_is_on_exactly_where_the_program_has_cgo_files(planned: Plan, write: Write) -> None:
    write({"go.mod": MOD, "main_linux.go": CGO, "stub.go": "//go:build !linux\n\n" + STUB.split("\n\n", 1)[1]})
    linux, windows = planned("debian-12/amd64"), planned("windows-10/amd64")
    assert isinstance(linux, BuildJob) and linux.cgo and linux.cc
    assert isinstance(windows, BuildJob) and not windows.cgo and not windows.cc


@pytest.mark.go
@pytest.mark.parametrize("main", ['import "net"\n\nfunc main() { println(net.FlagUp) }', "func main() {}"])
def test_cgo_of_the_standard_library_alone_does_not_turn_it_on(main: str, planned: Plan, write: Write) -> None:
    write({"go.mod": MOD, "main.go": f"package main\n\n{main}\n", "tag.go": "//go:build cgo\n\npackage main\n"})
    job = planned("debian-12/amd64")
    assert isinstance(job, BuildJob) and not job.cgo and not job.left_out


@pytest.mark.go
def test_files_that_a_switched_off_cgo_leaves_out_are_named(planned: Plan, write: Write) -> None:
    write({"go.mod": MOD, "main.go": CGO, "stub.go": STUB, "never_windows.go": CGO})
    job = planned("debian-12/amd64", cgo=False)
    assert isinstance(job, BuildJob) and not job.cgo
    assert [(left.package, left.files) for left in job.left_out] == [("example.com/m", ("main.go",))]


@pytest.mark.go
def test_a_target_without_c_compiler_says_who_needs_one(planned: Plan, write: Write) -> None:
    write({"go.mod": MOD, "main.go": CGO, "stub.go": STUB})
    answer = planned("debian-12/arm", variants={"arm": "5"})
    assert isinstance(answer, CannotBuild) and answer.reason_code == "c-target"
    assert [left.package for left in answer.cgo_files] == ["example.com/m"]
    assert isinstance(planned("debian-12/arm", variants={"arm": "5"}, cgo=False), BuildJob)


@pytest.mark.go
@pytest.mark.zig
def test_libraries_need_cgo(planned: Plan, write: Write) -> None:
    write({"go.mod": MOD, "main.go": "package main\n\nfunc main() {}\n"})
    job = planned("debian-12/amd64", buildmode="c-shared")
    assert isinstance(job, BuildJob) and job.cgo
    answer = planned("debian-12/amd64", buildmode="c-archive", cgo=False)
    assert isinstance(answer, CannotBuild) and answer.reason_code == "cgo-needed"


@pytest.mark.go
@pytest.mark.zig
def test_cgo_on_macos_amd64_becomes_pie_and_says_so(planned: Plan, write: Write) -> None:
    write({"go.mod": MOD, "main.go": CGO})
    job = planned("macos-13/amd64")
    assert isinstance(job, BuildJob) and job.buildmode == "pie"
    assert [note.id for note in job.notes] == ["build.mode-changed"]
