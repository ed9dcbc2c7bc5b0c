"""How benchmarks run as programs: they clean up when stopped, and say in a line what is wrong."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable

from bench.client import BenchError
from tests.databases import Unavailable
from tests.processes import ProgramError


def to_the_end(run: Callable[[], None]) -> None:
    """Run a benchmark; what ends it early is told in a line, with status 1."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # clean up as after Ctrl-C
    try:
        run()
    except (BenchError, ProgramError, Unavailable) as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit("bench: stopped")
