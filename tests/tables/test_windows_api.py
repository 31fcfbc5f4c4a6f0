"""Functions and DLLs of newer releases of Windows."""

from seatrial.tables.windows_api import api_since


def test_functions_and_dlls() -> None:
    console = api_since("KERNEL32.dll", "CreatePseudoConsole")
    assert console is not None
    assert console.since == "10.0.17763"
    assert console.source.startswith("https://learn.microsoft.com/")
    assert api_since("WinHvPlatform.dll") is not None
    assert api_since("kernel32.dll", "CreateFileW") is None
    assert api_since("kernel32.dll") is None
    assert api_since("bcryptprimitives.dll", "ProcessPrng") is None
