"""virtme-ng with a kernel of Debian's package, its parts unpacked privately: nothing is installed on the host."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from seatrial.errors import CouldNotCheck
from seatrial.model.machine import Kernel, SystemEmulator
from seatrial.packages import Packages

__all__ = ["CannotRun", "Virtme"]

_SECONDS = 240.0


class CannotRun(Exception):
    """Why virtme-ng cannot be had or run here."""


class Virtme:
    """virtme-run, with the tools that it looks for in a folder of its own."""

    def __init__(self, packages: Packages, kernel: Kernel, emulator: SystemEmulator, folder: Path) -> None:
        """Raises CannotRun."""
        try:
            virtme, kmod, busybox = (packages.fetch(name).path for name in ("virtme-ng", "kmod", "busybox-amd64"))
        except CouldNotCheck as error:
            raise CannotRun(str(error)) from error
        if kernel.package is None or kernel.package.path is None:
            raise CannotRun("the kernel is not of a package")
        tools = folder / "tools"
        tools.mkdir()
        for name in ("modprobe", "depmod"):
            (tools / name).symlink_to(kmod / "bin/kmod")
        shutil.copy(next(busybox.rglob("busybox")), tools / "busybox")
        _script(tools / Path(emulator.path).name, emulator.environment, [emulator.path, *emulator.arguments])
        loader, libraries = virtme / "usr/lib64/ld-linux-x86-64.so.2", virtme / "usr/lib/x86_64-linux-gnu"
        _script(tools / "virtiofsd", {}, [loader, "--library-path", libraries, virtme / "usr/libexec/virtiofsd"])
        root = folder / "root"  # depmod writes into it
        shutil.copytree(kernel.package.path, root, symlinks=True)
        subprocess.run([tools / "depmod", "-b", root, kernel.version], check=True)
        self._environment = {
            **os.environ,
            "PATH": f"{tools}:{os.environ.get('PATH', '')}",
            "PYTHONPATH": str(virtme / "usr/lib/python3/dist-packages"),
        }
        self._command = [
            *(
                sys.executable,
                str(virtme / "usr/bin/virtme-run"),
                "--kimg",
                str(root / f"boot/vmlinuz-{kernel.version}"),
            ),
            *("--mods", "auto", "--disable-kvm", "--cpus", "2", "--memory", "512M", "--script-sh", "echo ready"),
        ]

    def seconds(self) -> float:
        """From its start until its guest's first command reports. Raises CannotRun when it does not."""
        began = time.perf_counter()
        with subprocess.Popen(
            ["timeout", str(_SECONDS), *self._command],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None and process.stderr is not None
            for line in process.stdout:
                if line.strip() == "ready":
                    seconds = time.perf_counter() - began
                    process.terminate()
                    return seconds
            said = process.stderr.read().strip().splitlines()
        ending = (
            "nothing came out of its guest in time" if process.returncode == 124 else f"exit code {process.returncode}"
        )
        raise CannotRun(": ".join([ending, *said[-1:]]))


def _script(path: Path, environment: Mapping[str, str], command: list[Path | str]) -> None:
    settings = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items())
    path.write_text(f'#!/bin/sh\n{settings}exec {shlex.join(str(word) for word in command)} "$@"\n')
    path.chmod(0o755)
