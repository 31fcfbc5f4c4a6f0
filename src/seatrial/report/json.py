"""The report as JSON, `seatrial/report/1`: what machines read, and the only form that is read back.

A cell also carries `state`, `fidelity` and `seconds`, which the model derives from its stages.
"""

import json
from pathlib import Path
from typing import Any

import msgspec

from seatrial.decoding import ready
from seatrial.errors import UsageError
from seatrial.model.report import SCHEMA, Cell, Report
from seatrial.model.states import Fidelity, State
from seatrial.report.printable import encodable

__all__ = ["SCHEMA_FILE", "read", "render", "render_schema", "schema"]

SCHEMA_FILE = Path(__file__).parent / "report.schema.json"
"""The shipped schema: `render_schema()`, kept up to date by a test."""


class _Derived(msgspec.Struct, frozen=True):
    """What a cell's stages amount to."""

    state: State
    """The worst of its stages."""
    fidelity: Fidelity | None
    seconds: float


def render(report: Report) -> bytes:
    """The report as indented JSON with a final newline; text that is no Unicode is written out as `\\udcff`."""
    form = msgspec.to_builtins(report)
    form["cells"] = [_with_derived(cell, plain) for cell, plain in zip(report.cells, form["cells"], strict=True)]
    try:
        data = msgspec.json.encode(form)
    except UnicodeEncodeError:
        data = msgspec.json.encode(_encodable(form))
    return msgspec.json.format(data, indent=2) + b"\n"


def read(data: bytes) -> Report:
    """The report that `render` wrote. Raises UsageError for anything else, and for a newer schema."""
    try:
        name = msgspec.json.decode(data, type=ready(_Named)).schema
        if name != SCHEMA:
            raise UsageError(f"The report has the schema {name!r}.", f"This release of seatrial reads {SCHEMA}.")
        return msgspec.json.decode(data, type=ready(Report))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"This is no report of seatrial: {error}.", "Give a file written with --json.") from error


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what `render` writes."""
    form: dict[str, Any] = msgspec.json.schema(Report)
    derived = msgspec.json.schema(_Derived)["$defs"]["_Derived"]
    cell = form["$defs"]["Cell"]
    cell["properties"] |= derived["properties"]
    cell["required"] += derived["required"]
    form["$defs"]["Report"]["properties"]["schema"] = {"const": SCHEMA}
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA}
    return {**head, **form}


def render_schema() -> bytes:
    """The schema as it is shipped."""
    text = json.dumps(schema(), indent=2, ensure_ascii=False, sort_keys=True)
    return text.encode() + b"\n"


class _Named(msgspec.Struct):
    schema: str


def _with_derived(cell: Cell, plain: dict[str, Any]) -> dict[str, Any]:
    derived = _Derived(cell.state, cell.fidelity, round(cell.seconds, 3))
    return {"target": cell.target, "go_target": cell.go_target, **msgspec.to_builtins(derived), **plain}


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, list | tuple):
        return [_encodable(item) for item in value]
    if isinstance(value, dict):
        return {encodable(key): _encodable(item) for key, item in value.items()}
    return value
