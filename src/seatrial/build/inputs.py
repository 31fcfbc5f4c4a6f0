"""The keys under which results are kept: digests of everything that decides an artifact, or a run of the tests."""

from seatrial.build.plan import list_request
from seatrial.build.survey import survey
from seatrial.model.program import BuildJob, Program
from seatrial.store import Store, digest
from seatrial.toolchains.go import GoToolchain

__all__ = ["input_key", "test_key"]

_FORMAT = 1
"""Raised when the way an artifact is built changes."""


def input_key(program: Program, job: BuildJob, go: GoToolchain) -> str:
    """The key of the job's artifact: toolchains, flags, environment, and each file that the target uses.

    Equal for all platforms that need the same artifact. Costs nothing: `plan` has looked at the files.
    """
    place = [] if job.reproducible else [str(program.directory), program.revision]
    return digest("artifact", _FORMAT, program.name, program.package, _settings(job), job.sources, go.digest, place)


def test_key(
    program: Program,
    job: BuildJob,
    go: GoToolchain,
    store: Store,
    packages: tuple[str, ...],
    flags: tuple[str, ...] = (),
) -> str:
    """The key of a run of the tests of these packages: as above, with test files and whole testdata directories.

    Files that tests read from elsewhere are not seen; keep them in testdata.
    """
    found = survey(program, list_request(program, job, packages, tests=True), go, store)
    return digest("tests", _FORMAT, packages, flags, _settings(job), found.digest, found.outside, go.digest)


def _settings(job: BuildJob) -> list[object]:
    compiler = [job.cc.digest, job.cc.ldflags] if job.cc else []
    return [
        job.go_target, job.cgo, compiler, job.buildmode, job.tags, job.ldflags, job.gcflags, job.env, job.reproducible,
        job.outside,
    ]  # fmt: skip
