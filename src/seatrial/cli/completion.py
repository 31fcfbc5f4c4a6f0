"""`seatrial completion`: the shell's own completion script."""

import click
from click.shell_completion import get_completion_class

__all__ = ["command"]


@click.command(short_help="Print the shell completion script.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    eval "$(seatrial completion bash)"     # in ~/.bashrc
    eval "$(seatrial completion zsh)"      # in ~/.zshrc
    seatrial completion fish > ~/.config/fish/completions/seatrial.fish
    """
    from seatrial.cli import cli

    script = get_completion_class(shell)
    assert script is not None  # the choice above lists only shells that click knows
    click.echo(script(cli, {}, "seatrial", "_SEATRIAL_COMPLETE").source())
