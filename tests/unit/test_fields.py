"""Attribute selection."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.fields import Selection, parse_fields, select

DOCUMENT: dict[str, Any] = {
    "name": "order",
    "@type": "ProductOrder",
    "href": "http://host/1",
    "note": [
        {"author": "Jean", "text": "x", "at": {"place": "here", "floor": 1}},
        {"text": "y"},
    ],
    "price": {"value": 1, "unit": "EUR"},
    "empty": None,
    "none": [],
    "id": "1",
}
ALWAYS = {"id": "1", "href": "http://host/1"}


def chosen(text: str) -> dict[str, Any]:
    selection = parse_fields(text)
    assert selection is not None
    return select(DOCUMENT, selection)


def test_first_level() -> None:
    assert chosen("name") == ALWAYS | {"name": "order"}
    assert chosen("@type") == ALWAYS | {"@type": "ProductOrder"}
    assert chosen("empty") == ALWAYS | {"empty": None}
    assert chosen("none,name") == ALWAYS | {"none": [], "name": "order"}


def test_the_order_is_the_documents_after_id_and_href() -> None:
    assert list(chosen("price,note,name,id")) == ["id", "href", "name", "note", "price"]


def test_none_and_unknown_names() -> None:
    assert chosen("none") == ALWAYS
    assert chosen("colour,note.colour,name.colour,price.value.x,empty.x,none.x") == ALWAYS


def test_only_what_the_document_has_is_always_there() -> None:
    selection = parse_fields("eventType")
    assert selection is not None
    assert select({"eventId": "1", "eventType": "X"}, selection) == {"eventType": "X"}


def test_paths_through_arrays() -> None:
    assert chosen("note.author") == ALWAYS | {"note": [{"author": "Jean"}]}
    assert chosen("note.text") == ALWAYS | {"note": [{"text": "x"}, {"text": "y"}]}
    assert chosen("note.at.floor,price.unit") == ALWAYS | {
        "note": [{"at": {"floor": 1}}],
        "price": {"unit": "EUR"},
    }


def test_a_selected_parent_includes_all_of_it() -> None:
    for text in ("price,price.value", "price.value,price"):
        assert chosen(text) == ALWAYS | {"price": {"value": 1, "unit": "EUR"}}


def test_id_is_whole_whatever_is_asked_below_it() -> None:
    assert chosen("id.x,href.y") == ALWAYS


def test_blanks() -> None:
    assert chosen(" name , price.value,,") == chosen("name,price.value")
    assert parse_fields("") is None
    assert parse_fields(" , ") is None


def test_the_selection_is_a_tree() -> None:
    assert parse_fields("a.b,a.c,d") == Selection(
        {"a": Selection({"b": None, "c": None}), "d": None}
    )


@pytest.mark.parametrize("text", ["name..x", ".name", "name.", ".", ".".join("a" * 100)])
def test_names_that_nothing_can_have_select_nothing(text: str) -> None:
    assert chosen(text) == ALWAYS
    assert chosen(f"{text},name") == chosen("name")


def test_refused() -> None:
    with pytest.raises(GuidelineError) as caught:
        parse_fields("a" * 5000)
    assert caught.value.code == "invalidQuery"
    assert (caught.value.message or "").startswith("fields: ")


def test_the_document_is_not_changed() -> None:
    before = repr(DOCUMENT)
    chosen("note.text,price.value")
    assert repr(DOCUMENT) == before


NAMES = st.sampled_from(["id", "href", "a", "b", "c"])
VALUES = st.recursive(
    st.none() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


@given(
    st.dictionaries(NAMES, VALUES),
    st.lists(st.lists(NAMES, min_size=1, max_size=3).map(".".join), min_size=1, max_size=4),
)
def test_selecting_twice_changes_nothing_more(document: dict[str, Any], names: list[str]) -> None:
    selection = parse_fields(",".join(names))
    assert selection is not None
    once = select(document, selection)
    assert select(once, selection) == once
    assert once.keys() <= document.keys()
    assert all(once[name] == document[name] for name in names if name in document)
