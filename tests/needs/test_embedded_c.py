"""C objects and relocations in programs of two modules with C files of their own: whose they are, who uses them."""

import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from seatrial.formats import read_binary
from seatrial.inspection import needs_in
from seatrial.model.absence import Unknown
from seatrial.model.binary import GoBuildInfo, Relocations
from seatrial.model.insight import Deep
from seatrial.model.needs import CObject, CObjects, FloorKind, Needs, RelocationKind, RelocationNeed
from seatrial.needs import needs_of
from seatrial.platforms import load
from seatrial.rules import judge
from support.builds import ZIG_TARGETS, Builder, zig_cc
from support.inspecting import run

pytestmark = [pytest.mark.go, pytest.mark.zig]

FILES = {
    "app/go.mod": "module example.com/app\n\ngo 1.27\n\nrequire example.org/other v1.2.3\n\n"
    "replace example.org/other v1.2.3 => ../other\n",
    "app/main.go": """package main

import (
	"C"

	"example.com/app/cee"
	"example.org/other/dee"
)

//export Twice
func Twice(x int) int { return cee.Print(x) + dee.Next() }

func main() { println(Twice(3)) }
""",
    "app/cee/cee.go": """package cee

/*
int cee_print(int);
static int inline_here(int x) { return x / 3 + 1; }
*/
import "C"

// Print prints in C.
func Print(x int) int { return int(C.cee_print(C.int(x))) + int(C.inline_here(C.int(x))) }
""",
    "app/cee/print.c": """#include <stdio.h>
static __attribute__((noinline)) int plain(int x) { return x ? fflush(stderr) : 1; }
#ifdef COPIED
static FILE *out(void) { FILE *file; __asm__("movq stdout(%%rip), %0" : "=r"(file)); return file; }
#else
static FILE *out(void) { return stdout; }
#endif
#ifdef TEXT
#define HERE __asm__("jmp 1f\\n.quad cee_print\\n1:")
#else
#define HERE (void)0
#endif
int cee_print(int x) { HERE; fprintf(out(), "%d\\n", plain(x)); return plain(x - 1); }
""",
    "other/go.mod": "module example.org/other\n\ngo 1.27\n",
    "other/dee/dee.go": """package dee

/*
int dee_next(void);
*/
import "C"

// Next counts in C.
func Next() int { return int(C.dee_next()) }
""",
    "other/dee/counter.c": """static __thread int counter;
static __attribute__((noinline)) int step(int by) { counter += by; return counter; }
int dee_next(void) { return step(2); }
""",
}
CEE, DEE = ("example.com/app/cee", "example.com/app"), ("example.org/other/dee", "../other")


def build(
    builder: Builder, target: str, *flags: str, goos: str = "linux", goarch: str = "amd64", cflags: str = ""
) -> Path:
    folder = builder.folder / "embedded"
    for name, text in FILES.items():
        if not (folder / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
    words = (goos, goarch, *flags, cflags)
    out = folder / "-".join("".join(filter(str.isalnum, word)) for word in words)
    if not out.exists():
        settings = {"GOOS": goos, "GOARCH": goarch, "CGO_ENABLED": "1", "CC": zig_cc(target)}
        settings |= {"CGO_CFLAGS": f"-g -O2 {cflags}"}
        builder.run_go(folder / "app", ["build", "-mod=mod", "-o", str(out), *flags, "."], settings)
    return out


def read(path: Path, reader: Path) -> Needs:
    return needs_in(path, read_binary(path), reader)


def objects(needs: Needs) -> dict[str, CObject]:
    assert isinstance(needs.c_objects, CObjects), needs.c_objects
    return {one.name.rpartition("/")[2]: one for one in needs.c_objects.objects}


def owners(needs: Needs) -> dict[str, tuple[str, str]]:
    return {name: (one.owner.package, one.owner.module) for name, one in objects(needs).items()}


def relocations(needs: Needs, kind: RelocationKind) -> list[RelocationNeed]:
    assert isinstance(needs.relocations, tuple), needs.relocations
    return [one for one in needs.relocations if one.kind is kind]


def users(found: list[RelocationNeed]) -> set[str]:
    return {user.owner.package for one in found for user in one.users}


@pytest.mark.parametrize(
    "goarch", [pytest.param(name, marks=() if name == "amd64" else pytest.mark.sweep) for name in ZIG_TARGETS]
)
def test_each_c_file_belongs_to_its_package(goarch: str, builder: Builder, reader: Path) -> None:
    needs = read(build(builder, ZIG_TARGETS[goarch], goarch=goarch), reader)
    found = owners(needs)
    assert {name: found[name] for name in ("print.c", "cee.cgo2.c", "counter.c", "dee.cgo2.c")} == {
        "print.c": CEE,
        "cee.cgo2.c": CEE,
        "counter.c": DEE,
        "dee.cgo2.c": DEE,
    }
    assert found["pthread_unix.c"] == ("runtime/cgo", "std")
    assert found["_cgo_export.c"] == ("main", "example.com/app")
    counter = objects(needs)["counter.c"]
    assert counter.functions >= 2 and counter.size > 0 and "clang" in counter.producer
    assert {way.owner.function for way in counter.ways} == {"example.org/other/dee._Cfunc_dee_next"}
    assert not [name for name, (package, _) in found.items() if not package and name.startswith("gcc_")]


@pytest.mark.parametrize("flags", [("-trimpath",), ("-buildmode=pie",)])
def test_paths_and_addresses_that_were_changed(flags: tuple[str, ...], builder: Builder, reader: Path) -> None:
    found = owners(read(build(builder, ZIG_TARGETS["amd64"], *flags), reader))
    assert (found["print.c"], found["counter.c"]) == (CEE, DEE)


def stripped(path: Path, option: str, folder: Path) -> Path:
    out = folder / "stripped"
    done = subprocess.run(["objcopy", option, path, out], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return out


def test_without_debugging_information_the_symbols_name_files(builder: Builder, reader: Path, tmp_path: Path) -> None:
    needs = read(stripped(build(builder, ZIG_TARGETS["amd64"]), "--remove-section=.debug_info", tmp_path), reader)
    counter = objects(needs)["counter.c"]
    assert (counter.source, counter.functions) == ("symbol table", 1)
    assert {way.owner.module for way in counter.ways} == {"../other"}


def test_of_a_stripped_program_the_compiler_is_left(builder: Builder, reader: Path, tmp_path: Path) -> None:
    told = read(stripped(build(builder, ZIG_TARGETS["amd64"]), "--strip-all", tmp_path), reader).c_objects
    assert isinstance(told, CObjects)
    assert told.objects == () and told.unnamed > 5
    assert any("clang" in name for name in told.compilers)


def test_a_program_without_cgo_has_none(builder: Builder, reader: Path) -> None:
    needs = read(builder.build("linux/amd64"), reader)
    assert (needs.c_objects, needs.relocations) == (CObjects(), ())


def test_the_race_detector_s_c_code_is_told_of_without_cgo(builder: Builder, reader: Path) -> None:
    told = read(builder.build("darwin/arm64", "-race"), reader).c_objects
    assert isinstance(told, CObjects) and told.unnamed > 0


def test_a_library_s_variables_of_threads(builder: Builder, reader: Path) -> None:
    """Go's own variable is of initial-exec in a library: its functions are found that read where it is."""
    path = build(builder, ZIG_TARGETS["amd64"], "-buildmode=c-shared")
    facts = read_binary(path)
    assert isinstance(facts.relocations, Relocations)
    needs = needs_in(path, facts, reader)
    initial = relocations(needs, RelocationKind.TLS_INITIAL_EXEC)
    assert sum(one.places for one in initial) == facts.relocations.tls_initial_exec > 0
    assert "runtime" in users(initial)
    general = relocations(needs, RelocationKind.TLS_GENERAL_DYNAMIC)
    assert {(user.owner.package, user.owner.module, user.is_c) for one in general for user in one.users} == {
        (*DEE, True)
    }


def test_the_finding_about_musl_names_them(builder: Builder, reader: Path) -> None:
    path = build(builder, ZIG_TARGETS["amd64"], "-buildmode=c-shared")
    facts = msgspec.structs.replace(read_binary(path), libc="musl", libraries=("libc.so",))
    found = judge(facts, load().platform("alpine-3.20/amd64"), read(path, reader))
    (finding,) = [one for one in found if one.rule == "ST-TLS-001"]
    where = [one.where for one in finding.evidence if one.kind == "relocations"]
    assert len(where) == 1 and where[0].startswith("relocation table; used by ") and "runtime" in where[0]


def test_an_archive_is_read_as_if_it_were_linked(builder: Builder, reader: Path) -> None:
    needs = read(build(builder, ZIG_TARGETS["amd64"], "-buildmode=c-archive"), reader)
    assert "runtime" in users(relocations(needs, RelocationKind.TLS_INITIAL_EXEC))
    assert not [reason for reason in needs.floor(FloorKind.CPU).reasons if reason.subject != "GOAMD64=v1"]
    assert isinstance(needs.c_objects, Unknown) and "members beside" in needs.c_objects.unknown


def test_a_variable_that_is_copied(builder: Builder, reader: Path) -> None:
    path = build(builder, ZIG_TARGETS["amd64"], cflags="-DCOPIED")
    (copied,) = relocations(read(path, reader), RelocationKind.COPY)
    assert (copied.symbol, copied.places) == ("stdout", 1)
    assert {(user.owner.function, user.owner.package) for user in copied.users} >= {("cee_print", CEE[0])}
    assert {way.owner.function for user in copied.users for way in user.ways} == {
        "example.com/app/cee._Cfunc_cee_print"
    }


def test_code_that_the_loader_changes(builder: Builder, reader: Path) -> None:
    flags = ("-buildmode=c-shared", "-ldflags=-extldflags=-Wl,-z,notext")
    path = build(builder, ZIG_TARGETS["amd64"], *flags, cflags="-DTEXT")
    (text,) = relocations(read(path, reader), RelocationKind.TEXT)
    assert text.places == 1 and text.sections == (".text",)
    assert users([text]) == {CEE[0]}


def test_packed_relocations_are_of_the_linker_s_options(builder: Builder) -> None:
    """Zig's linker cannot pack them: the facts of a program are changed."""
    facts = read_binary(build(builder, ZIG_TARGETS["amd64"]))
    packed = msgspec.structs.replace(facts, relocations=Relocations(relr=True))
    assert isinstance(facts.go, GoBuildInfo)
    flags = {"-ldflags": "-extldflags=-Wl,-z,pack-relative-relocs"}
    asked = msgspec.structs.replace(packed, go=msgspec.structs.replace(facts.go, settings=flags))
    told = {name: needs_of(one, Deep({})).relocations for name, one in (("plain", packed), ("asked", asked))}
    texts = {name: [one.message.text for one in found] for name, found in told.items() if isinstance(found, tuple)}
    assert "by itself" in texts["plain"][0]
    assert "-ldflags=-extldflags=-Wl,-z,pack-relative-relocs" in texts["asked"][0]


def test_a_function_that_is_chosen_by_the_loader(builder: Builder, reader: Path, tmp_path: Path) -> None:
    """IRELATIVE, in a program of C alone, which calls its own resolver at start."""
    source = tmp_path / "chosen.c"
    source.write_text(
        "volatile int flag;\nstatic int plain(int x) { return x; }\nstatic int other(int x) { return -x; }\n"
        "static int (*pick(void))(int) { return flag ? other : plain; }\n"
        '__attribute__((ifunc("pick"), visibility("hidden"))) int chosen(int x);\n'
        "int __attribute__((noinline)) use(int x) { return chosen(x) + 1; }\nint main(int n) { return use(n); }\n"
    )
    out = tmp_path / "chosen"
    line = [*zig_cc("x86_64-linux-gnu.2.34").split(), "-O1", "-g", "-fno-PIE", "-no-pie", "-o", str(out), str(source)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = relocations(read(out, reader), RelocationKind.IRELATIVE)
    assert [user.owner.function for one in found for user in one.users] == ["use"]


def test_what_the_page_and_the_questions_say(
    builder: Builder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(build(builder, ZIG_TARGETS["amd64"], "-buildmode=c-shared"))
    code, out, _ = run(capsys, monkeypatch, path)
    assert code == 0
    assert "example.org/other/dee (../other (devel)): dee.cgo2.c, counter.c" in out
    assert "tls-general-dynamic: 1 place; used by example.org/other/dee" in out
    code, out, _ = run(capsys, monkeypatch, path, "--why", "object:counter.c", "--why", "relocation:tls-initial-exec")
    assert code == 0
    assert "  of example.org/other/dee (../other (devel))\n" in out
    assert "  from example.org/other/dee._Cfunc_dee_next" in out and "tls-initial-exec" in out
    code, out, err = run(capsys, monkeypatch, path, "--why", "object:conter.c")
    assert (code, out) == (2, "") and "Did you mean object:counter.c" in err
    code, out, err = run(capsys, monkeypatch, path, "--why", "relocation:copy")
    assert (code, out) == (2, "") and "relocation:tls-initial-exec" in err


@pytest.mark.parametrize("flags", [(), ("-ldflags=-s -w",)])
def test_the_linkers_marks_between_functions_are_no_c_code(
    flags: tuple[str, ...], builder: Builder, reader: Path
) -> None:
    """CGO_ENABLED=1, and no package that uses it."""
    folder = builder.folder / "no-c"
    folder.mkdir(exist_ok=True)
    (folder / "main.go").write_text('package main\n\nimport "fmt"\n\nfunc main() { fmt.Println() }\n')
    (folder / "go.mod").write_text("module example.com/noc\n\ngo 1.27\n")
    settings = {"GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "1"}
    builder.run_go(folder, ["build", "-o", "program", *flags, "."], settings)
    told = read(folder / "program", reader).c_objects
    assert isinstance(told, CObjects) and (told.objects, told.unnamed) == ((), 0)


def test_c_code_that_go_s_linker_takes_in(builder: Builder, reader: Path) -> None:
    """Where only the standard library uses cgo, its objects stand in the table of Go's functions."""
    if not shutil.which("gcc"):
        pytest.skip("no gcc on PATH")
    folder = builder.folder / "linked-in"
    folder.mkdir()
    (folder / "main.go").write_text(
        'package main\n\nimport "net"\n\nfunc main() { _, _ = net.LookupHost("localhost") }\n'
    )
    (folder / "go.mod").write_text("module example.com/linkedin\n\ngo 1.27\n")
    settings = {"GOOS": "linux", "GOARCH": "amd64", "CGO_ENABLED": "1", "CC": "gcc"}
    builder.run_go(folder, ["build", "-o", "program", "-ldflags=-linkmode=internal", "."], settings)
    needs = read(folder / "program", reader)
    assert isinstance(needs.c_objects, CObjects) and needs.c_objects.unnamed > 10
    assert isinstance(needs.symbols, tuple)
    (resolving,) = (one for one in needs.symbols if one.name == "getaddrinfo")
    user = next(user for user in resolving.users if user.ways)
    assert (user.is_c, user.owner.package) == (True, "net")
    assert user.ways[0].owner.function.startswith("net._C")
