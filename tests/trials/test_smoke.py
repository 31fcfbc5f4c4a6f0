"""The smoke trial on shell scripts (its logic) and on Go programs (what it is for)."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from seatrial.model.binary import BinaryFacts, Kind, Linkage
from seatrial.model.project import SmokeSpec
from seatrial.model.runner import Offer
from seatrial.model.states import State
from seatrial.model.trial import Layer, Perturbation
from seatrial.trials.smoke import smoke

Script = Callable[[str], Path]
Facts = Callable[..., BinaryFacts]
Build = Callable[..., Path]


# Without a word in seatrial.toml


@pytest.mark.parametrize("code", [0, 1, 2, 64])
def test_reaching_its_own_code_is_a_pass_whatever_the_exit_code(
    native: Offer, facts: Facts, script: Script, code: int
) -> None:
    seen = smoke(native, script(f"echo usage: app FILE >&2; exit {code}"), facts())
    assert (seen.state, seen.exit_code) == (State.PASS, code)
    assert seen.reason.text.startswith("Started only:")
    assert seen.output == "usage: app FILE\n"


def test_it_runs_in_an_empty_folder_with_a_scrubbed_environment(
    native: Offer, facts: Facts, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    offer = msgspec.structs.replace(native, environment={"FROM_OFFER": "1"})
    seen = smoke(offer, script('ls -A; env; test "$HOME" = "$PWD" && echo at home; cat'), facts())
    assert "at home" in seen.output and "FROM_OFFER=1" in seen.output and "TZ=UTC" in seen.output
    assert "SECRET_TOKEN" not in seen.output and "app\n" not in seen.output


def test_a_program_that_keeps_running_is_stopped_with_sigterm(
    native: Offer, facts: Facts, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("seatrial.trials.smoke.STARTED_ONLY_SECONDS", 0.3)
    seen = smoke(native, script("trap 'echo bye; exit 3' TERM; while :; do sleep 0.05; done"), facts())
    assert (seen.state, seen.exit_code) == (State.PASS, 3)
    assert seen.output in ("bye\nTerminated\n", "bye\n")  # the second where the signal comes between two sleeps
    assert "stopped" in seen.reason.text
    seen = smoke(native, script("sleep 60"), facts())
    assert (seen.state, seen.signal) == (State.PASS, 15)


def test_a_signal_is_a_crash(native: Offer, facts: Facts, script: Script) -> None:
    seen = smoke(native, script("kill -SEGV $$"), facts())
    assert (seen.state, seen.layer, seen.signature) == (State.FAIL, Layer.PROGRAM, "signal SIGSEGV")
    seen = smoke(native, script("kill -ILL $$"), facts())
    assert (seen.state, seen.layer) == (State.FAIL, Layer.CPU)


@pytest.mark.parametrize(
    ("code", "says", "layer", "subject"),
    [
        (2, "panic: boom", Layer.PROGRAM, "panic: boom"),
        (2, "fatal: bad g in signal handler", Layer.PROGRAM, "fatal: bad g in signal handler"),
        (1, "This program can only be run on AMD64 processors with v3 microarchitecture support.", Layer.CPU_LEVEL, ""),
    ],
)
def test_what_the_go_runtime_says_before_it_gives_up(
    native: Offer, facts: Facts, script: Script, code: int, says: str, layer: Layer, subject: str
) -> None:
    seen = smoke(native, script(f"echo '{says}' >&2; exit {code}"), facts())
    assert (seen.state, seen.layer) == (State.FAIL, layer)
    assert subject in seen.subject
    assert f"exit code {code}" in seen.signature


def test_addresses_do_not_make_another_way_of_failing(native: Offer, facts: Facts, script: Script) -> None:
    ways = {
        smoke(native, script(f"echo 'fatal error: at {a}' >&2; exit 2"), facts()).signature for a in ("0x1f", "0x20")
    }
    assert ways == {"exit code 2: fatal error: at N"}


def test_a_loaders_words_count_for_a_dynamic_program_alone(native: Offer, facts: Facts, script: Script) -> None:
    app = script("echo './app: error while loading shared libraries: libx.so.1: cannot open' >&2; exit 127")
    seen = smoke(native, app, facts(linkage=Linkage.DYNAMIC))
    assert (seen.state, seen.layer, seen.subject) == (State.FAIL, Layer.LOADER_LIBRARY, "libx.so.1")
    assert smoke(native, app, facts()).state == State.PASS


def test_a_dynamic_run_tells_its_loader(native: Offer, facts: Facts, script: Script) -> None:
    offer = msgspec.structs.replace(native, loader="/lib64/ld-linux-x86-64.so.2, glibc 2.36")
    seen = smoke(offer, script("exit 0"), facts(linkage=Linkage.DYNAMIC))
    assert [line.value for line in seen.evidence if line.kind == "loader"] == [offer.loader]
    assert not [line for line in smoke(offer, script("exit 0"), facts()).evidence if line.kind == "loader"]


def test_what_cannot_be_started(native: Offer, facts: Facts, tmp_path: Path) -> None:
    prefixed = msgspec.structs.replace(native, prefix=("/no/such/emulator",))
    app = tmp_path / "app"
    app.write_bytes(b"\x7fELF")
    app.chmod(0o755)
    for offer in (prefixed, native):  # a missing prefix; a file that the kernel cannot execute
        seen = smoke(offer, app, facts())
        assert (seen.state, seen.layer) == (State.FAIL, Layer.RUNNER)
    app.write_text("#!/no/such/interpreter\n")
    seen = smoke(native, app, facts(linkage=Linkage.DYNAMIC))
    assert seen.layer == Layer.LOADER_INTERPRETER


@pytest.mark.parametrize("kind", [Kind.SHARED, Kind.ARCHIVE])
def test_a_library_is_no_program(native: Offer, facts: Facts, tmp_path: Path, kind: Kind) -> None:
    seen = smoke(native, tmp_path / "lib.so", facts(kind=kind))
    assert seen.state == State.NA
    assert str(kind) in seen.reason.text


# With [smoke]


def test_an_exit_code_that_nobody_asked_for_is_told(native: Offer, facts: Facts, script: Script) -> None:
    usage = script("echo listening; test $1 = -listen")
    for spec in (SmokeSpec(args=("-lisen",)), SmokeSpec(args=("-lisen",), stdout="listening")):
        seen = smoke(native, usage, facts(), spec)
        assert (seen.state, seen.exit_code) == (State.WARN, 1)
        assert "exit code 1" in seen.reason.text and "exit_code in [smoke]" in seen.reason.text
    assert smoke(native, usage, facts(), SmokeSpec(args=("-listen",))).state is State.PASS
    assert smoke(native, usage, facts(), SmokeSpec(args=("-lisen",), exit_code=1)).state is State.PASS
    assert smoke(native, usage, facts()).state is State.PASS, "to give no arguments was our guess"


def test_exit_code_and_output_that_are_asked_for(native: Offer, facts: Facts, script: Script) -> None:
    app = script('echo "app 1.2 in $2"; echo note >&2; read line; echo "got $line"; exit 4')
    spec = SmokeSpec(args=("--dir", "{tmp}"), stdin="hello\n", exit_code=4, stdout=r"^app \d.*{tmp}$", stderr="^note")
    seen = smoke(native, app, facts(), spec)
    assert seen.state == State.PASS, seen
    assert "got hello" in seen.output

    seen = smoke(native, app, facts(), msgspec.structs.replace(spec, exit_code=0))
    assert (seen.state, seen.signature) == (State.FAIL, "exit code 4")
    seen = smoke(native, app, facts(), msgspec.structs.replace(spec, stdout="app 2"))
    assert (seen.state, seen.signature) == (State.FAIL, 'exit code 4 before stdout = "app 2"')


def test_time_is_over(native: Offer, facts: Facts, script: Script) -> None:
    app = script("echo up; sleep 60")
    seen = smoke(native, app, facts(), SmokeSpec(stdout="ready", within=0.3))
    assert (seen.state, seen.timed_out, seen.signature) == (State.FAIL, True, 'time limit: stdout = "ready"')
    seen = smoke(native, app, facts(), SmokeSpec(exit_code=0, within=0.3))
    assert (seen.state, seen.signature) == (State.FAIL, "time limit: exit_code")
    slow = msgspec.structs.replace(native, time_factor=20.0)
    app = script("sleep 0.5; echo ready; sleep 60")
    assert smoke(slow, app, facts(), SmokeSpec(stdout="ready", within=0.1)).state == State.PASS


def test_not_stopping_on_sigterm_is_a_failure_where_the_smoke_is_described(
    native: Offer, facts: Facts, script: Script
) -> None:
    app = script("trap '' TERM; echo ready; while :; do sleep 0.1; done")
    seen = smoke(native, app, facts(), SmokeSpec(stdout="ready", stop_within=0.3))
    assert (seen.state, seen.signature) == (State.FAIL, "did not stop on SIGTERM")


def test_windows_programs_are_not_asked_to_stop(native: Offer, facts: Facts, script: Script) -> None:
    app = script("trap '' TERM; printf 'ready %s' \"$1\"; sleep 60")
    seen = smoke(native, app, facts(goos="windows"), SmokeSpec(args=("{tmp}",), stdout=r"^ready {tmp}$"))
    assert seen.state == State.PASS
    assert r"ready Z:\tmp" in seen.output
    assert "no SIGTERM" in seen.reason.text


def test_perturbations_reach_the_program(native: Offer, facts: Facts, script: Script) -> None:
    app = script('echo "$GODEBUG|$GOMAXPROCS|$(nproc)"')
    spec = SmokeSpec(env={"GODEBUG": "netdns=go"}, exit_code=0)
    assert "netdns=go,asyncpreemptoff=1|" in smoke(native, app, facts(), spec, Perturbation.NO_ASYNC_PREEMPTION).output
    assert "netdns=go|1|" in smoke(native, app, facts(), spec, Perturbation.ONE_PROC).output
    pinned = smoke(native, app, facts(), spec, Perturbation.ONE_CPU)
    assert pinned.output == "netdns=go||1\n"
    assert "pin.py" in pinned.reproducer


def test_the_reproducer_makes_the_folder_that_it_needs(native: Offer, facts: Facts, script: Script) -> None:
    app = script("exit 0")
    seen = smoke(native, app, facts(), SmokeSpec(args=("{tmp}/log",), exit_code=0))
    assert seen.reproducer == f"mkdir -p /tmp/seatrial-smoke && {app} /tmp/seatrial-smoke/log"


def test_the_reproducer_can_be_pasted(native: Offer, facts: Facts, script: Script) -> None:
    offer = msgspec.structs.replace(native, prefix=("env", "-u", "LANG"), environment={"QEMU_CPU": "max"})
    app = script("exit 0")
    seen = smoke(offer, app, facts(), SmokeSpec(args=("it's",), exit_code=0))
    assert seen.reproducer == f"QEMU_CPU=max env -u LANG {app} 'it'\"'\"'s'"


# Go programs

SERVER = """package main
import ("fmt"; "net"; "net/http"; "os"; "os/signal"; "syscall"; "time")
func main() {
	if len(os.Args) > 2 { time.Sleep(200 * time.Millisecond) }
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	l, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil { panic(err) }
	http.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "fine") })
	http.HandleFunc("/gone", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(410) })
	go http.Serve(l, nil)
	<-stop
	os.Exit(0)
}
"""


@pytest.fixture(scope="module")
def server(go_build: Build) -> Path:
    return go_build(SERVER)


@pytest.mark.go
def test_a_service_answers_and_stops(native: Offer, facts: Facts, server: Path) -> None:
    url = "http://127.0.0.1:{port}/healthz"
    seen = smoke(native, server, facts(), SmokeSpec(args=("{port}", "late"), http=url, body="^fine$"))
    assert (seen.state, seen.exit_code) == (State.PASS, 0), seen
    assert "stopped" in seen.reason.text
    gone = SmokeSpec(args=("{port}",), http="http://127.0.0.1:{port}/gone", status=410, tcp="127.0.0.1:{port}")
    assert smoke(native, server, facts(), gone).state == State.PASS


@pytest.mark.go
@pytest.mark.parametrize(
    ("change", "saw"),
    [
        ({"http": "http://127.0.0.1:{port}/gone"}, "status 410"),
        ({"http": "http://127.0.0.1:{port}/healthz", "body": "^ill$"}, "does not match"),
        ({"http": "http://127.0.0.1:1/"}, "Connection refused"),
        ({"http": "https://127.0.0.1:{port}/healthz"}, "SSL"),
        ({"http": "http://[::1/"}, "Invalid IPv6 URL"),
        ({"tcp": "127.0.0.1:1"}, "Connection refused"),
        ({"tcp": "nonsense"}, "nonsense"),
    ],
)
def test_a_service_that_does_not_answer_as_asked(
    native: Offer, facts: Facts, server: Path, change: dict[str, str], saw: str
) -> None:
    spec = msgspec.structs.replace(SmokeSpec(args=("{port}",), within=0.4), **change)
    seen = smoke(native, server, facts(), spec)
    assert (seen.state, seen.timed_out) == (State.FAIL, True)
    assert any(saw in line.value for line in seen.evidence if line.kind == "check"), seen.evidence
    assert any("\ngoroutine 1 " in line.value for line in seen.evidence if line.kind == "goroutine dump")


CRASHES = """package main
import ("fmt"; "os"; "sync"; "syscall"; "time")
func main() {
	switch os.Getenv("HOW") {
	case "nil": var p *int; *p = 1
	case "deadlock": var m sync.Mutex; m.Lock(); m.Lock()
	case "abort": syscall.Kill(os.Getpid(), syscall.SIGKILL); time.Sleep(time.Second)
	case "imitation": fmt.Fprintln(os.Stderr, "fatal: bad g in signal handler"); os.Exit(2)
	case "recovered": defer func() { recover(); os.Exit(2) }(); var p *int; *p = 1
	}
}
"""


@pytest.fixture(scope="module")
def crashes(go_build: Build) -> Path:
    return go_build(CRASHES)


@pytest.mark.go
@pytest.mark.parametrize(
    ("how", "state", "signature"),
    [
        ("nil", State.FAIL, "exit code 2: panic: runtime error: invalid memory address or nil pointer dereference"),
        ("deadlock", State.FAIL, "exit code 2: fatal error: all goroutines are asleep - deadlock!"),
        ("abort", State.FAIL, "signal SIGKILL"),
        ("imitation", State.FAIL, "exit code 2: fatal: bad g in signal handler"),
        ("recovered", State.PASS, ""),
        ("", State.PASS, ""),
    ],
)
def test_real_crashes(native: Offer, facts: Facts, crashes: Path, how: str, state: State, signature: str) -> None:
    offer = msgspec.structs.replace(native, environment={"HOW": how})
    seen = smoke(offer, crashes, facts())
    assert (seen.state, seen.signature) == (state, signature)
