"""Offset and limit, and what the answer says about its place."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.paging import (
    MAX_OFFSET,
    Page,
    page_headers,
    page_status,
    parse_limit,
    parse_offset,
)

BASE = "http://host:8080/tmf-api/x/v4/thing"


def links(page: Page, query_string: str = "", base_url: str = BASE) -> dict[str, str]:
    """Each relation with the query string of its link."""
    header = page_headers(page, base_url, query_string).get("Link", "")
    found = re.findall(r'<([^<>?]*)\?([^<>]*)>; rel="(\w+)"', header)
    assert all(base == base_url for base, _, _ in found)
    return {relation: query for _, query, relation in found}


class TestParse:
    def test_numbers(self) -> None:
        assert parse_offset("0") == 0
        assert parse_offset("007") == 7
        assert parse_offset(str(MAX_OFFSET)) == MAX_OFFSET
        assert parse_limit("0", 1000) == 0
        assert parse_limit("1000", 1000) == 1000

    @pytest.mark.parametrize("text", ["", "-1", "+1", " 1", "1.0", "1e2", "x", "٣", "9" * 5000])
    def test_no_numbers(self, text: str) -> None:
        with pytest.raises(GuidelineError, match="offset: "):
            parse_offset(text)
        with pytest.raises(GuidelineError, match="limit: "):
            parse_limit(text, 1000)

    def test_too_large(self) -> None:
        with pytest.raises(GuidelineError, match="from 0 to 1000"):
            parse_limit("1001", 1000)
        with pytest.raises(GuidelineError):
            parse_offset(str(MAX_OFFSET + 1))


class TestStatus:
    @pytest.mark.parametrize(
        ("offset", "limit", "count", "total", "status"),
        [
            (0, 10, 0, 0, 200),
            (0, 10, 10, 10, 200),
            (0, 10, 3, 3, 200),
            (0, 10, 10, 11, 206),
            (10, 10, 1, 11, 206),
            (20, 10, 0, 11, 206),
            (20, 10, 0, 0, 200),
            (0, 0, 0, 11, 200),
            (5, 0, 0, 11, 200),
        ],
    )
    def test_status(self, offset: int, limit: int, count: int, total: int, status: int) -> None:
        assert page_status(Page(offset, limit, count, total)) == status

    def test_an_estimate_gives_way_to_what_the_page_shows(self) -> None:
        assert page_status(Page(0, 10, 7, 40, estimated=True)) == 200
        assert page_status(Page(0, 10, 10, 5, estimated=True)) == 206


class TestHeaders:
    def test_counts(self) -> None:
        headers = page_headers(Page(0, 10, 10, 25), BASE, "")
        assert headers["X-Total-Count"] == "25"
        assert headers["X-Result-Count"] == "10"
        assert "X-Total-Count-Estimated" not in headers

    def test_counts_only(self) -> None:
        assert page_headers(Page(0, 0, 0, 25), BASE, "limit=0") == {
            "X-Total-Count": "25",
            "X-Result-Count": "0",
        }

    def test_an_estimate(self) -> None:
        headers = page_headers(Page(0, 10, 10, 2500, estimated=True), BASE, "")
        assert headers["X-Total-Count"] == "2500"
        assert headers["X-Total-Count-Estimated"] == "true"

    def test_an_estimate_is_at_least_what_was_seen(self) -> None:
        headers = page_headers(Page(100, 10, 10, 50, estimated=True), BASE, "")
        assert headers["X-Total-Count"] == "110"

    def test_a_short_page_makes_an_estimate_exact(self) -> None:
        headers = page_headers(Page(100, 10, 4, 2500, estimated=True), BASE, "")
        assert headers["X-Total-Count"] == "104"
        assert "X-Total-Count-Estimated" not in headers
        beyond = page_headers(Page(5000, 10, 0, 2500, estimated=True), BASE, "")
        assert beyond["X-Total-Count-Estimated"] == "true"


class TestLinks:
    def test_in_the_middle(self) -> None:
        assert links(Page(10, 10, 10, 35)) == {
            "first": "offset=0&limit=10",
            "prev": "offset=0&limit=10",
            "next": "offset=20&limit=10",
            "last": "offset=30&limit=10",
        }

    def test_at_the_ends(self) -> None:
        assert links(Page(0, 10, 10, 20)).keys() == {"first", "next", "last"}
        assert links(Page(10, 10, 10, 20)).keys() == {"first", "prev", "last"}
        assert links(Page(0, 10, 0, 0)) == {
            "first": "offset=0&limit=10",
            "last": "offset=0&limit=10",
        }

    def test_the_last_page_of_a_whole_number_of_pages(self) -> None:
        assert links(Page(0, 10, 10, 20))["last"] == "offset=10&limit=10"

    def test_beyond_the_end(self) -> None:
        found = links(Page(100, 10, 0, 25))
        assert found["prev"] == "offset=20&limit=10"
        assert "next" not in found

    def test_before_one_page(self) -> None:
        assert links(Page(3, 10, 10, 25))["prev"] == "offset=0&limit=10"

    def test_an_estimate_has_no_last(self) -> None:
        assert links(Page(10, 10, 10, 15, estimated=True)) == {
            "first": "offset=0&limit=10",
            "prev": "offset=0&limit=10",
            "next": "offset=20&limit=10",
        }

    def test_a_cursor(self) -> None:
        found = links(Page(10, 10, 10, 35, next_cursor="a+b/="), "cursor=old&offset=10")
        assert found["next"] == "offset=20&limit=10&cursor=a%2Bb%2F%3D"
        assert "cursor" not in found["first"] + found["prev"] + found["last"]

    def test_other_parameters_stay_as_they_came(self) -> None:
        kept = "name=a+b%2Bc&sort=-x&fields=a,b&price.value.gt=5&x=%E9t%C3%A9"
        query = f"offset=10&{kept.removesuffix('&x=%E9t%C3%A9')}&limit=10"
        assert links(Page(10, 10, 10, 35), query)["next"] == (
            "name=a+b%2Bc&sort=-x&fields=a,b&price.value.gt=5&offset=20&limit=10"
        )

    def test_repeated_and_encoded_names(self) -> None:
        query = "a=1&a=2&off%73et=3&&limit%3D5"
        assert links(Page(0, 5, 5, 9), query)["first"] == "a=1&a=2&offset=0&limit=5"

    def test_what_no_uri_may_hold_is_encoded(self) -> None:
        query = "price>=5&name=é <\"'>\r\nX: y&filter=$.a[?(@.b)]"
        kept = links(Page(0, 5, 5, 9), query)["next"].removesuffix("&offset=5&limit=5")
        assert kept == ("price%3E=5&name=%C3%A9%20%3C%22'%3E%0D%0AX:%20y&filter=$.a%5B?(@.b)%5D")

    def test_surrogate_escapes(self) -> None:
        query = "name=é".encode().decode("ascii", "surrogateescape")
        assert links(Page(0, 5, 5, 9), query)["first"].startswith("name=%C3%A9&")

    def test_an_address_in_brackets(self) -> None:
        assert links(Page(0, 5, 5, 9), base_url="http://[::1]:8080/x")["last"] == "offset=5&limit=5"


@given(st.integers(0, 60), st.integers(1, 20))
def test_following_next_reads_each_match_once(total: int, limit: int) -> None:
    matching = list(range(total))
    read: list[int] = []
    offset: int | None = 0
    while offset is not None:
        found = matching[offset : offset + limit]
        read += found
        following = links(Page(offset, limit, len(found), total)).get("next")
        offset = int(following.split("&")[0].removeprefix("offset=")) if following else None
    assert read == matching
