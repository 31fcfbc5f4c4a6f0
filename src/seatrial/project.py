"""Reading `seatrial.toml`: found beside the program or above it, up to its module's root."""

import datetime
import re
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec

from seatrial.decoding import ready
from seatrial.errors import UsageError
from seatrial.model.project import PLACEHOLDERS, BuildSettings, Project, SmokeSpec, SuppressionSpec
from seatrial.platforms import matches

__all__ = ["NAME", "active_suppression", "find", "merged", "read", "settings_for"]

NAME = "seatrial.toml"

_PLACEHOLDER = re.compile(r"(?<!\{)\{([A-Za-z_]\w*)\}(?!\})")


def find(directory: Path) -> Path | None:
    """The nearest seatrial.toml from this directory up to the one that holds go.mod; None when there is none."""
    for place in (directory, *directory.parents):
        if (place / NAME).is_file():
            return place / NAME
        if (place / "go.mod").is_file():
            return None
    return None


def read(path: Path) -> Project:
    """The project file. Raises UsageError with the place of the first mistake."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"Cannot read {path}: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}.") from error
    try:
        project = msgspec.convert(data, ready(Project))
    except msgspec.ValidationError as error:
        raise UsageError(f"{path}: {_place(error)}", "See the README for what seatrial.toml may hold.") from error
    _check(path, project)
    return project


def _place(error: msgspec.ValidationError) -> str:
    """Msgspec's sentence with the path in the user's notation (`$.build.tags[0]` is `build.tags[0]`)."""
    text, _, where = str(error).partition(" - at `$")
    return f"{where.rstrip('`').lstrip('.')}: {text}." if where else f"{text}."


def _check(path: Path, project: Project) -> None:
    if project.smoke:
        _check_placeholders(path, project.smoke)
        for name in ("stdout", "stderr", "body"):
            pattern = getattr(project.smoke, name)
            try:
                re.compile(pattern)
            except re.error as error:
                raise UsageError(f"{path}: smoke.{name} is no regular expression: {error}.") from error
    for number, override in enumerate(project.override):
        try:
            merged(project.build, override.build)
        except msgspec.ValidationError as error:
            raise UsageError(f"{path}: override[{number}].build.{_place(error)}") from error


def _check_placeholders(path: Path, smoke: SmokeSpec) -> None:
    """Raise UsageError for a name in braces that nothing is filled in for. Two braces are the user's own."""
    named = {"args": smoke.args, "env": smoke.env.values(), "http": (smoke.http,), "tcp": (smoke.tcp,)}
    for field, texts in named.items():
        for text in texts:
            unknown = next((name for name in _PLACEHOLDER.findall(text) if name not in PLACEHOLDERS), "")
            if unknown:
                known = " and ".join(f"{{{name}}}" for name in PLACEHOLDERS)
                raise UsageError(f"{path}: smoke.{field} names {{{unknown}}}: only {known} are filled in.")


def merged(settings: BuildSettings, changes: dict[str, object]) -> BuildSettings:
    """The settings with these fields in place of their own. Raises msgspec.ValidationError for a wrong one."""
    fields: dict[str, Any] = msgspec.to_builtins(settings)
    return msgspec.convert(fields | changes, ready(BuildSettings))


def settings_for(project: Project, target: str) -> BuildSettings:
    """The build settings for a platform: `[build]` with every `[[override]]` that matches, the last one on top."""
    settings = project.build
    for override in project.override:
        if any(matches(selector, target) for selector in override.targets):
            settings = merged(settings, override.build)
    return settings


def active_suppression(
    project: Project, rule: str, target: str, subject: str, today: datetime.date
) -> SuppressionSpec | None:
    """The suppression that covers a finding of this rule today; one past its date covers nothing."""
    for spec in project.suppress:
        if (
            spec.rule.upper() == rule
            and today <= spec.until
            and any(matches(selector, target) for selector in spec.targets)
            and fnmatchcase(subject, spec.subject)
        ):
            return spec
    return None
