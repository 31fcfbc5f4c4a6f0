"""Answers of the reader, made by hand."""

from typing import Any

import msgspec

from seatrial.model.insight import Deep


def place(function: str, package: str = "", c: bool = False, **more: Any) -> dict[str, Any]:
    where = {"pc": 0x401000, "function": function, "package": package, "file": "", "line": 0, "c": c}
    return where | {"through": "syscall.Syscall", "callers": []} | more


def system_calls(*calls: tuple[int, list[dict[str, Any]]], unresolved: int = 0) -> Deep:
    """Numbers with the places that make them."""
    answer = {
        "calls": [{"number": number, "count": len(places), "places": places} for number, places in calls],
        "unresolved": {"number": -1, "count": unresolved, "places": []},
        "entries": ["syscall.Syscall"],
    }
    return Deep({"syscalls": msgspec.Raw(msgspec.json.encode(answer))})


def instructions(feature: str, function: str, standing: str = "unguarded", why: str = "way") -> Deep:
    """A function that uses a feature of the CPU."""
    use = place(function) | {"feature": feature, "count": 3, "first": 0x401000, "standing": standing, "why": why}
    answer = {"uses": [use | {"guard": "main.main", "way": [{"function": "main.main", "package": "main"}]}]}
    return Deep({"isa": msgspec.Raw(msgspec.json.encode(answer))})
