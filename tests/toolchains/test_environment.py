from pathlib import Path

from seatrial.toolchains.environment import scrubbed, user_settings


def test_what_changes_an_artifact_is_dropped() -> None:
    given = {
        "HOME": "/home/u",
        "PATH": "/opt/bin:/usr/bin",
        "GOFLAGS": "-tags=x",
        "GOROOT": "/usr/lib/go",
        "GOAMD64": "v3",
        "GODEBUG": "x=1",
        "CC": "gcc",
        "CGO_CFLAGS": "-O0",
        "GIT_DIR": "/elsewhere",
        "GOTOOLCHAIN": "auto",
        "GOTOOLCHAIN_INTERNAL_SWITCH_VERSION": "go1.30",
        "GOENV": "off",
    }
    env = scrubbed(given)
    assert env == {
        "HOME": "/home/u",
        "PATH": "/opt/bin:/usr/bin",
        "GOENV": "off",
        "GOTOOLCHAIN": "local",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
    }


def test_network_and_places_are_kept() -> None:
    given = {"HOME": "/h", "GOPROXY": "off", "GOMODCACHE": "/m", "https_proxy": "p:1", "SSL_CERT_FILE": "/c"}
    assert given.items() <= scrubbed(given | {"GOENV": "off"}).items()


def test_the_users_go_env_file_gives_network_and_places_only(tmp_path: Path) -> None:
    place = tmp_path / "go" / "env"
    place.parent.mkdir()
    place.write_text("GOPROXY=off\nGOFLAGS=-mod=mod\nGOPRIVATE=example.com/*\nGOAMD64=v3\nno equals sign\n")
    settings = user_settings({"XDG_CONFIG_HOME": str(tmp_path)})
    assert settings == {"GOPROXY": "off", "GOPRIVATE": "example.com/*"}
    assert user_settings({"GOENV": str(place)}) == settings
    assert user_settings({"GOENV": "off", "XDG_CONFIG_HOME": str(tmp_path)}) == {}


def test_the_process_environment_beats_the_file(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("GOPROXY=off\n")
    assert scrubbed({"GOENV": str(file), "GOPROXY": "direct", "HOME": "/h"})["GOPROXY"] == "direct"


def test_without_home_and_path_go_still_gets_them() -> None:
    env = scrubbed({})
    assert env["HOME"] and env["PATH"].startswith("/usr")
