"""GOEXPERIMENT=simd: Go itself compiles vector instructions, in any function; archsimd.X86 asks the CPU."""

from pathlib import Path

import pytest

from seatrial.formats import read_binary
from seatrial.inspection import needs_in
from seatrial.model.needs import FloorKind, Needs, Standing
from seatrial.processes import run
from support.builds import Builder
from support.emulators import qemu

pytestmark = pytest.mark.go

GUARDED, UNGUARDED = Standing.GUARDED, Standing.UNGUARDED

PROGRAM = """package main

import (
	"fmt"
	"os"
	"simd/archsimd"
)

//go:noinline
func plain256(a, b []int32) {
	archsimd.LoadInt32x8(a).Add(archsimd.LoadInt32x8(b)).Store(a)
}

//go:noinline
func plain512(a, b []int32) {
	archsimd.LoadInt32x16(a).Add(archsimd.LoadInt32x16(b)).Store(a)
}

//go:noinline
func tested256(a, b []int32) {
	if archsimd.X86.AVX2() {
		archsimd.LoadInt32x8(a).Add(archsimd.LoadInt32x8(b)).Store(a)
	}
}

//go:noinline
func tested512(a, b []int32) {
	if archsimd.X86.AVX512() {
		archsimd.LoadInt32x16(a).Add(archsimd.LoadInt32x16(b)).Store(a)
	}
}

//go:noinline
func testedAtCaller(a, b []int32) {
	archsimd.LoadInt32x8(a).Sub(archsimd.LoadInt32x8(b)).Store(a)
}

//go:noinline
func wrongTest(a, b []int32) {
	if archsimd.X86.AVX2() {
		archsimd.LoadInt32x16(a).Sub(archsimd.LoadInt32x16(b)).Store(a)
	}
}

func main() {
	a, b := make([]int32, 16), make([]int32, 16)
	tested256(a, b)
	tested512(a, b)
	if archsimd.X86.AVX2() {
		testedAtCaller(a, b)
	}
	switch len(os.Args) {
	case 3:
		wrongTest(a, b)
	case 4:
		plain512(a, b)
	case 5:
		plain256(a, b)
	}
	fmt.Println(a)
}
"""

AVX2 = {"avx", "avx2"}
TOLD = {
    "main.plain256": (AVX2, UNGUARDED),
    "main.plain512": ({"avx512f"}, UNGUARDED),
    "main.tested256": (AVX2, GUARDED),
    "main.tested512": ({"avx512f"}, GUARDED),
    "main.testedAtCaller": (AVX2, GUARDED),
    "main.wrongTest": ({"avx512f"}, UNGUARDED),
}


def build(builder: Builder, release: str = "", flags: tuple[str, ...] = (), text: str = PROGRAM) -> Path:
    folder = builder.folder / f"simd-{release}"
    out = folder / "-".join(("program", *("".join(filter(str.isalnum, flag)) for flag in flags)))
    if not out.exists():
        folder.mkdir(exist_ok=True)
        (folder / "main.go").write_text(text)
        (folder / "go.mod").write_text("module example.com/simd\n\ngo 1.26\n")
        settings = {"GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "0", "GOEXPERIMENT": "simd", "GOENV": "off"}
        settings |= {"GOTOOLCHAIN": f"go{release}"} if release else {}
        builder.run_go(folder, ["build", "-o", str(out), *flags, "."], settings)
    return out


def check(path: Path, reader: Path) -> Needs:
    needs = needs_in(path, read_binary(path), reader)
    assert isinstance(needs.instructions, tuple), needs.instructions
    own = [use for use in needs.instructions if use.owner.package == "main"]
    assert {
        name: ({use.feature for use in own if use.owner.function == name}, standing)
        for name in TOLD
        for standing in {use.standing for use in own if use.owner.function == name}
    } == TOLD
    others = [use for use in needs.instructions if use.owner.package != "main"]
    open_uses = [use for use in others if use.standing in (UNGUARDED, Standing.PERHAPS)]
    assert len(others) > 50 and open_uses == []
    return needs


@pytest.mark.parametrize("flags", [(), ("-ldflags=-s -w",)], ids=["whole", "stripped"])
def test_what_go_compiled_is_told_with_its_guards(flags: tuple[str, ...], builder: Builder, reader: Path) -> None:
    needs = check(build(builder, flags=flags), reader)
    assert {"avx2", "avx512f"} <= set(needs.floor(FloorKind.CPU).minimum.split())


@pytest.mark.sweep
def test_the_release_before(builder: Builder, reader: Path) -> None:
    """Its functions have other names."""
    text = PROGRAM
    for now, then in (("Int32x8(", "Int32x8Slice("), ("Int32x16(", "Int32x16Slice("), (".Store(", ".StoreSlice(")):
        text = text.replace(now, then)
    check(build(builder, "1.26.11", text=text), reader)


@pytest.mark.qemu
@pytest.mark.parametrize(("arguments", "said"), [(0, ""), (4, "SIGILL: illegal instruction")])
def test_a_cpu_without_avx_agrees(arguments: int, said: str, builder: Builder) -> None:
    command = (str(qemu("amd64").path), "-cpu", "Nehalem", str(build(builder)), *["x"] * arguments)
    outcome = run(command, {}, 60.0)
    assert outcome.exit_code == (2 if said else 0)
    assert said in outcome.stderr
