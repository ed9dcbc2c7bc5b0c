"""A client of one served API whose every exchange is judged by openapi-core.

openapi-core reads the published document, not our code: it says whether a status is declared,
and whether headers, media type and body are as declared.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import openapi_core
import requests
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from openapi_core.exceptions import OpenAPIError

JSON = "application/json"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
JSON_PATCH_QUERY = "application/json-patch-query+json"
OTHER_JSON = (MERGE, JSON_PATCH, JSON_PATCH_QUERY)
"""Media types that are JSON too, which openapi-core has to be told."""
ERROR_KEYS = {"code", "reason", "status", "@type", "requestId"}
HEADERS = frozenset(
    {
        *("Accept-Patch", "Allow", "ETag", "Idempotent-Replayed", "Link", "Location"),
        *("Retry-After", "WWW-Authenticate", "X-Request-Id", "X-Result-Count"),
        *("X-Total-Count", "X-Total-Count-Estimated"),
    }
)
"""Headers of answers that say something about the API and not about the connection."""
TIMEOUT = 60.0
"""Seconds for one answer; far more than any should take."""


class Judge:
    """Sends requests to an API, keeps what was exercised, and what was found to be wrong.

    `exercised` holds the statuses that each operation answered, by operationId; `problems`
    one line for each thing that is not as published.
    """

    def __init__(
        self,
        root: str,
        base_path: str,
        alter: Callable[[Any], object] | None = None,
        document: Any = None,
    ) -> None:
        """`alter` may change the published document, to see whether the judge notices.

        A document that is not published is given.
        """
        self.base = root + base_path
        self.session = requests.Session()
        self.document: dict[str, Any] = (
            self.session.get(f"{self.base}/openapi.json", timeout=TIMEOUT).json()
            if document is None
            else document
        )
        if alter is not None:
            alter(self.document)
        # The file names all base paths; here the one in use is judged.
        served = {**deepcopy(self.document), "servers": [{"url": self.base}]}
        reading = dict.fromkeys(OTHER_JSON, json.loads)
        config = openapi_core.Config(extra_media_type_deserializers=reading)
        self._api = openapi_core.OpenAPI.from_dict(served, config=config)
        self.exercised: defaultdict[str, set[int]] = defaultdict(set)
        self.problems: list[str] = []

    def close(self) -> None:
        self.session.close()

    def methods(self, template: str) -> dict[str, Mapping[str, Any]]:
        """The operations of a path of the document, by method in capitals."""
        item = self.document["paths"].get(template, {})
        return {name.upper(): part for name, part in item.items() if name != "parameters"}

    def ask(
        self,
        method: str,
        template: str,
        expected: int,
        body: Any = None,
        *,
        identity: str = "",
        query: str = "",
        media_type: str = JSON,
        **headers: str,
    ) -> requests.Response:
        """A request and its judged answer; `body` bytes go as they are, other values as JSON.

        Header names are written with `_` for `-`. The request itself is judged too, unless it is
        meant to be refused.
        """
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            named.setdefault("Content-Type", media_type)
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        url = self.base + template.replace("{id}", identity) + query
        answer = self.session.request(method, url, data=body, headers=named, timeout=TIMEOUT)
        where = f"{method} {template}{query} answered {answer.status_code}"
        if answer.status_code != expected:
            self.problems.append(f"{where}, not {expected}: {answer.text[:300]}")
        self._judge(where, method, template, answer)
        return answer

    def _judge(self, where: str, method: str, template: str, answer: requests.Response) -> None:
        declared = self.methods(template)
        asked, given = RequestsOpenAPIRequest(answer.request), RequestsOpenAPIResponse(answer)
        if method in declared:
            self.exercised[declared[method]["operationId"]].add(answer.status_code)
        else:  # judged as an answer of an operation that is declared under the path
            asked.request.method = next(iter(declared))
        try:
            if answer.ok and method in declared:
                self._api.validate_request(asked)
            self._api.validate_response(asked, given)
        except OpenAPIError as error:
            self.problems.append(f"{where}: {_causes(error)}; it was {answer.text[:300]}")
        if answer.status_code >= 400:
            self._judge_error(where, answer)
        if answer.status_code in (204, 304) and answer.content:
            self.problems.append(f"{where} with a body")
        self._judge_headers(where, declared.get(method, next(iter(declared.values()))), answer)
        if not answer.headers.get("X-Request-Id"):
            self.problems.append(f"{where} without X-Request-Id")

    def _judge_headers(
        self, where: str, operation: Mapping[str, Any], answer: requests.Response
    ) -> None:
        """Every header that a client may go by is declared, if the status is."""
        stated = operation["responses"].get(str(answer.status_code))
        if stated is None:
            return
        if "$ref" in stated:
            stated = self.document["components"]["responses"][stated["$ref"].rsplit("/", 1)[1]]
        sent = {name for name in HEADERS if name in answer.headers}
        if undeclared := sent - stated.get("headers", {}).keys():
            self.problems.append(f"{where} with undeclared {sorted(undeclared)}")

    def _judge_error(self, where: str, answer: requests.Response) -> None:
        """Every refusal has the guideline's shape and leads to the log."""
        error = answer.json()
        if missing := ERROR_KEYS - error.keys():
            self.problems.append(f"{where} without {sorted(missing)}")
        elif (error["@type"], error["status"]) != ("Error", str(answer.status_code)):
            self.problems.append(f"{where} with another type or status: {error}")
        elif error["requestId"] != answer.headers.get("X-Request-Id"):
            self.problems.append(f"{where} with an X-Request-Id that is not the body's")

    def expect(self, holds: bool, what: str) -> None:
        """Note a problem unless something holds."""
        if not holds:
            self.problems.append(what)


def holds(document: Any, sent: Any) -> bool:
    """Whether everything sent is in the document; the server may have added to its objects."""
    if isinstance(sent, dict) and isinstance(document, dict):
        return all(name in document and holds(document[name], sent[name]) for name in sent)
    if isinstance(sent, list) and isinstance(document, list):
        return len(document) == len(sent) and all(map(holds, document, sent))
    return bool(document == sent)


def _causes(error: BaseException | None) -> str:
    """The error with what led to it, and with what a schema error is about."""
    told = []
    while error is not None:
        inner = [getattr(one, "message", str(one)) for one in getattr(error, "schema_errors", ())]
        told.append(f"{type(error).__name__} {error} {'; '.join(inner)}".strip())
        error = error.__cause__
    return " < ".join(told)
