"""Whether the Go runtime fits GOMAXPROCS to the CPU limit of its container."""

from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts
from seatrial.model.finding import Evidence
from seatrial.model.needs import Needs
from seatrial.model.platform import Platform
from seatrial.rules.rule import Hit, Outcome, Undecided, known, rule
from seatrial.rules.versions import older
from seatrial.tables.go_releases import release_of
from seatrial.tables.messages import message

__all__ = ["container_gomaxprocs"]

_SINCE = "1.25"  # https://go.dev/doc/go1.25#container-aware-gomaxprocs


@rule("ST-CGROUP-001")
def container_gomaxprocs(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """GOMAXPROCS ignores the cgroup's CPU limit: an old release, or GODEBUG that follows an old `go` line."""
    if platform.goos != "linux" or known(platform.cgroup) == "none":
        return
    if isinstance(facts.go, Unknown):
        yield Undecided("rules.unread-go", {"why": facts.go.unknown})
        return
    settings = dict(
        pair.partition("=")[::2] for pair in facts.go.settings.get("DefaultGODEBUG", "").split(",") if "=" in pair
    )
    release = release_of(facts.go.version)
    if release and older(release, _SINCE):
        yield Hit(
            facts.go.version,
            message("rules.gomaxprocs-release", release=facts.go.version),
            message("rules.newer-go-for-containers"),
            (Evidence("Go release", facts.go.version, "Go build information"),),
        )
    elif settings.get("containermaxprocs") == "0":
        yield Hit(
            "containermaxprocs=0",
            message("rules.gomaxprocs-godebug"),
            message("rules.raise-go-line"),
            (
                Evidence(
                    "build setting", f"DefaultGODEBUG={facts.go.settings['DefaultGODEBUG']}", "Go build information"
                ),
            ),
        )
