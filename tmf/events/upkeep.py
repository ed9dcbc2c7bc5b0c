"""Upkeep: what has to be tidied up now and then, in small pieces beside the requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import structlog

from tmf.events.running import Runner
from tmf.store.database import Database
from tmf.store.session import Session

BATCH = 500
"""Rows that are removed in one transaction: others do not wait for it."""

_INTERVAL = 60.0

log = structlog.get_logger("tmf.upkeep")

Chore: TypeAlias = Callable[[Session, int], int]
"""Removes what is no longer needed, at most so many rows; how many those were."""


class Upkeep(Runner):
    """Does every chore at the start and then once a minute. Any number of processes may."""

    def __init__(self, database: Database, *chores: Chore) -> None:
        super().__init__()
        self._database = database
        self._chores = chores

    async def run(self) -> None:
        """Tidy up until `stop`."""
        while not self.stopping:
            for chore in self._chores:
                try:
                    await self._do(chore)
                except Exception:  # it must outlive a database that is away for a while
                    log.exception("upkeep failed")
            await self._rest(_INTERVAL)

    async def _do(self, chore: Chore) -> None:
        removed = BATCH
        while removed == BATCH and not self.stopping:
            removed = await self._database.run(lambda session: chore(session, BATCH), write=True)
