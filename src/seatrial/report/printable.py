"""Recorded text made safe for the place where it is shown: evidence may hold anything that a program printed."""

import re

__all__ = ["encodable", "printable", "xml_text"]

# C0 but tab and newline, DEL, C1, the bidirectional controls (they reorder what a reader sees), and lone surrogates
# (bytes that were no UTF-8). The first three can drive a terminal.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# XML 1.0, production 2 (Char): what may stand in a document at all.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SURROGATES = re.compile("[\ud800-\udfff]")


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def printable(text: str) -> str:
    """The text with control characters written out (`\\x1b`), newlines and tabs kept; CRLF becomes a newline."""
    return _UNPRINTABLE.sub(_escape, text.replace("\r\n", "\n"))


def xml_text(text: str) -> str:
    """The text with what XML 1.0 cannot hold written out (`\\x1b`)."""
    return _NOT_XML.sub(_escape, text)


def encodable(text: str) -> str:
    """The text with lone surrogates written out (`\\udcff`), so that it can be encoded as UTF-8."""
    return _SURROGATES.sub(_escape, text)
