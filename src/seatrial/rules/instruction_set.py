"""The instructions that the compiler was told to use, and those that code uses by itself, against the CPU."""

from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts
from seatrial.model.finding import Evidence
from seatrial.model.go_target import VARIANT_AXES
from seatrial.model.needs import NOT_READ, Cause, FloorKind, Needs
from seatrial.model.platform import Fact, Platform
from seatrial.model.states import Confidence
from seatrial.rules.rule import Hit, Outcome, Undecided, known, rule, unknown_fact
from seatrial.tables.instruction_sets import required_features
from seatrial.tables.messages import message

__all__ = ["level_above_cpu", "unguarded_instructions"]


@rule("ST-ISA-001")
def level_above_cpu(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """The binary was compiled for instructions that this CPU does not have."""
    if not isinstance(facts.goarch, str) or facts.goarch not in VARIANT_AXES or facts.goarch != platform.goarch:
        return
    if isinstance(facts.go, Unknown):
        yield Undecided("rules.unread-go", {"why": facts.go.unknown})
        return
    goarch, axis = facts.goarch, VARIANT_AXES[facts.goarch]
    asked = needs.floor(FloorKind.CPU).because(Cause.SETTING)
    if not asked:
        yield Undecided("rules.unknown-variant", {"axis": axis, "variant": facts.go.settings.get(axis, "")})
        return
    setting = asked[0].subject
    wanted = set(asked[0].minimum.split())
    features, safe = known(platform.features), known(platform.variant)
    rests_on: Fact[tuple[str, ...]] | Fact[str]
    if features is not None:
        missing, rests_on = sorted(wanted - set(features)), platform.features
    elif safe is not None:
        missing, rests_on = sorted(wanted - required_features(goarch, safe)), platform.variant
    elif wanted - required_features(goarch, ""):
        yield unknown_fact("rules.unknown-features", platform.features)
        return
    else:
        return  # Go's own default runs on every CPU of the port
    if missing:
        yield Hit(
            setting,
            message(
                _what_happens(goarch, missing),
                level=setting,
                variant=setting.partition("=")[2],
                cpu=platform.cpu_title,
                missing=", ".join(missing),
            ),
            message("rules.isa-lower", axis=axis, safe=safe) if safe else message("rules.isa-lower-unknown", axis=axis),
            (
                *asked[0].evidence,
                Evidence("missing CPU features", " ".join(missing), rests_on.source),
            ),
            rests_on=(rests_on.certainty,),
        )


@rule("ST-ISA-002")
def unguarded_instructions(facts: BinaryFacts, needs: Needs, platform: Platform) -> Outcome:
    """Code uses instructions that this CPU does not have, and does not ask before."""
    if facts.goarch != platform.goarch or needs.instructions == NOT_READ:
        return
    if isinstance(needs.instructions, Unknown):
        yield Undecided("rules.unread-instructions", {"why": needs.instructions.unknown})
        return
    features, safe = known(platform.features), known(platform.variant)
    if features is not None:
        there, rests_on = frozenset(features), platform.features.certainty
    elif safe is not None:
        there, rests_on = required_features(platform.goarch, safe), platform.variant.certainty
    else:
        there, rests_on = None, platform.features.certainty
    for reason in needs.floor(FloorKind.CPU).because(Cause.INSTRUCTIONS):
        if reason.confidence is Confidence.POSSIBLE:
            continue
        if there is None:
            yield unknown_fact("rules.unknown-features", platform.features)
            return
        missing = sorted(set(reason.minimum.split()) - there)
        if missing:
            yield Hit(
                reason.subject,
                message(
                    "rules.isa-unguarded",
                    functions=reason.message.args["functions"],
                    package=reason.subject,
                    missing=", ".join(missing),
                    cpu=platform.cpu_title,
                ),
                message("rules.isa-ask-first", missing=", ".join(missing)),
                tuple(one for one in reason.evidence if one.kind in missing),
                rests_on=(rests_on,),
            )


def _what_happens(goarch: str, missing: list[str]) -> str:
    """The message for such a CPU: the runtime's own refusal, or SIGILL at the first such instruction.

    Follows Go 1.27's runtime: asm_amd64.s, asm_386.s, os_linux_arm.go. The check for LSE of asm_arm64.s comes after
    runtime.check, which uses LSE itself: measured with QEMU's cortex-a72, it ends with SIGILL there.
    """
    if goarch in ("amd64", "arm") or (goarch == "386" and "mmx" in missing):
        return f"rules.isa-{goarch}"
    return "rules.isa-sigill"
