"""Reading seatrial.toml: what is right is read, what is wrong is one line that names the place."""

import datetime
from pathlib import Path

import pytest

from seatrial import project
from seatrial.errors import UsageError
from seatrial.model.project import BuildSettings, Project

FULL = """
targets = ["kylin*", "{debian-12,ubuntu-22.04}/amd64"]
platforms = ["own"]

[build]
tags = ["netgo"]
ldflags = "-s -w"
cgo = false
variants = { amd64 = "v2" }

[[override]]
targets = ["*/arm64", "kunpeng-920"]
build = { tags = ["arm"], cgo = "auto" }

[[override]]
targets = ["debian-12/*"]
build = { ldflags = "" }

[smoke]
args = ["-listen", "127.0.0.1:{port}"]
http = "http://127.0.0.1:{port}/"
body = "^ok$"

[tests]
packages = ["./internal/..."]
timeout = 60.0

[[suppress]]
rule = "st-cgroup-001"
reason = "we set GOMAXPROCS ourselves"
until = 2027-03-31
targets = ["kylin*"]
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "seatrial.toml"
    path.write_text(text)
    return path


def test_a_full_file(tmp_path: Path) -> None:
    found = project.read(written(tmp_path, FULL))
    assert found.targets == ("kylin*", "{debian-12,ubuntu-22.04}/amd64")
    assert found.build == BuildSettings(tags=("netgo",), ldflags="-s -w", cgo=False, variants={"amd64": "v2"})
    assert found.smoke is not None
    assert found.smoke.body == "^ok$"
    assert found.tests is not None
    assert found.tests.packages == ("./internal/...",)


def test_an_empty_file_is_a_project(tmp_path: Path) -> None:
    assert project.read(written(tmp_path, "")) == Project()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("targets = 'kylin'", r"targets: Expected `array`, got `str`"),
        ("target = ['kylin']", r"unknown field `target`"),
        ("[build]\ntags = [1]", r"build\.tags\[0\]: Expected `str`, got `int`"),
        ("[smoke]\nstdout = '('", r"smoke\.stdout is no regular expression"),
        ("[smoke]\nargs = ['-listen', '{prt}']", r"smoke\.args names \{prt\}: only \{port\} and \{tmp\} are filled in"),
        ("[smoke]\nenv = { DATA = '{temp}/x' }", r"smoke\.env names \{temp\}"),
        ("[smoke]\nhttp = 'http://127.0.0.1:{Port}/'", r"smoke\.http names \{Port\}"),
        ("[[override]]\ntargets = ['x']\nbuild = { tag = 1 }", r"override\[0\]\.build\..*unknown field `tag`"),
        ("[[suppress]]\nrule = 'X'\nreason = 'r'", r"missing required field `until`"),
        ("[[suppress]]\nrule = 'X'\nreason = 'r'\nuntil = 'soon'", r"suppress\[0\]\.until"),
        ("targets = [", r"is not valid TOML"),
        ('targets = ["\\udc80"]', r"is not valid TOML"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        project.read(written(tmp_path, text))
    assert "\n" not in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"Cannot read .*: No such file"):
        project.read(tmp_path / "seatrial.toml")


def test_it_is_found_up_to_the_root_of_the_module(tmp_path: Path) -> None:
    inner = tmp_path / "module" / "cmd" / "app"
    inner.mkdir(parents=True)
    (tmp_path / "seatrial.toml").touch()
    (tmp_path / "module" / "go.mod").touch()
    assert project.find(inner) is None
    (tmp_path / "module" / "seatrial.toml").touch()
    assert project.find(inner) == tmp_path / "module" / "seatrial.toml"
    (inner / "seatrial.toml").touch()
    assert project.find(inner) == inner / "seatrial.toml"


def test_overrides_are_laid_on_top_field_by_field(tmp_path: Path) -> None:
    found = project.read(written(tmp_path, FULL))
    assert project.settings_for(found, "kylin-v10-sp3/amd64") == found.build
    arm = project.settings_for(found, "debian-12/arm64")
    assert (arm.tags, arm.cgo, arm.ldflags, arm.variants) == (("arm",), "auto", "", {"amd64": "v2"})
    assert project.settings_for(found, "openeuler-22.03/kunpeng-920").tags == ("arm",)


def test_a_suppression_covers_its_rule_and_targets_until_its_day(tmp_path: Path) -> None:
    found = project.read(written(tmp_path, FULL))
    last, after = datetime.date(2027, 3, 31), datetime.date(2027, 4, 1)

    def covers(rule: str, target: str, day: datetime.date) -> bool:
        return project.active_suppression(found, rule, target, "anything", day) is not None

    assert covers("ST-CGROUP-001", "kylin-v10-sp3/amd64", last)
    assert not covers("ST-CGROUP-001", "kylin-v10-sp3/amd64", after)
    assert not covers("ST-CGROUP-001", "debian-12/amd64", last)
    assert not covers("ST-LIBC-001", "kylin-v10-sp3/amd64", last)


def test_braces_that_name_nothing_are_the_users_own(tmp_path: Path) -> None:
    own = ('{"id": 1}', "{{name}}", "{{.Name}}", "{}", "{a,b}", "{tmp}/{port}")
    (tmp_path / "seatrial.toml").write_text(f"[smoke]\nargs = {list(own)}\n")
    smoke = project.read(tmp_path / "seatrial.toml").smoke
    assert smoke is not None and smoke.args == own
