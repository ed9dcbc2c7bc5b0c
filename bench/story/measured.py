"""`python -m bench.story.measured …`: the program, which in the end tells how large it became."""

from __future__ import annotations

import resource
import sys

from tmf.cli import main

if __name__ == "__main__":
    try:
        main()
    finally:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"peak {peak:.0f} MB", file=sys.stderr)
