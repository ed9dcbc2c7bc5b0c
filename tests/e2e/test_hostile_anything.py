"""Random bytes and damaged requests, sent to a running server over its socket.

With TMF_LONG=1 there are thousands of examples, other ones each time.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
from contextlib import suppress
from io import BytesIO
from urllib.parse import urlsplit

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.contract.mutations import damaged
from tests.e2e.client import JSON, TIMEOUT, Client
from tests.e2e.hostile import CATEGORY, request

LONG = os.environ.get("TMF_LONG") == "1"

PROFILE = settings(
    max_examples=5_000 if LONG else 200,
    derandomize=not LONG,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)

TYPED = [("Content-Type", JSON)]
BODY = b'{"name":"x","note":[{"author":"a","text":"b"}],"version":"1.0"}'
GOOD = [
    request("GET", f"{CATEGORY}?name.regex=x&fields=name&limit=2"),
    request("GET", f"{CATEGORY}/nobody", headers=[("If-None-Match", '"1"'), ("Accept", JSON)]),
    request("POST", CATEGORY, BODY, [*TYPED, ("Idempotency-Key", "k"), ("Expect", "100-continue")]),
    request("POST", CATEGORY, BODY, TYPED, chunked=True),
    request("PATCH", f"{CATEGORY}/nobody", b'{"name":"y"}', TYPED),
    request("DELETE", f"{CATEGORY}/nobody", headers=[("If-Match", "*")]),
    request("OPTIONS", CATEGORY) + request("GET", "/health/live"),
    request("GET", "/docs") + b"\0" * 20,
]

SENT = st.sampled_from(GOOD).flatmap(lambda good: damaged(good, most=6)) | st.binary(max_size=400)


def answers(root: str, sent: bytes) -> bytes:
    """All that comes back until the server hangs up; nothing more is sent after this."""
    address = urlsplit(root)
    with socket.create_connection((address.hostname, address.port), timeout=TIMEOUT) as connection:
        with suppress(OSError):  # it may have hung up already
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
        parts = []
        with suppress(ConnectionError):
            while part := connection.recv(65536):
                parts.append(part)
        return b"".join(parts)


class _Received:
    """What http.client takes for a socket."""

    def __init__(self, text: bytes) -> None:
        self._text = text

    def makefile(self, _: str) -> object:
        return BytesIO(self._text)


def check(sent: bytes, received: bytes) -> None:
    """Nothing at all, or an answer that is no fault, and the guideline's Error if it refuses."""
    if not received:
        return
    head = sent[:5].upper() == b"HEAD "
    answer = http.client.HTTPResponse(_Received(received), method="HEAD" if head else None)  # type: ignore[arg-type]
    answer.begin()
    body = answer.read()
    assert answer.status < 500 or answer.status == 501, (sent, received)
    if answer.status >= 400 and not head:
        error = json.loads(body)
        assert (error["@type"], error["status"]) == ("Error", str(answer.status)), (sent, received)


def test_any_bytes_are_answered_or_hung_up_on(tmf: Client) -> None:
    kept = tmf.create("TMF620/category", {"id": "kept", "name": "kept"})
    answered = [0]

    @PROFILE
    @given(sent=SENT)
    def survives(sent: bytes) -> None:
        received = answers(tmf.root, sent)
        check(sent, received)
        answered[0] += bool(received)

    survives()

    assert answered[0] > PROFILE.max_examples / 2
    assert tmf.read("TMF620/category/kept") == kept
    assert tmf.delete("TMF620/category/kept").status_code == 204
