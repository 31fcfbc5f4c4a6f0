"""What the Go release that built the binary asks of the operating system, and whether it has the port at all."""

from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts
from seatrial.model.finding import Evidence
from seatrial.model.needs import Cause, Needs
from seatrial.model.platform import Certainty, Platform
from seatrial.rules.rule import Hit, Outcome, Undecided, known, rule, unknown_fact
from seatrial.rules.versions import older
from seatrial.tables.go_releases import last_release_for, port, release_of
from seatrial.tables.messages import message

__all__ = ["minimum_system", "no_such_port", "release_is_too_new"]


def release_is_too_new(needs: Needs, platform: Platform) -> bool:
    """Whether ST-GO-001 fires: the version in the header follows from the release and then says nothing new."""
    there = known(platform.kernel)
    if there is None or needs.system is None:
        return False
    return any(older(there, reason.minimum) for reason in needs.system.because(Cause.RELEASE))


@rule("ST-GO-001")
def minimum_system(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """The Go release needs a newer kernel, Windows, macOS or FreeBSD than the platform has."""
    if isinstance(facts.go, Unknown):
        yield Undecided("rules.unread-go", {"why": facts.go.unknown})
        return
    there = known(platform.kernel)
    asked = needs.system.because(Cause.RELEASE) if needs.system else ()
    if not asked:
        if port(platform.goos, platform.goarch):
            unknown = needs.system.unknown if needs.system else ()
            why = next((reason.args["why"] for reason in unknown if reason.id == "needs.no-release"), "-")
            names = {"release": facts.go.version, "port": f"{platform.goos}/{platform.goarch}", "why": why}
            yield Undecided("rules.unknown-release", names)
    elif there is None:
        yield unknown_fact("rules.unknown-kernel", platform.kernel)
    elif older(there, asked[0].minimum):
        minimum, last = asked[0], last_release_for(platform.goos, platform.goarch, there)
        yield Hit(
            facts.go.version,
            message("rules.go-needs-newer", release=facts.go.version, minimum=minimum.title, there=there),
            message("rules.last-release" if last else "rules.no-release", release=last, minimum=minimum.title),
            (
                *minimum.evidence,
                Evidence("minimum", minimum.title, minimum.source),
                Evidence("platform", there, platform.kernel.source),
            ),
            rests_on=(minimum.certainty, platform.kernel.certainty),
        )


@rule("ST-GO-002")
def no_such_port(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """The release named in the build information never had this port: a vendor's fork built the binary."""
    if isinstance(facts.go, Unknown):
        return  # ST-GO-001 tells it
    exists = port(platform.goos, platform.goarch)
    release = release_of(facts.go.version)
    if exists is not None and not (
        release and ((exists.since and older(release, exists.since)) or (exists.last and older(exists.last, release)))
    ):
        return
    yield Hit(
        facts.go.version,
        message("rules.go-port-missing", release=facts.go.version, port=f"{platform.goos}/{platform.goarch}"),
        message("rules.use-upstream-port"),
        (
            Evidence("Go release", facts.go.version, "Go build information"),
            Evidence("port", f"{platform.goos}/{platform.goarch}", exists.source if exists else "go tool dist list"),
        ),
        rests_on=(exists.certainty if exists else Certainty.DOCUMENTED,),
    )
