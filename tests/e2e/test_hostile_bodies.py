"""Bodies made to break the reader: depth, size, encodings, NUL, numbers, media types."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from tests.e2e.client import JSON, JSON_PATCH, JSON_PATCH_QUERY, MERGE, Client
from tests.e2e.hostile import CATEGORY, check_refused, patch, post, request, send
from tests.processes import Server

pytestmark = pytest.mark.usefixtures("nothing_changes")

LARGEST = 10_000_000
"""Bytes of a body that the server takes unless told otherwise."""

MOST_VALUES = 100_000
"""Values of a document that the server takes."""

MOST_MEMORY = 400
"""Megabytes that a server may hold after all this; it has about 120 when idle."""

MEDIA = [JSON, MERGE, JSON_PATCH, JSON_PATCH_QUERY]


def named(name: bytes, **more: bytes) -> bytes:
    """A category's JSON text with that text as its name, and more."""
    others = b"".join(b',"%s":%s' % (key.encode(), value) for key, value in more.items())
    return b'{"name":' + name + others + b"}"


def deep(levels: int, start: bytes, end: bytes) -> bytes:
    """A category with a value of so many levels."""
    return named(b'"x"', extra=start * levels + b"1" + end * levels)


@pytest.mark.parametrize("levels", [64, 10_000, 100_000, 1_000_000])
@pytest.mark.parametrize(
    ("start", "end"),
    [(b"[", b"]"), (b'{"a":', b"}"), (b"[", b""), (b'[{"a":', b"}]")],
    ids=["arrays", "objects", "unclosed", "both"],
)
def test_deep_json_is_refused(
    tmf: Client, victim: str, levels: int, start: bytes, end: bytes
) -> None:
    body = deep(levels, start, end)
    refused = (400, "invalidBody") if levels < MOST_VALUES else (413, "bodyTooLarge")

    check_refused(post(tmf.root, body), *refused)
    for media_type in MEDIA:
        check_refused(patch(tmf.root, victim, body, media_type), *refused)


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
def test_a_body_just_small_enough_is_taken_whole(tmf: Client, chunked: bool) -> None:
    frame = len(named(b'""', description=b'""'))
    text = b"x" * (LARGEST - frame)

    reply = post(tmf.root, named(b'""', description=b'"%s"' % text), chunked=chunked)

    assert reply.status == 201, reply.body[:500]
    created = reply.json()
    assert created["description"].encode() == text
    assert tmf.delete(f"TMF620/category/{created['id']}").status_code == 204


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
@pytest.mark.parametrize("more", [1, 1_000_000])
def test_a_body_too_large_is_refused(tmf: Client, chunked: bool, more: int) -> None:
    body = named(b'"x"').ljust(LARGEST + more)

    check_refused(post(tmf.root, body, chunked=chunked), 413, "bodyTooLarge")


@pytest.mark.parametrize(
    "many",
    [
        b"[%s]" % b",".join([b"0"] * 4_000_000),
        b"[%s]" % b",".join([b"[]"] * 3_000_000),
        b"[%s]" % b",".join([b"{}"] * 3_000_000),
        b'["%s"]' % b'","'.join(b"%d" % number for number in range(1_000_000)),
        b"{%s}" % b",".join(b'"%d":0' % number for number in range(800_000)),
        b"[%s]" % b",".join([b'{"a":1}'] * 1_000_000),
    ],
    ids=["numbers", "arrays", "objects", "texts", "members", "elements"],
)
def test_a_body_of_too_many_values_is_refused(tmf: Client, victim: str, many: bytes) -> None:
    for reply in (
        post(tmf.root, named(b'"x"', extra=many)),
        patch(tmf.root, victim, named(b'"x"', extra=many), MERGE),
        patch(tmf.root, victim, many, JSON_PATCH),
    ):
        assert "values" in check_refused(reply, 413, "bodyTooLarge")


NOT_JSON = {
    "empty": b"",
    "blank": b" \r\n\t",
    "half": b'{"name":"x"',
    "comma": b'{"name":"x",}',
    "two": b'{"name":"x"}{}',
    "comment": b'{"name":"x"/**/}',
    "quotes": b"{'name':'x'}",
    "bare": b"{name:1}",
    "NaN": named(b'"x"', extra=b"NaN"),
    "Infinity": named(b'"x"', extra=b"[Infinity,-Infinity]"),
    "octal": named(b'"x"', extra=b"010"),
    "hexadecimal": named(b'"x"', extra=b"0x10"),
    "plus": named(b'"x"', extra=b"+1"),
    "pointless": named(b'"x"', extra=b"1."),
    "unicode-digits": named(b'"x"', extra="\u0661".encode()),
    "BOM": b"\xef\xbb\xbf" + named(b'"x"'),
    "UTF-16": named(b'"x"').decode().encode("utf-16"),
    "UTF-16LE": named(b'"x"').decode().encode("utf-16-le"),
    "UTF-32": named(b'"x"').decode().encode("utf-32"),
    "gzip": gzip.compress(named(b'"x"')),
    "overlong": named(b'"\xc0\xaf"'),
    "overlong-NUL": named(b'"\xc0\x80"'),
    "raw-surrogate": named(b'"\xed\xa0\x80"'),
    "raw-surrogate-pair": named(b'"\xed\xa0\xbd\xed\xb8\x80"'),
    "byte": named(b'"\xff"'),
    "cut-character": named(b'"\xe2\x82"'),
    "beyond-unicode": named(b'"\xf4\x90\x80\x80"'),
    "byte-in-a-name": b'{"name":"x","\xff":1}',
    "raw-surrogate-in-a-name": b'{"name":"x","\xed\xa0\x80":1}',
    "surrogate": named(rb'"\ud800"'),
    "surrogates-swapped": named(rb'"\udc00\ud800"'),
    "surrogate-and-letter": named(rb'"\ud83dx"'),
    "surrogate-in-a-name": rb'{"name":"x","\ud800":1}',
    "bad-escape": named(rb'"\x41"'),
    "raw-NUL": named(b'"a\0b"'),
    "raw-NUL-outside": named(b'"x"') + b"\0",
    "raw-newline": named(b'"a\nb"'),
    "NUL": named(rb'"a\u0000b"'),
    "NUL-in-a-name": rb'{"name":"x","a\u0000b":1}',
    "NUL-below": named(b'"x"', extra=rb'[[{"deep":["\u0000"]}]]'),
    "NUL-in-the-id": named(b'"x"', id=rb'"a\u0000b"'),
    "exponent": named(b'"x"', extra=b"1e999999999"),
    "exponent-of-many-digits": named(b'"x"', extra=b"1e" + b"9" * 5000),
    "small-exponent": named(b'"x"', extra=b"1e-999999999"),
    "5000-digits": named(b'"x"', extra=b"1" + b"0" * 5000),
    "100000-digits": named(b'"x"', extra=b"-" + b"7" * 100_000),
    "5000-decimals": named(b'"x"', extra=b"0." + b"1" * 5000),
    "digits-and-exponent": named(b'"x"', extra=b"1" * 900 + b"e4000"),
}


@pytest.mark.parametrize("kind", NOT_JSON)
def test_what_is_not_storable_json_is_refused(tmf: Client, victim: str, kind: str) -> None:
    body = NOT_JSON[kind]
    check_refused(post(tmf.root, body), 400, "invalidBody")
    for media_type in MEDIA:
        check_refused(patch(tmf.root, victim, body, media_type), 400, "invalidBody")


@pytest.mark.parametrize("body", [b"null", b"true", b"0", b'"x"', b"[]", b'[{"name":"x"}]'])
def test_json_that_is_no_object_is_refused(tmf: Client, victim: str, body: bytes) -> None:
    check_refused(post(tmf.root, body), 400, "invalidDocument")
    check_refused(patch(tmf.root, victim, body, MERGE), 400, "invalidPatch")


@pytest.mark.parametrize(
    "identity",
    ["", ".", "..", "a/b", "a b", "%2e", "é", "a\nb", "a\r\nX-Header: 1", "x" * 129, '"', "<b>"],
)
def test_an_id_that_needs_encoding_is_refused(tmf: Client, identity: str) -> None:
    body = json.dumps({"name": "x", "id": identity}).encode()

    check_refused(post(tmf.root, body), 400, "invalidDocument")


def test_of_equal_names_the_last_one_counts_for_every_reader(tmf: Client) -> None:
    check_refused(post(tmf.root, b'{"name":"x","name":1}'), 400, "invalidDocument")
    check_refused(post(tmf.root, b'{"id":"x","id":"a/b","name":"x"}'), 400, "invalidDocument")

    created = post(tmf.root, b'{"name":1,"name":"x","a":{"b":1,"b":2}}').json()

    assert (created["name"], created["a"]) == ("x", {"b": 2})
    assert tmf.ids(f"TMF620/category?id={created['id']}&a.b=2") == [created["id"]]
    assert tmf.ids(f"TMF620/category?id={created['id']}&a.b=1") == []
    assert tmf.delete(f"TMF620/category/{created['id']}").status_code == 204


@pytest.mark.parametrize(
    "number", [b"-0", b"-0.0", b"0e1", b"1e-4000", b"1e4000", b"9" * 1000, b"0." + b"1" * 999]
)
def test_odd_numbers_within_bounds_are_kept(tmf: Client, number: bytes) -> None:
    reply = post(tmf.root, named(b'"x"', extra=number))

    assert reply.status == 201, reply.body[:500]
    created = reply.json()
    assert b'"extra":%s' % number in reply.body.replace(b'"extra":0,', b'"extra":-0,')
    assert tmf.ids(f"TMF620/category?id={created['id']}&extra={number.decode()}")
    assert tmf.delete(f"TMF620/category/{created['id']}").status_code == 204


MEDIA_TYPES = {
    "text": ["text/plain"],
    "form": ["application/x-www-form-urlencoded"],
    "multipart": ["multipart/form-data; boundary=x"],
    "other": ["application/xml"],
    "like-it": ["application/jsonp"],
    "wildcard": ["*/*"],
    "half": ["application"],
    "list": ["application/json, text/plain"],
    "twice": ["application/json", "application/json"],
    "two": ["text/plain", "application/json"],
    "UTF-16": ["application/json; charset=utf-16"],
    "UTF-7": ["application/json; charset=UTF-7"],
    "quoted": ['application/json; charset="utf-16"'],
    "latin-1": ["application/json;charset=iso-8859-1"],
    "two-charsets": ["application/json; charset=utf-8; charset=utf-16"],
    "NUL": ["application/json\x00"],
    "bytes": ["\xff\xfe"],
    "long": ["application/" + "x" * 10_000],
}


@pytest.mark.parametrize("kind", MEDIA_TYPES)
def test_another_media_type_is_refused(tmf: Client, victim: str, kind: str) -> None:
    headers = [("Content-Type", value) for value in MEDIA_TYPES[kind]]
    for method, target in (("POST", CATEGORY), ("PATCH", victim)):
        reply = send(tmf.root, request(method, target, named(b'"y"'), headers))
        if kind == "NUL":  # no header may hold one
            check_refused(reply, 400, "invalidRequest")
        else:
            check_refused(reply, 415, "unsupportedMediaType")


@pytest.mark.parametrize("coding", ["gzip", "br", "deflate", "identity, gzip", "gzip, gzip", "x"])
def test_a_compressed_body_is_refused(tmf: Client, coding: str) -> None:
    """However large it would become: nothing is unpacked."""
    bomb = gzip.compress(b" " * 50_000_000)
    headers = [("Content-Type", JSON), ("Content-Encoding", coding)]

    reply = send(tmf.root, request("POST", CATEGORY, bomb, headers))

    check_refused(reply, 415, "unsupportedMediaType")


def flat(count: int) -> bytes:
    """An array of so many different texts."""
    return b"[%s]" % b",".join(b'"%d"' % number for number in range(count))


def test_as_many_values_as_are_taken_can_be_found(tmf: Client) -> None:
    created = post(tmf.root, named(b'"x"', extra=flat(MOST_VALUES - 10))).json()

    assert tmf.ids(f"TMF620/category?extra={MOST_VALUES - 11}") == [created["id"]]
    assert tmf.delete(f"TMF620/category/{created['id']}").status_code == 204


def test_the_memory_stays_bounded(server: Server, tmf: Client) -> None:
    for _ in range(5):
        check_refused(post(tmf.root, deep(1_000_000, b"[", b"]")), 413, "bodyTooLarge")
        check_refused(
            post(tmf.root, named(b'"x"', extra=flat(MOST_VALUES + 1))), 413, "bodyTooLarge"
        )
        check_refused(post(tmf.root, b" " * LARGEST), 400, "invalidBody")

    status = Path(f"/proc/{server.process.pid}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS:"))
    assert int(kilobytes) < MOST_MEMORY * 1000
