"""Upkeep: chores are done until nothing is left, and one that fails holds up no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

from tmf.events.upkeep import BATCH, Upkeep
from tmf.store.database import Database
from tmf.store.session import Session


class NoDatabase:
    """Runs what it is given, without any database."""

    async def run(self, work: Callable[[Any], int], *, write: bool) -> int:
        assert write
        return work(None)


def done_once(*chores: Callable[[Session, int], int]) -> None:
    """Run an upkeep until its last chore has been done once."""

    async def run() -> None:
        upkeep: Upkeep

        def last(_: Session, __: int) -> int:
            upkeep.stop()
            return 0

        upkeep = Upkeep(cast(Database, NoDatabase()), *chores, last)
        await asyncio.wait_for(upkeep.run(), timeout=30)

    asyncio.run(run())


def test_a_chore_is_done_in_batches_until_little_is_left() -> None:
    left = 2 * BATCH + 7
    batches: list[int] = []

    def chore(_: Session, most: int) -> int:
        nonlocal left
        removed = min(most, left)
        left -= removed
        batches.append(removed)
        return removed

    done_once(chore)

    assert batches == [BATCH, BATCH, 7]


def test_a_chore_that_fails_holds_up_no_other() -> None:
    seen: list[str] = []

    def failing(_: Session, __: int) -> int:
        seen.append("failing")
        raise OSError("the database is away")

    def working(_: Session, __: int) -> int:
        seen.append("working")
        return 0

    done_once(failing, working)

    assert seen == ["failing", "working"]
