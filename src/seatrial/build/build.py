"""Build one job: the artifact, kept once under its key, or the compiler's own lines and whose fault they are."""

import re
import time
from pathlib import Path

import msgspec

from seatrial.build.command import build_flags, environment
from seatrial.build.inputs import input_key
from seatrial.build.plan import list_request
from seatrial.build.survey import Survey, survey_key
from seatrial.decoding import ready
from seatrial.model.message import Message
from seatrial.model.program import BuildFailed, BuildJob, BuildResult, Built, Program
from seatrial.model.states import State
from seatrial.processes import Outcome, shell_line
from seatrial.store import Store, file_digest
from seatrial.tables.build_failures import FailureKind, failure_kind
from seatrial.tables.messages import message
from seatrial.toolchains.c import of_some_libc
from seatrial.toolchains.go import GoToolchain

__all__ = ["TIME_LIMIT", "artifact_name", "build", "build_line"]

TIME_LIMIT = 600.0
"""Seconds for one build, the download of its modules and the first use of a C target included."""

_SUFFIXES = {
    "c-shared": {"windows": ".dll", "darwin": ".dylib", "": ".so"},
    "c-archive": {"": ".a"},
    "exe": {"windows": ".exe", "": ""},
    "pie": {"windows": ".exe", "": ""},
}


class _Kept(msgspec.Struct, frozen=True):
    """Beside the artifact: what is known of it."""

    sha256: str
    size: int
    seconds: float
    output: str


class _Failure(Exception):
    """Leaves `Store.make` without an entry."""

    def __init__(self, result: BuildFailed) -> None:
        super().__init__(result.reason.text)
        self.result = result


def artifact_name(program: Program, job: BuildJob) -> str:
    """The file's name with the suffix that the target wants."""
    suffixes = _SUFFIXES[job.buildmode]
    return program.name + suffixes.get(job.go_target.goos, suffixes[""])


def build(program: Program, job: BuildJob, go: GoToolchain, store: Store, timeout: float = TIME_LIMIT) -> BuildResult:
    """The artifact of a job, built unless it was before. Raises CouldNotCheck only when the store cannot be written."""
    key = input_key(program, job, go)
    name = artifact_name(program, job)
    cached = _kept(store.path("artifacts", key), name)
    if cached is None:
        try:
            store.make("artifacts", key, lambda place: _fill(place, name, program, job, go, store, timeout))
        except _Failure as failure:
            return failure.result
    place = store.path("artifacts", key)
    kept = cached or _kept(place, name)
    if kept is None:
        return _damaged(place, program, job, go)
    header = place / f"{Path(name).stem}.h"
    target = job.go_target.name
    return Built(
        path=str(place / name),
        sha256=kept.sha256,
        size=kept.size,
        seconds=kept.seconds,
        reproducer=build_line(program, job, go),
        key=key,
        reason=message("build.unchanged" if cached else "build.built", target=target, seconds=f"{kept.seconds:.1f}"),
        header=str(header) if header.is_file() else "",
        output=kept.output,
        left_out=job.left_out,
        notes=(*job.notes, *_left_out_notes(job)),
        cached=cached is not None,
    )


def _kept(place: Path, name: str) -> _Kept | None:
    try:
        kept = msgspec.json.decode((place / "built.json").read_bytes(), type=ready(_Kept))
        whole = (place / name).stat().st_size == kept.size
    except (OSError, msgspec.MsgspecError):
        return None
    return kept if whole else None


def _fill(
    place: Path, name: str, program: Program, job: BuildJob, go: GoToolchain, store: Store, timeout: float
) -> None:
    started = time.monotonic()
    arguments = (
        "build",
        *build_flags(program, job, input_key(program, job, go)),
        "-o",
        str(place / name),
        program.package,
    )
    outcome = go.run(arguments, environment(program, job), timeout, program.directory)
    if not outcome.ok or not (place / name).is_file():
        raise _Failure(_failed(outcome, program, job, go, timeout))
    request = list_request(program, job)
    looked_at = store.get("surveys", survey_key(program, request, go), Survey)
    if looked_at and not looked_at.manifest.unchanged_since():
        raise _Failure(
            BuildFailed(
                reason=message("build.sources-changed", target=job.go_target.name),
                reason_code="sources-changed",
                state=State.ENVIRONMENT,
                output=outcome.stderr,
                seconds=outcome.seconds,
                reproducer=build_line(program, job, go),
                needs=message("build.sources-changed-needs"),
            )
        )
    size = (place / name).stat().st_size
    kept = _Kept(file_digest(place / name), size, round(time.monotonic() - started, 3), outcome.stderr)
    (place / "built.json").write_bytes(msgspec.json.encode(kept))


def _failed(outcome: Outcome, program: Program, job: BuildJob, go: GoToolchain, timeout: float) -> BuildFailed:
    output = "\n".join(part for part in (outcome.stdout.strip(), outcome.stderr.strip()) if part)
    target = job.go_target.name
    needs: Message | None = None
    if outcome.timed_out:
        state, code = State.ENVIRONMENT, "time-limit"
        reason = message("build.time-limit", target=target, seconds=f"{timeout:.0f}")
        needs = message("build.time-limit-needs")
    elif outcome.error or outcome.signal:
        state, code = State.ENVIRONMENT, "go-broken"
        reason = message("build.go-broken", target=target, ending=outcome.ending)
        needs = message("build.go-broken-needs", go=go.binary)
    elif kind := _kind(output, job):
        state, code = kind.state, kind.code
        compiler = job.cc.title if job.cc else "cc"
        words = {"what": kind.what, "target": target, "compiler": compiler, "go": go.version}
        reason = message(f"build.{kind.message}", **words)
        needs = message(f"build.{kind.message}-needs", **words) if code != "link" else None
    else:
        state, code = State.FAIL, "compile"
        reason = message("build.compile", what=_first_error(output) or outcome.ending, target=target)
    return BuildFailed(
        reason=reason,
        reason_code=code,
        state=state,
        output=output,
        seconds=outcome.seconds,
        reproducer=build_line(program, job, go),
        needs=needs,
        left_out=job.left_out,
    )


def _kind(output: str, job: BuildJob) -> FailureKind | None:
    """What the output says. A header of another system's C library is not missing here: it is the program's mistake."""
    kind = failure_kind(output)
    header = re.search(r"'([^'/][^']*)'", kind.what) if kind and kind.code == "missing-header" else None
    if header and job.cc and of_some_libc(job.cc, header[1]):
        return FailureKind(State.FAIL, "c-header", "c-header", header[1])
    return kind


_POSITION = re.compile(r"^\S+:\d+(?::\d+)?: .*$", re.MULTILINE)


def _first_error(output: str) -> str:
    """The first line with a position in a source file, else the first that is no package heading."""
    found = _POSITION.search(output)
    if found:
        return found[0]
    return next((line.strip() for line in output.splitlines() if line.strip() and not line.startswith("#")), "")


def _damaged(place: Path, program: Program, job: BuildJob, go: GoToolchain) -> BuildFailed:
    return BuildFailed(
        reason=message("build.damaged", place=place),
        reason_code="damaged",
        state=State.ENVIRONMENT,
        output="",
        seconds=0.0,
        reproducer=build_line(program, job, go),
        needs=message("build.damaged-needs", place=place),
    )


def _left_out_notes(job: BuildJob) -> tuple[Message, ...]:
    return tuple(
        message("build.left-out", package=left.package, files=", ".join(left.files), target=job.go_target.name)
        for left in job.left_out
    )


def build_line(program: Program, job: BuildJob, go: GoToolchain) -> str:
    """The command for a shell. What the user's own environment must not add is set to nothing in it."""
    env = {"GOFLAGS": "", "GOTOOLCHAIN": "local"} | environment(program, job)
    output = f"/tmp/{job.go_target.name}-{artifact_name(program, job)}"
    flags = build_flags(program, job, input_key(program, job, go))
    arguments = (go.binary, "build", *flags, "-o", output, program.package)
    return shell_line(arguments, env, program.directory)
