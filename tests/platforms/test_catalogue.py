"""Names and selectors to platforms; what is no platform; the user's own files."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.errors import UsageError
from seatrial.platforms import Catalogue, load, summary

CATALOGUE = load()
NAMES = tuple(platform.name for platform in CATALOGUE.select(["*/*"]))

OS = """
title = "My Linux"
system = "glibc"
[cpus]
amd64 = ["x86-64-v1", "my-cpu"]
arm64 = ["armv8.0"]
[kernel]
value = "5.4.0"
source = "uname -r"
certainty = "verbatim"
[libc]
value = "glibc 2.30"
source = "ldd --version"
certainty = "verbatim"
[page_size.arm64]
value = 65536
source = "getconf PAGE_SIZE"
certainty = "verbatim"
[cgroup]
certainty = "unknown"
note = "nobody looked"
"""
CPU = """
title = "My CPU"
goarch = "amd64"
[features]
value = ["fpu", "cx8", "cmov", "mmx", "fxsr", "sse", "sse2"]
source = "/proc/cpuinfo"
certainty = "verbatim"
[variant]
value = "v1"
source = "no sse3"
certainty = "verbatim"
"""


def names(*selectors: str) -> list[str]:
    return [platform.name for platform in CATALOGUE.select(selectors)]


def folder(root: Path, os_text: str = OS, cpu_text: str = CPU, name: str = "my-linux") -> Path:
    for kind, file, text in (("os", name, os_text), ("cpu", "my-cpu", cpu_text)):
        (root / kind).mkdir(parents=True, exist_ok=True)
        (root / kind / f"{file}.toml").write_text(text, "utf-8")
    return root


def refusal(call: Callable[[], object]) -> str:
    with pytest.raises(UsageError) as caught:
        call()
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_one_platform() -> None:
    platform = CATALOGUE.platform("kylin-v10-sp3/ft-2000-4")
    assert platform.title == "Kylin Server V10 SP3 on Phytium FT-2000/4"
    assert (platform.goos, platform.goarch, platform.go_target.port) == ("linux", "arm64", "linux/arm64")
    assert [Path(file).parent.name for file in platform.files] == ["system", "os", "cpu"]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("alpine-3.20/amd64", "alpine-3.20/amd64"),
        ("alpine-3.20/x86-64-v1", "alpine-3.20/amd64"),
        ("Alpine-3.20/AMD64", "alpine-3.20/amd64"),
        ("debian-12/armv7", "debian-12/arm"),
        ("debian-12/x86_64", "debian-12/amd64"),
        ("debian-12/aarch64", "debian-12/arm64"),
        ("debian-12/armhf", "debian-12/arm"),
        ("kylin-v11/loongarch64", "kylin-v11/loong64"),
        ("macos-13/apple-m1", "macos-13/arm64"),
        ("debian-12/kx-6000", "debian-12/kx-6000"),
    ],
)
def test_one_platform_has_one_name(written: str, name: str) -> None:
    assert CATALOGUE.platform(written).name == name
    assert names(written, name) == [name]


def test_a_bare_os_is_it_on_each_generic_cpu() -> None:
    assert names("centos-7") == ["centos-7/amd64", "centos-7/arm64"]
    assert set(names("kylin*")) == {
        f"{name}/{arch}"
        for name in ("kylin-desktop-v10", "kylin-v10-sp1", "kylin-v10-sp3", "kylin-v11")
        for arch in ("amd64", "arm64", "loong64")
    }


def test_a_bare_cpu_is_it_under_each_os_that_lists_it() -> None:
    assert names("kx-6000") == ["kylin-desktop-v10/kx-6000", "uos-desktop-20/kx-6000"]
    assert names("armv7") == names("arm") == names("*/arm")
    assert all("/hygon" in name for name in names("hygon*"))


def test_globs_and_braces() -> None:
    assert names("{debian-12,ubuntu-22.04}/amd64") == ["debian-12/amd64", "ubuntu-22.04/amd64"]
    assert names("kylin-v10-sp{1,3}/kunpeng-920") == ["kylin-v10-sp1/kunpeng-920", "kylin-v10-sp3/kunpeng-920"]
    assert names("{debian-12,anolis-8/{kh-40000,amd64}}") == [
        *names("debian-12"),
        "anolis-8/kh-40000",
        "anolis-8/amd64",
    ]
    assert names("windows*/amd64") == ["windows-10/amd64", "windows-server-2016/amd64"]
    assert names("uos*/ft-*") == ["uos-desktop-20/ft-2000-4", "uos-server-20/ft-2000-plus"]
    assert set(names("*/*")) == set(NAMES) and len(NAMES) == len(set(NAMES))
    assert set(names("*")) <= set(NAMES)


@given(st.lists(st.sampled_from(NAMES), max_size=12))
def test_order_is_kept_and_doubles_are_dropped(chosen: list[str]) -> None:
    assert names(*chosen) == list(dict.fromkeys(chosen))


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6))
def test_braces_are_the_same_as_a_list(chosen: list[str]) -> None:
    assert names("{" + ",".join(chosen) + "}") == list(dict.fromkeys(chosen))


@given(st.text(max_size=30))
def test_any_text_is_a_selector_or_one_clear_line(text: str) -> None:
    try:
        found = CATALOGUE.select([text])
    except UsageError as error:
        assert str(error)
    else:
        assert found and {platform.name for platform in found} <= set(NAMES) | {text.strip().lower()}


@pytest.mark.parametrize(
    ("selector", "says"),
    [
        ("kylin-v10-sp4/amd64", "Did you mean kylin-v10-sp3/amd64"),
        ("kylin-v10-sp4", "Did you mean kylin-v10-sp3"),
        ("debian-12/kx6000", "Did you mean kx-6000"),
        ("debian-12/kx6000", "debian-12 is met on amd64, arm64"),
        ("nothing*", "matches no platform"),
        ("nothing", "Operating systems: alpine-3.20, anolis-8"),
        ("linux/amd64", "is a port of Go, not a platform. Name a system, for example alpine-3.20/amd64: see"),
        ("windows/arm64", "for example windows-10/arm64"),
        ("linux/loong64", "for example kylin-desktop-v10/loong64"),
        ("openbsd/amd64", "is a port of Go, not a platform. No operating system of that kind is known here"),
        ("linux/sw64", "No platform is named 'linux/sw64'"),
        ("darwin", "is a GOOS, not an operating system. Name a system, for example macos-12/amd64"),
        ("centos-7/riscv64", "CentOS 7 does not exist on riscv64. It exists on amd64, arm64."),
        ("windows-server-2016/kunpeng-920", "does not exist on arm64, as kunpeng-920 is"),
        ("", "No platform is named ''"),
        ("/", "No platform is named '/'"),
        ("a/b/c", "No platform is named 'a/b/c'"),
        ("debian-12/amd64/x", "No CPU or architecture is named 'amd64/x'"),
        ("{debian-12,", "a brace has no partner"),
        ("debian-12}", "a brace has no partner"),
        ("{a,b}" * 40, "more than 1000 names"),
    ],
)
def test_what_is_no_platform(selector: str, says: str) -> None:
    assert says in refusal(lambda: CATALOGUE.select([selector]))


def test_nothing_is_nothing() -> None:
    assert CATALOGUE.select([]) == ()


def test_summary() -> None:
    shown = summary(CATALOGUE.platform("kylin-v10-sp1/kunpeng-920"))
    assert (shown.system, shown.arch, shown.cpu, shown.kernel) == ("glibc", "arm64", "kunpeng-920", "4.19.90")
    assert (shown.libc, shown.page_size, shown.cgroup) == ("glibc 2.28", "64 KiB", "v1")
    assert summary(CATALOGUE.platform("kylin-v11/arm64")).page_size == "unknown"
    assert summary(CATALOGUE.platform("uos-25/loong64")).cgroup == "unknown"
    assert summary(CATALOGUE.platform("windows-10/amd64")).libc == "msvcrt"


def test_the_users_own_files(tmp_path: Path) -> None:
    mine = load([folder(tmp_path)])
    assert [platform.name for platform in mine.select(["my-linux/*"])] == [
        "my-linux/amd64",
        "my-linux/arm64",
        "my-linux/my-cpu",
    ]
    platform = mine.platform("my-linux/arm64")
    assert (platform.page_size.value, platform.cgroup.note) == (65536, "nobody looked")
    assert mine.platform("my-linux/amd64").page_size.value == 4096
    assert mine.platform("debian-12/my-cpu").cpu_title == "My CPU"
    assert str(tmp_path / "os" / "my-linux.toml") in platform.files


def test_a_users_file_takes_the_place_of_ours(tmp_path: Path) -> None:
    first = folder(tmp_path / "first", name="debian-12")
    second = folder(tmp_path / "second", OS.replace("My Linux", "Mine too"), name="debian-12")
    assert load([first]).platform("debian-12/amd64").title.startswith("My Linux")
    assert load([first, second]).platform("debian-12/amd64").title.startswith("Mine too")
    assert load().platform("debian-12/amd64").title.startswith("Debian 12")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[kernel]", "[kernal]", "my-linux.toml: kernal is not known. Allowed: title, system, cpus"),
        ("[kernel]", "[kernal]", "Did you mean kernel?"),
        ('value = "5.4.0"', 'valeu = "5.4.0"', "kernel.valeu is not known. Allowed: value, source, certainty, note"),
        ('value = "5.4.0"', "value = 5.4", "kernel.value is 5.4. It must be a string."),
        ('value = "5.4.0"', 'value = "five"', "It must be a dotted version"),
        ('value = "5.4.0"', "", "kernel.value is missing. Give it, or say certainty"),
        ('source = "uname -r"', "", "kernel.source is empty"),
        (
            'certainty = "verbatim"\n[libc]',
            'certainty = "sure"\n[libc]',
            "one of verbatim, documented, assumed, unknown",
        ),
        ('certainty = "verbatim"\n[libc]', "[libc]", "kernel.certainty is missing"),
        ('certainty = "verbatim"\n[libc]', 'certainty = "unknown"\n[libc]', "An unknown fact has no value, and a note"),
        ('note = "nobody looked"', "", "An unknown fact has no value, and a note"),
        ("glibc 2.30", "gnu 2.30", "a family (glibc, musl"),
        ("65536", "65000", "a power of two"),
        ("65536", "true", "a power of two"),
        ("page_size.arm64", "page_size.arm46", "page_size.arm46 is not known"),
        ("page_size.arm64", "page_size.riscv64", "Allowed: value, source, certainty, note, amd64, arm64"),
        (
            'system = "glibc"',
            'system = "gnu"',
            "system is 'gnu'. It must be one of glibc, musl, windows, macos, freebsd",
        ),
        ('system = "glibc"', "system = []", "It must be one of glibc"),
        ('title = "My Linux"', "", "title is empty"),
        ("arm64 = [", "aarch64 = [", "cpus.aarch64 is 'aarch64'. It must be one of 386, amd64, arm, arm64"),
        ('["armv8.0"]', "[]", "cpus.arm64 is empty"),
        ('["armv8.0"]', '"armv8.0"', "cpus.arm64 is 'armv8.0'. It must be a list of strings."),
        ('["armv8.0"]', '["armv80"]', "no CPU is named 'armv80'. Did you mean armv8.0"),
        ('["armv8.0"]', '["x86-64-v1"]', "cpus.arm64 names x86-64-v1, a CPU of amd64"),
        ("[cpus]", "[cpu]", "cpu is not known"),
        ('[cpus]\namd64 = ["x86-64-v1", "my-cpu"]\narm64 = ["armv8.0"]', "", "cpus is missing"),
        ('[cgroup]\ncertainty = "unknown"\nnote = "nobody looked"', "", "my-linux.toml: cgroup is missing"),
        ("[cgroup]", 'cgroup = "v3"\n[cannot_run]', "is not known"),
        (
            'certainty = "unknown"\nnote = "nobody looked"',
            'value = "v3"\ncertainty = "verbatim"',
            "one of v1, v2, hybrid",
        ),
        ("[kernel]", "[kernel", "my-linux.toml: "),
    ],
)
def test_a_typo_in_an_os_file(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in OS
    path = folder(tmp_path, OS.replace(old, new, 1))
    text = refusal(lambda: load([path]).platform("my-linux/arm64"))
    assert says in text
    assert "my-linux.toml" in text


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('goarch = "amd64"', 'goarch = "x86_64"', "goarch is 'x86_64'. It must be one of 386, amd64"),
        ("[variant]", "[level]", "level is not known. Allowed: title, goarch, qemu, features, variant"),
        ('value = "v1"', 'value = "v5"', "variant.value: 'v5' is no value of GOAMD64"),
        ('value = "v1"', 'value = "v2"', "variant.value is 'v2', but features lacks cx16, lahf_lm, pni"),
        ('"sse2"]', '"sse2", 3]', "features.value is"),
        ('certainty = "verbatim"\n[variant]', 'certainty = "verbatim"\n[qemu]\nmodle = "x"\n[variant]', "qemu.modle"),
        (
            'certainty = "verbatim"\n[variant]',
            'certainty = "verbatim"\n[qemu]\nsource = "x"\n[variant]',
            "qemu.model is empty",
        ),
        ("[features]", "[features]\n[features.amd64]", "features.amd64 is not known"),
    ],
)
def test_a_typo_in_a_cpu_file(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in CPU
    path = folder(tmp_path, cpu_text=CPU.replace(old, new, 1))
    text = refusal(lambda: load([path]).platform("my-linux/my-cpu"))
    assert says in text
    assert "my-cpu.toml" in text


def test_a_cpu_with_an_architectures_name_has_that_architecture(tmp_path: Path) -> None:
    path = folder(tmp_path)
    (path / "cpu" / "riscv64.toml").write_text(CPU, "utf-8")
    assert "has that architecture" in refusal(lambda: load([path]).platform("debian-13/riscv64"))


def test_folders_that_hold_nothing(tmp_path: Path) -> None:
    assert "is no folder" in refusal(lambda: load([tmp_path / "none"]))
    assert "holds no platform files" in refusal(lambda: load([tmp_path]))
    (tmp_path / "os").mkdir()
    (tmp_path / "os" / "My Linux.toml").write_text(OS, "utf-8")
    assert "Use lower-case letters" in refusal(lambda: load([tmp_path]))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    path = folder(tmp_path)
    (path / "os" / "my-linux.toml").write_bytes(b"title = '\xff'")
    assert "is not UTF-8" in refusal(lambda: load([path]).platform("my-linux/amd64"))
    (path / "os" / "my-linux.toml").unlink()
    (path / "os" / "my-linux.toml").mkdir()
    assert "Is a directory" in refusal(lambda: load([path]).platform("my-linux/amd64"))


def test_a_broken_file_spoils_only_what_needs_it(tmp_path: Path) -> None:
    path = folder(tmp_path, "title = ")
    assert load([path]).platform("debian-12/amd64").os == "debian-12"


def test_only_what_is_needed_is_read_and_everything_is_fast() -> None:
    began = time.perf_counter()
    catalogue: Catalogue = load()
    assert len(catalogue.select(["*/*"])) == len(NAMES)
    assert time.perf_counter() - began < 0.5  # 10 ms where nothing else runs
