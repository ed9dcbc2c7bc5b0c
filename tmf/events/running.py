"""What runs beside requests: until it is told to stop, resting while there is nothing to do."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

_PAUSE = 1.0
"""Seconds to wait when somebody else does not do his part."""

log = structlog.get_logger("tmf.events")


class Runner(ABC):
    """Runs on an event loop until it is told to stop, and then ends soon."""

    def __init__(self) -> None:
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()

    @abstractmethod
    async def run(self) -> None:
        """Work until `stop`."""

    def stop(self) -> None:
        """Let `run` end soon; what is in hand is finished or given back."""
        self._stopping.set()
        self._wake.set()

    def wake(self) -> None:
        """Look for work now rather than when the rest is over (from the event loop)."""
        self._wake.set()

    @property
    def stopping(self) -> bool:
        """Whether it has been told to stop."""
        return self._stopping.is_set()

    async def _rest(self, seconds: float) -> None:
        """Wait so long, or until woken or told to stop. To have been woken since the last rest is
        not to rest now.
        """
        with suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), seconds)
        if not self.stopping:
            self._wake.clear()

    async def _until_done(self, work: Callable[[], Awaitable[None]], trouble: str) -> None:
        """Do it again until it does not fail, or `stop`: a database may be away for a while."""
        while not self.stopping:
            try:
                await work()
            except Exception as error:
                log.warning(trouble, error=str(error).strip())
            else:
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _PAUSE)
