"""From a program and a platform to an artifact: resolve, plan, key, build."""

from seatrial.build.build import build, build_line
from seatrial.build.command import build_flags, environment
from seatrial.build.inputs import input_key, test_key
from seatrial.build.plan import plan
from seatrial.build.program import resolve

__all__ = ["build", "build_flags", "build_line", "environment", "input_key", "plan", "resolve", "test_key"]
