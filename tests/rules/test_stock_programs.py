"""A default program must be silent: false findings are what makes people switch a judge off.

Programs are built as seatrial builds them, for every platform of the catalogue, and judged.
"""

from pathlib import Path

import pytest

from seatrial.build import build, plan, resolve
from seatrial.formats import read_binary
from seatrial.model.binary import BinaryFacts, Linkage
from seatrial.model.platform import Platform
from seatrial.model.program import Built, CannotBuild
from seatrial.model.project import BuildSettings
from seatrial.platforms import load
from seatrial.rules import judge, undecided
from seatrial.store import Store, default_root
from seatrial.toolchains.go import find_go

HELLO = 'package main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("hello")\n}\n'
WITH_C = """package main

// static int twice(int n) { return 2 * n; }
import "C"

import "net"

//export Twice
func Twice(n C.int) C.int { return C.twice(n) }

func main() {
	_, err := net.LookupHost("localhost")
	println(Twice(21), err)
}
"""

PLATFORMS = load().select(["*/*"])
PORTS = sorted({(platform.goos, platform.goarch) for platform in PLATFORMS})
FAST = {("linux", "amd64"), ("darwin", "amd64"), ("windows", "amd64")}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("stock")
    for name, text in {"hello": HELLO, "with-c": WITH_C}.items():
        folder = root / name
        folder.mkdir()
        (folder / "go.mod").write_text("module example.test/stock\n\ngo 1.27\n")
        (folder / "main.go").write_text(text)
    return root


def built(folder: Path, platform: Platform, settings: BuildSettings) -> BinaryFacts:
    store = Store(default_root())
    go = find_go("", store)
    program = resolve(".", folder, go, store)
    job = plan(program, platform, settings, go, store)
    assert not isinstance(job, CannotBuild), job
    result = build(program, job, go, store)
    assert isinstance(result, Built), result
    return read_binary(Path(result.path))


def expected(platform: Platform) -> list[str]:
    """The one finding on the platforms that this release of Go does not support."""
    if platform.world.value == "old":
        return ["ST-LOONG-001"]
    return ["ST-GO-001"] if platform.os == "macos-12" else []


@pytest.mark.go
@pytest.mark.parametrize(
    "port",
    [pytest.param(port, marks=() if port in FAST else pytest.mark.slow, id="/".join(port)) for port in PORTS],
)
def test_hello_is_silent_on_every_platform_of_its_port(port: tuple[str, str], sources: Path) -> None:
    here = [platform for platform in PLATFORMS if (platform.goos, platform.goarch) == port]
    facts = built(sources / "hello", here[0], BuildSettings(cgo=False))
    assert {platform.name: [finding.rule for finding in judge(facts, platform)] for platform in here} == {
        platform.name: expected(platform) for platform in here
    }
    assert [reason.text for platform in here for reason in undecided(facts, platform)] == []


@pytest.mark.go
@pytest.mark.zig
@pytest.mark.parametrize(
    ("target", "mode"),
    [
        ("kylin-v10-sp3/amd64", "exe"),
        ("kylin-v10-sp3/amd64", "pie"),
        ("kylin-v10-sp3/amd64", "c-shared"),
        ("kylin-v10-sp3/amd64", "c-archive"),
        pytest.param("centos-7/amd64", "exe", marks=pytest.mark.slow),
        pytest.param("kylin-v10-sp3/arm64", "exe", marks=pytest.mark.slow),
        pytest.param("kylin-v10-sp3/arm64", "c-shared", marks=pytest.mark.slow),
        pytest.param("kylin-v11/3a6000", "exe", marks=pytest.mark.slow),
        pytest.param("openeuler-24.03/riscv64", "exe", marks=pytest.mark.slow),
        pytest.param("debian-12/386", "exe", marks=pytest.mark.slow),
        pytest.param("debian-12/arm", "exe", marks=pytest.mark.slow),
        pytest.param("debian-12/s390x", "exe", marks=pytest.mark.slow),
        pytest.param("windows-server-2016/amd64", "exe", marks=pytest.mark.slow),
    ],
)
def test_cgo_programs_are_silent_on_their_platform(target: str, mode: str, sources: Path) -> None:
    platform = load().platform(target)
    facts = built(sources / "with-c", platform, BuildSettings(cgo=True, buildmode=mode))
    assert facts.linkage is Linkage.DYNAMIC or mode == "c-archive"
    assert judge(facts, platform) == ()
    assert undecided(facts, platform) == ()


@pytest.mark.go
@pytest.mark.zig
@pytest.mark.slow
def test_a_static_musl_program_is_silent_on_every_linux_of_its_machine(sources: Path) -> None:
    alpine = load().platform("alpine-3.20/amd64")
    facts = built(sources / "with-c", alpine, BuildSettings(cgo=True))
    assert facts.linkage is Linkage.STATIC
    for platform in PLATFORMS:
        if (platform.goos, platform.goarch) == ("linux", "amd64"):
            assert judge(facts, platform) == (), platform.name
            assert undecided(facts, platform) == (), platform.name
