"""Media types: what a client accepts, and what it may send."""

from __future__ import annotations

from typing import Any

import pytest

from tmf.rest.exchange import Request
from tmf.rest.negotiation import check_accept, sent_media_type
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.patch import ACCEPT_PATCH

JSON = "application/json"
MERGE = "application/merge-patch+json"
TAKEN = frozenset({JSON, MERGE})


def request(method: str = "POST", **headers: str) -> Request:
    """A request with these headers (`_` for `-`)."""
    named = [
        (name.replace("_", "-").encode(), value.encode("latin-1"))
        for name, value in headers.items()
    ]
    scope: Any = {"type": "http", "method": method, "headers": named}
    return Request(scope, None, "http://host")  # type: ignore[arg-type]  # no body is read


class TestAccept:
    @pytest.mark.parametrize(
        "accept",
        [
            "",
            "*/*",
            "application/*",
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=utf-8;q=0.5",
            "text/html, application/xml;q=0.9, */*;q=0.8",
            "application/json;q=0.001",
            "text/html,application/json",
            "*/*;q=0, application/json",
            "application/*;q=0, application/json;q=0.1",
        ],
    )
    def test_what_takes_json_is_served(self, accept: str) -> None:
        check_accept(request(accept=accept))

    @pytest.mark.parametrize(
        "accept",
        [
            "text/html",
            "application/xml",
            "application/jsonp",
            "application/json;q=0",
            "application/json; q=0.0, */*",
            "application/*;q=0, */*;q=1",
            "application/json;q=0, application/*",
            "*/*;q=0",
            "application/json;q=x",
            "json",
        ],
    )
    def test_what_does_not_is_refused(self, accept: str) -> None:
        with pytest.raises(GuidelineError) as caught:
            check_accept(request(accept=accept))

        assert caught.value.status == 406

    def test_who_says_nothing_takes_all(self) -> None:
        check_accept(request())

    def test_several_headers_are_one_list(self) -> None:
        several = request(accept="text/html")
        several.scope["headers"].append((b"accept", b"application/json"))

        check_accept(several)


class TestSent:
    @pytest.mark.parametrize(
        ("content_type", "expected"),
        [
            (JSON, JSON),
            (MERGE, MERGE),
            ("Application/Merge-Patch+JSON", MERGE),
            (f"{JSON};charset=utf-8", JSON),
            (f'{JSON} ; Charset="UTF-8"', JSON),
            (f"{JSON}; charset=utf8; version=1", JSON),
            (f"{JSON}; version=1; charset=UTF-8", JSON),
            (f"{JSON};", JSON),
            ("", JSON),
        ],
    )
    def test_a_known_type_is_taken(self, content_type: str, expected: str) -> None:
        assert sent_media_type(request(content_type=content_type), TAKEN) == expected

    def test_a_body_without_a_type_is_json(self) -> None:
        assert sent_media_type(request(), TAKEN) == JSON

    @pytest.mark.parametrize(
        "headers",
        [
            {"content_type": "text/plain"},
            {"content_type": "application/xml"},
            {"content_type": "application/json-patch+json"},
            {"content_type": f"{JSON};charset=latin-1"},
            {"content_type": f"{JSON};version=1;charset=utf-16"},
            {"content_type": JSON, "content_encoding": "gzip"},
            {"content_type": "json"},
        ],
    )
    def test_any_other_is_refused(self, headers: dict[str, str]) -> None:
        with pytest.raises(GuidelineError) as caught:
            sent_media_type(request(**headers), TAKEN)

        assert caught.value.status == 415
        assert JSON in str(caught.value.message)
        assert MERGE in str(caught.value.message)

    def test_a_body_said_not_to_be_encoded_is_taken(self) -> None:
        sent = request(content_type=JSON, content_encoding="Identity")

        assert sent_media_type(sent, TAKEN) == JSON

    @pytest.mark.parametrize(
        ("method", "expected"), [("PATCH", {"Accept-Patch": ACCEPT_PATCH}), ("POST", {})]
    )
    def test_a_refused_patch_learns_what_is_taken(
        self, method: str, expected: dict[str, str]
    ) -> None:
        with pytest.raises(GuidelineError) as caught:
            sent_media_type(request(method, content_type="text/plain"), TAKEN)

        assert caught.value.headers == expected
