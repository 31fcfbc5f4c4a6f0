from seatrial.model.go_target import VARIANT_AXES
from seatrial.tables.cross_compilers import cross_compilers, host_part
from seatrial.tables.toolchain_faults import toolchain_fault
from seatrial.tables.zig_targets import zig_target


def _id(compiler: str, goarch: str, libc: str, mode: str, goos: str = "linux") -> str:
    fault = toolchain_fault(compiler, goos, goarch, libc, mode)
    return fault.id if fault else ""


def test_a_fault_is_of_one_compiler_and_port() -> None:
    assert _id("zig", "386", "glibc", "c-shared") == "zig-386-thread-pointer"
    assert _id("gcc-12-i686-linux-gnu", "386", "glibc", "c-shared") == ""
    assert _id("zig", "amd64", "glibc", "c-shared") == ""
    assert _id("zig", "386", "glibc", "c") == ""
    assert _id("zig", "386", "", "c-shared", goos="windows") == ""


def test_a_fault_that_no_compiler_mends_comes_first() -> None:
    assert _id("zig", "386", "musl", "c-archive") == "go-13492"
    assert _id("", "arm64", "musl", "c-shared") == "go-13492"


def test_every_fault_can_be_decided_or_says_how_it_was() -> None:
    fault = toolchain_fault("zig", "linux", "386", "glibc", "c-archive")
    assert fault and (fault.elsewhere or fault.goarch in cross_compilers())
    for goarch in ("ppc64le", "mips64le"):  # where zig links no cgo program at all
        row = zig_target("linux", goarch, "glibc", "")
        assert row and row.fails and goarch in cross_compilers()


def test_cross_compilers_are_whole() -> None:
    assert host_part().version
    for goarch, row in cross_compilers().items():
        assert goarch in VARIANT_AXES
        assert [name.removesuffix(f"-{goarch}") for name in (*row.packages, *row.libc)] == [
            "gcc",
            "cpp",
            "binutils",
            "libgcc-dev",
            "c-headers",
            "linux-headers",
            "glibc",
            "libgcc",
        ]
