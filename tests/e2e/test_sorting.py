"""`sort`: the order of a list, the same on every database."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.client import Client, unique

PLACE = "TMF620/category"

DOCUMENTS: tuple[dict[str, Any], ...] = (
    {"mark": "A", "rank": 10, "size": {"m": 2.5}, "since": "2030-01-01T01:00:00+02:00"},
    {"mark": "B", "rank": 9, "size": {"m": 10}, "since": "2030-01-01T00:00:00Z"},
    {"mark": "C", "rank": 9, "size": {"m": -1}, "since": "2029-12-31"},
    {"mark": "Z", "size": {"m": "long"}},
    {"mark": "a", "rank": 100, "size": {}},
    {"mark": "Ä", "rank": 1e1, "size": {"m": 2.50}},
)


@pytest.fixture(scope="module")
def name(tmf: Client) -> str:
    name = unique("sorted")
    for document in DOCUMENTS:
        period = {"startDateTime": document["since"]} if "since" in document else {}
        tmf.create(PLACE, {"name": name, "validFor": period, **document})
    return name


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("mark", "ABCZaÄ"),
        ("+mark", "ABCZaÄ"),
        ("%2Bmark", "ABCZaÄ"),
        ("-mark", "ÄaZCBA"),
        ("rank", "BCAÄaZ"),
        ("-rank", "aAÄBCZ"),
        ("rank,-mark", "CBÄAaZ"),
        ("-rank,-mark", "aÄACBZ"),
        ("size.m", "CAÄBZa"),
        ("-size.m", "ZBAÄCa"),
        ("validFor.startDateTime", "CABZaÄ"),
        ("-validFor.startDateTime", "BACZaÄ"),
        ("nothing", "ABCZaÄ"),
        ("", "ABCZaÄ"),
        ("id", "ABCZaÄ"),
        ("-id", "ÄaZCBA"),
    ],
)
def test_the_list_is_in_the_order_asked_for(
    tmf: Client, name: str, sort: str, expected: str
) -> None:
    found = tmf.read(f"{PLACE}?name={name}&sort={sort}&fields=mark")

    assert "".join(document["mark"] for document in found) == expected


@pytest.mark.parametrize("sort", ["rank", "-rank", "size.m,-mark", "nothing"])
def test_pages_cut_the_same_order(tmf: Client, name: str, sort: str) -> None:
    whole = tmf.ids(f"{PLACE}?name={name}&sort={sort}")

    pages = [
        identity
        for offset in range(0, 6, 2)
        for identity in tmf.ids(f"{PLACE}?name={name}&sort={sort}&limit=2&offset={offset}")
    ]

    assert pages == whole


def test_an_indexed_time_is_sorted_as_a_moment(tmf: Client) -> None:
    category = unique("sorted")
    for name, start in (
        ("second", "2030-01-01T00:30:00Z"),
        ("third", "2030-01-01T00:00:00-01:00"),
        ("first", "2030-01-01T01:00+01:00"),
        ("absent", None),
    ):
        service = {"name": name, "category": category, "state": "reserved"}
        dates = {"startDate": start} if start else {}
        tmf.create("TMF638/service", {**service, "serviceSpecification": {"id": "1"}, **dates})

    def names(sort: str) -> list[str]:
        found = tmf.read(f"TMF638/service?category={category}&sort={sort}&fields=name")
        return [document["name"] for document in found]

    assert names("startDate") == ["first", "second", "third", "absent"]
    assert names("-startDate") == ["third", "second", "first", "absent"]


@pytest.mark.parametrize(
    "sort",
    ["name,name", "name,", "--name", "a..b", "validFor", ",".join("abcdefghi"), "name&sort=id"],
)
def test_an_order_that_cannot_be_understood_is_400(tmf: Client, sort: str) -> None:
    answer = tmf.get(f"{PLACE}?sort={sort}")

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalidQuery"
    assert "sort" in answer.json()["message"]
