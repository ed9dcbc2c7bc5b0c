"""A client of a running server, and JSON read with the spelling of its numbers kept."""

from __future__ import annotations

import json
import uuid
from typing import Any, NamedTuple, Self

import requests

PATHS = {
    "TMF620": "/tmf-api/productCatalogManagement/v4",
    "TMF622": "/tmf-api/productOrderingManagement/v4",
    "TMF629": "/tmf-api/customerManagement/v4",
    "TMF635": "/tmf-api/usageManagement/v4",
    "TMF637": "/tmf-api/productInventory/v4",
    "TMF638": "/tmf-api/serviceInventory/v4",
    "TMF642": "/tmf-api/alarm/v4",
    "TMF666": "/tmf-api/accountManagement/v4",
    "TMF676": "/tmf-api/paymentManagement/v4",
    "TMF678": "/tmf-api/customerBillManagement/v4",
}
"""Where each API is served. Written down once more here: clients have these in their code."""

MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
JSON_PATCH_QUERY = "application/json-patch-query+json"

TIMEOUT = 60.0
"""Seconds for one answer; far more than any should take."""


class Number(NamedTuple):
    """A number as it was spelt, so that 10.00 is not 10.0."""

    spelling: str


def spelt(text: str) -> Any:
    """A JSON text as a value in which numbers keep their spelling."""
    return json.loads(text, parse_float=Number, parse_int=Number)


def holds(document: Any, sent: Any) -> bool:
    """Whether everything sent is in the document; the server may have added to its objects."""
    if isinstance(sent, dict) and isinstance(document, dict):
        return all(name in document and holds(document[name], sent[name]) for name in sent)
    if isinstance(sent, list) and isinstance(document, list):
        return len(document) == len(sent) and all(map(holds, document, sent))
    return type(document) is type(sent) and bool(document == sent)


def unique(prefix: str) -> str:
    """A text that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


class Client:
    """Speaks to one server. A place is `TMF620/category/1?fields=name`, or a path or URL.

    With a key, every request carries it.
    """

    def __init__(self, root: str, key: str | None = None) -> None:
        self.root = root
        self._session = requests.Session()
        if key is not None:
            self._session.headers["Authorization"] = f"Bearer {key}"

    def close(self) -> None:
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def url(self, place: str) -> str:
        """The absolute address of a place."""
        api, slash, rest = place.partition("/")
        if api in PATHS:
            return self.root + PATHS[api] + slash + rest
        return place if "://" in place else self.root + place

    def ask(
        self, method: str, place: str, body: bytes | str | None = None, **headers: str
    ) -> requests.Response:
        """Any request; header names are written with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = body.encode() if isinstance(body, str) else body
        return self._session.request(
            method,
            self.url(place),
            data=data,
            headers=named,
            timeout=TIMEOUT,
            allow_redirects=False,
        )

    def get(self, place: str, **headers: str) -> requests.Response:
        return self.ask("GET", place, **headers)

    def post(self, place: str, document: Any, **headers: str) -> requests.Response:
        return self.ask("POST", place, text(document), **{"Content_Type": JSON, **headers})

    def patch(
        self, place: str, patch: Any, media_type: str = MERGE, **headers: str
    ) -> requests.Response:
        return self.ask("PATCH", place, text(patch), Content_Type=media_type, **headers)

    def delete(self, place: str, **headers: str) -> requests.Response:
        return self.ask("DELETE", place, **headers)

    def create(self, place: str, document: Any) -> Any:
        """A new resource, as the server answers it."""
        answer = self.post(place, document)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def register(self, api: str, **sent: str) -> Any:
        """A new listener (`callback`, `query`), as it is read from then on: without its secret."""
        listener = self.create(f"{api}/hub", sent)
        assert listener.pop("secret")
        return listener

    def read(self, place: str) -> Any:
        """What is there: a resource or a list."""
        answer = self.get(place)
        assert answer.status_code in (200, 206), answer.text
        return answer.json()

    def ids(self, place: str) -> list[str]:
        """The ids of a list's answer, in its order."""
        return [document["id"] for document in self.read(place)]


JSON = "application/json"


def text(document: Any) -> str:
    """A document as JSON; one that is text already stays as it is."""
    return document if isinstance(document, str) else json.dumps(document)
