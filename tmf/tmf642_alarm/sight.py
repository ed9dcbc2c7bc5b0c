"""What one who works on batch after batch has at hand from those before: it need not be read again.

It is what transactions have seen that may have been undone, and another may have worked meanwhile:
so it is kept only as long as it is known to be what is stored.
"""

from __future__ import annotations

import time

from tmf.declare import ReactionContext
from tmf.tmf642_alarm.inventory import Inventory
from tmf.tmf642_alarm.memory import Memory

KEPT = 5.0
"""Seconds for which what was looked up in the inventory is kept: services that are loaded without
events tell nobody of their changes.
"""

MOST = 10_000
"""Objects, and alarms, that are kept beyond a transaction."""


class Sight:
    """The inventory and the memory of alarms, from batch to batch."""

    def __init__(self) -> None:
        self._inventory: Inventory | None = None
        self._changes = ""
        self._until = 0.0
        self._memory: Memory | None = None
        self._batch = ""

    def inventory(
        self, context: ReactionContext, relationships: frozenset[str], changes: str
    ) -> Inventory:
        """The inventory, in this transaction; `changes` names the latest that are known.

        The name is another one if what they led to was undone: others may have come since.
        """
        now = time.monotonic()
        kept = self._inventory
        if kept is None or changes != self._changes or now > self._until or len(kept) > MOST:
            self._inventory = kept = Inventory(context, relationships)
            self._changes, self._until = changes, now + KEPT
        kept.within(context)
        return kept

    def memory(self, context: ReactionContext, last: str, batch: str) -> Memory:
        """What is remembered of alarms, in the transaction of a `batch`. `last` names the batch
        that was committed last: if that is another than the one before, it is read anew.
        """
        kept = self._memory
        if kept is None or last != self._batch or len(kept) > MOST:
            self._memory = kept = Memory()
        self._batch = batch
        kept.within(context)
        return kept
