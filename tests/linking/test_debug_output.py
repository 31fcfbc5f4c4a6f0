"""What glibc's loader writes, as lines: only the program's own namespace, and nothing invented from odd ones."""

from hypothesis import given
from hypothesis import strategies as st

from seatrial.linking.debug_output import DebugOutput, read_debug_output
from seatrial.model.linking import Asked, Attempt, Search

_TEXT = """     17041:\tfile=libfoo.so.1 [0];  needed by ./app [0]
     17041:\tfind library=libfoo.so.1 [0]; searching
     17041:\t search path=/opt/tls:/opt\t\t(RUNPATH from file ./app)
     17041:\t  trying file=/opt/tls/libfoo.so.1
     17041:\t  trying file=/opt/libfoo.so.1
     17041:\t search cache=/etc/ld.so.cache
     17041:\t  trying file=/usr/lib/libfoo.so.1
     17041:\tfile=libfoo.so.1 [0];  generating link map
     17041:\tfile=libc.so.6 [1];  needed by /tmp/audit.so [1]
     17041:\ttransferring control: ./app
     17041:\tbinding file ./app [0] to /usr/lib/libfoo.so.1 [0]: normal symbol `foo' [FOO_1]
     17041:\tfile=./plugin.so [0];  dynamically loaded by /usr/lib/libfoo.so.1 [0]
     17041:\t./app: error: symbol lookup error: undefined symbol: bar (fatal)
"""


def test_searches_bindings_and_errors() -> None:
    told = read_debug_output(_TEXT.splitlines(keepends=True))
    assert told.started
    found, failed = told.searches
    tried = (Attempt("/opt/libfoo.so.1", "RUNPATH of ./app"), Attempt("/usr/lib/libfoo.so.1", "cache /etc/ld.so.cache"))
    assert found == Search("libfoo.so.1", "./app", Asked.NEEDED, tried, "/usr/lib/libfoo.so.1", False)
    assert failed == Search("./plugin.so", "/usr/lib/libfoo.so.1", Asked.DLOPEN, (), "", True)
    (binding,) = told.bindings
    assert (binding.symbol, binding.version, binding.to) == ("foo", "FOO_1", "/usr/lib/libfoo.so.1")
    (complaint,) = told.complaints
    assert (complaint.file, complaint.text, complaint.after_start) == ("./app", "undefined symbol: bar", True)


@given(st.lists(st.sampled_from(_TEXT.splitlines()) | st.text(max_size=60)))
def test_lines_in_any_order_are_read(lines: list[str]) -> None:
    assert isinstance(read_debug_output(lines), DebugOutput)
