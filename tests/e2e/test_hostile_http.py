"""Requests that are no good HTTP: methods, hosts, headers, lengths, and one inside another."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from tests.e2e.client import JSON, TIMEOUT, Client
from tests.e2e.hostile import CATEGORY, check_refused, request, send
from tests.processes import Server

pytestmark = pytest.mark.usefixtures("nothing_changes")

DOCUMENT = b'{"name":"smuggled"}'


@pytest.mark.parametrize(
    "method", ["TRACE", "PROPFIND", "PUT", "LOCK", "SEARCH", "HEAD", "PURGE", "CONNECT"]
)
def test_a_method_that_is_not_declared_is_refused(tmf: Client, method: str) -> None:
    headers = [("Max-Forwards", "0"), ("Cookie", "secret=1")]

    reply = send(tmf.root, request(method, CATEGORY, headers=headers), head=method == "HEAD")

    assert b"secret" not in reply.body
    if method == "HEAD":
        assert (reply.status, reply.body) == (405, b"")
    else:
        check_refused(reply, 405, "methodNotAllowed")


@pytest.mark.parametrize(
    "method",
    [b"BREW", b"get", b"G\0T", b"GET\t", b"<script>", b"\xff", b"X" * 10_000, b""],
)
def test_a_method_that_is_none_is_refused(tmf: Client, method: bytes) -> None:
    check_refused(send(tmf.root, request(method, CATEGORY)), 400, "invalidRequest")


HOSTS = {
    "empty": b"",
    "blank": b" ",
    "path": b"evil.example/path",
    "query": b"evil.example?x",
    "user": b"user:password@evil.example",
    "two": b"a.example, b.example",
    "blank inside": b"evil example",
    "markup": b"<script>alert(1)</script>",
    "quotes": b'evil.example"onload="x',
    "port": b"evil.example:999999",
    "word for a port": b"evil.example:http",
    "half an address": b"[::1",
    "brackets": b"[evil.example]",
    "backslash": b"evil.example\\x",
    "bytes": b"\xff\xfe.example",
    "accent": "évil.example".encode(),
    "10,000 characters": b"x" * 10_000,
    "template": b"{{7*7}}",
    "SQL": b"'; DROP TABLE hub; --",
}


@pytest.mark.parametrize("kind", HOSTS)
def test_an_absurd_host_does_not_come_back_in_an_address(
    tmf: Client, victim: str, kind: str
) -> None:
    reply = send(tmf.root, request("GET", victim, host=HOSTS[kind]))

    assert reply.status == 200
    assert reply.json()["href"] == f"{tmf.root}{victim}"
    listed = send(tmf.root, request("GET", f"{CATEGORY}?limit=1", host=HOSTS[kind]))
    assert listed.headers["link"].startswith(f"<{tmf.root}{CATEGORY}?")


def test_two_hosts_are_refused(tmf: Client, victim: str) -> None:
    for second in ("localhost", "evil.example"):
        reply = send(tmf.root, request("GET", victim, headers=[("Host", second)]))
        check_refused(reply, 400, "invalidRequest")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Forwarded-Host", "evil.example/path"),
        ("X-Forwarded-Host", '"><script>'),
        ("X-Forwarded-Host", ", b.example"),
        ("X-Forwarded-Proto", "javascript"),
        ("X-Forwarded-Proto", "https://evil.example/"),
        ("X-Forwarded-Prefix", "/evil"),
        ("Forwarded", "host=evil.example;proto=https"),
        ("X-Original-URL", "/admin/v1/clock"),
        ("X-Rewrite-URL", "/admin/v1/clock"),
        ("X-HTTP-Method-Override", "DELETE"),
        ("X-Method-Override", "DELETE"),
        ("Range", "bytes=0-1"),
        ("Range", "bytes=" + "0-," * 5_000 + "0-"),
        ("Upgrade", "h2c"),
        ("If-None-Match", '"' + "x" * 10_000 + '"'),
        ("If-None-Match", "W/" * 5_000),
        ("If-Modified-Since", "never"),
        ("Accept", "*/*;q=9999999999, text/html;q=x"),
        ("Accept", ",".join(f"a/{n}" for n in range(5_000)) + ",*/*"),
        ("Accept-Encoding", "gzip;q=-1"),
        ("Accept-Charset", "utf-7"),
        ("Cookie", "x=" + "y" * 30_000),
    ],
)
def test_a_hostile_header_changes_nothing_about_the_answer(
    tmf: Client, victim: str, name: str, value: str
) -> None:
    address = urlsplit(tmf.root).netloc
    plain = send(tmf.root, request("GET", victim, host=address))

    reply = send(tmf.root, request("GET", victim, headers=[(name, value)], host=address))

    assert (reply.status, reply.body) == (200, plain.body)


@pytest.mark.parametrize(
    "identity",
    ["a b", "a;b", "<script>", "a%0d%0aX-Header:1", "a\tb", "é", "x" * 129, "", "{}", "'"],
)
def test_a_request_id_that_is_not_sane_is_replaced(tmf: Client, identity: str) -> None:
    reply = send(tmf.root, request("GET", f"{CATEGORY}/none", headers=[("X-Request-Id", identity)]))

    check_refused(reply, 404, "notFound")
    assert reply.headers["x-request-id"] != identity
    assert "x-header" not in reply.headers


BROKEN = {
    "CR in an id": b"X-Request-Id: a\rX-Header: 1\r\n",
    "NUL in an id": b"X-Request-Id: a\0b\r\n",
    "LF in an id": b"X-Request-Id: a\n b\r\n",
    "no colon": b"X-Header\r\n",
    "blank before the colon": b"X-Header : 1\r\n",
    "blank in a name": b"X Header: 1\r\n",
    "no name": b": 1\r\n",
    "byte in a name": b"X-\xff: 1\r\n",
    "NUL in a name": b"X-\0: 1\r\n",
    "continued": b"X-Header: 1\r\n 2\r\n",
    "two lengths": b"Content-Length: 5\r\nContent-Length: 6\r\n",
    "two lengths in one": b"Content-Length: 5, 6\r\n",
    "negative length": b"Content-Length: -1\r\n",
    "positive length": b"Content-Length: +5\r\n",
    "hexadecimal length": b"Content-Length: 0x5\r\n",
    "fraction of a length": b"Content-Length: 5.0\r\n",
    "word for a length": b"Content-Length: five\r\n",
    "length past 64 bits": b"Content-Length: 18446744073709551621\r\n",
    "length of 1,000 digits": b"Content-Length: " + b"9" * 1_000 + b"\r\n",
    "length and chunks": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "chunks and length": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
    "chunks of something else": b"Transfer-Encoding: gzip\r\n",
    "chunks twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    "chunks, almost": b"Transfer-Encoding: xchunked\r\n",
    "chunks behind a tab": b"Transfer-Encoding:\x0bchunked\r\n",
}
"""Header lines that make a request none. Some could hide a second request from a proxy."""

HIDDEN = b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (
    CATEGORY.encode(),
    JSON.encode(),
    len(DOCUMENT),
    DOCUMENT,
)
"""A good request; wherever it stands inside another it must not be taken for one."""


def all_answers(root: str, sent: bytes) -> list[bytes]:
    """Every answer on one connection, until the server hangs up."""
    address = urlsplit(root)
    with socket.create_connection((address.hostname, address.port), timeout=TIMEOUT) as connection:
        parts = []
        with suppress(ConnectionError):  # it hangs up before it has read all
            connection.sendall(sent)
            while part := connection.recv(65536):
                parts.append(part)
    return b"".join(parts).split(b"HTTP/1.1 ")[1:]


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_headers_are_refused_and_hide_no_request(tmf: Client, kind: str) -> None:
    head = f"POST {CATEGORY} HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\n".encode()
    for body in (b"0\r\n\r\n" + HIDDEN, HIDDEN, b"5\r\nabcde\r\n0\r\n\r\n" + HIDDEN):
        answers = all_answers(tmf.root, head + BROKEN[kind] + b"\r\n" + body)
        assert len(answers) == 1, answers
        assert answers[0].startswith(b"400 "), answers
        assert json.loads(answers[0].partition(b"\r\n\r\n")[2])["@type"] == "Error"


CHUNKS = {
    "no size": b"\r\n" + DOCUMENT,
    "word": b"size\r\n",
    "negative": b"-1\r\nx\r\n0\r\n\r\n",
    "hexadecimal": b"0x13\r\n" + DOCUMENT + b"\r\n0\r\n\r\n",
    "past 64 bits": b"10000000000000013\r\n" + DOCUMENT + b"\r\n0\r\n\r\n",
    "too short": b"2\r\n" + DOCUMENT + b"\r\n0\r\n\r\n",
    "blank in front": b" 13\r\n" + DOCUMENT + b"\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("kind", CHUNKS)
def test_broken_chunks_are_refused(tmf: Client, kind: str) -> None:
    head = f"POST {CATEGORY} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()

    answers = all_answers(tmf.root, head + CHUNKS[kind] + HIDDEN)

    assert [answer[:4] for answer in answers] == [b"400 "]


@pytest.mark.parametrize(
    "line",
    [
        b"GET", b"GET / HTTP/1.1 x", b"GET / HTTP/9.9", b"GET / http/1.1",
        b"GET / HTTPS/1.1", b"PRI * HTTP/2.0", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\0", b"\xff" * 1_000, b"{}", b"SSH-2.0-x", b"GET http:// HTTP/1.1",
    ],
)  # fmt: skip
def test_what_is_no_request_is_refused(tmf: Client, line: bytes) -> None:
    answers = all_answers(tmf.root, line + b"\r\nHost: x\r\n\r\n")

    assert [answer[:4] for answer in answers] == [b"400 "]


def test_a_client_that_hangs_up_halfway_stores_nothing(server: Server, tmf: Client) -> None:
    whole = request("POST", CATEGORY, DOCUMENT, [("Content-Type", JSON)])
    for end in (1, 20, len(whole) // 2, len(whole) - 1):
        with socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT) as connection:
            connection.sendall(whole[:end])

    assert tmf.ids("TMF620/category?name=smuggled") == []
    assert "Traceback" not in server.log()


def test_a_request_for_a_websocket_is_refused(server: Server, tmf: Client) -> None:
    headers = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]

    reply = send(tmf.root, request("GET", f"{CATEGORY}/none", headers=headers))

    check_refused(reply, 404, "notFound")
    assert "Traceback" not in server.log()


def test_the_address_of_a_request_may_be_whole_but_names_no_other_host(
    tmf: Client, victim: str
) -> None:
    address = urlsplit(tmf.root).netloc

    reply = send(tmf.root, request("GET", f"http://evil.example{victim}", host=address))

    assert reply.status in (200, 404)
    assert b"evil.example" not in reply.body
