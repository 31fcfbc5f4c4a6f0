"""Binary insight of a big Go program with DWARF, against the tools that read the same.

The program is built once into the cache: Go's own compiler, or with --big a server of 150 MB (Prometheus, fetched as a
module; some minutes), or with --old one of 105 MB by Go 1.18: the release of GoReSym that the module proxy has reads
that one whole. Peers that are not there are left out, by name, and so is GoReSym where its answer is not whole.

CPU time is what counts on a machine that others use too; on an idle one the time that passes is less than it for
seatrial, which uses several CPUs.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from seatrial.errors import CouldNotCheck
from seatrial.formats import read_binary
from seatrial.formats.deep import deep_request, read_deep
from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts
from seatrial.model.insight import FunctionFacts
from seatrial.needs import wants_of
from seatrial.store import Store, default_root
from seatrial.toolchains.go import GoToolchain, find_go
from seatrial.toolchains.reader import deep_reader
from stopwatch import Usage, compare, usage

SERVER = "github.com/prometheus/prometheus"
SERVER_VERSION, OLD_SERVER_VERSION = "v0.305.0", "v0.37.9"
OLD_RELEASE = "go1.18.8"
OLD_REPLACEMENTS = "".join(  # those of the old server's own go.mod
    f"replace {module} => github.com/simonpasquier/{other}\n"
    for module, other in (("k8s.io/klog", "klog-gokit v0.3.0"), ("k8s.io/klog/v2", "klog-gokit/v3 v3.0.0"))
)
GORESYM = "github.com/mandiant/GoReSym@v1.7.1"
GORESYM_FLAGS = ("-t", "-d")
TYPES = {"types": {"all": True}, "debug_types": {"all": True}}
ALL_OF_DWARF = {"debug_types": {"all": True, "go": True}}
WALK = (
    "import sys; from elftools.elf.elffile import ELFFile\n"
    "for unit in ELFFile(open(sys.argv[1], 'rb')).get_dwarf_info().iter_CUs():\n"
    "    for entry in unit.iter_DIEs(): pass"
)


def build(go: GoToolchain, folder: Path, package: str, release: str = "") -> Path:
    """The package's program without C, built once with its debugging information, by another release if it is given."""
    made = folder / f"{package.rpartition('/')[2]}-{release or go.version}"
    if made.exists():
        return made
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as source:
        needed = f"go 1.18\n{OLD_REPLACEMENTS}" if release else "go 1.25\n"
        Path(source, "go.mod").write_text(f"module example.com/big\n\n{needed}")
        steps = [["build", "-mod=mod", "-o", str(made), package]]
        if package.startswith(SERVER):
            steps.insert(0, ["get", f"{package}@{OLD_SERVER_VERSION if release else SERVER_VERSION}"])
        settings = {"CGO_ENABLED": "0", "GOWORK": "off"} | ({"GOTOOLCHAIN": release} if release else {})
        for step in steps:
            done = go.run(step, settings, 3600, source)
            if not done.ok:
                raise CouldNotCheck(f"{package} cannot be built: {done.stderr.strip()[-500:]}")
    return made


def goresym(go: GoToolchain, folder: Path) -> str:
    """The command GoReSym, or "": that of the PATH, or the release that the module proxy has, built once."""
    made = folder / "GoReSym"
    if (found := shutil.which("GoReSym")) or made.exists():
        return found or str(made)
    fetched = go.run(["mod", "download", "-json", GORESYM], {}, 600)
    settings = {"CGO_ENABLED": "0", "GOWORK": "off"}
    if fetched.ok and go.run(["build", "-o", str(made), "."], settings, 600, json.loads(fetched.stdout)["Dir"]).ok:
        return str(made)
    return ""


def is_whole(command: str, binary: Path, facts: BinaryFacts, reader: Path) -> bool:
    """Whether GoReSym names as many functions of the program as we do, and finds types."""
    ours = read_deep(binary, facts, reader, {"functions": None}).part("functions", FunctionFacts)
    done = subprocess.run([command, *GORESYM_FLAGS, str(binary)], capture_output=True, check=False)
    if done.returncode or isinstance(ours, Unknown):
        return False
    theirs = json.loads(done.stdout)
    functions = len(theirs["UserFunctions"] or ()) + len(theirs["StdFunctions"] or ())
    types = {kind["VA"] for kind in theirs["Types"] or ()}
    print(f"GoReSym tells {functions} of {ours.count} functions and {len(types)} types")
    return functions == ours.count and len(types) > 0


def main() -> None:
    """Print the tables."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--big", action="store_true", help="a server of 150 MB instead of Go's compiler")
    arguments.add_argument("--old", action="store_true", help="a server of 105 MB by Go 1.18, for GoReSym")
    arguments.add_argument("--pahole", default=shutil.which("pahole") or "", help="the command pahole")
    arguments.add_argument("binary", nargs="?", type=Path, help="another program")
    options = arguments.parse_args()
    store = Store(default_root())
    go = find_go(store=store)
    package = f"{SERVER}/cmd/prometheus" if options.big or options.old else "cmd/compile"
    folder = store.root / "benchmarks"
    binary = options.binary or build(go, folder, package, OLD_RELEASE if options.old else "")
    reader = deep_reader(store)
    if not isinstance(reader, Path):
        raise SystemExit(reader.unknown)
    facts = read_binary(binary)

    def answer(wants: dict[str, object]) -> Usage:
        return usage([str(reader)], msgspec.json.encode(deep_request(binary, facts, wants)))

    def peer(name: str, *flags: str) -> Usage | None:
        command = options.pahole if name == "pahole" else shutil.which(name)
        return usage([command, *flags, str(binary)]) if command else None

    seatrial = str(Path(sys.executable).with_name("seatrial"))
    print(f"{binary.name}, {facts.size / 1e6:.0f} MB")
    resym = goresym(go, folder)
    resym = resym if resym and is_whole(resym, binary, facts, reader) else ""
    pahole, objdump = "pahole -a", "objdump -d"
    peers = {
        pahole: lambda: peer("pahole", "-a"),
        objdump: lambda: peer("objdump", "-d"),
        "readelf -wi": lambda: peer("readelf", "-wi"),
        "llvm-dwarfdump --debug-info": lambda: peer("llvm-dwarfdump", "--debug-info"),
        "GoReSym -t -d": lambda: usage([resym, *GORESYM_FLAGS, str(binary)]) if resym else None,
        "pyelftools, every entry": lambda: usage([sys.executable, "-c", WALK, str(binary)]),
    }
    isa = {name: args for name, args in wants_of(facts).items() if name == "isa"}
    print(
        compare(
            {
                "seatrial inspect": lambda: usage([seatrial, "inspect", str(binary)]),
                "instruction sets": lambda: answer(isa),
                "all types, told": lambda: answer(dict(TYPES)),
                "all types of DWARF, told": lambda: answer(dict(ALL_OF_DWARF)),
            }
            | peers,
            options.rounds,
            goals=[
                ("seatrial inspect", pahole, 0.7),
                ("seatrial inspect", "GoReSym -t -d", 0.2),
                ("instruction sets", objdump, 0.1),
                ("all types, told", pahole, 1.0),
                ("all types of DWARF, told", pahole, 1.0),
            ],
            memory=("seatrial inspect", 2 * facts.size),
        )
    )


if __name__ == "__main__":
    main()
