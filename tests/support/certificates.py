"""Certificates with every state in them, for the tests of reports and comparisons."""

import msgspec

from seatrial.conformance.certify import exit_code
from seatrial.model.conformance import CaseVerdict, Certificate, Probe, Witness, count_states
from seatrial.model.report import Substitute, Tool, ToolVersion
from seatrial.model.states import Fidelity, State
from seatrial.tables.messages import message

__all__ = ["certificate", "verdict", "with_states"]


def verdict(id_: str, state: State = State.PASS, detail: str = "", **more: object) -> CaseVerdict:
    """One case."""
    case = CaseVerdict(
        id_,
        f"The contract of {id_} holds.",
        "read(2); Go runtime/netpoll.go",
        "Programs that wait for <input> hang.",
        state,
        detail,
    )
    return msgspec.structs.replace(case, **more)


def certificate(*cases: CaseVerdict, **more: object) -> Certificate:
    """A certificate of these cases, by an emulator in the platform's place."""
    made = Certificate(
        tool=Tool("0.1", (ToolVersion("go", "1.27.3", "ab" * 32), ToolVersion("qemu-aarch64", "10.0.2", "cd" * 32))),
        platform="kylin-v10-sp3/ft-2000-4",
        title="Kylin Server V10 SP3 on Phytium FT-2000/4",
        port="linux/arm64",
        runner="qemu-user 10.0.2",
        fidelity=Fidelity.USER_EMULATION,
        substitutes=(Substitute("kernel", "4.19.90", "6.18.44"), Substitute("cpu", "Phytium FT-2000/4", "QEMU max")),
        same=("page size",),
        facts={"goos": "linux", "goarch": "arm64", "cpus": 2, "kernel": "6.18.44"},
        probes=(
            Probe("pure", "", "ef" * 32, 5_600_000, "qemu-user 10.0.2"),
            Probe("cgo", absent=message("build.no-zig")),
        ),
        started="2026-11-20T09:14:07+08:00",
        seconds=73.2,
        states=count_states(cases),
        cases=cases,
        host="Debian GNU/Linux 12, AMD EPYC, 2 CPUs",
        command="seatrial conformance -t kylin-v10-sp3/ft-2000-4",
        exit_code=exit_code(cases),
    )
    return msgspec.structs.replace(made, **more)


def with_states() -> Certificate:
    """One case at least of each state that a case can have."""
    native = Witness("Linux 6.18.44, linux/amd64", State.PASS)
    fails = message("conformance.fails-there-too", runner="qemu-user 10.0.2", others="qemu-user 7.2.22")
    return certificate(
        *(verdict(f"syscalls/holds-{number}") for number in range(24)),
        verdict(
            "syscalls/unknown-call", State.FAIL, "got EPERM, want ENOSYS\nand <more>", rule="attribution:remainder"
        ),
        verdict("memory/huge", State.NA, "no huge pages are configured"),
        verdict("signals/lost", State.FLAKY, "99999 of 100000", rule="attribution:repeat", values={"handled": 99999}),
        verdict(
            "signals/timer-overrun",
            State.UNKNOWN,
            "overrun 0, want 4",
            reason=fails,
            rule="attribution:escalate",
            witnesses=(Witness("qemu-user 7.2.22, linux/arm64", State.FAIL, "overrun 0", 3), native),
            reproducer="/usr/bin/qemu-aarch64 probe --run signals/timer-overrun",
        ),
        verdict(
            "atomics/message-passing",
            State.EMULATOR,
            "r0=1 r1=0 was seen 3 times",
            reason=message("conformance.memory-order", runner="qemu-user 10.0.2", times=3),
            rule="attribution:perturb",
            witnesses=(native,),
        ),
        verdict("clocks/sleep-lateness", State.UNKNOWN, "needs real-time: it is an emulator"),
        verdict("cgocalls/integers", State.ENVIRONMENT, reason=message("build.no-zig"), rule="toolchain"),
        verdict("linking/dlopen", State.NOT_RUN, reason=message("run.no-runner"), rule="no-runner"),
        proposals=('[[fault]]\nid = "qemu-user-arm64-signals-timer-overrun"\n',),
    )
