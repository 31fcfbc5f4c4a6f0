"""Order of dotted versions: glibc 2.9 before 2.17, kernel 4.19.90 after 4.19."""

from seatrial.tables.version_ranges import numbers

__all__ = ["older"]


def older(version: str, than: str) -> bool:
    """Whether the first version is older than the second. A missing part counts as 0."""
    return numbers(version) < numbers(than)
