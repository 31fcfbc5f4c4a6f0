"""Platforms as data: one TOML file per operating system and per CPU, put together and selected by name."""

from seatrial.platforms.catalogue import Catalogue, load, summary
from seatrial.platforms.selectors import matches

__all__ = ["Catalogue", "load", "matches", "summary"]
