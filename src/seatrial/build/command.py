"""The `go` command lines of a job: environment and flags, the same for listing, building and testing."""

from seatrial.model.program import BuildJob, Program
from seatrial.toolchains.compile import REPRODUCIBLE_FLAGS

__all__ = ["build_flags", "environment", "module_flags"]


def environment(program: Program, job: BuildJob) -> dict[str, str]:
    """What is added to the scrubbed environment for a job: the target, cgo, the C compiler, the user's settings."""
    env = job.go_target.environment() | {"CGO_ENABLED": "1" if job.cgo else "0"}
    if program.modfile:
        env |= {"GO111MODULE": "on", "GOWORK": "off"}
    if job.cgo and job.cc:
        words = {"CC": job.cc.cc, "CXX": job.cc.cxx, "AR": job.cc.ar}
        env |= {name: line for name, line in words.items() if line}
    env |= dict(job.env)
    if job.outside:
        # Go does not watch these files: without a changed flag it would take a stale object from its cache.
        env["CGO_CPPFLAGS"] = f"{env.get('CGO_CPPFLAGS', '')} -DSEATRIAL_OUTSIDE_FILES=0x{job.outside[:16]}".strip()
    return env


def module_flags(program: Program) -> tuple[str, ...]:
    """-modfile for a module that is built inside the module cache."""
    return (f"-modfile={program.modfile}", "-mod=mod") if program.modfile else ()


def build_flags(program: Program, job: BuildJob, build_id: str = "") -> tuple[str, ...]:
    """Flags of `go build` and `go test`.

    With cgo, Go's own build ID depends on the directory (`-I${SRCDIR}` is part of it, golang/go#77086): a reproducible
    build is given another one. It is not left empty, since LC_UUID and the GNU build ID are made from it.
    """
    flags = list(REPRODUCIBLE_FLAGS) if job.reproducible else []
    flags += module_flags(program)
    if job.buildmode != "exe":
        flags.append(f"-buildmode={job.buildmode}")
    if job.tags:
        flags.append(f"-tags={','.join(job.tags)}")
    own = f"-buildid={build_id}" if build_id and job.cgo and job.reproducible else ""
    ldflags = " ".join(part for part in (own, job.cc.ldflags if job.cgo and job.cc else "", job.ldflags) if part)
    if ldflags:
        flags.append(f"-ldflags={ldflags}")
    if job.gcflags:
        flags.append(f"-gcflags={job.gcflags}")
    return tuple(flags)
