"""Where a run differs from its platform: cpu, kernel, libc, page size, cgroup are its own or substitutes."""

import re
from typing import Any

import msgspec

from seatrial.host import HostFacts
from seatrial.model.platform import Fact, Platform
from seatrial.model.report import Substitute

__all__ = ["Place", "compare", "cpu_is", "release_is"]


class Place(msgspec.Struct, frozen=True):
    """What a program finds where it is run."""

    cpu: str
    kernel: str
    libc: str
    """Family and version: "glibc 2.36"; "" for a program that uses none: a static one brings its own."""
    page_size: int
    """Bytes; 0 when nobody knows."""
    cgroup: str
    cpu_is_platforms: bool = False


def release_is(host: HostFacts, platform: Platform) -> bool:
    """True when the host's os-release names the platform's operating system and its version."""
    words = (host.os_release.get("ID", ""), host.os_release.get("VERSION_ID", ""))
    return "-".join(words).lower() == platform.os


def cpu_is(host: HostFacts, platform: Platform) -> bool:
    """True when every word of the CPU's name is in the name that the host's CPU prints. A level's name never is."""
    printed = re.split(r"[^a-z0-9]+", host.cpu_model.lower())
    return all(word in printed for word in re.split(r"[^a-z0-9]+", platform.cpu.lower()))


def _text(fact: Fact[Any]) -> str:
    return "unknown" if fact.value is None else str(fact.value)


def _same_release(wanted: str, found: str) -> bool:
    numbers = re.findall(r"\d+", wanted)
    return bool(numbers) and re.findall(r"\d+", found)[: len(numbers)] == numbers


def compare(platform: Platform, place: Place) -> tuple[tuple[Substitute, ...], tuple[str, ...]]:
    """The substitutes, and the names of the facts that are the platform's own. What is unknown is a substitute."""
    kernel, libc = _text(platform.kernel), _text(platform.libc)
    page, cgroup = _text(platform.page_size), _text(platform.cgroup)
    facts = [
        ("cpu", platform.cpu_title, place.cpu, place.cpu_is_platforms),
        ("kernel", kernel, place.kernel, _same_release(kernel, place.kernel)),
        ("page size", page, str(place.page_size or "unknown"), page == str(place.page_size)),
        ("cgroup", cgroup, place.cgroup, cgroup == place.cgroup),
    ]
    if place.libc:
        facts.insert(2, ("libc", libc, place.libc, libc == place.libc))
    substitutes = tuple(Substitute(fact, wanted, found) for fact, wanted, found, same in facts if not same)
    return substitutes, tuple(fact for fact, _, _, same in facts if same)
