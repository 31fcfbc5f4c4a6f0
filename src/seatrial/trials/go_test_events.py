"""Reads the event stream of `go test -json` (Go source: cmd/internal/test2json, cmd/go/internal/test).

An end that is missing is a failure: a test that began and never ended, a package that began and never ended.
"""

import contextlib
import re
from collections.abc import Iterable

import msgspec

from seatrial.decoding import ready

__all__ = ["PackageTests", "TestEvents", "read_events"]

_NOT_BUILT = re.compile(r"^FAIL\t.*\[(build|setup) failed\]$", re.MULTILINE)


class PackageTests(msgspec.Struct, frozen=True):
    """The tests of one package. Names of subtests are "TestX/case"; a failed one hides the test that holds it."""

    __test__ = False  # not a test class of ours

    package: str
    good: bool
    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()
    """Those of the failed that began and never ended."""
    failed_output: tuple[str, ...] = ()
    """What each of the failed printed, with the tests that hold it."""
    skipped: tuple[str, ...] = ()
    not_built: bool = False
    timed_out: bool = False
    output: str = ""
    """What the failed tests and the package itself printed; of a package that was not built, the compiler's lines."""

    @property
    def tests(self) -> int:
        return len(self.passed) + len(self.failed) + len(self.skipped)


class TestEvents(msgspec.Struct, frozen=True):
    """A whole run."""

    __test__ = False

    packages: tuple[PackageTests, ...] = ()
    other: str = ""
    """Lines that are no events."""


class _Event(msgspec.Struct, rename="pascal"):
    action: str
    package: str = ""
    test: str = ""
    output: str = ""
    import_path: str = ""
    failed_build: str = ""


class _Package:
    def __init__(self, name: str) -> None:
        self.name = name
        self.ended = ""
        self.failed_build = ""
        self.tests: dict[str, str] = {}
        self.lines: list[tuple[str, str]] = []

    def take(self, event: _Event) -> None:
        match event.action:
            case "output":
                self.lines.append((event.test, event.output))
            case "run":
                self.tests[event.test] = ""
            case "pass" | "fail" | "skip" if event.test:
                self.tests[event.test] = event.action
            case "pass" | "fail" | "skip":
                self.ended = event.action
                self.failed_build = event.failed_build

    def result(self, compiler: dict[str, str]) -> PackageTests:
        unfinished = tuple(name for name, end in self.tests.items() if not end)
        failed = [name for name, end in self.tests.items() if end in ("fail", "")]
        leaves = tuple(name for name in failed if not any(other.startswith(f"{name}/") for other in failed))
        text = "".join(line for test, line in self.lines if not test or test in failed)
        return PackageTests(
            self.name,
            good=self.ended in ("pass", "skip") and not failed,
            passed=self._ended("pass"),
            failed=leaves,
            unfinished=unfinished,
            failed_output=tuple(self._printed(name) for name in leaves),
            skipped=self._ended("skip"),
            not_built=bool(self.failed_build)
            or bool(re.search(r"^FAIL\t.*\[(build|setup) failed\]$", text, re.MULTILINE)),
            timed_out="panic: test timed out after" in text,
            output=compiler.get(self.failed_build, "") + text,
        )

    def _printed(self, name: str) -> str:
        return "".join(line for test, line in self.lines if test and f"{name}/".startswith(f"{test}/"))

    def _ended(self, how: str) -> tuple[str, ...]:
        return tuple(name for name, end in self.tests.items() if end == how)


def read_events(lines: Iterable[str]) -> TestEvents:
    """What the stream says."""
    packages: dict[str, _Package] = {}
    compiler: dict[str, str] = {}
    other: list[str] = []
    decoder = msgspec.json.Decoder(ready(_Event))
    for line in lines:
        event = None
        with contextlib.suppress(msgspec.MsgspecError):
            event = decoder.decode(line)
        if event is None:
            other.append(line)
        elif event.package:
            packages.setdefault(event.package, _Package(event.package)).take(event)
        elif event.action == "build-output":
            compiler[event.import_path] = compiler.get(event.import_path, "") + event.output
    results = tuple(package.result(compiler) for package in packages.values())
    return TestEvents(results, "\n".join(other))
