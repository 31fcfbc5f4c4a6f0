"""What C libraries have, and what musl does not."""

import pytest

from seatrial.tables.libc_features import execstack_refused_since, loads_shared_parts, missing_in_musl, relr_since


def test_since() -> None:
    assert relr_since("glibc") == "2.36"
    assert relr_since("musl") == "1.2.4"
    assert relr_since("freebsd") == ""
    assert execstack_refused_since("glibc") == "2.41"
    assert execstack_refused_since("musl") == ""


@pytest.mark.parametrize(
    ("symbol", "lacks"),
    [
        ("__vfprintf_chk", True),
        ("__isoc23_strtol", True),
        ("__isoc99_sscanf", False),
        ("__isoc99_other", True),
        ("gnu_get_libc_version", True),
        ("__stack_chk_fail", False),
        ("printf", False),
        ("res_search", False),
        ("error_handler", False),
    ],
)
def test_missing_in_musl(symbol: str, lacks: bool) -> None:
    assert (missing_in_musl(symbol) is not None) is lacks


def test_a_symbol_that_came_later() -> None:
    gap = missing_in_musl("qsort_r")
    assert gap is not None
    assert gap.since == "1.2.3"


def test_functions_that_load_shared_parts() -> None:
    assert loads_shared_parts("getaddrinfo")
    assert loads_shared_parts("dlopen")
    assert not loads_shared_parts("malloc")
