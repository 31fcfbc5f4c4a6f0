"""The command line that asks for one stage of one platform again asks for the same."""

import shlex
from pathlib import Path

import msgspec
import pytest

import seatrial.verify
from seatrial.cli.verify import command
from seatrial.model.states import StageName
from seatrial.planning import Request


class Asked(Exception):
    """Carries what the command line made of its words."""

    def __init__(self, request: Request) -> None:
        self.request = request


def request_of(words: list[str], monkeypatch: pytest.MonkeyPatch) -> Request:
    def verify(request: Request, *_: object) -> None:
        raise Asked(request)

    monkeypatch.setattr(seatrial.verify, "verify", verify)
    with pytest.raises(Asked) as asked:
        command.main(words, standalone_mode=False)
    return asked.value.request


@pytest.mark.parametrize(
    "options",
    [
        "",
        "--buildmode c-shared",
        "--variant amd64=v3 --variant arm=6",
        "--cgo --cc 'musl-gcc -O2' --glibc 2.17",
        "--no-cgo --tags 'netgo osusergo' --ldflags '-s -X main.name=a b' --gcflags=-N",
        "--tags '' --ldflags ''",
        "--config settings/it.toml --platforms own --platforms 'two words' --go /opt/go",
        "--tier vm --coverage",
        "--runner native",
    ],
)
def test_every_option_that_decides_is_in_it(options: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("settings", "own", "two words"):
        (tmp_path / name).mkdir()
    (tmp_path / "settings" / "it.toml").touch()
    given = request_of(["./my app", "-t", "kylin*", *shlex.split(options)], monkeypatch)
    line = given.again("kylin-desktop-v10/kx-6000", StageName.SMOKE)
    name, verb, *words = shlex.split(line)
    assert (name, verb) == ("seatrial", "verify")
    again = request_of(words, monkeypatch)
    assert (again.targets, again.stages) == (("kylin-desktop-v10/kx-6000",), ("smoke",))
    assert msgspec.structs.replace(again, targets=given.targets, stages=given.stages).digest == given.digest


def test_what_decides_of_a_run_only_is_told_of_runs_only() -> None:
    request = Request(argument=".", directory="/", runner="micro-vm", coverage=True)
    assert request.again("debian-12/amd64", StageName.STATIC) == "seatrial verify . -t debian-12/amd64 --stage static"
