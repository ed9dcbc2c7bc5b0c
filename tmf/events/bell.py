"""The bell: wakes those who work on events when some were committed, here and elsewhere."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from tmf.events.running import Runner
from tmf.store.database import Database
from tmf.store.notifications import Notifications

CHANNEL = "tmf_events"
"""PostgreSQL's channel on which processes wake each other."""

_PAUSE = 0.01
"""Seconds from one notification to the next: under load there is a change every moment."""


class Bell(Runner):
    """Rung after every commit with events, or, on another channel, by who has news there.

    `alone` says that no other process need be woken.
    """

    def __init__(
        self,
        database: Database,
        alone: Callable[[], bool] = lambda: False,
        channel: str = CHANNEL,
    ) -> None:
        super().__init__()
        self._database = database
        self._channel = channel
        self._alone = alone
        self._loop: asyncio.AbstractEventLoop | None = None
        self._rung = False
        self._told = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._sending: asyncio.Task[None] | None = None
        self._wakes: list[Callable[[], None]] = []
        self._notifications: Notifications | None = None

    def wakes(self, wake: Callable[[], None]) -> None:
        """Call this, on the event loop, when there may be new events."""
        self._wakes.append(wake)

    def stop(self) -> None:
        """Let `run` end soon."""
        super().stop()
        if self._notifications is not None:
            self._notifications.stop()

    async def run(self) -> None:
        """Hear of commits, here and elsewhere, until `stop`."""
        self._loop = asyncio.get_running_loop()
        self._notifications = self._database.notifications(self._channel, self._heard)
        if self._channel == CHANNEL:
            self._database.told = self.ring
        try:
            if self._notifications is None:
                await self._stopping.wait()
            elif not self.stopping:
                await self._notifications.run()
        finally:
            if self._channel == CHANNEL:
                self._database.told = lambda: None
            if self._timer is not None:
                self._timer.cancel()
            if self._sending is not None:  # it must not be left to a database that is closed
                self._sending.cancel()
                await asyncio.wait([self._sending])

    def ring(self) -> None:
        """Wake everybody; from any thread."""
        if self._loop is not None and not self._rung:
            self._rung = True
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._sound)

    def _heard(self) -> None:
        for wake in self._wakes:
            wake()

    def _sound(self) -> None:
        self._rung = False
        self._heard()
        if self._timer is None and not self._alone():
            wait = self._told + _PAUSE - time.monotonic()
            self._timer = asyncio.get_running_loop().call_later(max(0.0, wait), self._tell)

    def _tell(self) -> None:
        self._timer = None
        self._told = time.monotonic()
        self._sending = asyncio.ensure_future(self._notify())

    async def _notify(self) -> None:
        with suppress(Exception):  # the others look by themselves now and then
            await self._database.notify(self._channel)
