"""Variant values, what they demand, and how they compare."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.errors import UsageError
from seatrial.model.go_target import VARIANT_AXES
from seatrial.tables.instruction_sets import (
    default_variant,
    exceeds,
    levels,
    missing_features,
    required_features,
)

VALUES = {
    "386": "softfloat sse2",
    "amd64": "v1 v2 v3 v4",
    "arm": "5 6 7",
    "arm64": "v8.0 v8.1 v8.2 v8.3 v8.4 v8.5 v8.6 v8.7 v8.8 v8.9 v9.0 v9.1 v9.2 v9.3 v9.4 v9.5",
    "mips": "softfloat hardfloat",
    "mipsle": "softfloat hardfloat",
    "mips64": "softfloat hardfloat",
    "mips64le": "softfloat hardfloat",
    "ppc64": "power8 power9 power10",
    "ppc64le": "power8 power9 power10",
    "riscv64": "rva20u64 rva22u64 rva23u64",
}
"""What `go help environment` of Go 1.27 lists, lowest first."""


def test_every_axis_has_the_values_that_go_has() -> None:
    assert set(VALUES) == set(VARIANT_AXES)
    for goarch, values in VALUES.items():
        assert [level.name for level in levels(goarch)] == values.split()
        assert all(level.source for level in levels(goarch))
        assert default_variant(goarch) in values.split()


def test_defaults_are_those_of_go() -> None:
    expected = {"386": "sse2", "amd64": "v1", "arm": "7", "arm64": "v8.0", "ppc64le": "power8", "riscv64": "rva20u64"}
    assert {goarch: default_variant(goarch) for goarch in expected} == expected


@pytest.mark.parametrize("goarch", ["loong64", "s390x", "wasm"])
def test_architectures_without_an_axis(goarch: str) -> None:
    assert (default_variant(goarch), levels(goarch), required_features(goarch, "")) == ("", (), frozenset())
    assert not exceeds(goarch, "", "")
    with pytest.raises(UsageError, match="has no variant variable"):
        required_features(goarch, "v1")


def test_amd64_levels() -> None:
    assert required_features("amd64", "v3") - required_features("amd64", "v2") == frozenset(
        {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"}
    )
    assert required_features("amd64", "") == required_features("amd64", "v1")
    lujiazui = required_features("amd64", "v2") | {"avx", "f16c", "bmi1", "bmi2", "abm", "movbe"}
    assert missing_features("amd64", "v3", lujiazui) == ("avx2", "fma")
    assert missing_features("amd64", "v2", lujiazui) == ()


@pytest.mark.parametrize(
    ("goarch", "wanted", "safe", "over"),
    [
        ("amd64", "v3", "v2", True),
        ("amd64", "v2", "v2", False),
        ("amd64", "", "v1", False),
        ("amd64", "v2", "", True),
        ("arm64", "v8.0,lse", "v8.0", True),
        ("arm64", "v8.0,lse", "v8.1", False),
        ("arm64", "v8.1", "v8.0,lse", True),
        ("arm64", "v8.1,lse,crypto", "v8.1,crypto", False),
        ("arm64", "v8.0,crypto", "v8.4", True),
        ("arm64", "v9.0", "v8.9", True),
        ("arm64", "v8.5", "v9.0", False),
        ("arm64", "v8.6", "v9.0", True),
        ("arm64", "v8.6", "v9.1", False),
        ("arm", "7", "6", True),
        ("arm", "6", "7", False),
        ("arm", "7,softfloat", "5", False),
        ("arm", "5,hardfloat", "5", True),
        ("arm", "7,hardfloat", "7", False),
        ("386", "sse2", "softfloat", True),
        ("mips", "hardfloat", "softfloat", True),
        ("ppc64le", "power10", "power9", True),
        ("riscv64", "rva23u64", "rva20u64", True),
    ],
)
def test_exceeds(goarch: str, wanted: str, safe: str, over: bool) -> None:
    assert exceeds(goarch, wanted, safe) is over


@given(st.sampled_from(sorted(VALUES)), st.data())
def test_levels_of_an_axis_are_ordered(goarch: str, data: st.DataObject) -> None:
    values = VALUES[goarch].split()
    low, high = sorted(data.draw(st.lists(st.sampled_from(range(len(values))), min_size=2, max_size=2)))
    assert not exceeds(goarch, values[high], values[high])
    if values[low][:2] == values[high][:2] or goarch != "arm64":  # v8.9 and v9.0 are no steps of one ladder
        assert not exceeds(goarch, values[low], values[high])


@pytest.mark.parametrize(
    ("goarch", "variant"), [("amd64", "v5"), ("amd64", "v1,lse"), ("arm64", "v8"), ("arm64", "v8.0,"), ("arm", "8")]
)
def test_what_is_no_value(goarch: str, variant: str) -> None:
    with pytest.raises(UsageError) as caught:
        required_features(goarch, variant)
    assert f"is no value of {VARIANT_AXES[goarch]}. Choose one of" in str(caught.value)
