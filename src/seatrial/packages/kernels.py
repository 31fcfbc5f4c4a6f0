"""Kernels that machines boot: those of `tables/kernels.toml`, and a user's own."""

import hashlib
import re
import stat
from collections.abc import Sequence
from pathlib import Path

import msgspec

from seatrial.errors import CouldNotCheck, UsageError
from seatrial.model.machine import CgroupMode, Kernel
from seatrial.model.platform import Platform
from seatrial.model.report import ToolVersion
from seatrial.packages import Package, Packages
from seatrial.packages.kernel_image import bootable, identify, unpack
from seatrial.packages.kernel_modules import MissingModule, Tree
from seatrial.processes import scratch_folder
from seatrial.store import Store, digest, file_digest
from seatrial.tables import kernels as table
from seatrial.tables.kernels import KernelRow

__all__ = ["fetch", "fetched", "intact", "kernels", "nearest", "own"]

_FORM = 3  # raise it when what is made from a package changes
_LARGEST = 512 << 20


def kernels() -> tuple[KernelRow, ...]:
    """The known kernels, in the order of the table."""
    return table.kernels()


def _row(name: str, goarch: str) -> KernelRow:
    rows = [row for row in kernels() if row.goarch == goarch]
    found = next((row for row in rows if row.name == name), None)
    if found is None:
        names = ", ".join(row.name for row in rows)
        raise UsageError(
            f"No kernel named {name} is known for {goarch}.",
            f"Known are {names}; the path of a kernel's file can be given too." if names else "None is known for it.",
        )
    return found


def fetch(store: Store, packages: Packages, name: str, goarch: str, modules: Sequence[str] = ()) -> Kernel:
    """The kernel of this name, ready to be booted; fetched and unpacked the first time.

    `modules` are wanted besides what the guest needs, and loaded after it. Raises UsageError for a name that is not
    known for the architecture, CouldNotCheck where the package cannot be fetched or has no such module.
    """
    row = _row(name, goarch)
    package = packages.obtain(table.package_row(row, row.package))
    key = _key(row, package, modules)
    if known := _known(store, key):
        return known
    wanted = (*row.needs, *modules)
    try:
        return _make(store, packages, key, row, [package], wanted)
    except MissingModule as missing:
        if row.more_modules is None:
            raise _no_module(row, str(missing)) from missing
    more = packages.obtain(table.package_row(row, row.more_modules))
    try:
        return _make(store, packages, key, row, [package, more], wanted)
    except MissingModule as missing:
        raise _no_module(row, str(missing)) from missing


def fetched(store: Store, packages: Packages, row: KernelRow) -> Kernel | None:
    """What `fetch` would give without asking anybody; None if it has not been fetched."""
    package = packages.have(table.package_row(row, row.package))
    return _known(store, _key(row, package, ())) if package else None


def intact(kernel: Kernel) -> bool:
    """Whether the image still has the digest that it had when it was taken from its verified package."""
    try:
        return file_digest(Path(kernel.image)) == kernel.sha256
    except OSError:
        return False


def _no_module(row: KernelRow, module: str) -> CouldNotCheck:
    return CouldNotCheck(
        f"The kernel {row.name} for {row.goarch} has no module {module}.", "Choose another kernel: seatrial vm kernels."
    )


def _key(row: KernelRow, package: Package, modules: Sequence[str]) -> str:
    return digest(_FORM, row, package.sha256, [one.sha256 for one in package.also], list(modules))


def _known(store: Store, key: str) -> Kernel | None:
    """The kernel that was prepared under this key. It is kept with names only: a store may be moved."""
    kernel = store.get("kernels", key, Kernel)
    if kernel is None:
        return None
    place = store.path("kernels", key)
    paths = [str(place / name) for name in (kernel.image, *kernel.modules)]
    whole = all(Path(path).is_file() for path in paths)
    return msgspec.structs.replace(kernel, image=paths[0], modules=tuple(paths[1:])) if whole else None


def _make(
    store: Store, packages: Packages, key: str, row: KernelRow, parts: Sequence[Package], wanted: Sequence[str]
) -> Kernel:
    main = parts[0]
    image = next(iter(_images(main.path)), None)
    if image is None:
        raise CouldNotCheck(
            f"{main.name} {main.version} has no kernel in it.", "The table of kernels must be mended: report it."
        )
    version = image.parent.name if image.name == "vmlinuz" else image.name.partition("-")[2]
    directories = [path for part in parts for path in part.path.glob(f"**/lib/modules/{version}") if path.is_dir()]
    plain = Kernel(
        name=row.name,
        goarch=row.goarch,
        version=version,
        image="",
        sha256="",
        page_size=row.page_size,
        cgroups=row.cgroups,
        arguments=row.arguments,
        package=ToolVersion(main.name, main.version, main.sha256, main.root),
    )
    return _prepare(store, packages, key, plain, image.read_bytes(), directories, wanted)


def _images(root: Path) -> list[Path]:
    return [*root.glob("boot/vmlinu[xz]-*"), *root.glob("usr/lib/modules/*/vmlinuz")]


def _prepare(
    store: Store,
    packages: Packages,
    key: str,
    plain: Kernel,
    data: bytes,
    directories: Sequence[Path],
    wanted: Sequence[str],
) -> Kernel:
    """The kernel with its image and modules in the store, in the form in which they are booted."""

    def fill(directory: Path) -> None:
        tree = Tree(packages, directories, directory)
        modules = tree.closure(wanted)
        image = bootable(packages, data, directory)
        (directory / "image").write_bytes(image)
        for name, content in modules.items():
            (directory / f"{name}.ko").write_bytes(content)
        kernel = msgspec.structs.replace(
            plain,
            image="image",
            sha256=hashlib.sha256(image).hexdigest(),
            modules=tuple(f"{name}.ko" for name in modules),
            builtin=tuple(name for name in wanted if name in tree.builtin),
        )
        (directory / "value.json").write_bytes(msgspec.json.encode(kernel))

    place = store.make("kernels", key, fill)
    kernel = _known(store, key)
    if kernel is None:
        raise CouldNotCheck(f"The kernel kept in {place} is damaged.", "Delete that directory and try again.")
    return kernel


def own(store: Store, packages: Packages, path: Path, goarch: str = "") -> Kernel:
    """A user's own kernel: bzImage, zImage, Image, EFI zboot, vmlinux, gzip of one.

    Its modules are taken from `lib/modules/<version>` beside the `boot` that it lies in, or of this host; without them
    it is taken to have all that a guest needs built in. Raises UsageError for a file that is no kernel, or one of
    another architecture than `goarch`; CouldNotCheck for one that cannot be unpacked.
    """
    data = _read(path)
    with scratch_folder("seatrial-kernel-") as scratch:
        plain = unpack(packages, data, scratch) if data.startswith(b"\x1f\x8b") else data
    image = identify(plain)
    if not image.goarch:
        raise UsageError(f"{path} is no Linux kernel that can be booted.", "Give a vmlinuz, Image or vmlinux.")
    if goarch not in ("", image.goarch):
        raise UsageError(f"{path} is a kernel for {image.goarch}, not for {goarch}.", "Give one for it.")
    directories = _modules_beside(path, image.version)
    sha256 = hashlib.sha256(data).hexdigest()
    listed = [[str(each), each.stat().st_mtime_ns] for each in directories]
    kernel = Kernel(
        name=str(path),
        goarch=image.goarch,
        version=image.version,
        image="",
        sha256="",
        page_size=image.page_size,
        cgroups=tuple(CgroupMode),
    )
    needs = ("virtio_ccw" if image.goarch == "s390x" else "virtio_pci", "virtio_console")
    key = digest(_FORM, kernel, sha256, listed)
    known = _known(store, key)
    try:
        return known or _prepare(store, packages, key, kernel, plain, directories, needs if directories else ())
    except MissingModule as missing:
        where = " and ".join(str(each) for each in directories)
        raise CouldNotCheck(
            f"The kernel {path} has no {missing}: it is not in {where}.",
            "Without it a guest cannot be spoken to: give a kernel that has it.",
        ) from missing


def _read(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{path} is no regular file.", "Give the file of a kernel.")
        if status.st_size > _LARGEST:
            raise UsageError(f"{path} is too large to be a kernel.", "Give the file of a kernel.")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"Cannot read {path}: {error.strerror or error}.", "Give the file of a kernel.") from error


def _modules_beside(path: Path, version: str) -> list[Path]:
    """The directories of this version's modules: from an unpacked package, or from this host's own kernels."""
    if not version or "/" in version:
        return []
    root = path.resolve().parent.parent
    places = [path.resolve().parent, *(base / "lib/modules" / version for base in (root, root / "usr", Path("/")))]
    return [place for place in places if (place / "modules.builtin").is_file()][:1]


def nearest(platform: Platform) -> str:
    """The name of the kernel that stands best for the platform's: by page size, then cgroup mode, then release.

    What differs all the same is for the caller to list. Raises CouldNotCheck where none is known for the architecture.
    """
    rows = [row for row in kernels() if row.goarch == platform.goarch]
    if not rows:
        raise CouldNotCheck(
            f"No kernel is known for {platform.goarch}.", "Give the file of one: seatrial vm run --kernel FILE."
        )
    wanted = _release(platform.kernel.value or "")
    page, cgroup = platform.page_size.value, platform.cgroup.value

    def distance(row: KernelRow) -> tuple[bool, bool, int]:
        other_page = page is not None and row.page_size != page
        other_cgroup = cgroup is not None and cgroup not in row.cgroups
        return other_page, other_cgroup, abs(_release(row.release) - wanted) if wanted else 0

    return min(rows, key=distance).name


def _release(version: str) -> int:
    """The number of the release since 3.0, counted as kernels are released: 4.20 is followed by 5.0. 0 if unknown."""
    found = re.match(r"(\d+)\.(\d+)", version)
    if not found:
        return 0
    major, minor = int(found[1]), int(found[2])
    return 20 * (major - 3) + (major > 4) + minor + 1 if major >= 3 else 0
