import os
import platform

import pytest

from seatrial.host import host
from seatrial.host.facts import cgroup_mode, cpu_features, cpu_model, os_release

_KYLIN = 'NAME="Kylin Linux Advanced Server"\nVERSION="V10 (Lance)"\nID="kylin"\nVERSION_ID="V10"\n\n# x\n'


def test_os_release() -> None:
    facts = os_release(_KYLIN)
    assert (facts["ID"], facts["VERSION_ID"], facts["VERSION"]) == ("kylin", "V10", "V10 (Lance)")
    assert os_release("") == {}


@pytest.mark.parametrize(
    ("mounts", "mode"),
    [
        ("cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n", "v2"),
        ("cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\ntmpfs /tmp tmpfs rw 0 0\n", "v1"),
        ("cgroup /c/cpu cgroup rw,cpu 0 0\ncgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0\n", "hybrid"),
        ("tmpfs /cgroup tmpfs rw 0 0\nshort line\n", "none"),
    ],
)
def test_cgroup_mode(mounts: str, mode: str) -> None:
    assert cgroup_mode(mounts) == mode


@pytest.mark.parametrize(
    ("cpuinfo", "model", "features"),
    [
        ("model name\t: Hygon C86 7285\nflags\t\t: fpu sse4_1 avx2\n", "Hygon C86 7285", {"fpu", "sse4_1", "avx2"}),
        ("processor: 0\nFeatures\t: fp asimd crc32\nCPU part\t: 0x663\n", "", {"fp", "asimd", "crc32"}),
        ("Model Name\t\t: Loongson-3A6000\nFeatures\t: cpucfg lam lsx\n", "Loongson-3A6000", {"cpucfg", "lam", "lsx"}),
        ("isa\t\t: rv64imafdc_zicbom_zba\n", "", {"rv64imafdc", "zicbom", "zba"}),
        ("", "", set()),
    ],
)
def test_cpu(cpuinfo: str, model: str, features: set[str]) -> None:
    assert cpu_model(cpuinfo) == model
    assert cpu_features(cpuinfo) == features


def test_the_host_tells_the_truth_about_itself() -> None:
    facts = host()
    assert facts.kernel == platform.release()
    assert facts.machine == platform.machine()
    assert facts.page_size == os.sysconf("SC_PAGE_SIZE")
    assert facts.libc == " ".join(platform.libc_ver()) or not platform.libc_ver()[0]
    assert 0 < facts.cpus <= (os.cpu_count() or 1)
    assert facts.goarch
    assert facts.cpu_features
