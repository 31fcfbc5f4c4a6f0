"""Go and C compilers: found, identified, run in a scrubbed environment; compiling one artifact of our own."""

from seatrial.toolchains.c import NoCCompiler, c_compiler, find_zig
from seatrial.toolchains.compile import REPRODUCIBLE_FLAGS, compile_probe
from seatrial.toolchains.cross_gcc import cross_gcc
from seatrial.toolchains.go import GoToolchain, find_go

__all__ = [
    "REPRODUCIBLE_FLAGS",
    "GoToolchain",
    "NoCCompiler",
    "c_compiler",
    "compile_probe",
    "cross_gcc",
    "find_go",
    "find_zig",
]
