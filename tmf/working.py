"""`tmf work`: what runs behind the requests, in a process without any."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

import uvloop

from tmf import memory
from tmf.app import engine_of, jobs_of, runners_of
from tmf.background import Background
from tmf.events.figures import Done
from tmf.hub.figures import HubFigures
from tmf.program import Program, build_program
from tmf.settings import Settings
from tmf.store import schema


def work(settings: Settings, on_start: Callable[[], None]) -> None:
    """Work until SIGTERM or SIGINT; `on_start` is called once that is heard."""
    program = build_program(settings)
    try:
        schema.prepare(program.database)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_work(program, on_start))
    finally:
        program.close()


async def _work(program: Program, on_start: Callable[[], None]) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    idempotency = engine_of(program, lambda: None).idempotency
    runners = runners_of(program, idempotency, Done(), HubFigures(), serving=False)
    background = Background(
        [*runners, *([] if program.settings.serve_work else [jobs_of(program)])]
    )
    memory.settle()
    background.start()
    on_start()
    await told.wait()
    await background.stop()
