import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatrial.build.go_source import imports_c, names_cgo, package_name


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("package main\n", "main"),
        ("// Copyright\n\n//go:build linux\n\n/* package no */ package /* x */ app // y\n", "app"),
        ("/*\npackage wrong\n*/\npackage right", "right"),
        ("\ufeffpackage bom", "bom"),
        ("// package only in a comment\n", ""),
        ("", ""),
    ],
)
def test_package_clause(source: str, name: str) -> None:
    assert package_name(source) == name


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('package a\n// int x;\nimport "C"\n', True),
        ('package a\nimport (\n\t"fmt"\n\t"C"\n)\n', True),
        ("package a\nimport `C`\n", True),
        ('package a\nimport "C/d"\n', False),
        ('package a\nvar c = "C"\n', False),
    ],
)
def test_import_c(source: str, expected: bool) -> None:
    assert imports_c(source) is expected


def test_only_constraints_above_the_package_clause_count() -> None:
    assert names_cgo("//go:build linux && !cgo\n\npackage a\n")
    assert names_cgo("// +build cgo\n\npackage a\n")
    assert not names_cgo("//go:build linux\n\npackage a\n\n//go:build cgo\n")
    assert not names_cgo("//go:build cgotrace\n\npackage a\n")


@given(st.text(max_size=300))
def test_any_text_can_be_read(source: str) -> None:
    package_name(source), imports_c(source), names_cgo(source)
