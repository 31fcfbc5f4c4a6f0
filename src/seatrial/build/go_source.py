"""What the head of a Go file says: its package, whether it imports "C", whether a build constraint names cgo.

Read here where asking `go` would cost a process: for the common case of a directory with one package, and for files
that `go list` gives by name only. Follows the Go specification, "Source file organization" and "Import declarations".
"""

import re

__all__ = ["imports_c", "names_cgo", "package_name"]

_SPACE = r"(?:\s|//[^\n]*(?:\n|\Z)|/\*.*?\*/)*"
_PACKAGE = re.compile(rf"\A\ufeff?{_SPACE}package{_SPACE}(\w+)", re.DOTALL)
_CONSTRAINT = re.compile(r"^\s*//\s*(?:go:build|\+build)\s(.*)$", re.MULTILINE)
_IMPORT_C = re.compile(r'^\s*import\s*(?:"C"|`C`)|^\s*(?:"C"|`C`)\s*;?\s*(?:$|//)', re.MULTILINE)


def package_name(source: str) -> str:
    """The name in the package clause; "" where there is none."""
    found = _PACKAGE.match(source)
    return found[1] if found else ""


def imports_c(source: str) -> bool:
    """Whether the file has an `import "C"`. May take a string in a raw literal for one: it is asked of few files."""
    return _IMPORT_C.search(source) is not None


def names_cgo(source: str) -> bool:
    """Whether a build constraint asks for, or excludes, cgo."""
    clause = _PACKAGE.match(source)
    head = source[: clause.start(1)] if clause else source
    return any(re.search(r"\bcgo\b", line) for line in _CONSTRAINT.findall(head))
