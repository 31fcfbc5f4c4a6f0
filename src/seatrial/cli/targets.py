"""`seatrial targets`: which platforms exist, and what is known of one, each fact with its source."""

import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seatrial.cli.selectors import complete_selector

if TYPE_CHECKING:
    from seatrial.model.platform import Fact, Platform, QemuModel
    from seatrial.platforms import Catalogue

__all__ = ["command"]

_SCHEMA = "seatrial/targets/1"
_COLUMNS = ("PLATFORM", "ARCH", "KERNEL", "LIBC", "PAGE", "CGROUP", "HIGHEST", "QEMU MODEL")
_FIRST_TO_GO = ("QEMU MODEL", "CGROUP", "ARCH", "HIGHEST")
"""Columns that a narrow terminal does without, in this order."""
_LABEL = 12


@click.command(short_help="List the platforms; show what is known of one.")
@click.argument("selectors", nargs=-1, metavar="[SELECTOR]...", shell_complete=complete_selector)
@click.option(
    "--platforms",
    "platform_dirs",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with platform files of your own (os/*.toml, cpu/*.toml). Repeatable. "
    "Start from the files that the page of a platform names.",
)
@click.option("--json", "json_file", metavar="FILE", help="Write everything that is known as JSON; - is stdout.")
def command(selectors: tuple[str, ...], platform_dirs: tuple[Path, ...], json_file: str | None) -> None:
    """List platforms; for a single one, show each fact with its source and how sure it is.

    A SELECTOR is os/cpu, os/arch (that architecture's generic CPU), an OS (it on each architecture), a CPU (it under
    each OS that it is met on), a glob over these, or braces. Without one: every OS on each of its architectures, and
    the default set of `seatrial verify`, marked with a star.

    \b
    seatrial targets                                every OS, and the default set
    seatrial targets kylin-v10-sp3/ft-2000-4        each fact with its source
    seatrial targets 'kylin*' kx-6000               those that match
    seatrial targets '*/*'                          every OS with every CPU it is met on
    seatrial targets '{debian-12,alpine-3.20}/amd64' --json -
    """
    from seatrial.platforms import load

    catalogue = load(platform_dirs)
    default = {platform.name for platform in catalogue.default()}
    platforms = catalogue.select(selectors or _overview(catalogue, default))
    if json_file is not None:
        _write_json(json_file, platforms, default)
    elif selectors and len(platforms) == 1:
        _print("\n".join(_page(platforms[0])))
    else:
        _print_table(platforms, default)


def _overview(catalogue: "Catalogue", default: set[str]) -> Iterator[str]:
    """Each OS on each architecture, and where it stands in the default set with another CPU."""
    for name in catalogue.os_names:
        generic = set(catalogue.architectures(name))
        yield from (pair for pair in catalogue.pairings(name) if pair.partition("/")[2] in generic or pair in default)


def _write_json(json_file: str, platforms: Sequence["Platform"], default: set[str]) -> None:
    import msgspec

    from seatrial.cli.json_output import write_json

    rows = [msgspec.to_builtins(platform) | {"default": platform.name in default} for platform in platforms]
    write_json(json_file, {"schema": _SCHEMA, "targets": rows})


def _print(text: str) -> None:
    click.echo(text, color=False if os.environ.get("NO_COLOR") else None)


def _width() -> int:
    """Of the terminal; in a pipe nothing is wrapped or left out."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0


def _sure(fact: "Fact[Any]", text: str) -> str:
    """A question mark behind what nobody verified."""
    from seatrial.model.platform import Certainty

    if fact.certainty is Certainty.UNKNOWN:
        return "unknown"
    return f"{text}?" if fact.certainty is Certainty.ASSUMED else text


def _row(platform: "Platform") -> dict[str, str]:
    page = platform.page_size.value or 0
    cells = (
        platform.name,
        platform.goarch,
        _sure(platform.kernel, str(platform.kernel.value)),
        _sure(platform.libc, str(platform.libc.value)),
        _sure(platform.page_size, f"{page // 1024}K"),
        _sure(platform.cgroup, str(platform.cgroup.value)),
        "cannot run" if platform.cannot_run else _sure(platform.variant, platform.variant.value or "-"),
        _model(platform.qemu),
    )
    return dict(zip(_COLUMNS, cells, strict=True))


def _model(qemu: "QemuModel | None") -> str:
    if qemu is None:
        return "none"
    return qemu.model.partition(",")[0] + ("~" if qemu.lacks or qemu.adds else "")


def _print_table(platforms: Sequence["Platform"], default: set[str]) -> None:
    rows = [_row(platform) for platform in platforms]
    widths = {name: max(len(name), *(len(row[name]) for row in rows)) for name in _COLUMNS}
    shown = list(_COLUMNS)
    limit = _width()
    for name in _FIRST_TO_GO:
        if limit and sum(widths[column] + 2 for column in shown) > limit:
            shown.remove(name)

    def line(cells: dict[str, str], mark: str) -> str:
        return (mark + "  ".join(cells[name].ljust(widths[name]) for name in shown)).rstrip()

    head = click.style(line({name: name for name in shown}, "  "), bold=True)
    _print("\n".join([head, *(line(row, "* " if row["PLATFORM"] in default else "  ") for row in rows)]))
    left_out = [name for name in _COLUMNS if name not in shown]
    note = (
        f"{len(rows)} platforms. *: in the default set. ?: assumed, not verified. ~: QEMU's model differs from the CPU."
    )
    if left_out:
        note += f" Left out for width: {', '.join(name.lower() for name in left_out)}."
    click.echo(f"{note} One platform's name shows each fact with its source.", err=True)


def _page(platform: "Platform") -> Iterator[str]:
    from seatrial.model.go_target import VARIANT_AXES

    axis = VARIANT_AXES.get(platform.goarch, "variant")
    page = platform.page_size.value or 0
    yield click.style(platform.name, bold=True)
    yield f"{platform.title}: {platform.goos}/{platform.goarch}"
    for reason in platform.cannot_run:
        yield from _entry("cannot run", reason)
    yield ""
    yield from _fact("kernel", platform.kernel)
    yield from _fact("libc", platform.libc)
    yield from _fact("loader", platform.loader)
    yield from _fact("page size", platform.page_size, f"{page} bytes")
    yield from _fact("cgroup", platform.cgroup)
    if platform.goarch == "loong64":
        yield from _fact("world", platform.world)
    yield from _fact(axis, platform.variant)
    yield from _fact("features", platform.features, " ".join(platform.features.value or ()))
    yield from _fact("libraries", platform.libraries, " ".join(platform.libraries.value or ()))
    yield from _qemu(platform.qemu)
    yield from _go(platform)
    yield from _entry("files", platform.files[0], *platform.files[1:])


def _entry(label: str, *lines: str) -> Iterator[str]:
    """A label with its lines beside it, wrapped to the terminal."""
    width = _width()
    for number, text in enumerate(lines):
        head = (label if number == 0 else "").ljust(_LABEL)
        parts = textwrap.wrap(text, max(width - _LABEL, 30), break_long_words=False, break_on_hyphens=False)
        for part in parts if width and parts else [text]:
            yield f"{head}{part}".rstrip()
            head = " " * _LABEL


def _how_sure(certainty: str, source: str) -> str:
    words = {"assumed": "assumed, not verified", "unknown": "nobody could say"}
    text = words.get(certainty, certainty)
    return f"{text}: {source}" if source else text


def _fact(label: str, fact: "Fact[Any]", text: str | None = None) -> Iterator[str]:
    value = "unknown" if fact.value is None else text if text is not None else str(fact.value) or "none"
    yield from _entry(label, value, _how_sure(fact.certainty, fact.source), *([fact.note] if fact.note else []))


def _qemu(qemu: "QemuModel | None") -> Iterator[str]:
    if qemu is None:
        yield from _entry("QEMU", "none: no QEMU model stands for this CPU")
        return
    lines = [f"-cpu {qemu.model}" + (f" (QEMU {qemu.since} or newer)" if qemu.since else "")]
    lines.append(_how_sure(qemu.certainty, qemu.source))
    if qemu.lacks:
        lines.append(f"it lacks: {' '.join(qemu.lacks)}")
    if qemu.adds:
        lines.append(f"it adds: {' '.join(qemu.adds)} (a use passes in QEMU and dies on the CPU)")
    if not qemu.lacks and not qemu.adds:
        lines.append("no feature that is on record differs")
    yield from _entry("QEMU", *lines, *([qemu.note] if qemu.note else []))


def _go(platform: "Platform") -> Iterator[str]:
    from seatrial.tables.go_releases import last_release_for, newest_release

    if platform.cannot_run or platform.kernel.value is None:
        return
    last = last_release_for(platform.goos, platform.goarch, platform.kernel.value)
    if last == f"go{newest_release()}":
        yield from _entry("Go", f"every release up to {last}, the newest known")
    else:
        yield from _entry("Go", f"{last} is the last release that supports it" if last else "no release supports it")
