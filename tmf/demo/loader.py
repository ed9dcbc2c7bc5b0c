"""Loads the demo into a running server the way any client would: over its public HTTP API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any

from tmf.demo.documents import DemoDocument, demo_documents
from tmf.demo.portal import TIMEOUT, DemoError, Portal
from tmf.tmf630_guidelines.documents import decode, encode

Report = Callable[[str, str, int], None]


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
    with Portal(base_url, headers) as server:
        for document in documents:
            path = f"{base_paths[document.api].rstrip('/')}/{document.resource}"
            status = _create(server, path, document)
            report(f"{document.api}.{document.resource}", document.body["id"], status)
    return len(documents)


def _create(server: Portal, path: str, document: DemoDocument) -> int:
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


__all__ = ["TIMEOUT", "DemoError", "load_catalogue"]
