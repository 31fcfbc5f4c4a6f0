"""What the user gave us: a package directory, `module/path@version`, or a finished binary."""

import os
import re
from pathlib import Path

from seatrial.build import git
from seatrial.build.go_source import package_name
from seatrial.build.modules import fetch_module
from seatrial.errors import UsageError
from seatrial.model.program import Program, ProgramKind
from seatrial.store import Store
from seatrial.toolchains.go import GoToolchain

__all__ = ["Program", "ProgramKind", "main_name", "resolve"]

_MODULE_LINE = re.compile(r'^\s*module\s+(?:"([^"]+)"|`([^`]+)`|(\S+))', re.MULTILINE)
_MAJOR = re.compile(r"v[0-9]+")


def resolve(argument: str, cwd: Path, go: GoToolchain, store: Store) -> Program:
    """The program that the argument names, seen from `cwd`.

    Raises UsageError for what is no program, CouldNotCheck when a module could not be fetched.
    """
    if not argument.strip():
        raise UsageError("The program has no name.", "Give a package directory, module@version, or a binary.")
    place = Path(os.path.normpath(cwd / Path(argument).expanduser()))
    try:
        if place.is_dir():
            return _package(argument, place.resolve(), go)
        if place.is_file():
            if place.suffix == ".go" or place.name == "go.mod":
                return _package(argument, place.resolve().parent, go)
            return _binary(argument, place)
    except OSError as error:
        raise UsageError(f"Cannot read {argument}: {error.strerror}.") from error
    if "@" in argument:
        return _module(argument, go, store)
    if "..." in argument:
        raise UsageError(f"{argument} is a pattern.", "Name one main package, for example ./cmd/app.")
    if argument.startswith((".", "/", "~")) or "." not in argument.split("/", 1)[0]:
        raise UsageError(f"There is no {argument} in {cwd}.", "Give a package directory, module@version, or a binary.")
    raise UsageError(
        f"There is no {argument} in {cwd}.",
        f"For a package of a published module, say which version: {argument}@latest.",
    )


def main_name(import_path: str) -> str:
    """The name that `go build` gives an executable (Go source: cmd/go/internal/load.DefaultExecName)."""
    elements = import_path.split("/")
    if len(elements) > 1 and _MAJOR.fullmatch(elements[-1]) and elements[-1] not in ("v0", "v1"):
        return elements[-2]
    return elements[-1]


def _package(argument: str, directory: Path, go: GoToolchain) -> Program:
    root = _module_root(directory)
    if root is None:
        raise UsageError(
            f"{argument} is in no Go module: there is no go.mod in {directory} or above.",
            "Run `go mod init` and `go mod tidy` there, or give the directory of a module.",
        )
    module = _module_path(root / "go.mod")
    inside = directory.relative_to(root).as_posix()
    import_path = module if inside == "." else f"{module}/{inside}"
    names = _package_names(directory)
    if names == {"main"} or ("main" in names and _is_main(directory, go)):
        return Program(
            name=main_name(import_path),
            argument=argument,
            kind=ProgramKind.PACKAGE,
            module=module,
            revision=git.revision(root),
            directory=root,
            package="." if inside == "." else f"./{inside}",
            import_path=import_path,
        )
    found = _main_packages(directory)
    remedy = f"Main packages below it: {', '.join(found)}." if found else "Give the directory of a main package."
    if names:
        raise UsageError(f"{argument} is package {', '.join(sorted(names - {'main'}))}, not a program.", remedy)
    raise UsageError(f"There are no Go files in {argument}.", remedy)


def _module_root(directory: Path) -> Path | None:
    return next((place for place in (directory, *directory.parents) if (place / "go.mod").is_file()), None)


def _module_path(file: Path) -> str:
    found = _MODULE_LINE.search(file.read_text(encoding="utf-8", errors="replace"))
    if not found:
        raise UsageError(f"{file} has no module line.", "Write `module <path>` as its first line.")
    return found[1] or found[2] or found[3]


def _package_names(directory: Path) -> set[str]:
    """The package clauses of the directory's Go files, tests aside."""
    names = set()
    for file in directory.glob("*.go"):
        if file.is_file() and not file.name.endswith("_test.go") and not file.name.startswith(("_", ".")):
            names.add(package_name(file.read_text(encoding="utf-8", errors="replace")))
    return names - {"", "documentation"}


def _is_main(directory: Path, go: GoToolchain) -> bool:
    """For a directory with several package clauses (a `//go:build ignore` file, often) only `go` can say."""
    outcome = go.run(("list", "-e", "-f", "{{.Name}}", "."), {}, 60, directory)
    return outcome.stdout.strip() == "main"


def _main_packages(directory: Path, limit: int = 5) -> list[str]:
    """Main packages below a directory, relative to it, for the remedy of a message; a few, found quickly."""
    found: list[str] = []
    for place, folders, _ in os.walk(directory):
        folders[:] = sorted(name for name in folders if name not in ("testdata", "vendor") and name[0] not in "._")
        if len(Path(place).relative_to(directory).parts) >= 3:
            folders.clear()
        if place != str(directory) and _package_names(Path(place)) == {"main"}:
            found.append(f"./{Path(place).relative_to(directory).as_posix()}")
        if len(found) == limit:
            break
    return found


def _binary(argument: str, path: Path) -> Program:
    from seatrial.formats import read_binary  # only here: a program that is built has no need of the readers yet

    facts = read_binary(path)
    known = isinstance(facts.goos, str) and isinstance(facts.goarch, str)
    return Program(
        name=path.name.removesuffix(".exe"),
        argument=argument,
        kind=ProgramKind.BINARY,
        directory=path.parent,
        binary=str(path),
        sha256=facts.sha256,
        port=f"{facts.goos}/{facts.goarch}" if known else None,
    )


def _module(argument: str, go: GoToolchain, store: Store) -> Program:
    fetched = fetch_module(argument, go, store)
    directory = Path(fetched.directory)
    place = directory / fetched.inside if fetched.inside else directory
    import_path = f"{fetched.path}/{fetched.inside}" if fetched.inside else fetched.path
    names = _package_names(place)
    if "main" not in names or (names != {"main"} and not _is_main(place, go)):
        found = _main_packages(place)
        remedy = "Name a main package of the module"
        if found:
            examples = (f"{import_path}/{inside.removeprefix('./')}@{fetched.version}" for inside in found)
            remedy += f": {', '.join(examples)}"
        what = f"is package {', '.join(sorted(names - {'main'}))}, not a program" if names else "has no Go files"
        raise UsageError(f"{import_path}@{fetched.version} {what}.", f"{remedy}.")
    return Program(
        name=main_name(import_path),
        argument=argument,
        kind=ProgramKind.MODULE,
        module=fetched.path,
        version=fetched.version,
        revision=fetched.revision,
        directory=directory,
        package=f"./{fetched.inside}" if fetched.inside else ".",
        import_path=import_path,
        modfile=fetched.modfile,
    )
