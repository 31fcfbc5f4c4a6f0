"""Every data file that ships: valid, complete, and true to what the issue and the facts say."""

from pathlib import Path

import pytest

import seatrial.platforms
from seatrial.model.go_target import VARIANT_AXES
from seatrial.model.platform import Certainty, Fact, Libc, Platform
from seatrial.platforms import load
from seatrial.platforms.files import CPU_FACTS, OS_FACTS
from seatrial.tables import instruction_sets
from seatrial.tables.go_releases import last_release_for, port

CATALOGUE = load()
EVERY = CATALOGUE.select(["*/*"])
DATA = Path(seatrial.platforms.__file__).parent / "data"
FACTS = (*OS_FACTS, *CPU_FACTS)


def facts(platform: Platform) -> dict[str, Fact[object]]:
    return {name: getattr(platform, name) for name in FACTS}


def value(name: str, fact: str) -> object:
    return getattr(CATALOGUE.platform(name), fact).value


@pytest.mark.parametrize("platform", EVERY, ids=lambda platform: platform.name)
def test_complete(platform: Platform) -> None:
    for name, fact in facts(platform).items():
        if fact.certainty is Certainty.UNKNOWN:
            assert fact.value is None and fact.note, name
        else:
            assert fact.value is not None and fact.source, name
    assert CATALOGUE.platform(platform.name) == platform
    assert platform.files and all(Path(file).is_file() for file in platform.files)
    known_port = port(platform.goos, platform.goarch)
    assert known_port and not known_port.last
    assert platform.loader.value or platform.goos == "windows"
    assert (platform.world.value != "") == (platform.goarch == "loong64")
    assert (platform.cannot_run != ()) == (platform.world.value == "old")
    assert platform.qemu or platform.goos == "darwin"


@pytest.mark.parametrize("platform", EVERY, ids=lambda platform: platform.name)
def test_variant_fits_the_features(platform: Platform) -> None:
    variant, features = platform.variant.value, platform.features.value
    assert variant is not None and features is not None
    assert len(set(features)) == len(features)
    assert (variant != "") == (platform.goarch in VARIANT_AXES)
    assert not instruction_sets.missing_features(platform.goarch, variant, frozenset(features))


@pytest.mark.parametrize("platform", EVERY, ids=lambda platform: platform.name)
def test_qemu_differences_are_differences(platform: Platform) -> None:
    features = set(platform.features.value or ())
    if platform.qemu:
        assert set(platform.qemu.lacks) <= features
        assert not set(platform.qemu.adds) & features


@pytest.mark.parametrize("platform", EVERY, ids=lambda platform: platform.name)
def test_go_runs_there(platform: Platform) -> None:
    assert platform.kernel.value is not None
    last = last_release_for(platform.goos, platform.goarch, platform.kernel.value)
    if platform.cannot_run:
        assert last == ""
    else:
        assert last == ("go1.26" if platform.os == "macos-12" else "go1.27")


def test_every_file_is_met() -> None:
    read = {Path(file).resolve() for platform in EVERY for file in platform.files}
    assert read == set(DATA.glob("*/*.toml"))


def test_what_the_issue_asks_for_exists() -> None:
    systems = """kylin-v10-sp1 kylin-v10-sp3 kylin-desktop-v10 uos-server-20 uos-desktop-20 openeuler-22.03
        openeuler-24.03 anolis-8 centos-7 debian-12 ubuntu-22.04 alpine-3.20 loongnix-20 windows-10 windows-server-2016
        macos-12 macos-13 freebsd-14 kylin-v11 uos-25"""
    cpus = """x86-64-v1 x86-64-v2 x86-64-v3 x86-64-v4 hygon-c86-3s hygon-dhyana-vm hygon-7285 kx-6000 kh-40000 kx-7000
        ft-2000-4 ft-2000-plus kunpeng-920 armv8.0 armv8.2 armv7 3a5000 3a6000 riscv64"""
    assert set(systems.split()) <= set(CATALOGUE.os_names)
    assert set(cpus.split()) <= set(CATALOGUE.cpu_names)
    generic = {platform.goarch for platform in CATALOGUE.select(["debian-12", "debian-13", "loongnix-25"])}
    assert generic >= {"amd64", "386", "arm64", "arm", "riscv64", "ppc64le", "s390x", "loong64"}


def test_lujiazui_has_avx_but_neither_avx2_nor_fma() -> None:
    platform = CATALOGUE.platform("kylin-desktop-v10/kx-6000")
    features = set(platform.features.value or ())
    assert {"avx", "f16c", "bmi1", "bmi2", "aes", "pclmulqdq"} <= features
    assert not {"avx2", "fma", "sha_ni"} & features
    assert platform.variant.value == "v2"
    assert instruction_sets.exceeds("amd64", "v3", "v2")


def test_hygon_prints_what_qemus_dhyana_lacks() -> None:
    masked = {"aes", "pclmulqdq", "sha_ni"}
    for cpu in ("hygon-7285", "hygon-c86-3s"):
        platform = CATALOGUE.platform(f"kylin-v10-sp3/{cpu}")
        assert masked <= set(platform.features.value or ())
        assert platform.variant.value == "v3"
        assert platform.qemu and platform.qemu.model.startswith("EPYC,vendor=HygonGenuine")
        assert "Dhyana lacks aes, pclmulqdq and sha_ni" in platform.qemu.note
    assert CATALOGUE.platform("kylin-v10-sp3/hygon-c86-3s").features.certainty is Certainty.ASSUMED
    vm = CATALOGUE.platform("kylin-v10-sp3/hygon-dhyana-vm")
    assert not masked & set(vm.features.value or ())
    assert vm.qemu and vm.qemu.model.startswith("Dhyana")


def test_zhaoxin_models_need_qemu_10() -> None:
    for cpu in ("kh-40000", "kx-7000"):
        platform = CATALOGUE.platform(f"anolis-8/{cpu}")
        assert platform.variant.value == "v3"
        assert platform.qemu and platform.qemu.since == "10.0"


def test_arm64_levels_and_what_qemu_adds() -> None:
    assert value("kylin-v10-sp3/ft-2000-4", "variant") == "v8.0"
    assert value("kylin-v10-sp1/ft-2000-plus", "variant") == "v8.0"
    kunpeng = CATALOGUE.platform("kylin-v10-sp3/kunpeng-920")
    assert kunpeng.variant.value == "v8.2"
    assert kunpeng.qemu and kunpeng.qemu.adds == ("lrcpc",)
    assert set(kunpeng.qemu.lacks) == {"jscvt", "fcma", "asimdfhm"}


def test_no_model_executes_avx512() -> None:
    qemu = CATALOGUE.platform("debian-12/x86-64-v4").qemu
    assert qemu and {"avx512f", "avx512vl"} <= set(qemu.lacks)


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("kylin-v10-sp1/kunpeng-920", 65536),
        ("kylin-v10-sp3/ft-2000-4", 65536),
        ("anolis-8/arm64", 65536),
        ("centos-7/arm64", 65536),
        ("kylin-v10-sp3/amd64", 4096),
        ("kylin-desktop-v10/ft-2000-4", 4096),
        ("openeuler-22.03/arm64", 4096),
        ("kylin-v11/3a6000", 16384),
        ("macos-13/arm64", 16384),
        ("macos-13/amd64", 4096),
        ("debian-12/ppc64le", 65536),
        ("kylin-v11/arm64", None),
    ],
)
def test_page_sizes(name: str, page: int | None) -> None:
    assert value(name, "page_size") == page


@pytest.mark.parametrize(
    ("name", "libc"),
    [
        ("kylin-v10-sp3/amd64", Libc("glibc", "2.28")),
        ("kylin-desktop-v10/amd64", Libc("glibc", "2.31")),
        ("kylin-v11/loong64", Libc("glibc", "2.38")),
        ("centos-7/amd64", Libc("glibc", "2.17")),
        ("ubuntu-22.04/amd64", Libc("glibc", "2.35")),
        ("alpine-3.20/amd64", Libc("musl", "1.2.5")),
        ("windows-10/amd64", Libc("msvcrt", "")),
        ("macos-13/arm64", Libc("libSystem", "")),
        ("freebsd-14/amd64", Libc("freebsd", "")),
    ],
)
def test_libc(name: str, libc: Libc) -> None:
    assert value(name, "libc") == libc


def test_loongarch_worlds() -> None:
    old = {"kylin-v10-sp1", "kylin-v10-sp3", "kylin-desktop-v10", "uos-server-20", "uos-desktop-20", "loongnix-20"}
    for platform in CATALOGUE.select(["loong64"]):
        world = "old" if platform.os in old else "new"
        loader = "/lib64/ld.so.1" if world == "old" else "/lib64/ld-linux-loongarch-lp64d.so.1"
        assert (platform.world.value, platform.loader.value) == (world, loader), platform.name
        assert any("golang/go#68867" in reason for reason in platform.cannot_run) == (world == "old")
    assert CATALOGUE.platform("kylin-v10-sp3/amd64").cannot_run == ()


def test_the_default_set() -> None:
    default = CATALOGUE.default()
    assert 18 <= len(default) <= 24
    assert tuple(platform.name for platform in default) == CATALOGUE.default_names()
    assert not any(platform.cannot_run for platform in default)
    assert {platform.system for platform in default} == {"glibc", "musl", "windows", "macos", "freebsd"}
    assert len({platform.goarch for platform in default}) >= 7


def test_an_architecture_has_one_generic_cpu() -> None:
    generic = {(p.goos, p.goarch, p.cpu) for p in EVERY if p.name == f"{p.os}/{p.goarch}" and p.goarch != "loong64"}
    assert len(generic) == len({(goos, goarch) for goos, goarch, _ in generic})
