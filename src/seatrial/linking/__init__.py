"""What the loader does for a program that runs: searches, loads, bindings, dlopen and dlsym, and why it refuses.

Linux with glibc: the loader's own debug output (ld.so(8), LD_DEBUG) and its audit interface (rtld-audit(7)).
"""

from seatrial.linking.trace import trace_linking

__all__ = ["trace_linking"]
