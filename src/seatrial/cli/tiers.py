"""`--tier`: where programs are run, by what a run there proves; each tier is one runner."""

from typing import Any

import click

from seatrial.errors import UsageError

__all__ = ["runner_of", "tier_option"]

_TIERS = {"vm": "micro-vm", "old-kernel": "old-kernel"}
"""Tier to its runner."""

tier_option = click.option(
    "--tier",
    type=click.Choice(list(_TIERS)),
    help="Run at this tier only: vm is a machine with the platform's CPU model and a real kernel near its own; "
    "old-kernel is this host with the system calls of the platform's kernel.",
)


def runner_of(options: dict[str, Any]) -> str:
    """The runner that `--runner` or `--tier` demands; "" for the best. Raises UsageError where they disagree."""
    tier, runner = options["tier"], options["runner"] or ""
    if tier and runner not in ("", _TIERS[tier]):
        raise UsageError(f"--tier {tier} does not run with {runner}.", "Leave one of --tier and --runner out.")
    return _TIERS[tier] if tier else runner
