import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from seatrial.host import host
from seatrial.model.platform import Platform
from seatrial.model.runner import CannotOffer, Offer, Workload
from seatrial.model.states import Fidelity
from seatrial.packages import Packages
from seatrial.processes import run
from seatrial.runners.native import Native
from seatrial.store import Store

_LOADER = "/lib64/ld-linux-x86-64.so.2"


@pytest.fixture
def native(tmp_path: Path) -> Native:
    store = Store(tmp_path)
    return Native(store, Packages(store, print))


def _only(native: Native, platform: Platform, workload: Workload) -> Offer | CannotOffer:
    (found,) = native.offers(platform, workload)
    return found


def test_a_static_program_of_the_hosts_architecture(native: Native, platform: Callable[..., Platform]) -> None:
    features = ("sse2", "no_such_feature")
    offer = _only(native, platform(host().goarch, features=features), Workload("linux", host().goarch))
    assert isinstance(offer, Offer)
    assert (offer.prefix, offer.fidelity, offer.loader) == ((), Fidelity.HOST, "")
    assert "no_such_feature" in offer.lacks
    assert "libc" not in offer.same
    assert offer.key


def test_a_dynamic_program_names_the_loader_and_libc_as_they_say_themselves(
    native: Native, platform: Callable[..., Platform]
) -> None:
    if not Path(_LOADER).exists():
        pytest.skip(f"{_LOADER} was missing")
    offer = _only(native, platform(), Workload("linux", "amd64", _LOADER, "glibc"))
    assert isinstance(offer, Offer)
    assert f"glibc {offer.libc_version}" == host().libc
    assert offer.loader == f"{_LOADER}, {host().libc}"
    assert [one.value for one in offer.substitutes if one.fact == "libc"] == [host().libc]


def test_another_architecture_is_refused_with_what_would_run_it(
    native: Native, platform: Callable[..., Platform]
) -> None:
    refusal = _only(native, platform("s390x"), Workload("linux", "s390x"))
    assert isinstance(refusal, CannotOffer)
    assert refusal.reason_code == "cannot-run"
    assert "linux/s390x" in refusal.reason.text
    assert refusal.needs.text == "A machine with linux/s390x."


def test_other_operating_systems_are_not_its_business(native: Native, platform: Callable[..., Platform]) -> None:
    assert native.offers(platform(goos="windows"), Workload("windows", "amd64")) == ()


def test_hardware_needs_the_platforms_own_release_and_cpu(tmp_path: Path, platform: Callable[..., Platform]) -> None:
    facts = msgspec.structs.replace(
        host(), cpu_model="Hygon C86 7285 32-core Processor", os_release={"ID": "debian", "VERSION_ID": "12"}
    )
    store = Store(tmp_path)
    native = Native(store, Packages(store, print), facts)
    found = {}
    for os_name, cpu in (("debian-12", "hygon-7285"), ("debian-12", "kx-6000"), ("debian-13", "hygon-7285")):
        offer = _only(native, platform(facts.goarch, cpu=cpu, os_name=os_name), Workload("linux", facts.goarch))
        assert isinstance(offer, Offer)
        found[os_name, cpu] = offer.fidelity
    assert list(found.values()) == [Fidelity.HARDWARE, Fidelity.HOST, Fidelity.HOST]


def test_a_host_that_cannot_run_386_is_found_out_by_trying(tmp_path: Path, platform: Callable[..., Platform]) -> None:
    store = Store(tmp_path)
    here = Native(store, Packages(store, print))
    if host().goarch == "amd64":
        assert isinstance(_only(here, platform("386"), Workload("linux", "386")), (Offer, CannotOffer))
    program = next(tmp_path.rglob("exit"), None)
    if program is not None:  # the same host, with a program that it cannot run
        program.write_bytes(b"not a program")
        assert isinstance(
            _only(Native(store, Packages(store, print)), platform("386"), Workload("linux", "386")), CannotOffer
        )


@pytest.mark.go
@pytest.mark.qemu
def test_386_runs_natively(store: Store, platform: Callable[..., Platform], build: Callable[..., Path]) -> None:
    offer = _only(Native(store, Packages(store, print)), platform("386"), Workload("linux", "386"))
    if isinstance(offer, CannotOffer):
        pytest.skip(f"IA-32 emulation of the kernel was missing: {offer.reason}")
    outcome = run([*offer.prefix, build("386")], {}, 30.0)
    assert outcome.stdout.startswith("hello from 386")


_C = """
extern int puts(const char *);
extern void exit(int);
__attribute__((force_align_arg_pointer)) void _start(void) { puts("dynamic"); exit(5); }
"""


@pytest.mark.zig
@pytest.mark.qemu
@pytest.mark.parametrize(
    ("goarch", "libc", "interpreter", "target"),
    [
        ("amd64", "musl", "/lib/ld-musl-x86_64.so.1", "x86_64-linux-musl"),
        ("386", "glibc", "/lib/ld-linux.so.2", "x86-linux-gnu"),
    ],
)
def test_a_loader_that_the_host_lacks_is_laid_over_it(
    store: Store,
    platform: Callable[..., Platform],
    tmp_path: Path,
    goarch: str,
    libc: str,
    interpreter: str,
    target: str,
) -> None:
    if Path(interpreter).exists():
        pytest.skip(f"a host without {interpreter} was missing")
    packages = Packages(store, print)
    offer = _only(Native(store, packages), platform(goarch), Workload("linux", goarch, interpreter, libc))
    if isinstance(offer, CannotOffer):
        pytest.skip(f"{offer.needs} was missing: {offer.reason}")
    package = packages.fetch(f"{libc}-{goarch}").path
    library = next(path for path in package.rglob("libc.so*") if path.name in ("libc.so", "libc.so.6"))
    (tmp_path / "start.c").write_text(_C)
    command = [sys.executable, "-m", "ziglang", "cc", "-target", target, "-nostdlib", "-O1", "-w"]
    linker = [f"-Wl,-dynamic-linker,{interpreter}", f"-L{library.parent}", f"-l:{library.name}"]
    subprocess.run([*command, "-o", "program", "start.c", *linker], cwd=tmp_path, check=True, timeout=280)
    outcome = run([*offer.prefix, tmp_path / "program"], {"PATH": "/usr/bin:/bin"}, 30.0)
    assert (outcome.stdout, outcome.exit_code) == ("dynamic\n", 5)
    assert offer.loader == f"{interpreter}, {libc} {offer.libc_version}"
    assert offer.libc_version
    assert not Path(interpreter).exists()
