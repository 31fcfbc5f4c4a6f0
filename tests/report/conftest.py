"""A rich invented report: each state, each fidelity, findings, suppressions, things not planned, and hostile text."""

import msgspec
import pytest

from seatrial.model.coverage import Coverage, CoveredExtension, CoveredFunction, CoveredWork
from seatrial.model.events import CellPlanned, Event, Finished, Note, Planned, StageEnded, StageStarted
from seatrial.model.finding import Evidence, Finding
from seatrial.model.message import Message
from seatrial.model.report import (
    SCHEMA,
    ArtifactSummary,
    Cell,
    NotPlanned,
    PlatformSummary,
    ProgramSummary,
    Report,
    Stage,
    Substitute,
    Suppression,
    Tool,
    ToolVersion,
    summarize,
)
from seatrial.model.states import Confidence, Fidelity, Severity, StageName, State

HOSTILE = (
    "</script><script>alert(1)</script> <b>\"quoted\" 'single'</b> &amp; {{ 7 * 7 }} [red]markup[/red] ]]> "
    "\x1b[31mred\x1b[0m \x00\x07 \u202edlrow\u202c \ud800 `ticks` | pipe 麒麟操作系统 "
)


def said(text: str) -> Message:
    """A sentence that no table of messages knows: shown as it is in every language."""
    return Message("invented.sentence", text)


def platform(name: str, arch: str, system: str = "glibc", page_size: str = "4 KiB") -> PlatformSummary:
    goos = system if system in ("windows", "freebsd") else "darwin" if system == "macos" else "linux"
    libc = {"glibc": "glibc 2.28", "musl": "musl 1.2.5"}.get(system, "none")
    return PlatformSummary(name, goos, arch, system, f"{arch} generic", "4.19.90", libc, page_size, "v1")


def stage(name: str, state: str, reason: str = "It holds.", **fields: object) -> Stage:
    plain = Stage(
        StageName(name), State(state), said(reason), reproducer=f"seatrial verify ./lighthouse --stage {name}"
    )
    return msgspec.structs.replace(plain, **fields)


BUILT = stage("build", "pass", "linux_amd64_v1, 11.7 MiB.", seconds=9.1)
JUDGED = stage("static", "pass", "34 rules, no finding.", fidelity=Fidelity.STATIC, seconds=0.3)
RUN_HERE = (
    Substitute("cpu", "Phytium FT-2000/4", "AMD EPYC 9554"),
    Substitute("kernel", "4.19.90", "6.1.0"),
)

COVERED = Coverage(
    traces=120_000,
    outside=3_400,
    odd=0,
    undecoded=0,
    extensions=(
        CoveredExtension(
            "atomics",
            (CoveredFunction("internal/runtime/atomic.(*Uint32).CompareAndSwap", "internal/runtime/atomic", 48, 2),),
        ),
    ),
    classes=(
        CoveredWork("", "integer", 900_000, 210_000, 12),
        CoveredWork("", "float", 2_100, 40, 0),
        CoveredWork("atomics", "atomic", 310, 48, 2),
    ),
)


def ran(name: str, state: str, fidelity: Fidelity, reason: str = "54 of 54 tests pass.", **fields: object) -> Stage:
    return stage(
        name,
        state,
        reason,
        **{
            "fidelity": fidelity,
            "runner": "qemu-aarch64 10.0.2",
            "substitutes": RUN_HERE,
            "same": ("libc", "page size", "cgroup"),
            "seconds": 12.25,
        }
        | fields,
    )


def blocked(name: str) -> Stage:
    return stage(
        name, "not-run", "Blocked by build.", reason_code="blocked", needs=said("A build that works."), reproducer=""
    )


def finding(rule: str, target: str, severity: Severity = Severity.ERROR, **fields: object) -> Finding:
    plain = Finding(
        rule,
        severity,
        Confidence.CERTAIN,
        target,
        "fcntl64@GLIBC_2.28",
        said("Needs fcntl64 from GLIBC_2.28; the platform has glibc 2.17."),
        (Evidence("symbol", "fcntl64@GLIBC_2.28", ".gnu.version_r, libc.so.6"),),
        said("Build against glibc 2.17."),
        said("The binary needs a newer glibc than the platform has"),
        reproducer=f"seatrial verify ./lighthouse -t {target} --stage static",
    )
    return msgspec.structs.replace(plain, **fields)


def cell(target: str, arch: str, *stages: Stage, system: str = "glibc") -> Cell:
    artifact = ArtifactSummary("ab" * 32, 12_300_000) if stages[0].state is State.PASS else None
    mine = tuple(
        msgspec.structs.replace(each, reproducer=each.reproducer.replace("--stage", f"-t {target} --stage"))
        for each in stages
    )
    return Cell(target, f"linux_{arch}", platform(target, arch, system), mine, artifact)


def report_of(cells: tuple[Cell, ...], findings: tuple[Finding, ...] = (), **fields: object) -> Report:
    plain = Report(
        schema=SCHEMA,
        tool=Tool("0.1.0", (ToolVersion("Go", "1.27.3", "5e0a" * 16), ToolVersion("QEMU", "10.0.2", "77d1" * 16))),
        program=ProgramSummary(
            "lighthouse", "./lighthouse", "package", "example.org/lighthouse", "v1.8.2", "4f9c1e7a" * 5
        ),
        started="2026-11-20T09:14:07+08:00",
        seconds=724.0,
        summary=summarize(cells),
        cells=cells,
        findings=findings,
        exit_code=1,
        host="debian-12/amd64, AMD EPYC 9554, Linux 6.1.0",
        command="seatrial verify ./lighthouse --html report.html",
    )
    return msgspec.structs.replace(plain, **fields)


@pytest.fixture
def rich_report() -> Report:
    """Eleven platforms that between them have each state and each fidelity."""
    user, system = Fidelity.USER_EMULATION, Fidelity.SYSTEM_EMULATION
    needs_libc = stage("static", "fail", "Needs GLIBC_2.28.", fidelity=Fidelity.STATIC, rule="ST-LIBC-001", seconds=0.2)
    dump = "\n".join(f"goroutine {number} [running]:" for number in range(100))
    cells = (
        cell("centos-7/amd64", "amd64", BUILT, needs_libc, ran("smoke", "warn", Fidelity.HOST, "A newer libc.")),
        cell("anolis-8/amd64", "amd64", BUILT, needs_libc, ran("smoke", "pass", Fidelity.HOST)),
        cell(
            "debian-12/armv7",
            "arm",
            stage("build", "fail", "The C part does not compile.", output="wal.c:41:1: error: no", seconds=6.2),
            *(blocked(name) for name in ("static", "smoke", "tests")),
        ),
        cell(
            "alpine-3.20/arm64",
            "arm64",
            BUILT,
            JUDGED,
            ran("smoke", "pass", user, coverage=COVERED),
            ran("tests", "flaky", user, "TestWatch passed twice and failed once.", rule="repeat"),
            system="musl",
        ),
        cell("debian-12/s390x", "s390x", BUILT, JUDGED, ran("tests", "environment", system, "VM lost.", rule="stage")),
        cell("debian-12/riscv64", "riscv64", BUILT, JUDGED, ran("tests", "emulator", user, "Canary.", rule="canary")),
        cell("loongnix-25/3a6000", "loong64", BUILT, JUDGED, ran("tests", "unknown", user, "No second.", output=dump)),
        cell(
            "windows-10/amd64",
            "amd64",
            BUILT,
            JUDGED,
            ran("smoke", "pass", Fidelity.API, cached=True),
            stage("tests", "n/a", "Every test package is built for linux only."),
            system="windows",
        ),
        cell("uos-desktop-20/kx-7000", "amd64", BUILT, JUDGED, ran("conformance", "pass", Fidelity.CPUID_VM)),
        cell("openeuler-24.03/kunpeng-920", "arm64", BUILT, JUDGED, ran("tests", "pass", Fidelity.HARDWARE)),
        cell("macos-13/arm64", "arm64", BUILT, JUDGED, system="macos"),
    )
    findings = (
        finding("ST-LIBC-001", "centos-7/amd64"),
        finding("ST-LIBC-001", "anolis-8/amd64"),
        finding(
            "RT-LIBC-002",
            "centos-7/amd64",
            Severity.WARNING,
            confidence=Confidence.LIKELY,
            stage="smoke",
            title=said("Ran on a newer libc than the platform’s"),
            subject="smoke",
        ),
        finding("RT-SKIP-001", "windows-10/amd64", Severity.NOTE, stage="tests", confidence=Confidence.POSSIBLE),
        finding(
            "ST-CGRP-001", "centos-7/amd64", Severity.NOTE, suppressed="We set GOMAXPROCS ourselves, until 2027-03-31"
        ),
    )
    return report_of(
        cells,
        findings,
        not_planned=(
            NotPlanned(
                "macos-13/arm64",
                (StageName.SMOKE, StageName.TESTS),
                said("A Mac reachable by ssh."),
                "seatrial host add mac --ssh ci@mac",
            ),
        ),
        suppressed=(Suppression("ST-CGRP-001", "We set GOMAXPROCS ourselves.", "2027-03-31", ("centos-7/amd64",)),),
    )


@pytest.fixture
def hostile_report() -> Report:
    """Every text that a program, a file or a user can choose, chosen badly."""
    nasty = said(HOSTILE)
    shown = (Evidence(HOSTILE, HOSTILE * 20, HOSTILE),)
    bad = stage("static", "fail", HOSTILE, rule="ST-LIBC-001", evidence=shown, output=HOSTILE * 100 + "\n" + HOSTILE)
    bad = msgspec.structs.replace(bad, reproducer=f"seatrial verify '{HOSTILE}'", needs=nasty, runner=HOSTILE)
    cells = (
        Cell("kylin-v10-sp3/ft-2000-4", HOSTILE, platform(HOSTILE, "arm64"), (BUILT, bad, blocked("tests"))),
        Cell(
            "own <b>&'\"/cpu 麒麟",
            "linux_x",
            platform("x", "<i>", "<u>"),
            (msgspec.structs.replace(bad, rule=HOSTILE),),
        ),
    )
    found = finding(
        "ST-LIBC-001",
        "kylin-v10-sp3/ft-2000-4",
        subject=HOSTILE,
        message=nasty,
        evidence=shown,
        remedy=nasty,
        title=nasty,
        reproducer=HOSTILE,
    )
    return report_of(
        cells,
        (found, msgspec.structs.replace(found, rule=HOSTILE)),
        program=ProgramSummary(HOSTILE, HOSTILE, "package", HOSTILE, HOSTILE, HOSTILE),
        host=HOSTILE,
        command=HOSTILE,
        not_planned=(NotPlanned("kylin-v10-sp3/ft-2000-4", (StageName.BENCH,), nasty, HOSTILE),),
        suppressed=(Suppression(HOSTILE, HOSTILE, HOSTILE, (HOSTILE,)),),
        tool=Tool(HOSTILE, (ToolVersion(HOSTILE, HOSTILE, HOSTILE, HOSTILE),)),
        complete=False,
    )


@pytest.fixture
def empty_report() -> Report:
    """A run in which nothing was planned."""
    return report_of((), exit_code=0)


@pytest.fixture
def good_report() -> Report:
    """An unchanged second run: all good, all taken from the first."""
    stages = tuple(
        msgspec.structs.replace(each, cached=True) for each in (BUILT, JUDGED, ran("tests", "pass", Fidelity.HOST))
    )
    return report_of(
        (cell("debian-12/amd64", "amd64", *stages), cell("ubuntu-22.04/amd64", "amd64", *stages)), exit_code=0
    )


@pytest.fixture
def large_report(rich_report: Report) -> Report:
    """Thirty platforms: the rich report's, renamed."""
    cells = tuple(
        msgspec.structs.replace(each, target=f"{each.target}-{number}")
        for number in range(3)
        for each in rich_report.cells
    )[:30]
    return msgspec.structs.replace(rich_report, cells=cells, summary=summarize(cells))


@pytest.fixture
def rich_events(rich_report: Report) -> tuple[Event, ...]:
    """The events of the run that ended in the rich report."""
    events: list[Event] = [Note("fetching QEMU 10.0.2")]
    planned = tuple(
        CellPlanned(each.target, each.go_target, each.platform, tuple(stage.stage for stage in each.stages))
        for each in rich_report.cells
    )
    events.append(Planned("lighthouse", planned, rich_report.not_planned))
    for each in rich_report.cells:
        for ended in each.stages:
            events.append(StageStarted(each.target, ended.stage))
            events.append(StageEnded(each.target, ended))
    events.append(Finished(rich_report))
    return tuple(events)
