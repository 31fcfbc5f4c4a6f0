"""What the reader sees of Go in a binary against what Go's own debug packages say of the unstripped twin."""

import re
from collections import Counter
from pathlib import Path

from support.builds import Builder
from support.deep import Opinion, Seen, judge, see

__all__ = ["STRIPPED", "agree", "same_but_for_addresses", "written"]

KINDS = {"array": 17, "chan": 18, "func": 19, "interface": 20, "map": 21, "ptr": 22, "slice": 23, "struct": 25}
STRIPPED = "-ldflags=-s -w"


def written(name: str) -> str:
    """A name as symbol tables write it: pclntab has a middle dot, and the linker shortens type arguments."""
    name = name.replace("·", ".").removesuffix(".abi0").removeprefix("_.").removeprefix(".")
    return re.sub(r"\[.*\]", "[...]", name)


def agree_on_functions(seen: Seen, opinion: Opinion) -> None:
    """Every symbol of code is a function of the same name, every line of debug/gosym and every subprogram too."""
    ours = {function.entry: function for function in seen.functions}
    code = {symbol.Addr: symbol.Name for symbol in opinion.Symbols if symbol.Code}
    assert len(code) > 1000
    start, end = opinion.symbol("runtime.text"), opinion.symbol("runtime.etext")
    for symbol in opinion.Symbols:
        if symbol.Code and start <= symbol.Addr < end and symbol.Name not in ("runtime.text", "text"):
            assert written(ours[symbol.Addr].name) == written(symbol.Name)
    assert len(opinion.Lines) in (0, len(ours))  # debug/gosym does not know the sections of some files
    for place, line in opinion.Lines.items():
        function = ours[int(place)]
        assert (function.name, function.end) == (line.Name, line.End)
    files, packages = Counter[bool](), Counter[bool]()
    for subprogram in opinion.Functions or ():
        if not start <= subprogram.Low < end or subprogram.Unit not in named_packages(seen):
            continue
        function = ours[subprogram.Low]
        assert subprogram.High <= function.end
        if "[" not in function.name:  # an instance is compiled where it is used
            packages[function.package in ("", subprogram.Unit)] += 1
        if subprogram.Name:
            assert written(function.name) == written(subprogram.Name)
        if subprogram.File and not function.name.endswith(".init"):  # the compiler's own, made of several files
            files[function.file == subprogram.File] += 1
    # Go before 1.21 gives the first instruction of a few functions on riscv64 the place of what was inlined behind it.
    assert files[True] > 500 and files[False] < 5
    # `time.now` and its like are compiled in package runtime (go:linkname).
    assert packages[True] > 20 * packages[False]


def named_packages(seen: Seen) -> set[str]:
    return {function.package for function in seen.functions} | {""}


def agree_on_types(seen: Seen, opinion: Opinion) -> None:
    """Every type that DWARF ties to a descriptor has it, of that kind and size, with those fields."""
    base = opinion.symbol("runtime.types")
    ours = {kind.address: kind for kind in seen.types}
    told = opinion.Types or []
    compared = 0
    for one in told:
        found = ours.get(base + one.Offset)
        if found is None:
            # `uintptr` has an address where the others have offsets, before Go 1.21.
            assert one.Name == "uintptr" and one.Offset in ours, one
            continue
        if one.Kind:
            assert KINDS.get(found.kind, one.Kind) == one.Kind
        if one.Size >= 0 and found.kind not in ("map", "chan"):
            assert found.size == one.Size, one
        if found.kind == "struct":
            assert [(f.name, f.offset) for f in found.fields] == [(f.Name, f.Offset) for f in one.Fields or ()]
        compared += 1
    assert compared > 300


def agree_on_itabs(seen: Seen, opinion: Opinion) -> None:
    """As many as the linker names, up to Go 1.26; each function is of the type, and is a method of the interface."""
    named = [s for s in opinion.Symbols if re.match(r"go[:.]itab\.(?!\*$)", s.Name)]
    assert len(named) in (0, len(seen.itabs))
    methods = {kind.name: kind.methods for kind in seen.types if kind.kind == "interface"}
    assert len(seen.itabs) >= 10
    for itab in seen.itabs:
        assert len(itab.funcs) == len(methods[itab.interface])
        for function, method in zip(itab.funcs, methods[itab.interface], strict=True):
            assert function.endswith("." + method) or function == "runtime.unreachableMethod", itab


def agree_on_inlining(seen: Seen, opinion: Opinion) -> None:
    """The names of the calls that DWARF says were inlined into each function."""
    ours = {one.entry: {written(call.name) for call in one.calls} for one in seen.inlining}
    go = {function.entry for function in seen.functions}  # C's compiler inlines too
    told = {
        int(entry): {written(name) for name in names} for entry, names in opinion.Inlined.items() if int(entry) in go
    }
    assert len(told) > 500
    assert {entry: ours.get(entry) for entry in told} == told


def same_but_for_addresses(whole: Seen, stripped: Seen) -> None:
    assert Counter((f.name, f.package, f.file, f.line, f.end - f.entry) for f in whole.functions) == Counter(
        (f.name, f.package, f.file, f.line, f.end - f.entry) for f in stripped.functions
    )
    assert Counter((t.name, t.kind, t.size, t.package, t.methods) for t in whole.types) == Counter(
        (t.name, t.kind, t.size, t.package, t.methods) for t in stripped.types
    )
    assert whole.itabs == stripped.itabs
    assert Counter((one.function, one.calls) for one in whole.inlining) == Counter(
        (one.function, one.calls) for one in stripped.inlining
    )


def agree(builder: Builder, path: Path, stripped: Path) -> Seen:
    """All of the above."""
    seen, opinion = see(path), judge(builder, path)
    agree_on_functions(seen, opinion)
    agree_on_types(seen, opinion)
    agree_on_itabs(seen, opinion)
    agree_on_inlining(seen, opinion)
    same_but_for_addresses(seen, see(stripped))
    return seen
