"""The package sources of this host: where its own mirror is. Documents: sources.list(5), apt.conf(5)."""

import re
from collections.abc import Iterable

import msgspec

__all__ = ["Source", "acquire_settings", "mirror", "read_deb822", "read_one_line"]

# Settings of the host's own apt.conf that decide how it reaches its mirror. Hooks and extra indexes are left out.
_KEPT = re.compile(r"Acquire::(?:https?|ForceIPv[46]|Retries|Check-Date|Check-Valid-Until|Max-FutureTime|Queue-Mode)\b")


class Source(msgspec.Struct, frozen=True):
    """One archive of binary packages."""

    uri: str
    suites: tuple[str, ...]
    components: tuple[str, ...]
    signed_by: str = ""
    """A keyring's path, or key fingerprints; "" for apt's own keyrings. A key inside the file counts as ""."""


def read_one_line(text: str) -> list[Source]:
    """The sources of a `*.list` file."""
    sources = []
    for line in text.splitlines():
        found = re.match(r"\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s*([^#]*)", line)
        if found:
            options, uri, suite, components = found.groups()
            signed = re.search(r"\bsigned-by=(\S+)", options or "", re.IGNORECASE)
            sources.append(Source(uri, (suite,), tuple(components.split()), signed[1] if signed else ""))
    return sources


def read_deb822(text: str) -> list[Source]:
    """The sources of a `*.sources` file."""
    sources = []
    lines = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for stanza in re.split(r"\n\s*\n", lines):
        fields = {
            name.lower(): " ".join(value.split())
            for name, value in re.findall(r"^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)", stanza, re.MULTILINE)
        }
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").lower() in ("no", "false"):
            continue
        signed = fields.get("signed-by", "")
        sources += [
            Source(
                uri,
                tuple(fields.get("suites", "").split()),
                tuple(fields.get("components", "").split()),
                "" if "BEGIN PGP" in signed else signed,
            )
            for uri in fields.get("uris", "").split()
        ]
    return sources


def mirror(sources: Iterable[Source], codename: str) -> Source | None:
    """The source that this host's own release comes from; None when there is none in these files."""
    for source in sources:
        if "main" in source.components and codename and codename in source.suites:
            return source
    return None


def acquire_settings(dump: str) -> str:
    """Of `apt-config dump`, the lines that say how the mirror is reached (proxies, retries, clocks)."""
    return "".join(f"{line}\n" for line in dump.splitlines() if _KEPT.match(line))
