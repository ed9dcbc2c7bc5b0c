"""Paging: `offset` and `limit`, and the status and headers that tell a page's place.

Source: TMF630 part 1, pagination; RFC 8288 for `Link`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import quote

from tmf.tmf630_guidelines.operands import read_pair, refuse

MAX_OFFSET = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly."""

_POSITION = frozenset({"offset", "limit", "cursor"})
_WHOLE_NUMBER = re.compile("[0-9]{1,20}")
# What RFC 3986 allows in a URI, so that encoding leaves it as it came.
_URI = "%:/?#@!$&'()*+,;=-._~"
_CLEAN = re.compile("[A-Za-z0-9%:/?#@!$&'()*+,;=._~-]*")


@dataclass(frozen=True, slots=True)
class Page:
    """One answer's place among the matches.

    `offset` and `limit` as asked for; `count` documents are in the answer, `total` match;
    `estimated` if the total is not counted. `next_cursor` tells the store where to go on, if
    it reads by key.
    """

    offset: int
    limit: int
    count: int
    total: int
    estimated: bool = False
    next_cursor: str | None = None


def parse_offset(text: str) -> int:
    """How many matches to pass over; 400 unless a whole number from 0 to MAX_OFFSET."""
    return _whole_number("offset", text, MAX_OFFSET)


def parse_limit(text: str, max_limit: int) -> int:
    """How many matches to answer with; 400 unless a whole number from 0 to `max_limit`."""
    return _whole_number("limit", text, max_limit)


def _whole_number(parameter: str, text: str, largest: int) -> int:
    if _WHOLE_NUMBER.fullmatch(text) is None or int(text) > largest:
        raise refuse(parameter, f"must be a whole number from 0 to {largest}")
    return int(text)


def page_status(page: Page) -> int:
    """206 if the answer leaves matches out, else 200; 200 where none were asked for."""
    page = _settled(page)
    if page.limit == 0:
        return 200
    return 206 if _goes_on(page) or (page.offset > 0 and page.total > 0) else 200


def page_headers(page: Page, base_url: str, query_string: str) -> dict[str, str]:
    """`X-Total-Count`, `X-Result-Count`, and `Link` to the pages around this one.

    `base_url` is the collection's; `query_string` the request's, still encoded: its other
    parameters are repeated as they came, but for characters no URI may hold. A link with a
    cursor has the offset too: the cursor says where to read on, the offset only tells the
    place. With an estimated total there is no `last`; with `limit=0` there are no links.
    """
    page = _settled(page)
    headers = {"X-Total-Count": str(page.total), "X-Result-Count": str(page.count)}
    if page.estimated:
        headers["X-Total-Count-Estimated"] = "true"
    if page.limit > 0:
        start = f"{_quoted_base(base_url)}?{'&'.join([*_others(query_string), ''])}"
        headers["Link"] = ", ".join(
            f'<{start}{position}>; rel="{relation}"'
            for relation, position in _positions(page).items()
        )
    return headers


@lru_cache(maxsize=256)
def _quoted_base(url: str) -> str:
    return quote(url, safe=_URI + "[]")


def _settled(page: Page) -> Page:
    """The page with an estimated total held to what the answer itself shows.

    A page that is not full ends the matches, so it makes the total exact.
    """
    if not page.estimated:
        return page
    reached = page.offset + page.count
    if page.count < page.limit and (page.count or not page.offset):
        return replace(page, total=reached, estimated=False)
    if page.count and reached > page.total:
        return replace(page, total=reached)
    return page


def _goes_on(page: Page) -> bool:
    """Whether matches follow this page; by an estimate, whenever the page is full."""
    if page.next_cursor is not None:
        return True
    if page.estimated:
        return page.count >= page.limit
    return 0 < page.count < page.total - page.offset


def _positions(page: Page) -> dict[str, str]:
    """The query string's end for each link relation."""
    last = max(0, page.total - 1) // page.limit * page.limit
    offsets = {"first": 0}
    if page.offset > 0:
        before = page.offset - page.limit
        offsets["prev"] = max(0, before if page.estimated else min(before, last))
    if _goes_on(page):
        offsets["next"] = page.offset + page.limit
    if not page.estimated:
        offsets["last"] = last
    positions = {
        relation: f"offset={offset}&limit={page.limit}" for relation, offset in offsets.items()
    }
    if page.next_cursor is not None:
        positions["next"] += f"&cursor={quote(page.next_cursor, safe='')}"
    return positions


def _others(query_string: str) -> list[str]:
    """The pairs of a query string that do not say which page it is."""
    return [
        raw if _CLEAN.fullmatch(raw) else quote(raw, safe=_URI, errors="surrogateescape")
        for raw in query_string.split("&")
        if raw and read_pair(raw)[0] not in _POSITION
    ]
