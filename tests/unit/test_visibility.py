"""What a partner sees and may write of a resource, by what the spec says of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.made_up import COMMON, ticket
from tmf.access.callers import ANYBODY, Caller
from tmf.access.visibility import Visibility
from tmf.spec.compose import SpecError
from tmf.tmf630_guidelines.criteria import EVERYTHING
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.matching import matches
from tmf.tmf630_guidelines.query import parse_list_query

PARTY: dict[str, Any] = {
    "relatedParty": {
        "type": "array",
        "items": {"$ref": COMMON + "RelatedParty"},
        "description": "Parties that have to do with it.",
    },
    "owner": {"$ref": COMMON + "RelatedParty", "description": "Whose it is."},
}
PARTNER = Caller("default", "partner", "p1")

OWN: list[dict[str, Any]] = [
    {"relatedParty": [{"id": "p1"}]},
    {"relatedParty": [{"id": "p2"}, {"id": "p1", "role": "seller"}]},
]
OTHERS: list[dict[str, Any]] = [
    {},
    {"relatedParty": []},
    {"relatedParty": None},
    {"relatedParty": [{"id": "p11"}, {"id": "P1"}, {"id": "p1 "}, {"name": "p1"}]},
    {"relatedParty": [{"id": 1}, {"id": 11}, "p1"]},
    {"owner": {"id": "p1"}},
    {"name": "p1", "id": "p1"},
]


def of(**facts: Any) -> Visibility:
    return Visibility(ticket(facts, PARTY))


@pytest.mark.parametrize("document", OWN)
def test_a_partner_sees_and_writes_what_names_its_party(document: dict[str, Any]) -> None:
    visibility = of()

    assert visibility.sees(PARTNER, document)
    visibility.check_own(PARTNER, document)


@pytest.mark.parametrize("document", OTHERS)
def test_a_partner_neither_sees_nor_writes_anything_else(document: dict[str, Any]) -> None:
    visibility = of()

    assert not visibility.sees(PARTNER, document)
    with pytest.raises(GuidelineError, match=r"forbidden.*relatedParty\.id.*p1"):
        visibility.check_own(PARTNER, document)


def test_a_partner_sees_what_is_public_but_writes_only_its_own() -> None:
    visibility = of(public=True)

    assert visibility.criteria(PARTNER) == EVERYTHING
    assert all(visibility.sees(PARTNER, document) for document in OTHERS)
    visibility.check_own(PARTNER, OWN[0])
    with pytest.raises(GuidelineError, match="forbidden"):
        visibility.check_own(PARTNER, OTHERS[0])


def test_the_spec_says_where_parties_are_named() -> None:
    visibility = of(parties=["owner.id", "relatedParty.id"])

    assert visibility.sees(PARTNER, {"owner": {"id": "p1"}})
    assert visibility.sees(PARTNER, OWN[0])
    assert not visibility.sees(PARTNER, {"owner": {"id": "p2"}})


def test_what_can_name_no_party_is_nobodys() -> None:
    visibility = Visibility(ticket())

    assert not visibility.sees(PARTNER, {"relatedParty": [{"id": "p1"}]})


@pytest.mark.parametrize("role", ["reader", "writer", "operator"])
def test_everybody_else_sees_and_writes_everything(role: Any) -> None:
    visibility = of()

    for caller in (Caller("default", role), ANYBODY):
        assert visibility.criteria(caller) == EVERYTHING
        visibility.check_own(caller, {})
        visibility.check_id(caller, {"id": "x"})


def test_a_partners_list_is_narrowed_beside_its_own_criteria() -> None:
    asked = parse_list_query("relatedParty.id=p2", lambda _: "text")

    narrowed = of().narrowed(asked, PARTNER)

    assert not narrowed.guess  # an estimate would tell of others' rows
    assert matches(narrowed.criteria, OWN[1])
    assert not matches(narrowed.criteria, OWN[0])
    assert not matches(narrowed.criteria, {"relatedParty": [{"id": "p2"}]})
    assert of().narrowed(asked, ANYBODY) is asked
    assert of(public=True).narrowed(asked, PARTNER) is asked


def test_a_partner_brings_no_ids() -> None:
    with pytest.raises(GuidelineError, match=r"forbidden.*id"):
        of().check_id(PARTNER, {"id": "x"})
    of().check_id(PARTNER, {"name": "x"})


@pytest.mark.parametrize("path", ["owner", "owner.none", "none.id", "openedDate", "id", "href"])
def test_a_misspelt_place_of_parties_stops_the_start(path: str) -> None:
    with pytest.raises(SpecError, match="parties"):
        of(parties=[path])
