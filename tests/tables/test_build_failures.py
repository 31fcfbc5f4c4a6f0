import pytest

from seatrial.model.states import State
from seatrial.tables.build_failures import failure_kind
from seatrial.tables.messages import templates

OUTPUTS = [
    ("go: go.mod requires go >= 1.99 (running go 1.27.3; GOTOOLCHAIN=local)", State.ENVIRONMENT, "go-too-old"),
    ("main.go:3:8: open /home/a b/sum: permission denied", State.ENVIRONMENT, "not-readable"),
    ("./a.go:5:10: fatal error: cannot open file './v.h': Permission denied", State.ENVIRONMENT, "not-readable"),
    ("go: unsupported GOOS/GOARCH pair linux/vax", State.ENVIRONMENT, "go-target"),
    ("-buildmode=plugin not supported on windows/amd64", State.ENVIRONMENT, "go-target"),
    ('go: example.com/x@v1: Get "https://p/x": dial tcp: lookup p: no such host', State.ENVIRONMENT, "module-download"),
    ("go: example.com/x@v1: reading https://p/x.info: 404 Not Found", State.ENVIRONMENT, "module-download"),
    ("verifying example.com/x@v1: checksum mismatch\n\tdownloaded: h1:a", State.ENVIRONMENT, "module-checksum"),
    ('cgo: C compiler "gcc" not found: exec: "gcc": executable file not found', State.ENVIRONMENT, "no-c-compiler"),
    ('error: unable to provide libc for target "aarch64-linux-gnu.2.10"', State.ENVIRONMENT, "c-target"),
    ("ld.lld: error: undefined symbol: __fprintfieee128", State.ENVIRONMENT, "c-target"),
    (
        "./a.go:5:10: fatal error: 'pcap.h' file not found\n    5 | #include <pcap.h>",
        State.ENVIRONMENT,
        "missing-header",
    ),
    (
        "a.c:1:1: fatal error: z.h: No such file or directory\n 1 | #include <z.h>",
        State.ENVIRONMENT,
        "missing-header",
    ),
    ("error: unable to find dynamic system library 'pcap' using strategy", State.ENVIRONMENT, "missing-library"),
    ("/usr/bin/ld: cannot find -lpcap: No such file or directory", State.ENVIRONMENT, "missing-library"),
    ("ld.lld: error: undefined symbol: seatrial_x", State.FAIL, "link"),
]


@pytest.mark.parametrize(("output", "state", "code"), OUTPUTS)
def test_known_words(output: str, state: State, code: str) -> None:
    kind = failure_kind(f"# example.com/m\n{output}\n")
    assert kind and (kind.state, kind.code) == (state, code) and kind.what
    names = templates("build")
    assert kind.message in names and (state is State.FAIL or f"{kind.message}-needs" in names)


@pytest.mark.parametrize(
    "output",
    [
        "./main.go:3:5: undefined: foo",
        "./a.go:5:10: fatal error: 'own.h' file not found\n    5 | #include \"own.h\"",
        "main.go:3:8: no required module provides package example.com/x; to add it:",
        "",
    ],
)
def test_what_no_row_knows_is_the_programs_own(output: str) -> None:
    assert failure_kind(output) is None
