from seatrial.tables import go_fallbacks
from seatrial.tables.go_fallbacks import FallbackKind, fallback_for, wrapper_packages
from seatrial.tables.system_calls import system_calls


def test_every_row_is_of_a_call_that_exists() -> None:
    names = {call.name for goarch in ("amd64", "386", "arm64", "riscv64") for call in system_calls(goarch).values()}
    for row in go_fallbacks._table().fallback:
        assert row.call in names, row
        assert row.functions and row.source and row.en and row.zh
        assert row.go or row.module, "a row says for which releases or module it holds"


def test_a_function_literal_belongs_to_its_function() -> None:
    literal = "github.com/cyphar/filepath-securejoin.hasOpenat2.func1.2"
    row = fallback_for("openat2", literal, "go1.27.3")
    assert row is not None and row.kind is FallbackKind.ASKS_FIRST


def test_a_vendored_copy_is_the_same() -> None:
    assert fallback_for("fchmodat2", "cmd/vendor/golang.org/x/sys/unix.fchmodat2", "go1.27.3")


def test_releases_count() -> None:
    assert fallback_for("accept4", "syscall.accept4", "go1.17.3")
    assert fallback_for("accept4", "syscall.accept4", "go1.27.3") is None
    assert fallback_for("accept4", "main.accept4", "go1.17.3") is None


def test_wrappers_are_packages() -> None:
    assert "golang.org/x/sys/unix" in wrapper_packages()
