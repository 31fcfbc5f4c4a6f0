"""The scrubbed environment in which `go` runs, so that two users get the same artifact from the same source.

Kept: where caches and modules live, how the network is reached, PATH (git, and a C compiler that the user names).
Dropped: everything that changes what is built (GOFLAGS, GOROOT, GODEBUG, CGO_*, GOOS, GOAMD64, CC, GIT_*, ...);
settings of that kind belong into `seatrial.toml`, where they are part of the cache key.

The file that `go env -w` writes is switched off for the same reason (GOENV=off), but what it says of the network,
of privacy and of directories is read from it and kept: behind a company's module proxy nothing would load otherwise.
"""

import os
from collections.abc import Mapping
from pathlib import Path

__all__ = ["scrubbed", "user_settings"]

_PLACES_AND_NETWORK = (
    "GOPATH",
    "GOMODCACHE",
    "GOCACHE",
    "GOTMPDIR",
    "GOPROXY",
    "GONOPROXY",
    "GOSUMDB",
    "GONOSUMDB",
    "GOPRIVATE",
    "GOINSECURE",
    "GOVCS",
    "GOAUTH",
)
"""Variables of `go help environment` that decide from where and to where, never what."""

_KEPT = (
    *_PLACES_AND_NETWORK,
    "GOWORK",
    "HOME",
    "USERPROFILE",
    "PATH",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "ZIG_GLOBAL_CACHE_DIR",
    "ZIG_LOCAL_CACHE_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "NETRC",
    "SSH_AUTH_SOCK",
)

_MINIMAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def user_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """What the user's `go env -w` file says of places and the network (Go source: cmd/go/internal/cfg.initEnvCache)."""
    place = environ.get("GOENV", "")
    if place == "off":
        return {}
    if not place:
        base = environ.get("XDG_CONFIG_HOME") or os.path.join(_home(environ), ".config")  # noqa: PTH118 - a plain string
        place = f"{base}/go/env"
    try:
        text = Path(place).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    settings = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and name in _PLACES_AND_NETWORK:
            settings[name] = value
    return settings


def _home(environ: Mapping[str, str]) -> str:
    return environ.get("HOME") or str(Path.home())


def scrubbed(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment for a `go` command, made from `environ` (this process's own by default)."""
    source = os.environ if environ is None else environ
    env = user_settings(source)
    env |= {name: source[name] for name in _KEPT if source.get(name)}
    env.setdefault("PATH", _MINIMAL_PATH)
    env.setdefault("HOME", _home(source))
    env |= {"GOENV": "off", "GOTOOLCHAIN": "local", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
    return env
