"""seatrial: sea trials for Go programs."""

__version__ = "0.1.0"
