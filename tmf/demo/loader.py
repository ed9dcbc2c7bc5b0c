"""Loads the demo into a running server the way any client would: over its public HTTP API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from tmf.demo.documents import DemoDocument, demo_documents
from tmf.tmf630_guidelines.documents import decode, encode

TIMEOUT = 30.0
"""Seconds to wait for the connection and for each answer."""

Report = Callable[[str, str, int], None]


class DemoError(Exception):
    """The demo could not be loaded; the message names the document and the server's reason."""


def load_catalogue(
    base_url: str,
    base_paths: Mapping[str, str],
    report: Report,
    headers: Mapping[str, str] | None = None,
) -> int:
    """POST every document of the demo to the server; returns how many there are.

    `base_url` is where the server listens (`http://localhost:8080`), `base_paths` maps each
    API to its path there (`TMF620` to `/tmf-api/productCatalogManagement/v4`), `headers` go
    with every request (credentials, for instance). After each document `report` is called
    with its resource (`TMF620.category`), its id and the status: 201, or 409 if it was there
    already, which is fine, so that the demo may be loaded again.

    Raises DemoError at the first document that the server refuses or cannot be sent.
    """
    documents = demo_documents()
    for missing in sorted({one.api for one in documents} - base_paths.keys()):
        raise DemoError(f"the demo has documents for {missing}, which has no base path")
    with _Server(base_url, headers or {}) as server:
        for document in documents:
            path = f"{base_paths[document.api].rstrip('/')}/{document.resource}"
            status = _create(server, path, document)
            report(f"{document.api}.{document.resource}", document.body["id"], status)
    return len(documents)


def _create(server: _Server, path: str, document: DemoDocument) -> int:
    name = f"{document.api}.{document.resource} {document.body['id']}"
    try:
        status, answer = server.post(path, encode(document.body))
    except (OSError, HTTPException) as error:
        raise DemoError(f"{name}: {server.address} does not answer: {error!r}") from error
    refusal = _error_of(answer)
    if status == 201 or (status == 409 and refusal.get("code") == "alreadyExists"):
        return status
    parts = (str(refusal[part]) for part in ("code", "reason", "message") if part in refusal)
    raise DemoError(f"{name}: POST {path} was answered {status} {': '.join(parts)}".rstrip())


def _error_of(answer: bytes) -> dict[str, Any]:
    """The `Error` in an answer; empty if it is something else, such as a proxy's page."""
    try:
        document = decode(answer)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


class _Server:
    """One connection to the server, kept open from request to request."""

    def __init__(self, base_url: str, headers: Mapping[str, str]) -> None:
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
        self._headers.update(headers)

    def __enter__(self) -> _Server:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def post(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer to a POST."""
        try:
            return self._exchange(path, body)
        except (ConnectionError, HTTPException):
            # The server may close a kept-alive connection at any time. Sending again is safe:
            # the document brings its id, so a second one of it is 409 alreadyExists.
            self._connection.close()
            return self._exchange(path, body)

    def _exchange(self, path: str, body: bytes) -> tuple[int, bytes]:
        self._connection.request("POST", self._prefix + path, body, self._headers)
        with self._connection.getresponse() as response:
            return response.status, response.read()
