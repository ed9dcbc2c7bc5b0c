"""Requests made to break things: good ones with random damage, and randomness itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

from tests.contract.asgi import Asked
from tests.contract.judge import JSON, JSON_PATCH, JSON_PATCH_QUERY, MERGE

Bytes = st.SearchStrategy[bytes]

SHARP = [
    *(b"\0", b"%00", b"%", b"%f", b"%ff", b"%2f", b"%252f", b"\xff", b"\xed\xa0\x80", b"\xc0\x80"),
    *(
        b"\r\n",
        b"\n",
        b"\r\n\r\n",
        b"\t",
        b" ",
        b"\x1b[31m",
        b"'",
        b'"',
        b"\\",
        b"\\u0000",
        b"\\ud800",
    ),
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"&",
        b";",
        b"=",
        b"<>",
        b"?",
        b"#",
        b"..",
        b"/../",
        b"//",
    ),
    *(b"null", b"true", b"NaN", b"-", b"1e999999", b"1e-400", b"9" * 400, b"-0", b"1" * 5_000),
    *(b"[" * 500, b'{"a":' * 100, b"(" * 50, b"(a+)+$", b"$..*", b"[?(@.a)]", b"*", b"' OR 1=1 --"),
    *("\u202e\u0661\U0001f600".encode(), b"{{7*7}}", b"<script>", b"%n%s", b"a" * 300),
]
"""What readers trip over."""


@st.composite
def damaged(draw: st.DrawFn, good: bytes, *, most: int = 4) -> bytes:
    """The bytes with a few of them changed, taken out, doubled, or sharp ones put among them."""
    text = good
    for _ in range(draw(st.integers(1, most))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 12)))
        middle = draw(
            st.sampled_from([b"", text[start:end] * 2, *SHARP]) | st.binary(min_size=1, max_size=4)
        )
        text = text[:start] + middle + text[end:]
    return text


def bodies(documents: Sequence[Any]) -> Bytes:
    """Good JSON of these, damaged JSON, and anything."""
    good = [json.dumps(document).encode() for document in documents]
    return st.sampled_from(good).flatmap(damaged) | st.sampled_from(good) | st.binary(max_size=200)


_values = st.sampled_from(
    [b"", b"*", b'"1"', b"W/", b"x" * 300, b"\xe9", b"\t", b"1, 2", b'",', b"-1", b"application/"]
) | st.binary(max_size=20).map(lambda text: bytes(byte for byte in text if byte not in b"\r\n\0"))
_NAMES = [
    *("Accept", "Content-Type", "Content-Encoding", "If-Match", "If-None-Match", "Idempotency-Key"),
    *(
        "X-Request-Id",
        "X-Forwarded-Proto",
        "X-Forwarded-Host",
        "Origin",
        "Authorization",
        "X-API-Key",
    ),
    *("Range", "Expect", "X-HTTP-Method-Override", "Cookie", "Prefer", "TE"),
]
_METHODS = ["GET", "GET", "POST", "POST", "PATCH", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS", "X"]
_MEDIA = [JSON, MERGE, JSON_PATCH, JSON_PATCH_QUERY, f"{JSON};charset=latin-1", "text/xml", ""]
QUERIES = [
    b"",
    b"fields=name,id&sort=-name&limit=2&offset=1",
    b"name.regex=^a.*b$&lastUpdate.gt=2026-01-01T00:00:00Z",
    b"filter=$.note[?(@.author=='a' %26%26 @.text!='b')]",
    b"note.author=a&note.text=b;note.text.ne=c,d",
    b"validFor.endDateTime%3E=2026-01-01&isRoot=true",
    b"cursor=eyJ2IjpbXX0&limit=1",
]


@st.composite
def requests_to(draw: st.DrawFn, paths: Sequence[str], documents: Sequence[Any]) -> Asked:
    """A request to one of the paths, or to what damage makes of it."""
    path = draw(st.sampled_from(paths)).encode()
    path = b"/" + draw(damaged(path) if draw(st.booleans()) else st.just(path)).lstrip(b"/")
    query = draw(st.sampled_from(QUERIES))
    query = draw(damaged(query)) if draw(st.booleans()) else query
    target = quote(path.replace(b"?", b""), safe="/%;=@,!$'()*+.-_~:&")
    if query:
        target += "?" + quote(query.replace(b"#", b""), safe="/%;=@,!$'()*+.-_~:&?[]<>|\\^`{}\"")
    media_type = draw(st.sampled_from(_MEDIA))
    headers = [("Content-Type", media_type)] if media_type else []
    names = draw(st.lists(st.sampled_from(_NAMES), max_size=2))
    headers += [(name, draw(_values).decode("latin-1")) for name in names]
    method = draw(st.sampled_from(_METHODS))
    body = draw(bodies(documents)) if method in ("POST", "PATCH", "PUT") else b""
    return Asked(method, target, body, tuple(headers), chunked=draw(st.booleans()) and bool(body))
