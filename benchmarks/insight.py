"""Binary insight of a big Go program with DWARF, against the tools that read the same.

The program is built once into the cache: Go's own compiler, or with --big a server of 150 MB (Prometheus, fetched as a
module; some minutes). Peers that are not there are left out, by name. CPU time is what counts on a machine that others
use too; on an idle one the time that passes is less than it for seatrial, which uses several CPUs.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

import msgspec

from seatrial.errors import CouldNotCheck
from seatrial.formats import read_binary
from seatrial.formats.deep import deep_request
from seatrial.needs import wants_of
from seatrial.store import Store, default_root
from seatrial.toolchains.go import GoToolchain, find_go
from seatrial.toolchains.reader import deep_reader
from stopwatch import Usage, compare, usage

SERVER = "github.com/prometheus/prometheus"
SERVER_VERSION = "v0.305.0"
TYPES = {"types": {"all": True}, "debug_types": {"all": True}}
ALL_OF_DWARF = {"debug_types": {"all": True, "go": True}}
WALK = (
    "import sys; from elftools.elf.elffile import ELFFile\n"
    "for unit in ELFFile(open(sys.argv[1], 'rb')).get_dwarf_info().iter_CUs():\n"
    "    for entry in unit.iter_DIEs(): pass"
)


def build(go: GoToolchain, folder: Path, package: str) -> Path:
    """The package's program without C, built once with its debugging information."""
    made = folder / f"{package.rpartition('/')[2]}-{go.version}"
    if made.exists():
        return made
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as source:
        Path(source, "go.mod").write_text("module example.com/big\n\ngo 1.25\n")
        steps = [["build", "-o", str(made), package]]
        if package.startswith(SERVER):
            steps.insert(0, ["get", f"{package}@{SERVER_VERSION}"])
        for step in steps:
            done = go.run(step, {"CGO_ENABLED": "0", "GOWORK": "off"}, 3600, source)
            if not done.ok:
                raise CouldNotCheck(f"{package} cannot be built: {done.stderr.strip()[-500:]}")
    return made


def main() -> None:
    """Print the tables."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--big", action="store_true", help="a server of 150 MB instead of Go's compiler")
    arguments.add_argument("--pahole", default=shutil.which("pahole") or "", help="the command pahole")
    arguments.add_argument("binary", nargs="?", type=Path, help="another program")
    options = arguments.parse_args()
    store = Store(default_root())
    go = find_go(store=store)
    package = f"{SERVER}/cmd/prometheus" if options.big else "cmd/compile"
    binary = options.binary or build(go, store.root / "benchmarks", package)
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
    pahole, objdump = "pahole -a", "objdump -d"
    peers = {
        pahole: lambda: peer("pahole", "-a"),
        objdump: lambda: peer("objdump", "-d"),
        "readelf -wi": lambda: peer("readelf", "-wi"),
        "llvm-dwarfdump --debug-info": lambda: peer("llvm-dwarfdump", "--debug-info"),
        "GoReSym -t -d": lambda: peer("GoReSym", "-t", "-d"),
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
