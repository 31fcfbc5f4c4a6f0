"""Run a command on one CPU: `python -I pin.py CPU COMMAND ...`. A file of its own so that it fits `go test -exec`."""

import os
import sys

if __name__ == "__main__":
    os.sched_setaffinity(0, {int(sys.argv[1])})
    os.execvp(sys.argv[2], sys.argv[2:])
