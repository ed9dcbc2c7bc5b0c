"""Looking after listeners, composed for the commands and for the operator's interface."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from tmf.events.clock import Clock
from tmf.hub.matching import Matcher
from tmf.hub.oversight import Oversight
from tmf.hub.posting import Poster
from tmf.settings import Settings
from tmf.spec.model import Api
from tmf.store.database import Database


def oversight_of(
    settings: Settings, database: Database, clock: Clock, apis: Iterable[Api]
) -> Oversight:
    """The oversight of the listeners in a database."""

    @asynccontextmanager
    async def sender() -> AsyncIterator[Poster]:
        poster = Poster(clock, connections=1, allow_private=settings.hub_allow_private_callbacks)
        try:
            yield poster
        finally:
            await poster.close()

    return Oversight(database, clock, Matcher(apis, clock), sender)
