"""Whatever stands in a file, judging it ends in findings and reasons, never in an exception."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from seatrial.model.absence import Unknown
from seatrial.model.binary import (
    BinaryFacts,
    BinaryFormat,
    GoBuildInfo,
    Kind,
    Linkage,
    NeededSymbol,
    Relocations,
    Segment,
)
from seatrial.model.platform import Platform
from seatrial.platforms import load
from seatrial.rules import judge, rule_ids, undecided

PLATFORMS = load().select(["*/*"])
MACHINES = ("amd64", "arm64", "386", "arm", "loong64", "mips64le", "riscv64", "s390x", "sw64")
VARIABLES = ("GOAMD64", "GOARM64", "GO386", "GOARM", "GOMIPS64", "GORISCV64", "DefaultGODEBUG")

unknown = st.builds(Unknown, st.just("cut off"))
word = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["go1.27.3", "devel +1a2b3c", "v3", "v8.1,lse", "7,softfloat", "containermaxprocs=0", "99999", "1."]
    ),
)
size = st.integers(0, 2**64 - 1)
segment = st.builds(Segment, word, size, size, size, size, size, st.sampled_from(["rx", "rw", "r"]))
symbol = st.builds(
    NeededSymbol,
    st.sampled_from(["getaddrinfo", "__printf_chk", "qsort_r", "CreatePseudoConsole", ""]),
    st.sampled_from(["", "GLIBC_2.34", "GLIBC_PRIVATE", "GLIBC_", "GLIBC_2", "GLIBC_2." + "9" * 5000]),
    st.sampled_from(["libc.so.6", "KERNEL32.dll", ""]),
    st.booleans(),
)
go = st.builds(GoBuildInfo, word, settings=st.dictionaries(st.sampled_from(VARIABLES), word, max_size=4))
libraries = st.lists(st.sampled_from(["libc.so.6", "libpcap.so.1", "KERNEL32.DLL", "/usr/lib/x", ""]), max_size=4)


def facts(members: st.SearchStrategy[tuple[BinaryFacts, ...]]) -> st.SearchStrategy[BinaryFacts]:
    return st.builds(
        BinaryFacts,
        path=st.just("app"),
        size=st.just(1),
        sha256=st.just("0" * 64),
        format=st.sampled_from(BinaryFormat),
        kind=st.one_of(unknown, st.sampled_from(Kind)),
        goos=st.one_of(unknown, st.sampled_from(["linux", "windows", "darwin", "freebsd"])),
        goarch=st.one_of(unknown, st.sampled_from(MACHINES)),
        bits=st.sampled_from([32, 64]),
        endian=st.sampled_from(["little", "big"]),
        machine=word,
        float_abi=st.sampled_from(["", "soft", "hard"]),
        flags=st.integers(0, 2**32 - 1),
        linkage=st.one_of(unknown, st.sampled_from(Linkage)),
        interpreter=st.sampled_from(
            ["", "/lib64/ld.so.1", "/lib64/ld-linux-x86-64.so.2", "/lib/ld-musl-x86_64.so.1", "/"]
        ),
        libraries=st.one_of(unknown, libraries.map(tuple)),
        imports=st.one_of(unknown, st.lists(symbol, max_size=4).map(tuple)),
        segments=st.lists(segment, max_size=4).map(tuple),
        executable_stack=st.one_of(unknown, st.booleans()),
        static_tls=st.booleans(),
        relocations=st.one_of(unknown, st.builds(Relocations, size, st.booleans(), size)),
        minimum_os=word,
        go=st.one_of(unknown, go),
        static_symbols=st.one_of(unknown, st.just(("getaddrinfo",))),
        libc=st.sampled_from(["", "glibc", "musl"]),
        members=members,
    )


@settings(max_examples=300, deadline=None)
@given(facts(st.lists(facts(st.just(())), max_size=2).map(tuple)), st.sampled_from(PLATFORMS))
def test_any_binary_can_be_judged(binary: BinaryFacts, platform: Platform) -> None:
    fitting = msgspec.structs.replace(binary, goos=platform.goos, goarch=platform.goarch, kind=Kind.SHARED)
    for facts_ in (binary, fitting):
        found, reasons = judge(facts_, platform), undecided(facts_, platform)
        assert {finding.rule for finding in found} <= set(rule_ids())
        assert {reason.args["rule"] for reason in reasons} <= set(rule_ids())
        assert all(finding.message.text and finding.evidence for finding in found)
