"""Rows for `tables/emulator_faults.toml` that would explain what an emulator shows and no other place does.

A person judges them: a row says that the emulator is at fault, which two places that disagree do not prove.
"""

import re
import tomllib

from seatrial.model.attribution import Step, Subject
from seatrial.model.conformance import CaseVerdict
from seatrial.model.runner import Offer
from seatrial.model.states import State
from seatrial.tables.version_ranges import numbers

__all__ = ["propose"]

_DISAGREE = (State.EMULATOR, State.UNKNOWN)
_EXPLAINED = (Step.KNOWN_FAULT, Step.PERTURB)
"""A row is there already; an order of memory is chance under an emulator, and no verdict is taken from it."""


def propose(subject: Subject, offer: Offer, case: CaseVerdict) -> str:
    """The row for a case that failed under the offer and holds elsewhere; "" where there is nothing to explain."""
    held = [witness for witness in case.witnesses if witness.state is State.PASS]
    if case.state not in _DISAGREE or case.rule in _EXPLAINED or not held:
        return ""
    guest = "windows" if subject.goos == "windows" else subject.goarch
    first = case.detail.partition("\n")[0]
    rows: dict[str, str | bool | list[str]] = {
        "id": f"{offer.runner}-{guest}-{case.id.replace('/', '-')}",
        "guest": [guest],
        "host": [subject.host_arch],
        "emulator": offer.runner,
        "emulator_versions": _versions(offer, case),
        "signature": f"^{case.id}: ",
        "decides": True,
        "summary": f"{case.contract} It does not hold there: {first}",
        "mitigation": f"It holds in: {'; '.join(witness.place for witness in held)}.",
        "issues": [f"measured: {offer.implementation} on Linux {subject.host_kernel}"],
        "sample": f"{case.id}: {first}",
    }
    text = "[[fault]]\n" + "".join(f"{name} = {_toml(value)}\n" for name, value in rows.items() if value != "")
    tomllib.loads(text)  # what is proposed must at least be TOML
    return text


def _versions(offer: Offer, case: CaseVerdict) -> str:
    """The releases of the emulator in which it was seen to fail; "" where they have no numbers."""
    bad = [witness.place.partition(",")[0] for witness in case.witnesses if witness.state is State.FAIL]
    names = [name for name in (offer.implementation, *bad) if name.startswith(f"{offer.runner} ")]
    versions = sorted({name.removeprefix(offer.runner).strip() for name in names}, key=numbers)
    if not versions or not all(re.fullmatch(r"\d+(\.\d+)*", version) for version in versions):
        return ""
    return f"=={versions[0]}" if len(versions) == 1 else f">={versions[0]}, <={versions[-1]}"


def _toml(value: str | bool | list[str]) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\u{ord(found[0]):04x}", escaped) + '"'
