"""The order in which modules are loaded, from modules made here."""

import gzip
import lzma
from pathlib import Path

import pytest

from seatrial.errors import CouldNotCheck
from seatrial.packages import Packages
from seatrial.packages.kernel_modules import MissingModule, Tree
from seatrial.store import Store


def _module(*depends: str) -> bytes:
    return b"\x7fELF" + bytes(60) + b"license=GPL\0depends=" + ",".join(depends).encode() + b"\0name=x\0"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    root = tmp_path / "lib/modules/6.1"
    for directory in ("kernel/drivers/virtio", "kernel/net"):
        (root / directory).mkdir(parents=True)
    virtio, net = root / "kernel/drivers/virtio", root / "kernel/net"
    (virtio / "virtio.ko").write_bytes(_module("virtio_ring"))
    (virtio / "virtio_ring.ko.xz").write_bytes(lzma.compress(_module()))
    (virtio / "virtio-rng.ko.gz").write_bytes(gzip.compress(_module("virtio", "rng-core")))
    (net / "one.ko").write_bytes(_module("two"))
    (net / "two.ko").write_bytes(_module("one"))
    (net / "lost.ko").write_bytes(_module("nobody"))
    (net / "noise.ko").write_bytes(b"no module at all")
    (root / "modules.builtin").write_text("kernel/drivers/char/hw_random/rng-core.ko\nkernel/fs/ext4/ext4.ko\n")
    return Tree(Packages(Store(tmp_path / "store"), print), [root], tmp_path)


def test_what_a_module_depends_on_comes_first_and_uncompressed(tree: Tree) -> None:
    found = tree.closure(["virtio_rng", "virtio"])
    assert list(found) == ["virtio_ring", "virtio", "virtio_rng"]
    assert found["virtio_ring"] == _module()


def test_what_is_built_in_is_no_module(tree: Tree) -> None:
    assert tree.builtin == {"rng_core", "ext4"}
    assert tree.closure(["ext4", "rng-core"]) == {}


def test_modules_that_depend_on_each_other_end(tree: Tree) -> None:
    assert set(tree.closure(["one"])) == {"one", "two"}


def test_a_module_that_is_nowhere_is_named(tree: Tree) -> None:
    with pytest.raises(MissingModule, match=r"^nobody$"):
        tree.closure(["lost"])
    with pytest.raises(MissingModule, match=r"^sch_netem$"):
        tree.closure(["sch_netem"])


def test_a_file_that_is_no_module_ends_in_one_clear_line(tree: Tree) -> None:
    with pytest.raises(CouldNotCheck, match=r"noise\.ko is no kernel module"):
        tree.closure(["noise"])
