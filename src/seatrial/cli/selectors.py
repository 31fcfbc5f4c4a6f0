"""Shell completion of selectors: operating systems first, after the `/` what the system is met on."""

from pathlib import Path

import click
from click.shell_completion import CompletionItem

__all__ = ["complete_selector"]


def complete_selector(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """What an incomplete `-t` or argument may become; nothing where the user's own platform files are broken."""
    from seatrial.errors import SeatrialError
    from seatrial.platforms import load

    folders: tuple[str | Path, ...] = ctx.params.get("platform_dirs") or ()
    try:
        catalogue = load(Path(folder) for folder in folders)
        os_name, slash, _ = incomplete.partition("/")
        if not slash:
            words = [f"{name}/" for name in catalogue.os_names] + list(catalogue.cpu_names)
        elif os_name in catalogue.os_names:
            words = list(catalogue.pairings(os_name))
        else:
            words = []
    except SeatrialError:
        return []
    return [CompletionItem(word) for word in words if word.startswith(incomplete)]
