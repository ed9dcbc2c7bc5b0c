"""`python -m tests.fault.reacting serve …`: the program with a package that reacts to everything.

What it reacts to are categories; for each it keeps a service `log-<id>` whose `seen` lists the
events as they took effect. A category named `poison` cannot be reacted to while there is the file
that TMF_TEST_POISON names. At one named `gated` a process writes who it is into the file that
TMF_TEST_GATE names, with `.entered`, and waits until the file itself is gone.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

from tmf import program
from tmf.apis import APIS
from tmf.cli import main
from tmf.declare import Event, ReactionContext
from tmf.tmf638_inventory import INVENTORY

SERVICE = {"state": "inactive", "serviceSpecification": {"id": "log"}}

EVENTS = (
    "CategoryCreateEvent",
    "CategoryAttributeValueChangeEvent",
    "CategoryStateChangeEvent",
    "CategoryDeleteEvent",
)


class PoisonError(Exception):
    """What comes of taking poison."""


def wait_at(gate: Path) -> None:
    """Say who waits, and wait while the gate is there."""
    if gate.exists():
        gate.with_suffix(".entered").write_text(str(os.getpid()))
    while gate.exists():
        time.sleep(0.02)


def note(context: ReactionContext, event: Event) -> None:
    """Add the event to the log of its category."""
    poison = os.environ.get("TMF_TEST_POISON")
    if event.document.get("name") == "poison" and poison and Path(poison).exists():
        raise PoisonError(f"{event.id} cannot be taken")
    if event.document.get("name") == "gated":
        wait_at(Path(os.environ["TMF_TEST_GATE"]))
    name = f"log-{event.id}"
    entry = f"{event.type}:{event.document.get('count', '')}"
    log = context.lock("service", name)
    if log is None:
        context.create("service", {**SERVICE, "id": name, "name": "log", "seen": [entry]})
    else:
        context.patch("service", name, {"seen": [*log["seen"], entry]})


LISTED = tuple(
    (name, replace(INVENTORY, reactions=dict.fromkeys(EVENTS, (note,))))
    if name == "TMF638"
    else (name, extension and replace(extension, reactions={}, duties={}))
    for name, extension in APIS
)
"""The APIs, of which one reacts: each that does has queues on the broker, which take their time."""


def reacting() -> None:
    """Let the program be built of these where nothing else is said."""
    for function in (program.build_program, program.load_apis):
        function.__defaults__ = (LISTED,)


if __name__ == "__main__":
    reacting()
    main()
