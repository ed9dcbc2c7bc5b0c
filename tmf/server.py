"""Running the application: uvicorn in this process, or in several."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import uvicorn

from tmf.access.key_file import read_keys
from tmf.access.reach import check_reach
from tmf.app import build_application
from tmf.program import build_program
from tmf.rest.connection import GuardedProtocol, Limits
from tmf.settings import Settings
from tmf.store import schema

WORKER_SILENCE = 30
"""Seconds without an answer after which a server process is taken for hung, and replaced. One that
starts on a busy machine cannot answer for a while, and would otherwise be replaced for ever."""


def prepare_database(settings: Settings) -> None:
    """Set an empty database up; refuse one that does not fit (schema.OutdatedError)."""
    program = build_program(settings)
    try:
        schema.prepare(program.database)
    finally:
        program.close()


def serve(settings: Settings, on_start: Callable[[int], None] | None = None) -> None:
    """Serve until told to stop; `on_start` hears the port once requests are taken.

    Raises OpenServerError, and KeyFileError if the keys cannot be read.
    """
    check_reach(settings.host, keys=settings.api_keys is not None, insecure=settings.insecure)
    if settings.workers > 1:
        if settings.api_keys is not None:
            read_keys(settings.api_keys)  # a worker that cannot start would be started for ever
        prepare_database(settings)
        _serve_many(settings)
        return
    program = build_program(settings)
    schema.prepare(program.database)
    application = build_application(program)
    config = uvicorn.Config(application, **_options(settings))  # type: ignore[arg-type]
    with suppress(KeyboardInterrupt):  # which uvicorn raises again when all is stopped
        _Server(config, on_start).run()


def _serve_many(settings: Settings) -> None:
    # Workers are new processes: they read the settings from the environment.
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if value is not None:
            text = value.isoformat() if hasattr(value, "isoformat") else str(value)
            os.environ[f"TMF_{name.upper()}"] = text
    uvicorn.run(
        "tmf.app:create_application",
        factory=True,
        workers=settings.workers,
        timeout_worker_healthcheck=WORKER_SILENCE,
        **_options(settings),  # type: ignore[arg-type]
    )


def _options(settings: Settings) -> dict[str, object]:
    limits = Limits(
        head=settings.max_head,
        # A client that sends somewhat too much shall live to read so, one that floods shall not.
        unwanted=max(4 * settings.max_body, 1_000_000),
        connections=settings.max_connections,
        seconds=settings.request_timeout,
    )
    return {
        "host": settings.host,
        "port": settings.port,
        "loop": "uvloop",
        "http": partial(GuardedProtocol, limits=limits),
        "ws": "none",
        "lifespan": "on",
        "log_config": None,
        "access_log": False,
        "proxy_headers": False,
        "server_header": False,
        "timeout_keep_alive": settings.keep_alive_timeout,
        "timeout_graceful_shutdown": settings.shutdown_timeout,
    }


class _Server(uvicorn.Server):
    """Tells when it takes requests."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[int], None] | None) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def startup(self, sockets: list[object] | None = None) -> None:  # type: ignore[override]
        """Start listening."""
        await super().startup(sockets)  # type: ignore[arg-type]
        if self.started and self._on_start is not None:
            self._on_start(self.servers[0].sockets[0].getsockname()[1])
