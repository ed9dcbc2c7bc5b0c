"""Pages: counts, links that lead through every match once, and the refusal of bad bounds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.e2e.client import Client, unique
from tests.processes import start_server

PLACE = "TMF620/category"
MATCHES = 23


@pytest.fixture(scope="module")
def name(tmf: Client) -> str:
    name = unique("paged & more+")
    for number in range(MATCHES):
        tmf.create(PLACE, {"name": name, "number": number})
    return name.replace("&", "%26").replace("+", "%2B")


def pages(tmf: Client, place: str, follow: str = "next") -> Iterator[requests.Response]:
    """The page at a place and those that its links of one kind lead to."""
    asked: set[str] = set()
    url: str | None = tmf.url(place)
    while url:
        assert url not in asked, "the links go round in circles"
        asked.add(url)
        answer = tmf.get(url)
        yield answer
        url = answer.links.get(follow, {}).get("url")


def numbers(answers: list[requests.Response]) -> list[int]:
    return [document["number"] for answer in answers for document in answer.json()]


@pytest.mark.parametrize("limit", [1, 5, 22, 23, 24, 100])
@pytest.mark.parametrize("more", ["", "&sort=-number&fields=number", "&number.gte=0"])
def test_following_next_gives_each_match_once(
    tmf: Client, name: str, limit: int, more: str
) -> None:
    answers = list(pages(tmf, f"{PLACE}?name={name}&limit={limit}{more}"))

    expected = list(range(MATCHES))
    assert numbers(answers) == (expected[::-1] if "sort" in more else expected)
    assert len(answers) == -(-MATCHES // limit)
    for answer in answers:
        assert answer.headers["X-Total-Count"] == str(MATCHES)
        assert answer.headers["X-Result-Count"] == str(len(answer.json()))
        assert answer.status_code == (200 if len(answers) == 1 else 206)
        assert "X-Total-Count-Estimated" not in answer.headers


def test_following_prev_leads_back_to_the_start(tmf: Client, name: str) -> None:
    answers = list(pages(tmf, f"{PLACE}?name={name}&limit=5&offset=20", "prev"))

    assert [numbers([answer])[0] for answer in answers] == [20, 15, 10, 5, 0]


@pytest.mark.parametrize("offset", [0, 5, 7, 20, 22])
def test_first_and_last_are_where_they_should_be(tmf: Client, name: str, offset: int) -> None:
    links = tmf.get(f"{PLACE}?name={name}&limit=5&offset={offset}").links

    assert numbers([tmf.get(links["first"]["url"])]) == [0, 1, 2, 3, 4]
    assert numbers([tmf.get(links["last"]["url"])]) == [20, 21, 22]
    assert ("prev" in links) == (offset > 0)
    assert ("next" in links) == (offset + 5 < MATCHES)


@pytest.mark.parametrize(
    ("bounds", "status", "count"),
    [
        ("limit=0", 200, 0),
        ("limit=23", 200, 23),
        ("limit=22", 206, 22),
        ("offset=1", 206, 22),
        ("offset=0", 200, 23),
        ("offset=23", 206, 0),
        ("offset=1000", 206, 0),
        ("limit=0&offset=5", 200, 0),
    ],
)
def test_a_page_is_206_where_matches_are_left_out(
    tmf: Client, name: str, bounds: str, status: int, count: int
) -> None:
    answer = tmf.get(f"{PLACE}?name={name}&{bounds}")

    assert (answer.status_code, len(answer.json())) == (status, count)
    assert answer.headers["X-Total-Count"] == str(MATCHES)
    assert answer.headers["X-Result-Count"] == str(count)


def test_an_empty_list_is_200(tmf: Client) -> None:
    answer = tmf.get(f"{PLACE}?name={unique('none')}")

    assert (answer.status_code, answer.json()) == (200, [])
    assert answer.headers["X-Total-Count"] == answer.headers["X-Result-Count"] == "0"


@pytest.mark.parametrize(
    "bounds",
    [
        "limit=-1",
        "limit=ten",
        "limit=1.5",
        "limit=",
        "limit=1001",
        "limit=1&limit=2",
        "offset=-1",
        "offset=x",
        "offset=99999999999999999999",
        "offset=+1",
    ],
)
def test_bad_bounds_are_400(tmf: Client, bounds: str) -> None:
    answer = tmf.get(f"{PLACE}?{bounds}")

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalidQuery"
    assert bounds.partition("=")[0] in answer.json()["message"]


def test_the_specification_declares_the_largest_page(tmf: Client) -> None:
    document = tmf.read("TMF620/openapi.json")
    parameters = document["paths"]["/category"]["get"]["parameters"]
    resolved = [
        document["components"]["parameters"][one["$ref"].rpartition("/")[2]]
        if "$ref" in one
        else one
        for one in parameters
    ]
    limit = next(one["schema"] for one in resolved if one["name"] == "limit")

    assert tmf.get(f"{PLACE}?limit={limit['maximum']}").status_code in (200, 206)
    assert tmf.get(f"{PLACE}?limit={limit['maximum'] + 1}").status_code == 400


def test_past_the_count_limit_totals_may_be_estimates_but_pages_stay_exact(
    database: str, database_url: str, tmp_path: Path
) -> None:
    settings = {"TMF_COUNT_LIMIT": "10", "TMF_DEFAULT_LIMIT": "4"}
    with start_server(database_url, tmp_path, **settings) as server:
        tmf = Client(server.url)
        for number in range(MATCHES):
            tmf.create(PLACE, {"name": "x", "number": number})

        answers = list(pages(tmf, PLACE))
        few = tmf.get(f"{PLACE}?number.lt=9")
        tmf.close()

    assert numbers(answers) == list(range(MATCHES))
    assert {len(answer.json()) for answer in answers[:-1]} == {4}
    assert {answer.status_code for answer in answers} == {206}
    assert few.headers["X-Total-Count"] == "9"
    assert "X-Total-Count-Estimated" not in few.headers
    first = answers[0].headers
    if database == "SQLite":
        assert first["X-Total-Count"] == str(MATCHES)
        assert "X-Total-Count-Estimated" not in first
    else:
        assert first["X-Total-Count-Estimated"] == "true"
        assert int(first["X-Total-Count"]) >= 4
        assert "last" not in answers[0].links
