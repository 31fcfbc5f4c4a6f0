import pytest

from seatrial.packages.sources import Source, acquire_settings, mirror, read_deb822, read_one_line


def test_one_line_sources_with_and_without_options() -> None:
    text = (
        "# deb http://old.example/debian bookworm main\n"
        "deb http://mirror.example/debian bookworm main contrib # ours\n"
        "deb [arch=amd64 signed-by=/keys/a.gpg] https://other.example/apt stable main\n"
        "deb-src http://mirror.example/debian bookworm main\n"
    )
    assert read_one_line(text) == [
        Source("http://mirror.example/debian", ("bookworm",), ("main", "contrib")),
        Source("https://other.example/apt", ("stable",), ("main",), "/keys/a.gpg"),
    ]


def test_deb822_sources() -> None:
    text = (
        "Types: deb deb-src\n# a comment\nURIs: http://mirror.example/debian http://second.example/debian\n"
        "Suites: bookworm\n bookworm-updates\nComponents: main\nSigned-By: /keys/debian.gpg\n\n"
        "Types: deb\nURIs: http://off.example\nSuites: bookworm\nComponents: main\nEnabled: no\n\n"
        "Types: deb\nURIs: http://inline.example\nSuites: x\nComponents: main\n"
        "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n -----END PGP PUBLIC KEY BLOCK-----\n"
    )
    suites = ("bookworm", "bookworm-updates")
    assert read_deb822(text) == [
        Source("http://mirror.example/debian", suites, ("main",), "/keys/debian.gpg"),
        Source("http://second.example/debian", suites, ("main",), "/keys/debian.gpg"),
        Source("http://inline.example", ("x",), ("main",), ""),
    ]


def test_the_mirror_is_the_one_of_the_hosts_own_release() -> None:
    vendor = Source("https://vendor.example", ("stable",), ("main",))
    own = Source("http://mirror.example/debian", ("bookworm", "bookworm-updates"), ("main",))
    assert mirror([vendor, own], "bookworm") == own
    assert mirror([vendor, own], "trixie") is None
    assert mirror([Source("x", ("",), ("main",))], "") is None


@pytest.mark.parametrize("text", ["", "\n\n\n", "Types:", "deb", "deb [", ":\n:", "Types: deb\n\0"])
def test_odd_files_hold_no_source(text: str) -> None:
    assert read_one_line(text) == []
    assert read_deb822(text) == []


def test_settings_that_reach_the_mirror_are_kept_and_hooks_are_not() -> None:
    dump = (
        'Acquire::http::Proxy "http://proxy:3128/";\nAcquire::Check-Date "false";\nAcquire::Languages "none";\n'
        'APT::Update::Post-Invoke:: "rm -f /var/cache/apt/*.bin";\nAcquire::IndexTargets::deb::DEP-11::MetaKey "x";\n'
    )
    assert acquire_settings(dump) == 'Acquire::http::Proxy "http://proxy:3128/";\nAcquire::Check-Date "false";\n'
