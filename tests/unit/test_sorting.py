"""The sort parameter, and the order of documents in memory."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmf.tmf630_guidelines.documents import decode
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.sorting import SortKey, parse_sort, sort_documents
from tmf.tmf630_guidelines.values import Kind

KINDS: dict[tuple[str, ...], Kind] = {
    ("name",): "text",
    ("price",): "object",
    ("price", "value"): "number",
    ("lastUpdate",): "instant",
    ("isBundle",): "boolean",
}


def refusal(text: str) -> str:
    with pytest.raises(GuidelineError) as caught:
        parse_sort(text, KINDS.get)
    assert caught.value.code == "invalidQuery"
    return caught.value.message or ""


def order(text: str, values: list[Any], name: str = "v") -> str:
    """The letters of the values (a, b, …, by position) in the order that `sort=text` gives."""
    documents = [{"id": chr(ord("a") + place), name: value} for place, value in enumerate(values)]
    ordered = sort_documents(documents, parse_sort(text, KINDS.get), lambda each: each["id"])
    return "".join(document["id"] for document in ordered)


class TestParse:
    def test_signs(self) -> None:
        expected = (SortKey(("lastUpdate",), "instant", True), SortKey(("name",), "text", False))
        for text in ("-lastUpdate,name", "-lastUpdate,+name", "-lastUpdate, name"):
            assert parse_sort(text, KINDS.get) == expected

    def test_paths_and_kinds(self) -> None:
        assert parse_sort("-price.value,a.b", KINDS.get) == (
            SortKey(("price", "value"), "number", True),
            SortKey(("a", "b"), "open", False),
        )

    def test_blank(self) -> None:
        assert parse_sort("", KINDS.get) == ()
        assert parse_sort(" ", KINDS.get) == ()

    def test_an_object(self) -> None:
        assert refusal("price") == "sort: price is an object: name a path below it"

    @pytest.mark.parametrize("text", ["name,name", "name,-name", "price.value,name,-price.value"])
    def test_twice(self, text: str) -> None:
        assert "twice" in refusal(text)

    @pytest.mark.parametrize("text", [",", "name,", "-", "a..b", ".a", "--name", "+-name", "-.a"])
    def test_malformed(self, text: str) -> None:
        assert refusal(text).startswith("sort: ")

    def test_at_most_eight(self) -> None:
        assert len(parse_sort("a,b,c,d,e,f,g,h", KINDS.get)) == 8
        assert "more than 8" in refusal("a,b,c,d,e,f,g,h,i")


class TestOrder:
    def test_texts_by_code_point(self) -> None:
        values = ["b", "B", "é", "a", "", "\U0001f600", "\uffff"]
        assert order("name", values, "name") == "ebda" + "cgf"
        assert order("-name", values, "name") == "fgcadbe"

    def test_texts_by_their_beginning(self) -> None:
        start = "x" * 256
        assert order("name", [start + "b", start + "a", "x" * 255], "name") == "cab"

    def test_numbers_by_value(self) -> None:
        prices = [{"value": v} for v in (10, Decimal("9.5"), -1, decode("1e1"), Decimal("10.01"))]
        assert order("price.value", prices, "price") == "cbade"
        assert order("-price.value", prices, "price") == "eadbc"

    def test_instants_by_moment(self) -> None:
        times = ["2024-05-01T10:00:00+02:00", "2024-05-01T09:00:00Z", "soon", "2024-05-01"]
        assert order("lastUpdate", times, "lastUpdate") == "dabc"
        assert order("-lastUpdate", times, "lastUpdate") == "badc"

    def test_booleans(self) -> None:
        assert order("isBundle", [True, False, None], "isBundle") == "bac"
        assert order("-isBundle", [True, False, None], "isBundle") == "abc"

    def test_open_values(self) -> None:
        values = [True, "10", 9, False, "1", Decimal("8.5")]
        assert order("v", values) == "fcebda"
        assert order("-v", values) == "adbecf"

    def test_absent_is_last_both_ways(self) -> None:
        values = [None, "x", {}, [], "a", {"b": 1}, [None], [[1]]]
        assert order("v", values) == "ebacdfgh"
        assert order("-v", values) == "beacdfgh"

    def test_another_kind_is_absent(self) -> None:
        assert order("name", [5, "a", True], "name") == "bac"
        assert (
            order("price.value", [{"value": "1"}, {"value": 2}, {"value": True}], "price") == "bac"
        )

    def test_the_first_scalar_of_an_array(self) -> None:
        assert order("v", [["c", "a"], [None, "b"], "d"]) == "bac"
        assert order("v.w", [[{"x": 1}, {"w": 3}], [{"w": [None, 2]}, {"w": 1}], {"w": 1}]) == "cba"

    def test_the_first_scalar_decides_even_if_it_is_of_another_kind(self) -> None:
        assert order("name", [[1, "a"], ["b"]], "name") == "ba"

    def test_ties_go_to_the_next_key_and_then_to_the_id(self) -> None:
        documents = [
            {"id": "d", "x": 1, "y": 1},
            {"id": "c", "x": 1, "y": 2},
            {"id": "b", "x": 1, "y": 1},
            {"id": "a", "x": 2},
        ]
        keys = parse_sort("-x,-y", KINDS.get)
        ordered = sort_documents(documents, keys, lambda each: each["id"])
        assert [each["id"] for each in ordered] == ["a", "c", "b", "d"]
        assert [each["id"] for each in sort_documents(documents, (), lambda e: e["id"])] == [
            "a",
            "b",
            "c",
            "d",
        ]


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.text(max_size=3),
)


@given(st.lists(SCALARS | st.lists(SCALARS, max_size=3), max_size=10), st.booleans())
def test_any_values_have_one_order(values: list[Any], descending: bool) -> None:
    documents = [{"id": str(place), "v": value} for place, value in enumerate(values)]
    keys = parse_sort("-v" if descending else "v", KINDS.get)
    ordered = sort_documents(documents, keys, lambda each: each["id"])
    again = sort_documents(reversed(documents), keys, lambda each: each["id"])
    assert [each["id"] for each in ordered] == [each["id"] for each in again]
    assert sorted(each["id"] for each in ordered) == sorted(each["id"] for each in documents)
