"""One request and its answer over ASGI; where hrefs start."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tmf.rest.exchange import Answer, ClientGoneError, Origins, Request
from tmf.tmf630_guidelines.errors import GuidelineError

Message = dict[str, Any]


def request(*messages: Message, headers: dict[str, str] | None = None, **scope: Any) -> Request:
    """A request whose body comes in these messages."""
    waiting = iter(messages)

    async def receive() -> Message:
        return next(waiting)

    named = [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
    return Request({"headers": named, **scope}, receive, "http://host")


def parts(*texts: bytes) -> list[Message]:
    last = len(texts) - 1
    return [
        {"type": "http.request", "body": text, "more_body": at < last}
        for at, text in enumerate(texts)
    ]


def body(largest: int, *messages: Message, headers: dict[str, str] | None = None) -> bytes:
    return asyncio.run(request(*messages, headers=headers).body(largest))


class TestRequest:
    def test_the_path_has_no_slash_at_its_end(self) -> None:
        assert request(path="/a/b/").path == "/a/b"

    def test_the_query_string_may_hold_any_bytes(self) -> None:
        """Invalid UTF-8 goes on as surrogates, for whoever reads it to refuse."""
        assert request(query_string=b"a=%C3%A9").query_string == "a=%C3%A9"
        assert request(query_string="a=é".encode()).query_string == "a=é"
        assert request(query_string=b"a=\xff").query_string == "a=\udcff"

    def test_a_header_is_found_by_its_name(self) -> None:
        asked = request(headers={"if-match": '"1"', "x-text": "é"})

        assert asked.header(b"if-match") == '"1"'
        assert asked.header(b"x-text") == "é"
        assert asked.header(b"accept") is None

    def test_a_repeated_header_is_one_list(self) -> None:
        asked = request()
        asked.scope["headers"] = [(b"a", b"1"), (b"b", b"2"), (b"a", b"3")]

        assert asked.header(b"a") == "1, 3"

    @pytest.mark.parametrize(
        ("content_type", "expected"),
        [("Application/JSON ; charset=utf-8", "application/json"), ("text/plain", "text/plain")],
    )
    def test_the_media_type_stands_without_parameters(
        self, content_type: str, expected: str
    ) -> None:
        assert request(headers={"content-type": content_type}).media_type() == expected
        assert request().media_type() == ""

    def test_requests_start_in_the_default_realm(self) -> None:
        assert (request().realm, request().identity) == ("default", "")


class TestBody:
    def test_in_one_part_or_in_many(self) -> None:
        assert body(10, *parts(b"abc")) == b"abc"
        assert body(10, *parts(b"a", b"", b"bc", b"")) == b"abc"
        assert body(10, {"type": "http.request"}) == b""

    def test_may_be_as_large_as_allowed(self) -> None:
        assert body(3, *parts(b"ab", b"c"), headers={"content-length": "3"}) == b"abc"

    def test_too_large_is_refused_before_it_is_read(self) -> None:
        with pytest.raises(GuidelineError, match="bodyTooLarge: at most 3 bytes"):
            body(3, headers={"content-length": "4"})

    def test_too_large_is_refused_as_soon_as_it_is(self) -> None:
        """The third part is never asked for."""
        with pytest.raises(GuidelineError, match="bodyTooLarge"):
            body(3, *parts(b"ab", b"cd", b"ef")[:2])

    @pytest.mark.parametrize("length", ["", "x", "-5", "²", "9e9"])
    def test_a_length_that_is_none_is_not_believed(self, length: str) -> None:
        assert body(3, *parts(b"abc"), headers={"content-length": length}) == b"abc"

    def test_a_client_that_hangs_up_is_not_answered(self) -> None:
        with pytest.raises(ClientGoneError):
            body(9, parts(b"a", b"b")[0], {"type": "http.disconnect"})


def sent(answer: Answer) -> tuple[Message, Message]:
    messages: list[Message] = []

    async def send(message: Any) -> None:
        messages.append(message)

    asyncio.run(answer.send(send))
    start, end = messages
    return start, end


class TestAnswer:
    def test_is_json_with_its_length(self) -> None:
        start, end = sent(Answer(200, b'{"a":1}', {"ETag": '"1"'}))

        assert start["type"] == "http.response.start"
        assert start["status"] == 200
        assert dict(start["headers"]) == {
            b"etag": b'"1"',
            b"content-length": b"7",
            b"content-type": b"application/json",
        }
        assert end == {"type": "http.response.body", "body": b'{"a":1}'}

    @pytest.mark.parametrize("status", [204, 304])
    def test_without_a_body_says_nothing_of_one(self, status: int) -> None:
        start, end = sent(Answer(status, headers={"ETag": '"1"'}))

        assert start["headers"] == [(b"etag", b'"1"')]
        assert end["body"] == b""

    def test_a_header_of_other_letters_does_no_harm(self) -> None:
        start, _ = sent(Answer(204, headers={"Location": "http://host/é/日"}))

        assert start["headers"] == [(b"location", "http://host/é/?".encode("latin-1"))]


class TestOrigins:
    ORIGINS = Origins(None, frozenset({"10.0.0.1"}))

    def of(self, peer: str = "10.0.0.9", scheme: str = "http", **headers: str) -> str:
        named = [
            (name.replace("_", "-").encode(), value.encode("latin-1"))
            for name, value in headers.items()
        ]
        scope = {
            "headers": named,
            "scheme": scheme,
            "client": (peer, 5000),
            "server": ("192.0.2.1", 8080),
        }
        return self.ORIGINS.of(scope)

    def test_a_public_url_is_fixed(self) -> None:
        fixed = Origins("https://api.example.net/base", frozenset({"10.0.0.1"}))
        headers = [(b"host", b"evil"), (b"x-forwarded-host", b"evil")]

        assert fixed.of({"headers": headers, "client": ("10.0.0.1", 1)}) == (
            "https://api.example.net/base"
        )

    @pytest.mark.parametrize(
        "host", ["example.net", "example.net:8443", "127.0.0.1:80", "[::1]:80", "[fe80::1]"]
    )
    def test_else_it_is_the_requests_own(self, host: str) -> None:
        assert self.of(host=host) == f"http://{host}"
        assert self.of(scheme="https", host=host) == f"https://{host}"

    @pytest.mark.parametrize(
        "host",
        [
            "",
            "a b",
            "evil/path",
            "evil?x",
            "evil#x",
            "user@evil",
            'evil"',
            "evil\n",
            "evil:port",
            "é",
        ],
    )
    def test_a_host_that_is_none_is_not_written_into_hrefs(self, host: str) -> None:
        assert self.of(host=host) == "http://192.0.2.1:8080"

    def test_a_request_without_a_host(self) -> None:
        assert self.of() == "http://192.0.2.1:8080"

    def test_a_trusted_proxy_says_where_it_came_from(self) -> None:
        forwarded = {"x_forwarded_proto": "https", "x_forwarded_host": "api.example.net"}

        assert self.of("10.0.0.1", host="inner", **forwarded) == "https://api.example.net"
        assert self.of("10.0.0.9", host="inner", **forwarded) == "http://inner"

    def test_the_first_of_several_proxies_counts(self) -> None:
        assert (
            self.of("10.0.0.1", x_forwarded_proto="https, http", x_forwarded_host="a, b")
            == "https://a"
        )

    def test_a_proxy_that_says_little_is_helped_out(self) -> None:
        assert self.of("10.0.0.1", host="inner", x_forwarded_proto="gopher") == "http://inner"
        assert self.of("10.0.0.1", host="inner", x_forwarded_host="a b") == "http://192.0.2.1:8080"

    def test_a_request_without_a_peer(self) -> None:
        """Over a Unix socket there is none."""
        assert self.ORIGINS.of({"headers": [(b"host", b"a")], "client": None}) == "http://a"
