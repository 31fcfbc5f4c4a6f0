"""What a binary asks of the CPU by the level that its compiler was told to use."""

from seatrial.errors import UsageError
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, GoBuildInfo
from seatrial.model.finding import Evidence
from seatrial.model.go_target import VARIANT_AXES
from seatrial.model.message import Message
from seatrial.model.needs import Cause, Reason
from seatrial.model.platform import Certainty
from seatrial.model.states import Confidence
from seatrial.tables.dispatch import port_base
from seatrial.tables.instruction_sets import default_variant, required_features
from seatrial.tables.messages import message

__all__ = ["setting_reason"]


def setting_reason(facts: BinaryFacts) -> Reason | Message | None:
    """The features that GOAMD64, GOARM64, ... demand; a message says why they are not known.

    An architecture without such a variable has what every CPU of the port has; None where that is not on record.
    """
    if not isinstance(facts.goarch, str):
        return None
    if facts.goarch not in VARIANT_AXES:
        return _base_reason(facts.goarch, facts.go.version if isinstance(facts.go, GoBuildInfo) else "")
    if isinstance(facts.go, Unknown):
        return message("needs.no-setting", why=facts.go.unknown)
    axis = VARIANT_AXES[facts.goarch]
    variant = facts.go.settings.get(axis, "") or default_variant(facts.goarch)
    try:
        features = " ".join(sorted(required_features(facts.goarch, variant)))
    except UsageError as error:
        return message("needs.no-setting", why=error.message)
    setting = f"{axis}={variant}"
    return Reason(
        Cause.SETTING,
        features,
        setting,
        message("needs.setting", setting=setting, features=features or "-"),
        Confidence.CERTAIN,
        "Go build information",
        title=setting,
        evidence=(Evidence("build setting", setting, "Go build information"),),
    )


def _base_reason(goarch: str, release: str) -> Reason | None:
    base = port_base(goarch, release)
    if base is None:
        return None
    features = " ".join(sorted(base.features))
    return Reason(
        Cause.RELEASE,
        features,
        goarch,
        message("needs.port-base", goarch=goarch, machine=base.machine, features=features),
        Confidence.CERTAIN,
        base.source,
        Certainty.DOCUMENTED,
        base.machine,
        (Evidence("GOARCH", goarch, "file header"),),
    )
