"""The event stream of `go test -json`: what is counted, and what is missed."""

import json

from hypothesis import given
from hypothesis import strategies as st

from seatrial.trials.go_test_events import PackageTests, read_events


def event(action: str, test: str = "", output: str = "", package: str = "p", **more: str) -> str:
    fields = {"Action": action, "Package": package, "Test": test, "Output": output, **more}
    return json.dumps({name: value for name, value in fields.items() if value})


def only(*lines: str) -> PackageTests:
    (package,) = read_events(lines).packages
    return package


def test_a_good_package() -> None:
    seen = only(
        event("start"), event("run", "TestA"), event("run", "TestA/x"), event("pass", "TestA/x"),
        event("pass", "TestA"), event("run", "TestB"), event("skip", "TestB"), event("pass"),
    )  # fmt: skip
    assert (seen.good, seen.passed, seen.skipped, seen.tests) == (True, ("TestA", "TestA/x"), ("TestB",), 3)


def test_a_failed_subtest_hides_the_test_that_holds_it() -> None:
    seen = only(
        event("run", "TestA"), event("run", "TestA/x"), event("output", "TestA/x", "bad\n"), event("fail", "TestA/x"),
        event("fail", "TestA"), event("run", "TestOK"), event("output", "TestOK", "chatter\n"), event("pass", "TestOK"),
        event("output", output="FAIL\n"), event("fail"),
    )  # fmt: skip
    assert (seen.good, seen.failed, seen.output) == (False, ("TestA/x",), "bad\nFAIL\n")
    assert seen.failed_output == ("bad\n",)


def test_a_test_that_began_and_never_ended_has_failed() -> None:
    seen = only(event("start"), event("run", "TestA"), event("output", "TestA", "signal: killed\n"), event("fail"))
    assert (seen.good, seen.failed, seen.unfinished) == (False, ("TestA",), ("TestA",))
    # Even where the package says that it went well: a test that called os.Exit(0) behind an old `go test`.
    assert not only(event("start"), event("run", "TestA"), event("pass")).good


def test_a_package_that_began_and_never_ended_has_failed() -> None:
    seen = only(event("start"), event("run", "TestA"), event("pass", "TestA"))
    assert (seen.good, seen.failed) == (False, ())


def test_a_package_that_was_not_built() -> None:
    (seen,) = read_events(
        [
            json.dumps({"Action": "build-output", "ImportPath": "p [p.test]", "Output": "# p\n"}),
            json.dumps({"Action": "build-output", "ImportPath": "p [p.test]", "Output": "a.go:1: undefined: x\n"}),
            json.dumps({"Action": "build-fail", "ImportPath": "p [p.test]"}),
            event("start"),
            event("output", output="FAIL\tp [build failed]\n"),
            event("fail", FailedBuild="p [p.test]"),
        ]
    ).packages
    assert (seen.good, seen.not_built) == (False, True)
    assert seen.output == "# p\na.go:1: undefined: x\nFAIL\tp [build failed]\n"
    # Go before 1.24 has no FailedBuild.
    assert only(event("output", output="FAIL\tp [setup failed]\n"), event("fail")).not_built


def test_a_program_that_prints_the_words_of_a_failed_build_did_build() -> None:
    seen = only(
        event("run", "T"), event("output", "T", "said FAIL\tp [build failed]\n"), event("fail", "T"), event("fail")
    )
    assert not seen.not_built


def test_the_time_limit_of_go_test() -> None:
    seen = only(
        event("run", "T"), event("output", "T", "panic: test timed out after 1s\n"), event("fail", "T"), event("fail")
    )
    assert seen.timed_out


def test_lines_that_are_no_events_are_kept() -> None:
    seen = read_events(["go: downloading x", event("start"), event("pass"), "{", '{"Package": "p"}'])
    assert seen.other == 'go: downloading x\n{\n{"Package": "p"}'
    assert [package.good for package in seen.packages] == [True]


ACTIONS = st.sampled_from(["start", "run", "pause", "cont", "pass", "fail", "skip", "bench", "output", "attr"])
EVENTS = st.builds(event, ACTIONS, st.sampled_from(["", "TestA", "TestA/x", "TestB"]), package=st.sampled_from("pq"))


@given(st.lists(EVENTS | st.text(max_size=20)))
def test_whatever_begins_is_counted_once_and_good_only_with_its_end(lines: list[str]) -> None:
    for package in read_events(lines).packages:
        counted = [*package.passed, *package.failed, *package.skipped]
        assert len(counted) == len(set(counted))
        if package.good:
            assert not package.failed and not package.unfinished
            assert event("pass", package=package.package) in lines or event("skip", package=package.package) in lines
