"""`seatrial vm kernels`: which kernels are known, fetched, verified, and from where."""

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ["command"]

_SCHEMA = "seatrial/kernels/1"
_COLUMNS = ("KERNEL", "ARCH", "RELEASE", "PAGE", "CGROUPS", "SIZE", "STATE", "FROM")


@click.command("kernels", short_help="List the kernels that machines can boot.")
@click.option("--json", "json_file", metavar="FILE", help="Write everything that is known as JSON; - is stdout.")
@click.option(
    "--cache-dir", type=click.Path(file_okay=False, path_type=Path), help="Where seatrial keeps what it fetches."
)
def command(json_file: str | None, cache_dir: Path | None) -> None:
    """List the kernels that machines can boot: release, page size, control groups, and what is there already.

    A kernel that is not fetched yet is fetched when it is first wanted, from this host's own package mirror, checked
    against the mirror's signed index. `verified` means that its image still has the digest that it had then.

    \b
    seatrial vm kernels
    seatrial vm kernels --json - | jq '.kernels[] | select(.goarch == "loong64")'
    """
    from seatrial.packages import Packages
    from seatrial.packages.kernels import fetched, intact, kernels
    from seatrial.store import Store, default_root

    store = Store(cache_dir.absolute() if cache_dir else default_root())
    packages = Packages(store, lambda _: None)
    rows: list[dict[str, Any]] = []
    for row in kernels():
        kernel = fetched(store, packages, row)
        state = "not fetched" if kernel is None else "verified" if intact(kernel) else "damaged"
        rows.append(
            {
                "name": row.name,
                "goarch": row.goarch,
                "release": row.release,
                "version": kernel.version if kernel else "",
                "page_size": row.page_size,
                "cgroups": [mode.value for mode in row.cgroups],
                "needs": list(row.needs),
                "builtin": list(kernel.builtin) if kernel else [],
                "modules": [Path(path).stem for path in kernel.modules] if kernel else [],
                "arguments": list(row.arguments),
                "suite": row.package.suite,
                "package": kernel.package.name if kernel and kernel.package else row.package.package,
                "package_version": kernel.package.version if kernel and kernel.package else "",
                "package_sha256": kernel.package.sha256 if kernel and kernel.package else "",
                "image": kernel.image if kernel else "",
                "image_sha256": kernel.sha256 if kernel else "",
                "size": Path(kernel.image).stat().st_size if kernel else 0,
                "state": state,
                "source": row.source,
            }
        )
    if json_file is None:
        click.echo(_table(rows))
    else:
        from seatrial.cli.json_output import write_json

        write_json(json_file, {"schema": _SCHEMA, "kernels": rows})
    for line in rows:
        if line["state"] == "damaged":
            where = Path(line["image"]).parent
            click.echo(f"{line['name']} for {line['goarch']} is damaged: delete {where}, it is made again.", err=True)


def _table(rows: "Sequence[dict[str, Any]]") -> str:
    cells = [_COLUMNS]
    for row in rows:
        size = f"{row['size'] / 1e6:.0f} MB" if row["size"] else "-"
        page = f"{row['page_size'] // 1024}K"
        release = row["version"] or row["release"]
        origin = " ".join(filter(None, (row["suite"], row["package"], row["package_version"])))
        modes = " ".join(row["cgroups"])
        cells.append((row["name"], row["goarch"], release, page, modes, size, row["state"], origin))
    widths = [max(len(line[column]) for line in cells) for column in range(len(_COLUMNS))]
    columns = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    lines = ("  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells)
    return "\n".join(line[:columns] if columns else line for line in lines)
