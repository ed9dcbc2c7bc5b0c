"""How long tests go on, and the chance in them.

With TMF_LONG=1 they go on for minutes, differently each time; a failure shows the TMF_SEED that
does the same again.
"""

from __future__ import annotations

import os
import random

LONG = os.environ.get("TMF_LONG") == "1"

SEED = int(os.environ.get("TMF_SEED", random.SystemRandom().randrange(2**32) if LONG else 4))


def new_draw() -> random.Random:
    """Chance that is the same for the same seed, which is printed."""
    print(f"TMF_SEED={SEED}")
    return random.Random(SEED)  # noqa: S311
