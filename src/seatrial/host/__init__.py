"""What this machine is: read from the kernel and the C library, never guessed from version numbers."""

from seatrial.host.facts import HostFacts, host

__all__ = ["HostFacts", "host"]
