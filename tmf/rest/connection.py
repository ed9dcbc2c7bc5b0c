"""HTTP connections with limits: in the size of a request's head, in time, in number.

uvicorn's protocol over httptools has no limit of its own for any of these. All that is refused
here gets the guideline's `Error` where an answer can still be sent.
"""

from __future__ import annotations

import asyncio
import http
import uuid
from dataclasses import dataclass
from typing import Any

import structlog
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tmf.rest.exchange import JSON
from tmf.rest.transport import GatheringTransport
from tmf.tmf630_guidelines.documents import encode
from tmf.tmf630_guidelines.errors import GuidelineError

log = structlog.get_logger("tmf.connection")

_LINGER = 5.0
"""Seconds in which a refused client may read why; what it still sends is thrown away."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`head`: bytes of the request line and the headers; `unwanted`: bytes that are thrown away
    after an answer that did not wait for them. `connections`: how many are served; `seconds`:
    time for a request to arrive whole, and for a client to take its answer.
    """

    head: int
    unwanted: int
    connections: int
    seconds: float


class GuardedProtocol(HttpToolsProtocol):
    """One connection. Guarding it costs a request two looks at the clock and some comparisons.

    A single timer watches over the connection and looks at it when it could be overdue.
    """

    def __init__(self, *args: Any, limits: Limits, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limits = limits
        self._seconds = limits.seconds
        self._read = 0  # bytes since the last part of a body, or since the last whole request
        self._unwanted = 0  # bytes of a body since it was answered
        self._in_head = False
        self._refused = False
        self._awaited: float | None = None  # since when a request is not yet there whole
        self._stalled: float | None = None  # since when the client does not take its answer
        self._watch: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection; one too many is told so once it asks, far too many are dropped."""
        super().connection_made(GatheringTransport(transport, self.loop))  # type: ignore[arg-type]
        most = self._limits.connections
        if len(self.connections) > most * 3 // 2:
            transport.abort()
            return
        if len(self.connections) > most:
            self.app = _too_many_connections
            self._seconds = min(self._seconds, _LINGER)
        self._awaited = self.loop.time()
        self._watch = self.loop.call_later(self._seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        if self._watch is not None:
            self._watch.cancel()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server stops: nobody waits for who is refused."""
        if self._refused:
            self.transport.close()
            return
        super().shutdown()

    # --- Size ---

    def data_received(self, data: bytes) -> None:
        """Read on; a head (or a trailer) that does not end is refused before it fills the memory.

        One that follows another request in the same read may be longer by that read.
        """
        if self._refused:
            self._discard(len(data))
            return
        self._read += len(data)
        super().data_received(data)
        if self._read > self._limits.head and not self._ended():
            self.refuse(self._too_long())

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._in_head = True
        self._awaited = self.loop.time()

    def on_headers_complete(self) -> None:
        """The head is complete: on to the application, if it is not too long."""
        self._in_head = False
        if self._ended():
            return
        if self._read > self._limits.head and self._head() > self._limits.head:
            self.refuse(self._too_long())
            return
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body; what follows an answer is not read for ever."""
        self._read = 0
        if self._ended():
            return
        if self.cycle.response_complete:
            self._discard(len(body))
            return
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The request has arrived whole."""
        self._read = self._unwanted = 0
        self._awaited = None
        if not self._ended():
            super().on_message_complete()

    def _ended(self) -> bool:
        return self._refused or self.transport.is_closing()

    def _discard(self, size: int) -> None:
        self._unwanted += size
        if self._unwanted > self._limits.unwanted:
            self.transport.abort()

    def _head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

    def _too_long(self) -> GuidelineError:
        code = "headersTooLarge" if len(self.url) <= self._limits.head else "uriTooLong"
        return GuidelineError(code, f"at most {self._limits.head} bytes are accepted")

    # --- Time ---

    def pause_writing(self) -> None:
        """The client takes its answer more slowly than it is given."""
        super().pause_writing()
        self._stalled = self.loop.time()

    def resume_writing(self) -> None:
        """The client has caught up."""
        super().resume_writing()
        self._stalled = None

    def _look(self) -> None:
        """End the connection if it is overdue; else look again when it could be."""
        now = self.loop.time()
        if self._stalled is not None and now - self._stalled >= self._seconds:
            self.transport.abort()
            return
        if self._awaited is not None and self._held_off():
            self._awaited = now
        if self._forgotten() or (
            self._awaited is not None and now - self._awaited >= self._seconds
        ):
            self._cut_off()
            return
        since = min(one for one in (self._awaited, self._stalled, now) if one is not None)
        self._watch = self.loop.call_later(since + self._seconds - now, self._look)

    def _held_off(self) -> bool:
        """Whether it is the server that keeps the client waiting."""
        busy = self.cycle is not None and not self.cycle.response_complete
        return self.flow.read_paused or (self._in_head and busy)

    def _forgotten(self) -> bool:
        """Whether neither a request nor uvicorn's own timer for the next one is under way."""
        idle = self._awaited is None and self.cycle is not None and self.cycle.response_complete
        return idle and self.timeout_keep_alive_task is None

    def _cut_off(self) -> None:
        unanswered = self.cycle is not None and not self.cycle.response_started
        if self._in_head or unanswered:
            seconds = f"{self._seconds:g} seconds"
            self.refuse(GuidelineError("requestTimeout", f"a request has {seconds} to arrive"))
        else:
            self.transport.close()

    # --- Refusals ---

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP and hang up."""
        if not self._ended():
            self.refuse(GuidelineError("invalidRequest", msg))

    def refuse(self, error: GuidelineError) -> None:
        """Answer without the application, and hang up once the client has had time to read it.

        To close at once would be to take the answer back: what the client is still sending
        resets the connection.
        """
        self._refused = True
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
            if self.cycle.response_started:
                self.transport.abort()
                return
        headers, body = _refusal(error)
        phrase = http.HTTPStatus(error.status).phrase
        lines = [f"HTTP/1.1 {error.status} {phrase}", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.transport.write("\r\n".join([*lines, "\r\n"]).encode() + body)
        self.transport.write_eof()
        self.flow.resume_reading()
        if self._watch is not None:
            self._watch.cancel()
        self._watch = self.loop.call_later(_LINGER, self.transport.abort)


def _refusal(error: GuidelineError) -> tuple[dict[str, str], bytes]:
    """Headers and body of an answer that no application gives, which is logged too."""
    request_id = uuid.uuid4().hex
    log.info("refused", code=error.code, request_id=request_id)
    headers = {
        "content-type": JSON,
        "connection": "close",
        "x-request-id": request_id,
        **error.headers,
    }
    return headers, encode({**error.body(), "requestId": request_id})


async def _too_many_connections(_scope: Scope, _receive: Receive, send: Send) -> None:
    """The application of connections that are one too many."""
    error = GuidelineError(
        "unavailable", "there are too many connections", headers={"Retry-After": "5"}
    )
    headers, body = _refusal(error)
    encoded = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    encoded.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": error.status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
