"""The machine that seatrial runs on, as a platform: what the suite is asked about when nobody names another."""

import re
from pathlib import Path

from seatrial.host import HostFacts, host
from seatrial.model.platform import Certainty, Fact, Libc, Platform
from seatrial.tables.architectures import architectures

__all__ = ["host_platform"]

_SOURCE = "this machine"


def host_platform(facts: HostFacts | None = None) -> Platform:
    """Every fact is read from the machine; its C library is unknown where it does not tell."""
    here = facts or host()
    libc = _libc(here)
    title = here.os_release.get("PRETTY_NAME", "Linux")
    cpu = here.cpu_model or here.machine
    system = libc.family if libc else ""
    return Platform(
        name="",
        os="-".join((here.os_release.get("ID", ""), here.os_release.get("VERSION_ID", ""))).lower(),
        cpu=re.sub(r"[^a-z0-9]+", "-", here.cpu_model.lower()).strip("-"),
        title=f"{title} on {cpu}",
        cpu_title=cpu,
        goos="linux",
        goarch=here.goarch,
        kernel=Fact(here.kernel, _SOURCE, Certainty.VERBATIM),
        libc=Fact(libc, _SOURCE, Certainty.VERBATIM) if libc else Fact(None, "", Certainty.UNKNOWN, "it does not tell"),
        loader=Fact("", _SOURCE, Certainty.VERBATIM),
        page_size=Fact(here.page_size, _SOURCE, Certainty.VERBATIM),
        cgroup=Fact(here.cgroup, _SOURCE, Certainty.VERBATIM),
        features=Fact(tuple(sorted(here.cpu_features)), _SOURCE, Certainty.VERBATIM),
        variant=Fact("", _SOURCE, Certainty.VERBATIM),
        world=Fact("new" if here.goarch == "loong64" else "", _SOURCE, Certainty.ASSUMED),
        libraries=Fact((), _SOURCE, Certainty.VERBATIM),
        qemu=None,
        system=system,
    )


def _libc(here: HostFacts) -> Libc | None:
    family, _, version = here.libc.partition(" ")
    if family:
        return Libc(family, version)
    row = architectures().get(here.goarch)
    machine = row.triple.partition("-")[0] if row else ""
    return Libc("musl", "") if any(Path("/lib").glob(f"ld-musl-{machine}*.so.1")) else None
