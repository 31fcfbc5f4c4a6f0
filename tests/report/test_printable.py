"""Recorded text made safe, and only where it has to be."""

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from seatrial.report.printable import encodable, printable, xml_text

ANY_TEXT = st.text(st.characters(exclude_categories=()))  # surrogates and controls included


def test_control_characters_are_written_out() -> None:
    assert printable("a\x1b[2J\x00\r\nb\tc\rd\u202e") == "a\\x1b[2J\\x00\nb\tc\\rd\\u202e"
    assert printable("麒麟 “quoted” é") == "麒麟 “quoted” é"


@given(ANY_TEXT)
def test_printable_text_can_be_encoded_and_drives_nothing(text: str) -> None:
    shown = printable(text)
    shown.encode("utf-8")
    assert all(letter >= " " or letter in "\t\n" for letter in shown)
    assert printable(shown) == shown


@given(ANY_TEXT)
def test_xml_text_can_stand_in_a_document(text: str) -> None:
    element = ElementTree.Element("a", b=xml_text(text))
    element.text = xml_text(text)
    read = ElementTree.fromstring(ElementTree.tostring(element, encoding="utf-8"))
    assert (read.text or "").replace("\r\n", "\n") == xml_text(text).replace("\r\n", "\n").replace("\r", "\n")


@given(ANY_TEXT)
def test_encodable_text_can_be_encoded(text: str) -> None:
    encodable(text).encode("utf-8")
