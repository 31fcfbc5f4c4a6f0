"""Whether platforms keep the contracts that Go programs lean on: certificates, exported probes, comparisons."""

from seatrial.conformance.certify import Certifier
from seatrial.conformance.comparison import compare
from seatrial.conformance.export import export_suite
from seatrial.conformance.host_platform import host_platform
from seatrial.conformance.job import CaseEnded, Event, Noted, PlatformStarted, Request, choose, conformance
from seatrial.conformance.reading import read_lines
from seatrial.conformance.stage import as_stage

__all__ = [
    "CaseEnded",
    "Certifier",
    "Event",
    "Noted",
    "PlatformStarted",
    "Request",
    "as_stage",
    "choose",
    "compare",
    "conformance",
    "export_suite",
    "host_platform",
    "read_lines",
]
