"""One connection to a running server, as any client would have it: public HTTP and no more."""

from __future__ import annotations

from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Self
from urllib.parse import urlsplit

from tmf.tmf630_guidelines.documents import decode, encode

TIMEOUT = 30.0
"""Seconds to wait for the connection and for each answer."""


class DemoError(Exception):
    """Something of the demo went wrong; the message names the request and the server's reason."""


class Portal:
    """The connection, kept open from request to request. Use it as a context.

    `base_url` is where the server listens (`http://localhost:8080`), `headers` go with every
    request (credentials, for instance).
    """

    def __init__(self, base_url: str, headers: Mapping[str, str] | None = None) -> None:
        parts = urlsplit(base_url)
        try:
            port = parts.port
        except ValueError as error:
            raise DemoError(f"{base_url!r} has no valid port") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise DemoError(f"{base_url!r} is not the address of a server (http:// or https://)")
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self.address = base_url
        self._prefix = parts.path.rstrip("/")
        self._connection = kind(parts.hostname, port, timeout=TIMEOUT)
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        self._headers.update(headers or {})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer to a POST of a document that brings its id."""
        try:
            return self._exchange("POST", path, body)
        except (ConnectionError, HTTPException):
            # The server may close a kept-alive connection at any time. Sending again is safe:
            # the document brings its id, so a second one of it is 409 alreadyExists.
            self._connection.close()
            return self._exchange("POST", path, body)

    def ask(self, method: str, path: str, document: Any = None) -> Any:
        """The answer's document; DemoError if it is a refusal, or none comes."""
        body = None if document is None else encode(document)
        try:
            status, answer = self._exchange(method, path, body)
        except (OSError, HTTPException):
            self._connection.close()
            try:
                status, answer = self._exchange(method, path, body)
            except (OSError, HTTPException) as error:
                raise DemoError(f"{self.address} does not answer: {error!r}") from error
        if status >= 300:
            said = answer.decode("utf-8", "replace")
            raise DemoError(f"{method} {path} was answered {status} {said}")
        return decode(answer) if answer else None

    def _exchange(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        self._connection.request(method, self._prefix + path, body, self._headers)
        with self._connection.getresponse() as response:
            return response.status, response.read()
