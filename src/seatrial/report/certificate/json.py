"""A certificate as JSON, `seatrial/conformance/1`: what machines read, and the only form that is read back."""

import json
from pathlib import Path
from typing import Any

import msgspec

from seatrial.decoding import ready
from seatrial.errors import UsageError
from seatrial.model.conformance import SCHEMA, Certificate

__all__ = ["SCHEMA_FILE", "read", "render", "render_schema"]

SCHEMA_FILE = Path(__file__).parent / "conformance.schema.json"
"""The shipped schema: `render_schema()`, kept up to date by a test."""


def render(certificates: tuple[Certificate, ...]) -> bytes:
    """One certificate as an indented object, several as a list of them."""
    form: Any = certificates[0] if len(certificates) == 1 else certificates
    return msgspec.json.format(msgspec.json.encode(form), indent=2) + b"\n"


def read(data: bytes) -> Certificate:
    """The certificate that `render` wrote. Raises UsageError for anything else, and for a newer schema."""
    try:
        form = msgspec.json.decode(data)
        if isinstance(form, list):
            raise UsageError(f"The file holds {len(form)} certificates.", "Write one platform into a file.")
        name = form.get("schema") if isinstance(form, dict) else None
        if name != SCHEMA:
            raise UsageError(
                f"The file has the schema {name!r}, and a certificate has {SCHEMA!r}.",
                "Give a file written by `seatrial conformance --json`.",
            )
        return msgspec.convert(form, ready(Certificate))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(
            f"This is no certificate: {error}.", "Give a file written by `seatrial conformance --json`."
        ) from error


def render_schema() -> bytes:
    """The JSON Schema (draft 2020-12) of a certificate, as it is shipped."""
    form: dict[str, Any] = msgspec.json.schema(Certificate)
    form["$defs"]["Certificate"]["properties"]["schema"] = {"const": SCHEMA}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA}
    return json.dumps({**head, **form}, indent=2, ensure_ascii=False, sort_keys=True).encode() + b"\n"
