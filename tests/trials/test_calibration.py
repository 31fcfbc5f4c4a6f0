"""The calibration program on this machine and on CPUs that QEMU makes: what traps, what executes, and what is odd."""

from collections.abc import Callable
from pathlib import Path

import pytest

from seatrial.host import host
from seatrial.model.go_target import GoTarget
from seatrial.model.runner import Offer
from seatrial.model.states import Fidelity
from seatrial.packages import Packages
from seatrial.runners.emulators import Emulator, emulators
from seatrial.store import Store, default_root
from seatrial.tables.architectures import architectures
from seatrial.tables.calibration import instructions
from seatrial.toolchains import compile_probe
from seatrial.toolchains.go import GoToolchain
from seatrial.trials.calibration import CALIBRATION_SOURCE, Differences, calibrate, differences

Build = Callable[[str], Path]


@pytest.fixture(scope="module")
def program(go: GoToolchain) -> Build:
    return lambda goarch: compile_probe(go, CALIBRATION_SOURCE, GoTarget("linux", goarch), Store(default_root()))


@pytest.mark.go
def test_this_machine_executes_what_its_kernel_lists(native: Offer, program: Build) -> None:
    here = host()
    rows = instructions(here.goarch)
    if not rows:
        pytest.skip(f"the calibration program has no port to {here.goarch}")
    seen = calibrate(native, program(here.goarch), here.goarch)
    assert (seen.trouble, seen.odd) == ("", ())
    assert differences(seen, here.goarch, here.cpu_features).lacks == ()
    listed = {row.name for row in rows if row.feature in here.cpu_features}
    assert listed <= set(seen.executed)
    assert len(seen.executed) + len(seen.trapped) == len(rows)


def emulated(goarch: str, model: str, release: int = 0) -> Offer:
    """The newer release, or the older one with 1."""
    store = Store(default_root())
    found = list(emulators(store, Packages(store, print), architectures()[goarch]))[release]
    if not isinstance(found, Emulator):
        pytest.skip(f"qemu-user was missing: {found}")
    prefix = (found.path, "-cpu", model)
    return Offer("qemu-user", found.name, Fidelity.USER_EMULATION, prefix, time_factor=8)


@pytest.mark.go
@pytest.mark.qemu
def test_a_cpu_without_carry_less_multiplication_traps_it(program: Build) -> None:
    without, with_it = (calibrate(emulated("amd64", model), program("amd64"), "amd64") for model in ("Dhyana", "EPYC"))
    assert "pclmulqdq" in without.trapped and "pclmulqdq" in with_it.executed
    lacking, full = (differences(seen, "amd64", ("pclmulqdq", "avx2")) for seen in (without, with_it))
    assert (lacking.lacks, full.lacks) == (("pclmulqdq",), ())
    assert "avx2" not in full.adds and {"bmi2", "avx"} <= set(full.adds)
    assert {"avx512f", "vaes"}.isdisjoint(full.adds)


@pytest.mark.go
@pytest.mark.qemu
@pytest.mark.qemu7
def test_the_older_release_comes_to_its_end(program: Build) -> None:
    seen = calibrate(emulated("amd64", "Haswell-noTSX,-avx2", 1), program("amd64"), "amd64")
    assert (seen.trouble, seen.odd) == ("", ("vprotb: signal 11",))


@pytest.mark.go
@pytest.mark.qemu
def test_cores_of_arm(program: Build) -> None:
    old, new = (
        calibrate(emulated("arm64", model), program("arm64"), "arm64") for model in ("cortex-a72", "neoverse-n1")
    )
    assert (old.trouble, old.odd, new.trouble, new.odd) == ("", (), "", ())
    without, with_them = (differences(seen, "arm64", ("atomics", "jscvt")) for seen in (old, new))
    assert (without.lacks, with_them.lacks) == (("atomics", "jscvt"), ("jscvt",))
    assert "lrcpc" in with_them.adds and "sve" not in with_them.adds


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("echo '{\"end\": 1}'", "exit code 0"),
        ("echo no memory that may be executed >&2; exit 2", "no memory that may be executed"),
        ("kill -SEGV $$", "signal SIGSEGV"),
    ],
)
def test_a_program_that_does_not_end_says_nothing(
    text: str, trouble: str, script: Callable[[str], Path], native: Offer
) -> None:
    seen = calibrate(native, script(text), "amd64")
    assert (seen.trouble, seen.executed, seen.trapped) == (trouble, (), ())


def test_another_signal_is_no_trap(script: Callable[[str], Path], native: Offer) -> None:
    lines = [
        f'{{"instruction":"{row.name}","signal":{11 if row.name == "movbe" else 4}}}' for row in instructions("amd64")
    ]
    text = "cat <<'END'\n" + "\n".join([*lines, f'{{"end":{len(lines)}}}']) + "\nEND"
    seen = calibrate(native, script(text), "amd64")
    assert seen.odd == ("movbe: signal 11",)
    assert differences(seen, "amd64", ("movbe", "avx")) == Differences(("avx",), ())
    assert "movbe" not in seen.trapped


def test_without_known_features_nothing_differs(script: Callable[[str], Path], native: Offer) -> None:
    lines = [f'{{"instruction":"{row.name}","signal":0}}' for row in instructions("amd64")]
    text = "cat <<'END'\n" + "\n".join([*lines, f'{{"end":{len(lines)}}}']) + "\nEND"
    seen = calibrate(native, script(text), "amd64")
    assert len(seen.executed) == len(lines)
    assert differences(seen, "amd64", None) == Differences()
