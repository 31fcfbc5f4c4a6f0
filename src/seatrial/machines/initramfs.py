"""The initramfs of a machine: our init, the modules that it loads, and the console. Kept by the digest of all of it."""

from pathlib import Path

from seatrial.errors import CouldNotCheck
from seatrial.machines import cpio
from seatrial.model.machine import Kernel
from seatrial.store import Store, digest, file_digest

__all__ = ["initramfs"]


def initramfs(kernel: Kernel, init: Path, store: Store) -> Path:
    """The file for QEMU's `-initrd`. Raises CouldNotCheck when a module or init cannot be read."""
    modules = [Path(path) for path in kernel.modules]
    try:
        key = digest("initramfs", file_digest(init), [[path.name, file_digest(path)] for path in modules])

        def fill(folder: Path) -> None:
            with (folder / "initramfs").open("wb") as out:
                out.write(cpio.directory("dev") + cpio.character_device("dev/console", 5, 1))
                out.writelines(cpio.file("init", init, 0o755))
                out.write(cpio.directory("modules"))
                for number, path in enumerate(modules):
                    out.writelines(cpio.file(f"modules/{number:03}-{path.name}", path, 0o644))
                out.write(cpio.TRAILER)

        return store.make("initramfs", key, fill) / "initramfs"
    except OSError as error:
        raise CouldNotCheck(
            f"Cannot read what the guest needs for kernel {kernel.name}: {error}.",
            "Try again; if the store was emptied meanwhile, the kernel is fetched anew.",
        ) from error
