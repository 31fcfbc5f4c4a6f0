from collections.abc import Callable

import msgspec
import pytest

from seatrial.host import HostFacts
from seatrial.model.platform import Certainty, Fact, Platform
from seatrial.model.report import Substitute
from seatrial.runners.substitutes import Place, compare, cpu_is, release_is

_HOST = HostFacts(
    os_release={"ID": "debian", "VERSION_ID": "12"},
    kernel="4.19.90-52.22.v2207.ky10.x86_64",
    machine="x86_64",
    goarch="amd64",
    libc="glibc 2.28",
    page_size=4096,
    cgroup="v1",
    cpu_model="Hygon C86 7285 32-core Processor",
    cpu_features=frozenset({"sse2"}),
    cpus=2,
)


def test_what_differs_is_named_with_both_values(platform: Callable[..., Platform]) -> None:
    place = Place("QEMU 10.0.2 Dhyana", "6.1.0-18-amd64", "glibc 2.36", 4096, "v2")
    substitutes, same = compare(platform(), place)
    assert substitutes == (
        Substitute("cpu", "Some CPU", "QEMU 10.0.2 Dhyana"),
        Substitute("kernel", "4.19.90", "6.1.0-18-amd64"),
        Substitute("libc", "glibc 2.28", "glibc 2.36"),
        Substitute("cgroup", "v1", "v2"),
    )
    assert same == ("page size",)


def test_what_is_the_platforms_own_is_no_substitute(platform: Callable[..., Platform]) -> None:
    place = Place("x", _HOST.kernel, _HOST.libc, 4096, "v1", cpu_is_platforms=True)
    assert compare(platform(), place) == ((), ("cpu", "kernel", "libc", "page size", "cgroup"))


def test_a_static_program_meets_no_libc(platform: Callable[..., Platform]) -> None:
    substitutes, same = compare(platform(), Place("x", "6.1", "", 4096, "v1"))
    assert "libc" not in same
    assert "libc" not in [one.fact for one in substitutes]


def test_an_unknown_fact_is_never_the_same(platform: Callable[..., Platform]) -> None:
    unknown = msgspec.structs.replace(platform(), page_size=Fact(None, "", Certainty.UNKNOWN, "nobody knows"))
    substitutes, same = compare(unknown, Place("x", "6.1", "", 0, "v1"))
    assert Substitute("page size", "unknown", "unknown") in substitutes
    assert "page size" not in same


@pytest.mark.parametrize(
    ("wanted", "found", "same"),
    [("4.19", "4.19.90-1", True), ("4.19.90", "4.19.9", False), ("6.1", "6.18.44", False), ("unknown", "6.1", False)],
)
def test_kernels_are_compared_by_number(platform: Callable[..., Platform], wanted: str, found: str, same: bool) -> None:
    assert ("kernel" in compare(platform(kernel=wanted), Place("x", found, "", 4096, "v1"))[1]) == same


@pytest.mark.parametrize(
    ("cpu", "proved"),
    [("hygon-c86-7285", True), ("hygon-7285", True), ("hygon-c86-7390", False), ("x86-64-v1", False)],
)
def test_a_cpu_is_proved_by_its_printed_name_only(platform: Callable[..., Platform], cpu: str, proved: bool) -> None:
    assert cpu_is(_HOST, platform(cpu=cpu)) == proved


def test_a_release_is_proved_by_os_release(platform: Callable[..., Platform]) -> None:
    assert release_is(_HOST, platform(os_name="debian-12"))
    assert not release_is(_HOST, platform(os_name="debian-13"))
