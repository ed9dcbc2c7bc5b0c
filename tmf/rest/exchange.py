"""One request and its answer: as little as the verbs need, straight over ASGI."""

from __future__ import annotations

import re
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import lru_cache

from starlette.types import Receive, Scope, Send

from tmf.access.callers import ANYBODY, Caller
from tmf.tmf630_guidelines.documents import encode
from tmf.tmf630_guidelines.errors import GuidelineError

JSON = "application/json"

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request under way."""

CALLER = "tmf_caller"
"""Under this name an ASGI scope holds the caller, once a key has told who it is."""

_HEADERS = "tmf_headers"

_HOST = re.compile(r"[A-Za-z0-9.-]{1,255}(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](?::[0-9]{1,5})?")


@dataclass(slots=True)
class Request:
    """What a verb sees of a request. `path` has neither query nor trailing slash.

    `caller` is whom the key stands for, or anybody on a server without keys.
    """

    scope: Scope
    receive: Receive
    origin: str
    identity: str = ""
    caller: Caller = ANYBODY

    @property
    def realm(self) -> str:
        """The realm that all of the request happens in."""
        return self.caller.realm

    @property
    def caller_name(self) -> str:
        """Who asks, as the audit and kept answers name him: the key's id."""
        return self.caller.key or "anonymous"

    @property
    def path(self) -> str:
        """The decoded path as asked for."""
        return str(self.scope["path"]).rstrip("/")

    @property
    def query_string(self) -> str:
        """The raw query string (UTF-8 where a client sent it unencoded)."""
        return bytes(self.scope["query_string"]).decode("utf-8", "surrogateescape")

    def header(self, name: bytes) -> str | None:
        """A header's value, or None; `name` in lower case. Repeated ones are joined."""
        value = headers_of(self.scope).get(name)
        return None if value is None else value.decode("latin-1")

    def media_type(self) -> str:
        """The body's media type without its parameters, in lower case."""
        return (self.header(b"content-type") or "").split(";", 1)[0].strip().lower()

    async def body(self, largest: int) -> bytes:
        """The whole body; 413 as soon as it is larger than allowed."""
        declared = self.header(b"content-length") or "0"
        if declared.isdecimal() and int(declared) > largest:
            raise _too_large(largest)
        parts: list[bytes] = []
        size = 0
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            part = message.get("body", b"")
            size += len(part)
            if size > largest:
                raise _too_large(largest)
            parts.append(part)
            if not message.get("more_body", False):
                return parts[0] if len(parts) == 1 else b"".join(parts)


def headers_of(scope: Scope) -> dict[bytes, bytes]:
    """The headers by their names in lower case; repeated ones are joined by commas."""
    found: dict[bytes, bytes] | None = scope.get(_HEADERS)
    if found is None:
        listed = scope["headers"]
        found = scope[_HEADERS] = dict(listed)
        if len(found) < len(listed):
            for name in found:
                found[name] = b", ".join(value for key, value in listed if key == name)
    return found


def _is_repeated(name: bytes, scope: Scope) -> bool:
    return [key for key, _ in scope["headers"]].count(name) > 1


class ClientGoneError(Exception):
    """The client hung up before its request was complete: there is nobody to answer."""


def _too_large(largest: int) -> GuidelineError:
    return GuidelineError("bodyTooLarge", f"at most {largest} bytes are accepted")


_CONTENT_TYPE = (b"content-type", JSON.encode())


@lru_cache(maxsize=256)
def _header_name(name: str) -> bytes:
    return name.lower().encode("latin-1")


@dataclass(slots=True)
class Answer:
    """Status, headers and body of a response; every body is JSON."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    async def send(self, send: Send) -> None:
        """Write the answer; header names and values are latin-1 by RFC 9110."""
        headers = [
            (_header_name(name), value.encode("latin-1", "replace"))
            for name, value in self.headers.items()
        ]
        if self.status not in (204, 304):
            headers.append((b"content-length", b"%d" % len(self.body)))
            headers.append(_CONTENT_TYPE)
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def error_answer(error: GuidelineError) -> Answer:
    """The guideline's `Error` as an answer; `requestId` leads to the log."""
    body = error.body()
    if current := request_id.get():
        body["requestId"] = current
    return Answer(error.status, encode(body), dict(error.headers))


@dataclass(frozen=True, slots=True)
class Origins:
    """Where hrefs start: a fixed public URL, or the request's own scheme and host.

    Forwarded headers count only if the peer is a trusted proxy.
    """

    public_url: str | None
    trusted: frozenset[str]

    def of(self, scope: Scope) -> str:
        """Scheme and authority, without a slash at the end; 400 for two hosts."""
        if self.public_url:
            return self.public_url
        headers = headers_of(scope)
        if len(headers) < len(scope["headers"]) and _is_repeated(b"host", scope):
            # RFC 9112, 3.2: a proxy may have judged by the other one.
            raise GuidelineError("invalidRequest", "there is more than one Host")
        scheme = scope.get("scheme", "http")
        host = headers.get(b"host", b"")
        peer = scope.get("client")
        if peer and peer[0] in self.trusted:
            proto = _first(headers.get(b"x-forwarded-proto")).decode("latin-1")
            scheme = proto if proto in ("http", "https") else scheme
            host = _first(headers.get(b"x-forwarded-host")) or host
        return _origin(scheme, host, *(scope.get("server") or ("localhost", 80)))


@lru_cache(maxsize=256)
def _origin(scheme: str, host: bytes, server: str, port: int | None) -> str:
    text = host.decode("latin-1")
    return f"{scheme}://{text if _HOST.fullmatch(text) else f'{server}:{port}'}"


def _first(header: bytes | None) -> bytes:
    return header.split(b",", 1)[0].strip() if header else b""
