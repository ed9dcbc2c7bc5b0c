"""`http`: calls an endpoint of the operator's, with a signed request."""

from __future__ import annotations

import time
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from tmf.declare import decode, encode, signatures
from tmf.driver import Done, Failed, Later, Manual, Outcome, Tools

_LARGEST = 1_000_000


class Http:
    """Options: `url`, `secret` (`whsec_…`, by which the endpoint knows us), `timeout` in seconds.

    It is sent `{"action": "activate", "realm": …, "attempts": …, "service": {…}}` and answers 200
    with `{"status": "done", "characteristics": {…}, "resources": ["…"]}`,
    `{"status": "later", "seconds": …}`, `{"status": "manual"}` or `{"status": "failed"}`, each
    with a `reason` if it likes. 4xx is a failure for good, but for 408, 425 and 429; everything
    else is tried again.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._url = str(options["url"])
        self._secret = str(options["secret"])
        self._timeout = float(options.get("timeout", 20))
        if urlsplit(self._url).scheme not in ("http", "https") or not urlsplit(self._url).hostname:
            raise ValueError(f"{self._url} is not the address of an endpoint")

    def activate(self, service: Mapping[str, Any], tools: Tools) -> Outcome:
        """Ask for it."""
        return self._ask("activate", service, tools)

    def modify(self, service: Mapping[str, Any], tools: Tools) -> Outcome:
        """Ask for it."""
        return self._ask("modify", service, tools)

    def deactivate(self, service: Mapping[str, Any], tools: Tools) -> Outcome:
        """Ask for it."""
        return self._ask("deactivate", service, tools)

    def _ask(self, action: str, service: Mapping[str, Any], tools: Tools) -> Outcome:
        told = {"action": action, "realm": tools.realm, "attempts": tools.attempts}
        status, answer = self._post(encode({**told, "service": dict(service)}), service, action)
        if status in (408, 425, 429) or status >= 500 or status < 200:
            raise ConnectionError(f"{self._url} answered {status}")
        said = _said(answer)
        if status >= 300:
            return Failed(str(said.get("reason") or f"the endpoint answered {status}"))
        return _outcome(said)

    def _post(self, body: bytes, service: Mapping[str, Any], action: str) -> tuple[int, bytes]:
        parts = urlsplit(self._url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        # The same for every attempt: by it the endpoint knows what it has done already.
        identity = f"{service['id']}.{action}.{service['provisioning'].get('round', 0)}"
        now = int(time.time())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": identity,
            "webhook-timestamp": str(now),
            "webhook-signature": signatures([self._secret], identity, now, body),
        }
        connection = kind(str(parts.hostname), parts.port, timeout=self._timeout)
        try:
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body, headers)
            with connection.getresponse() as response:
                return response.status, response.read(_LARGEST)
        except HTTPException as error:
            raise ConnectionError(f"{self._url}: {error!r}") from error
        finally:
            connection.close()


def _said(answer: bytes) -> Mapping[str, Any]:
    try:
        said = decode(answer) if answer.strip() else {}
    except ValueError:
        said = {}
    return said if isinstance(said, dict) else {}


def _outcome(said: Mapping[str, Any]) -> Outcome:
    status, reason = said.get("status", "done"), str(said.get("reason", ""))
    if status == "later":
        return Later(max(1.0, float(said.get("seconds", 60))), reason)
    if status == "manual":
        return Manual(reason)
    if status == "failed":
        return Failed(reason or "the endpoint says so")
    if status != "done":
        raise ConnectionError(f"the endpoint answered with the status {status}")
    found = said.get("characteristics")
    resources = said.get("resources")
    return Done(
        found if isinstance(found, dict) else {},
        tuple(map(str, resources)) if isinstance(resources, list) else (),
    )
