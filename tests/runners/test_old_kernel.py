"""The host as an older kernel: the filter's list of calls, the offers, and real programs that ask for young calls."""

import os
import subprocess
from pathlib import Path

import msgspec
import pytest

from seatrial.errors import CouldNotCheck, UsageError
from seatrial.host import HostFacts, host
from seatrial.model.go_target import GoTarget
from seatrial.model.runner import CannotOffer, Offer, Workload
from seatrial.model.states import Fidelity
from seatrial.packages import Packages
from seatrial.platforms import load
from seatrial.processes import Outcome, run
from seatrial.runners.old_kernel import LIMITS, OldKernel, calls_to_refuse, launcher_program
from seatrial.store import Store, default_root
from seatrial.tables.system_calls import system_calls
from seatrial.toolchains import compile_probe, find_go

_ASK = """//go:build linux

package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// Every number is called with arguments that no call accepts; what it answered is printed.
func main() {
	for _, word := range os.Args[1:] {
		number, _ := strconv.Atoi(word)
		bad := ^uintptr(0)
		_, _, errno := syscall.RawSyscall6(uintptr(number), bad, 0, bad, 0, bad, bad)
		fmt.Println(number, errno == syscall.ENOSYS)
	}
}
"""


@pytest.fixture(scope="module")
def store() -> Store:
    return Store(default_root())


@pytest.fixture(scope="module")
def facts() -> HostFacts:
    found = host()
    if not found.goarch:
        pytest.skip(f"a port of Go for this host was missing ({found.machine})")
    return found


@pytest.fixture(scope="module")
def launcher(store: Store, facts: HostFacts) -> Path:
    return launcher_program(find_go("", store), facts.goarch, store)


def _ask(goarch: str, store: Store, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "main.go").write_text(_ASK)
    (folder / "go.mod").write_text("module example.com/ask\n\ngo 1.27\n")
    return compile_probe(find_go("", store), folder, GoTarget("linux", goarch), store, name="ask")


def _lacking(outcome: Outcome, goarch: str) -> set[str]:
    assert outcome.ok, outcome.stderr
    lines = (line.split() for line in outcome.stdout.splitlines())
    return {system_calls(goarch)[int(number)].name for number, missing in lines if missing == "true"}


def _numbers(goarch: str, *names: str) -> list[str]:
    return [str(number) for number, call in system_calls(goarch).items() if call.name in names]


_NAMES = ("statx", "clone3", "openat2", "faccessat2", "close_range", "copy_file_range", "getrandom", "read")


@pytest.mark.go
@pytest.mark.parametrize(
    ("kernel", "lacking"),
    [
        ("3.10", {"statx", "clone3", "openat2", "faccessat2", "close_range", "copy_file_range", "getrandom"}),
        ("4.4", {"statx", "clone3", "openat2", "faccessat2", "close_range", "copy_file_range"}),
        ("4.19.90-24.4.v2101.ky10", {"clone3", "openat2", "faccessat2", "close_range"}),
        ("5.6", {"faccessat2", "close_range"}),
        ("5.10", set()),
    ],
)
def test_a_real_program_meets_the_calls_of_the_older_kernel(
    kernel: str, lacking: set[str], store: Store, facts: HostFacts, launcher: Path, tmp_path: Path
) -> None:
    program = _ask(facts.goarch, store, tmp_path / "ask")
    words: list[str | Path] = [
        launcher,
        calls_to_refuse(facts.goarch, kernel),
        program,
        *_numbers(facts.goarch, *_NAMES),
    ]
    assert _lacking(run(words, {}, 20.0), facts.goarch) == lacking


@pytest.mark.go
def test_without_the_filter_this_host_has_the_calls(store: Store, facts: HostFacts, tmp_path: Path) -> None:
    program = _ask(facts.goarch, store, tmp_path / "ask")
    assert _lacking(run([program, *_numbers(facts.goarch, *_NAMES)], {}, 20.0), facts.goarch) == set()


@pytest.mark.go
def test_a_program_of_the_second_machine_is_filtered_by_its_own_numbers(
    store: Store, facts: HostFacts, launcher: Path, tmp_path: Path
) -> None:
    if facts.goarch != "amd64":
        pytest.skip(f"a host that runs 386 programs was missing: this one is {facts.goarch}")
    program = _ask("386", store, tmp_path / "ask")
    if not run([program], {}, 20.0).ok:
        pytest.skip("a kernel that runs 386 programs was missing")
    names = ("statx", "clock_gettime64", "socket", "read")
    words: list[str | Path] = [launcher, calls_to_refuse("amd64", "4.19"), program, *_numbers("386", *names)]
    assert _lacking(run(words, {}, 20.0), "386") == {"clock_gettime64"}


@pytest.mark.go
def test_the_program_takes_the_launchers_place(facts: HostFacts, launcher: Path) -> None:
    refused = calls_to_refuse(facts.goarch, "4.19")
    environment = {"PATH": os.defpath}
    assert run([launcher, refused, "sh", "-c", "exit 7"], environment, 20.0).exit_code == 7
    assert run([launcher, refused, "sh", "-c", "kill -9 $$"], environment, 20.0).signal == 9
    assert run([launcher, refused, "sh", "-c", "cat"], environment, 20.0, stdin=b"in").stdout == "in"
    assert run([launcher, "--try", refused], environment, 20.0).ok


@pytest.mark.go
@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["c000003e", "true"], 2, "no list of system calls"),
        (["c000003e:5", "true"], 2, "no range of system calls"),
        (["c000003e:x-5", "true"], 2, "no range of system calls"),
        (["", "true"], 2, "no list of system calls"),
        (["c000003e:5-5"], 2, "usage"),
        (["c000003e:5-5", "no-such-program"], 2, "not found"),
    ],
)
def test_wrong_words_end_in_one_clear_line(words: list[str], code: int, says: str, launcher: Path) -> None:
    outcome = run([launcher, *words], {"PATH": os.defpath}, 20.0)
    assert outcome.exit_code == code
    assert outcome.stderr.count("\n") == 1
    assert says in outcome.stderr


@pytest.mark.go
def test_a_list_that_does_not_answer_is_found_by_trying(facts: HostFacts, launcher: Path) -> None:
    refused = calls_to_refuse(facts.goarch, "4.19")
    other = "0" + refused[1:]  # no architecture: the filter lets everything through
    outcome = run([launcher, "--try", other], {}, 20.0)
    assert outcome.exit_code == 3
    assert "was not answered by the filter" in outcome.stderr


def test_numbers_of_calls_that_came_after_the_table_are_refused_too() -> None:
    youngest = max(system_calls("amd64"))
    amd64 = calls_to_refuse("amd64", "7.2").partition(";")[0]
    assert amd64 == f"c000003e:{youngest + 1}-{youngest + 513}"


@pytest.mark.parametrize(("goarch", "arch"), [("arm64", "c00000b7"), ("s390x", "80000016"), ("ppc64le", "c0000015")])
def test_the_architecture_is_named_as_the_kernel_names_it(goarch: str, arch: str) -> None:
    assert calls_to_refuse(goarch, "5.10").startswith(f"{arch}:")


def test_versions_that_make_no_sense_are_refused() -> None:
    with pytest.raises(UsageError, match="'new' is no version of Linux"):
        calls_to_refuse("amd64", "new")
    with pytest.raises(UsageError, match=r"Linux 4\.19 has no loong64: it came with 5\.19"):
        calls_to_refuse("loong64", "4.19")


class TestOffers:
    """What the runner offers, and what it says where it cannot."""

    def _offers(
        self, store: Store, facts: HostFacts, launcher: Path, name: str, **changes: object
    ) -> tuple[Offer | CannotOffer, ...]:
        platform = msgspec.structs.replace(load().platform(name), **changes)
        runner = OldKernel(store, Packages(store, print), lambda _: launcher, facts)
        return runner.offers(platform, Workload(platform.goos, platform.goarch))

    def test_the_native_way_behind_the_filter(self, store: Store, facts: HostFacts, launcher: Path) -> None:
        if facts.goarch != "amd64":
            pytest.skip(f"a platform's own architecture was missing: this host is {facts.goarch}")
        (offer,) = self._offers(store, facts, launcher, "centos-7/amd64")
        assert isinstance(offer, Offer)
        assert (offer.runner, offer.fidelity) == ("old-kernel", Fidelity.HOST)
        assert offer.prefix[-2:] == (str(launcher), calls_to_refuse("amd64", "3.10.0"))
        (kernel,) = (each for each in offer.substitutes if each.fact == "kernel")
        assert kernel.value == f"{facts.kernel}, without system calls younger than {kernel.platform}"
        assert set(LIMITS) <= set(offer.limits)

    def test_nothing_for_other_systems(self, store: Store, facts: HostFacts, launcher: Path) -> None:
        runner = OldKernel(store, Packages(store, print), lambda _: launcher, facts)
        assert runner.offers(load().platform("windows-10/amd64"), Workload("windows", "amd64")) == ()

    def test_reasons(self, store: Store, facts: HostFacts, launcher: Path) -> None:
        amd64 = load().platform("debian-12/amd64")
        here = msgspec.structs.replace(facts, goarch="amd64", kernel="5.4.0-90")

        def refusal(facts: HostFacts, **changes: object) -> str:
            (one,) = self._offers(store, facts, launcher, "debian-12/amd64", **changes)
            assert isinstance(one, CannotOffer)
            assert one.runner == "old-kernel"
            return one.reason.text

        unknown = msgspec.structs.replace(amd64.kernel, value=None)
        assert "not known which kernel" in refusal(here, kernel=unknown)
        assert "This host's Linux 5.4.0-90 is older than 6.1" in refusal(here)
        other = msgspec.structs.replace(facts, goarch="s390x", machine="s390x")
        assert "does not run linux/amd64 programs" in refusal(other)

    def test_no_launcher_and_a_launcher_that_fails(self, store: Store, facts: HostFacts, tmp_path: Path) -> None:
        platform = load().platform(f"centos-7/{facts.goarch}")
        workload = Workload("linux", facts.goarch)

        def cannot(_: str) -> Path:
            raise CouldNotCheck("no Go here")

        broken = tmp_path / "oldkernel"
        broken.write_text("#!/bin/sh\necho 'oldkernel: prctl: permission denied' >&2\nexit 3\n")
        broken.chmod(0o755)
        for launcher, why in [(cannot, "no Go here"), (lambda _: broken, "prctl: permission denied")]:
            (one,) = OldKernel(store, Packages(store, print), launcher, facts).offers(platform, workload)
            assert isinstance(one, CannotOffer)
            assert one.reason.text == f"This host does not let a program filter its system calls: {why}"


@pytest.mark.go
def test_the_filter_is_inherited_and_stays(facts: HostFacts, launcher: Path, store: Store, tmp_path: Path) -> None:
    program = _ask(facts.goarch, store, tmp_path / "ask")
    numbers = _numbers(facts.goarch, "openat2", "statx")
    line = subprocess.list2cmdline([str(program), *numbers])
    outcome = run(
        [launcher, calls_to_refuse(facts.goarch, "4.19"), "sh", "-c", f"{line} & wait"], {"PATH": os.defpath}, 20.0
    )
    assert _lacking(outcome, facts.goarch) == {"openat2"}
