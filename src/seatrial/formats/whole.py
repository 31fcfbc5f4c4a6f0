"""Whether a program is all there, to be loaded: what reading its headers does not need and running it does."""

from seatrial.errors import UsageError
from seatrial.model.binary import BinaryFacts, BinaryFormat

__all__ = ["require_whole"]


def require_whole(facts: BinaryFacts) -> None:
    """Raise UsageError where the file ends before what the loader maps of it: of a copy that was cut off.

    The kernel maps a segment beyond the end of an ELF or Mach-O file, and whoever reads there gets SIGBUS (mmap(2)).
    """
    if facts.format not in (BinaryFormat.ELF, BinaryFormat.MACHO):
        return
    end = max((segment.offset + segment.file_size for segment in facts.segments if segment.file_size), default=0)
    if end > facts.size:
        raise UsageError(
            f"{facts.path} is cut off: it has {facts.size:,} bytes, and its segments reach to byte {end:,}.",
            "Build or copy it again.",
        )
