"""Instructions beyond the base in real programs, and what guards them: who, how, and that a run agrees."""

import shutil
from pathlib import Path

import pytest

from seatrial.formats import read_binary
from seatrial.inspection import needs_in
from seatrial.model.needs import Cause, FeatureUse, FloorKind, Needs, Standing
from seatrial.processes import run
from seatrial.store import Store, default_root
from support.builds import Builder
from support.emulators import qemu
from support.macho_writer import AMD64 as AMD64_CPU
from support.macho_writer import ARM64 as ARM64_CPU
from support.macho_writer import universal
from support.verification import run as verified

pytestmark = pytest.mark.go

SOURCE = Path(__file__).parent.parent / "support" / "guarded"

GUARDED, CHOSEN, PERHAPS, UNGUARDED = Standing.GUARDED, Standing.CHOSEN, Standing.PERHAPS, Standing.UNGUARDED

AMD64 = {
    ("main.fused", "fma"): GUARDED,
    ("main.ones", "popcnt"): GUARDED,
    ("main.plainAVX2", "avx2"): UNGUARDED,
    ("main.startAVX2", "avx2"): UNGUARDED,
    ("main.testedAVX2", "avx2"): GUARDED,
    ("main.testedAtCaller", "avx2"): GUARDED,
    ("main.testedByFunction", "avx2"): GUARDED,
    ("main.testedInTheLoop", "avx2"): GUARDED,
    ("main.insideAVX2", "avx2"): GUARDED,
    ("main.halfTested", "avx2"): UNGUARDED,
    ("main.wrongTest", "bmi2"): UNGUARDED,
    ("main.chosenAVX2", "avx2"): CHOSEN,
    ("main.storedAVX2", "avx2"): PERHAPS,
    ("main.unclearAVX2", "avx2"): PERHAPS,
    ("main.handedOnAVX2", "avx2"): PERHAPS,
    ("main.inTableAVX2", "avx2"): PERHAPS,
    ("main.besideAVX2", "avx2"): PERHAPS,
    ("main.levelAVX2", "avx2"): PERHAPS,
    ("main.heldAVX2", "avx2"): PERHAPS,
    ("main.methodAVX2", "avx2"): CHOSEN,
    ("main.bothOfAVX512", "avx512bw"): GUARDED,
    ("main.oneOfAVX512", "avx512bw"): UNGUARDED,
}
PLAIN = {"arm64": "atomics", "loong64": "lasx", "riscv64": "v"}


def guarded(builder: Builder, port: str, *flags: str) -> Path:
    goos, goarch = port.split("/")
    out = builder.folder / "-".join(("guarded", goos, goarch, *("".join(filter(str.isalnum, flag)) for flag in flags)))
    if not out.exists():
        source = builder.folder / "guarded-source"
        shutil.copytree(SOURCE, source, dirs_exist_ok=True)
        settings = {"GOOS": goos, "GOARCH": goarch, "CGO_ENABLED": "0"}
        builder.run_go(source, ["build", "-o", str(out), *flags, "."], settings)
    return out


def read(path: Path, reader: Path) -> Needs:
    return needs_in(path, read_binary(path), reader)


def uses(needs: Needs) -> tuple[FeatureUse, ...]:
    assert isinstance(needs.instructions, tuple), needs.instructions
    return needs.instructions


def standings(needs: Needs) -> dict[tuple[str, str], Standing]:
    return {(use.owner.function, use.feature): use.standing for use in uses(needs)}


def open_uses(needs: Needs) -> list[tuple[str, str, Standing]]:
    """What is not known to be guarded."""
    return [
        (use.owner.function, use.feature, use.standing)
        for use in uses(needs)
        if use.standing in (Standing.PERHAPS, Standing.UNGUARDED)
    ]


@pytest.mark.parametrize(
    ("port", "flags"),
    [
        ("linux/amd64", ()),
        ("linux/amd64", ("-ldflags=-s -w",)),
        ("linux/amd64", ("-buildmode=pie", "-ldflags=-s -w")),
        ("windows/amd64", ("-ldflags=-s -w",)),
        pytest.param("darwin/amd64", ("-ldflags=-s -w",), marks=pytest.mark.sweep),
        pytest.param("freebsd/amd64", (), marks=pytest.mark.sweep),
    ],
)
def test_every_way_to_guard_is_told(port: str, flags: tuple[str, ...], builder: Builder, reader: Path) -> None:
    needs = read(guarded(builder, port, *flags), reader)
    told = {key: standing for key, standing in standings(needs).items() if key[0].startswith("main.")}
    assert {key: told.get(key) for key in AMD64} == AMD64
    others = [name for name, _, _ in open_uses(needs) if not name.startswith("main.")]
    assert others == []


def test_the_floor_of_the_cpu_rests_on_unguarded_code_alone(builder: Builder, reader: Path) -> None:
    needs = read(guarded(builder, "linux/amd64"), reader)
    reasons = needs.floor(FloorKind.CPU).because(Cause.INSTRUCTIONS)
    unguarded, perhaps = sorted(reasons, key=lambda reason: reason.confidence.value)
    assert unguarded.minimum == "avx avx2 avx512bw bmi2"
    assert {owner.function for owner in unguarded.owners} == {
        "main.plainAVX2",
        "main.startAVX2",
        "main.halfTested",
        "main.wrongTest",
        "main.oneOfAVX512",
    }
    assert unguarded.owners[0].module == "example.test/guarded"
    assert perhaps.minimum == "avx avx2"
    assert "avx512bw" in needs.floor(FloorKind.CPU).minimum.split()
    assert "fma" not in needs.floor(FloorKind.CPU).minimum.split()


def test_a_level_that_the_compiler_was_given_is_told_as_that(builder: Builder, reader: Path) -> None:
    path = builder.build("linux/amd64", GOAMD64="v3")
    needs = read(path, reader)
    assert {use.feature for use in uses(needs)} & {"avx", "avx2", "fma", "popcnt"} == set()
    assert needs.floor(FloorKind.CPU).because(Cause.INSTRUCTIONS) == ()


@pytest.mark.parametrize("goarch", sorted(PLAIN))
def test_other_architectures(goarch: str, builder: Builder, reader: Path) -> None:
    needs = read(guarded(builder, f"linux/{goarch}"), reader)
    assert open_uses(needs) == [("main.plain", PLAIN[goarch], UNGUARDED)]
    assert GUARDED in standings(needs).values()


@pytest.mark.parametrize("goarch", ["amd64", "arm64", "loong64", "riscv64"])
def test_a_plain_program_is_silent(goarch: str, builder: Builder, reader: Path) -> None:
    assert open_uses(read(builder.build(f"linux/{goarch}", "-ldflags=-s -w"), reader)) == []


@pytest.mark.sweep
@pytest.mark.parametrize("goarch", ["amd64", "arm64"])
@pytest.mark.parametrize(
    "release",
    ["1.16.15", "1.17.13", "1.18.8", "1.19.4", "1.20.14", "1.21.13", "1.22.12", "1.23.12", "1.24.13", "1.25.14"],
)
def test_a_plain_program_of_an_older_release_is_silent(
    release: str, goarch: str, builder: Builder, reader: Path
) -> None:
    path = builder.build_by(release, f"linux/{goarch}", "-ldflags=-s -w")
    assert open_uses(read(path, reader)) == []


@pytest.mark.qemu
@pytest.mark.parametrize(("arguments", "said"), [(3, ""), (99, "SIGILL: illegal instruction")])
def test_a_cpu_without_the_features_agrees(arguments: int, said: str, builder: Builder) -> None:
    """Nehalem has no AVX: what is told as guarded runs there, what is told as unguarded does not."""
    path = guarded(builder, "linux/amd64")
    command = (str(qemu("amd64").path), "-cpu", "Nehalem", str(path), *["x"] * arguments)
    outcome = run(command, {}, 60.0)
    assert outcome.exit_code == (2 if said else 0)
    assert said in outcome.stderr


C_PROGRAM = """package main

/*
#include <immintrin.h>
__attribute__((target("avx2"), noinline)) static int plain(int n)
{ __m256i v = _mm256_add_epi32(_mm256_set1_epi32(n), _mm256_set1_epi32(1)); return _mm256_extract_epi32(v, 3); }
__attribute__((target("bmi2"), noinline)) static long asked(long n) { return _pdep_u64(n, 0x5555); }
static long tested(long n) { __builtin_cpu_init(); return __builtin_cpu_supports("bmi2") ? asked(n) : n; }
*/
import "C"
import "fmt"

func main() { fmt.Println(C.plain(3), C.tested(3)) }
"""


def test_c_code(builder: Builder, reader: Path) -> None:
    if not shutil.which("gcc"):
        pytest.skip("gcc was missing")
    folder = builder.folder / "avx2-c"
    folder.mkdir()
    (folder / "main.go").write_text(C_PROGRAM)
    (folder / "go.mod").write_text("module example.com/avx2c\n\ngo 1.27\n")
    settings = {"GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "1", "CC": "gcc"}
    builder.run_go(folder, ["build", "-o", "program", "."], settings)
    told = standings(read(folder / "program", reader))
    assert told["plain", "avx2"] is UNGUARDED
    assert told["asked", "bmi2"] in (PERHAPS, GUARDED)


def test_a_function_that_bears_a_name_of_go_s_own_is_not_taken_for_it(builder: Builder, reader: Path) -> None:
    folder = builder.folder / "namesake"
    folder.mkdir()
    (folder / "go.mod").write_text("module example.com/namesake\n\ngo 1.27\n")
    (folder / "main.go").write_text("package main\n\nfunc sum() int\n\nfunc main() { println(sum()) }\n")
    (folder / "sum_amd64.s").write_text(
        "TEXT ·sum(SB), 4, $0-8\n\tCALL cmpbody<>(SB)\n\tMOVQ AX, ret+0(FP)\n\tRET\n\n"
        "TEXT cmpbody<>(SB), 4, $0-0\n\tVPCMPEQB Y0, Y0, Y1\n\tVPMOVMSKB Y1, AX\n\tVZEROUPPER\n\tRET\n"
    )
    out = folder / "program"
    builder.run_go(folder, ["build", "-o", str(out), "."], {"GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "0"})
    assert ("cmpbody", "avx2", UNGUARDED) in open_uses(read(out, reader))


def test_each_part_of_a_universal_file_is_judged_like_a_thin_file(builder: Builder, tmp_path: Path) -> None:
    thin = {cpu: guarded(builder, f"darwin/{arch}") for cpu, arch in ((AMD64_CPU, "amd64"), (ARM64_CPU, "arm64"))}
    fat = tmp_path / "fat"
    fat.write_bytes(universal(*((cpu, path.read_bytes()) for cpu, path in thin.items())))
    fat.chmod(0o755)
    store = Store(default_root())

    def found(path: Path, target: str) -> list[tuple[str, str, str, str]]:
        report = verified(store, path, target, stages=("static",))
        assert not [
            one for cell in report.cells for stage in cell.stages for one in stage.evidence if one.kind == "undecided"
        ]
        return sorted((one.rule, one.severity, one.subject, one.message.text) for one in report.findings)

    intel = found(fat, "macos-13/x86-64-v1")
    assert intel == found(thin[AMD64_CPU], "macos-13/x86-64-v1")
    assert "ST-ISA-002" in {rule for rule, *_ in intel}
    assert found(fat, "macos-13/apple-m1") == found(thin[ARM64_CPU], "macos-13/apple-m1")


STANDARD = """package main

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha1"
	"crypto/sha3"
	"crypto/sha512"
	"crypto/subtle"
	"hash/crc32"
	"math/big"
	"os"
)

func main() {
	key := []byte(os.Args[0])
	block, _ := aes.NewCipher(key)
	sealed, _ := cipher.NewGCM(block)
	key = sealed.Seal(nil, key, key, nil)
	cipher.NewCTR(block, key).XORKeyStream(key, key)
	cipher.NewCBCDecrypter(block, key).CryptBlocks(key, key)
	one, two, three := sha1.Sum(key), sha3.Sum256(key), sha512.Sum512(key)
	subtle.XORBytes(key, one[:], two[:])
	println(bytes.Index(key, three[:]), crc32.ChecksumIEEE(key), new(big.Int).SetBytes(key).BitLen())
}
"""


@pytest.mark.parametrize(
    "port",
    [
        "linux/arm64",
        *(
            pytest.param(port, marks=pytest.mark.sweep)
            for port in (
                "linux/amd64",
                "linux/loong64",
                "linux/riscv64",
                "windows/arm64",
                "freebsd/arm64",
                "darwin/arm64",
            )
        ),
    ],
)
def test_the_standard_library_asks_first(port: str, builder: Builder, reader: Path) -> None:
    goos, goarch = port.split("/")
    folder = builder.folder / "standard"
    folder.mkdir(exist_ok=True)
    (folder / "go.mod").write_text("module example.com/standard\n\ngo 1.27\n")
    (folder / "main.go").write_text(STANDARD)
    out = folder / f"{goos}-{goarch}"
    builder.run_go(folder, ["build", "-o", str(out), "."], {"GOOS": goos, "GOARCH": goarch, "CGO_ENABLED": "0"})
    assert open_uses(read(out, reader)) == []


@pytest.mark.sweep
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("release", ["1.16.15", "1.19.4", "1.21.13", "1.23.12", "1.24.13", "1.25.14", "1.26.11"])
@pytest.mark.parametrize("goarch", ["amd64", "arm64"])
def test_the_standard_library_of_every_release_asks_first(
    goarch: str, release: str, builder: Builder, reader: Path
) -> None:
    folder = builder.folder / "older"
    folder.mkdir(exist_ok=True)
    (folder / "go.mod").write_text("module example.com/older\n\ngo 1.16\n")
    source = STANDARD.replace('\t"crypto/sha3"\n', "").replace("sha3.Sum256(key)", "sha1.Sum(key)")
    (folder / "main.go").write_text(
        source.replace("subtle.XORBytes(key, one[:], two[:])", "subtle.ConstantTimeByteEq(one[0], two[0])")
    )
    out = folder / f"{release}-{goarch}"
    settings = {"GOOS": "linux", "GOARCH": goarch, "CGO_ENABLED": "0", "GOTOOLCHAIN": f"go{release}", "GOENV": "off"}
    builder.run_go(folder, ["build", "-o", str(out), "."], settings)
    assert open_uses(read(out, reader)) == []
