"""Logs: lines a person can read, or JSON on request, with the request's id in each."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import Callable
from typing import Any

import structlog

from tmf.access.callers import Caller
from tmf.rest.exchange import request_id
from tmf.rest.observed import Access
from tmf.tmf630_guidelines.documents import encode

_ACCESS = "tmf.access"


def _with_request_id(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    if current := request_id.get():
        event["request_id"] = current
    return event


def set_up_logging(level: str, form: str) -> None:
    """Send all logs, those of libraries included, to standard error."""
    renderer: Any = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    if form == "json":
        renderer = structlog.processors.JSONRenderer()
    shared: list[Any] = [
        _with_request_id,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for noisy in ("alembic", "connexion", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def access_log(form: str) -> Access | None:
    """Where requests are logged, or None if nobody wants to know.

    There is a line for every request, so these are put together by hand, in the form that
    structlog gives the others, and written as often as the event loop turns.
    """
    if not logging.getLogger(_ACCESS).isEnabledFor(logging.INFO):
        return None
    return AccessLog(sys.stderr.write, _json_line if form == "json" else _text_line)


class AccessLog:
    """Writes a line for each request; `line` puts it together."""

    def __init__(self, write: Callable[[str], Any], line: Callable[..., str]) -> None:
        self._write = write
        self._line = line
        self._lines: list[str] = []
        self._clock = _Timestamps()

    def __call__(
        self,
        method: str,
        path: str,
        status: int,
        milliseconds: float,
        identity: str,
        caller: Caller | None,
    ) -> None:
        """Log one request."""
        if not self._lines:
            asyncio.get_running_loop().call_soon(self._flush)
        stamp = self._clock.now()
        line = self._line(stamp, method, path, status, milliseconds, identity, caller)
        self._lines.append(line)

    def _flush(self) -> None:
        text = "".join(self._lines)
        self._lines.clear()
        self._write(text)


class _Timestamps:
    """The time as structlog writes it; a date is put together once a second."""

    def __init__(self) -> None:
        self._second = -1
        self._start = ""

    def now(self) -> str:
        """As in 2026-01-31T12:00:00.000000Z."""
        second, nanos = divmod(time.time_ns(), 1_000_000_000)
        if second != self._second:
            self._second = second
            self._start = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._start}.{nanos // 1000:06d}Z"


def _text_line(
    stamp: str,
    method: str,
    path: str,
    status: int,
    milliseconds: float,
    identity: str,
    caller: Caller | None,
) -> str:
    whose = f" realm={caller.realm} key={caller.key}" if caller else ""
    shown = path if path.isprintable() and not set(path) & _QUOTED else repr(path)
    return (
        f"{stamp} [info     ] request                        [{_ACCESS}] method={method} "
        f"milliseconds={milliseconds:.1f} path={shown} request_id={identity} "
        f"status={status}{whose}\n"
    )


_QUOTED = frozenset(" \t=\r\n\"'")


def _json_line(
    stamp: str,
    method: str,
    path: str,
    status: int,
    milliseconds: float,
    identity: str,
    caller: Caller | None,
) -> str:
    event: dict[str, Any] = {
        "method": method,
        "path": path,
        "status": status,
        "milliseconds": round(milliseconds, 1),
        **({"realm": caller.realm, "key": caller.key} if caller else {}),
        "event": "request",
        "request_id": identity,
        "level": "info",
        "logger": _ACCESS,
        "timestamp": stamp,
    }
    return f"{encode(event).decode()}\n"
