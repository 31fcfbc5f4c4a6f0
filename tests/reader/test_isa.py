"""The decoders of instructions, against objdump, the assembler, LLVM and what Go's own assembler must produce."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from seatrial.toolchains.reader import READER_SOURCE
from support.builds import go_command, zig_cc

HERE = Path(__file__).parent / "isa"

VECTORS = """
void add(float *a, const float *b, int n) { for (int i = 0; i < n; i++) a[i] += b[i] * a[i]; }
int equal(const unsigned char *a, const unsigned char *b, int n)
{ int same = 0; for (int i = 0; i < n; i++) same += a[i] == b[i]; return same; }
double mixed(const int *a, const long *b, int n)
{ double d = 0; for (int i = 0; i < n; i++) d += a[i] * (double)b[i]; return d; }
"""


@pytest.fixture(scope="session")
def decoders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Go tests of the decoders, built."""
    source = tmp_path_factory.mktemp("isa") / "reader"
    shutil.copytree(READER_SOURCE, source)
    for test in HERE.glob("*_test.go"):
        shutil.copy(test, source / "isa")
    made = source / "isa.test"
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "", "CGO_ENABLED": "0"}
    command = [str(go_command()), "test", "-c", "-o", str(made), "./isa"]
    done = subprocess.run(command, cwd=source, env=env, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    return made


def passes(decoders: Path, name: str, *flags: str) -> str:
    """What the Go test said, which passed and did not skip."""
    path = f"{go_command().parent}{os.pathsep}{os.environ['PATH']}"
    command = [str(decoders), f"-test.run=^{name}$", "-test.v", *flags]
    env = {**os.environ, "PATH": path, "GOTOOLCHAIN": "local"}
    done = subprocess.run(
        command, cwd=decoders.parent, env=env, capture_output=True, text=True, timeout=280, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-4000:]
    if "--- SKIP" in said:
        pytest.skip(f"a tool was missing: {said.strip()}")
    assert f"--- PASS: {name}" in said
    return said


@pytest.mark.go
@pytest.mark.parametrize("name", ["TestWhatAnInstructionNeeds", "TestWhereControlGoes", "FuzzDecode"])
def test_single_instructions(decoders: Path, name: str) -> None:
    passes(decoders, name)


@pytest.mark.go
def test_agrees_with_the_samples_of_go_s_assembler(decoders: Path) -> None:
    passes(decoders, "TestAgreesWithGoSamples")


@pytest.mark.go
def test_features_agree_with_the_assembler_over_the_whole_encoding_space(decoders: Path) -> None:
    passes(decoders, "TestFeaturesAgreeWithTheAssembler")


@pytest.mark.go
@pytest.mark.parametrize("tool", ["link", "asm"])
def test_boundaries_agree_with_objdump_on_tools_of_go(decoders: Path, tool: str) -> None:
    tools = go_command().parent.parent / "pkg" / "tool"
    program = next(tools.glob(f"linux_*/{tool}"))
    assert ", 0 different" in passes(decoders, "TestAgreesWithObjdump", f"-program={program}")


@pytest.mark.zig
@pytest.mark.parametrize("flags", [("-mavx2", "-mfma"), ("-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512dq")])
def test_boundaries_agree_with_objdump_on_vectorized_c(decoders: Path, tmp_path: Path, flags: tuple[str, ...]) -> None:
    source, made = tmp_path / "vectors.c", tmp_path / "vectors.o"
    source.write_text(VECTORS)
    command = [*zig_cc("x86_64-linux-musl").split(), "-O3", "-ffast-math", *flags, "-c", "-o", str(made), str(source)]
    subprocess.run(command, check=True, timeout=120)
    assert ", 0 different" in passes(decoders, "TestAgreesWithObjdump", f"-program={made}", "-least=100")


@pytest.mark.sweep
def test_features_agree_with_llvm(decoders: Path) -> None:
    if not shutil.which("llvm-mc") or not shutil.which("llvm-objdump"):
        pytest.skip("llvm-mc and llvm-objdump were missing")
    passes(decoders, "TestAgreesWithLLVM", "-llvm")


@pytest.mark.sweep
def test_boundaries_agree_with_objdump_on_the_compiler(decoders: Path) -> None:
    program = next((go_command().parent.parent / "pkg" / "tool").glob("linux_*/compile"))
    assert ", 0 different" in passes(decoders, "TestAgreesWithObjdump", f"-program={program}")
