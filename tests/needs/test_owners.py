"""Packages and modules of functions, by the build information."""

import pytest

from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat, GoBuildInfo, Kind, Module
from seatrial.needs.owners import Owners, Place

GO = GoBuildInfo(
    "go1.27.3",
    path="example.com/app/cmd/server",
    main=Module("example.com/app", "(devel)"),
    deps=(
        Module("golang.org/x/sys", "v0.40.0"),
        Module("example.com/app/plugins", "v1.2.0"),
        Module("example.com/old", "v1.0.0", replace=Module("example.com/new", "v2.0.0")),
    ),
)


def facts(go: GoBuildInfo | Unknown) -> BinaryFacts:
    return BinaryFacts(
        "app", 1, "0", BinaryFormat.ELF, Kind.EXECUTABLE, "linux", "amd64", 64, "little", "EM_X86_64 (62)", go=go
    )


@pytest.mark.parametrize(
    ("package", "module"),
    [
        ("main", ("example.com/app", "(devel)")),
        ("example.com/app/internal/x", ("example.com/app", "(devel)")),
        ("example.com/app/plugins/a", ("example.com/app/plugins", "v1.2.0")),
        ("example.com/application", ("", "")),
        ("golang.org/x/sys/unix", ("golang.org/x/sys", "v0.40.0")),
        ("example.com/old/y", ("example.com/new", "v2.0.0")),
        ("net/http", ("std", "go1.27.3")),
        ("vendor/golang.org/x/net/http2", ("std", "go1.27.3")),
        ("C start-up code", ("", "")),
        ("", ("", "")),
    ],
)
def test_the_module_of_a_package(package: str, module: tuple[str, str]) -> None:
    assert Owners(facts(GO)).module(package) == module


def test_a_program_of_files_is_in_no_module() -> None:
    owners = Owners(facts(GoBuildInfo("go1.27.3", path="command-line-arguments")))
    assert owners.module("main") == ("", "")
    assert owners.module("fmt") == ("std", "go1.27.3")


def test_without_build_information_there_is_no_module() -> None:
    assert Owners(facts(Unknown("stripped"))).module("net/http") == ("", "")


def test_c_functions_with_names_of_their_makers() -> None:
    owner = Owners(facts(GO)).owner(Place(1, "x_cgo_init", c=True))
    assert (owner.package, owner.module) == ("runtime/cgo", "std")
    assert Owners(facts(GO)).owner(Place(1, "x_cgo_init")).package == ""
