"""The comparison with the official interface can fail: slips are found, stale entries too."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import Any

import pytest

from tests.contract import deviations
from tests.contract.derive_official_facts import TABLE
from tests.contract.structure import Difference, differences, facts_of
from tmf.spec.bundle import load_api

API = "TMF622"
OFFICIAL = json.loads(TABLE.read_text(encoding="utf-8"))[API]
DROPPED = object()


def found(document: dict[str, Any]) -> list[Difference]:
    return list(differences(API, OFFICIAL, facts_of(document)))


def unlisted(document: dict[str, Any]) -> set[str]:
    """The differences that no deviation covers, without their values."""
    verdict = deviations.judge(deviations.load(), found(document))
    return {f"{one.subject} {one.fact}: {one.kind}" for one in verdict.unlisted}


def document() -> dict[str, Any]:
    return deepcopy(dict(load_api(API).document))


def slipped(place: str, value: Any) -> dict[str, Any]:
    """The document with one place in it changed, or dropped."""
    changed = document()
    *way, last = place.split()
    inner: Any = changed
    for name in way:
        inner = inner[name]
    if value is DROPPED:
        del inner[last]
    else:
        inner[last] = value
    return changed


ORDER = "components schemas ProductOrder"
ITEM = "components schemas ProductOrderItem"


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        (
            f"{ORDER} properties priority",
            DROPPED,
            "schema ProductOrder attribute priority: missing",
        ),
        (
            f"{ORDER} properties prio",
            {"type": "string"},
            "schema ProductOrder attribute prio: extra",
        ),
        (
            f"{ORDER} properties orderDate format",
            "date",
            "schema ProductOrder attribute orderDate: changed",
        ),
        (
            f"{ORDER} properties externalId maxLength",
            20,
            "schema ProductOrder attribute externalId: changed",
        ),
        (
            f"{ORDER} properties note items $ref",
            "#/components/schemas/Quantity",
            "schema ProductOrder attribute note: changed",
        ),
        (
            f"{ITEM} properties quantity type",
            "number",
            "schema ProductOrderItem attribute quantity: changed",
        ),
        (
            f"{ITEM} required",
            ["id", "action", "quantity"],
            "schema ProductOrderItem required quantity: extra",
        ),
        (
            "components schemas ProductOrder_Create required",
            DROPPED,
            "schema ProductOrder_Create required productOrderItem: missing",
        ),
        (
            "components schemas ProductStatusType enum",
            ["active"],
            'schema ProductStatusType enum "terminated": missing',
        ),
        ("components schemas Note", DROPPED, "schema Note attribute text: missing"),
        (
            "components parameters offset schema type",
            "string",
            "get /productOrder parameter query offset: changed",
        ),
        (
            "components responses 409 content application/json schema $ref",
            "#/components/schemas/Note",
            "post /productOrder status 409: changed",
        ),
        (
            "paths /cancelProductOrder/{id}",
            DROPPED,
            "get /cancelProductOrder/{id} status 200: missing",
        ),
        ("paths /productOrder/{id} patch", DROPPED, "patch /productOrder/{id} body: missing"),
        (
            "paths /productOrder/{id} get parameters",
            [],
            "get /productOrder/{id} parameter query fields: missing",
        ),
        (
            "paths /productOrder post responses 409",
            DROPPED,
            "post /productOrder status 409: missing",
        ),
        (
            "paths /productOrder post responses 418",
            {"description": ""},
            "post /productOrder status 418: extra",
        ),
        (
            "paths /productOrder get responses 200 headers X-Total-Count",
            DROPPED,
            "get /productOrder status 200 header X-Total-Count: missing",
        ),
        (
            "paths /hub post callbacks ProductOrderStateChangeEvent",
            DROPPED,
            "event ProductOrderStateChangeEvent body: missing",
        ),
    ],
)
def test_a_slip_is_an_unlisted_difference(place: str, value: Any, expected: str) -> None:
    assert expected not in unlisted(document())

    assert expected in unlisted(slipped(place, value))


def test_a_renamed_attribute_is_missing_and_extra() -> None:
    changed = document()
    attributes = changed["components"]["schemas"]["ProductOrder"]["properties"]
    attributes["prio"] = attributes.pop("priority")

    assert unlisted(changed) == {
        "schema ProductOrder attribute priority: missing",
        "schema ProductOrder attribute prio: extra",
    }


MADE_UP = """
- id: made-up
  api: TMF622
  subject: schema ProductOrder{,_Create}
  fact: attribute colour
  kind: extra
  ours: string
  reason: Nobody ever asked for it, but here it stands.
"""


def test_a_made_up_deviation_is_stale() -> None:
    entries = deviations.read(MADE_UP)

    stale = deviations.judge(entries, found(document())).stale

    assert "made-up (fact: attribute colour)" in stale
    assert "made-up (subject: schema ProductOrder_Create)" in stale


def test_a_pattern_that_fits_nothing_is_stale_though_its_entry_is_used() -> None:
    difference = Difference(API, "schema ProductOrder", "attribute colour", "extra", "", "string")

    verdict = deviations.judge(deviations.read(MADE_UP), [difference])

    assert verdict.unlisted == ()
    assert verdict.stale == ("made-up (subject: schema ProductOrder_Create)",)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("fact", "attribute *"),
        ("fact", '"*"'),
        ("subject", '"*"'),
        ("subject", '"*Order"'),
        ("ours", '"*"'),
        ("kind", "changed"),
    ],
)
def test_a_pattern_that_would_hide_slips_is_refused(field: str, value: str) -> None:
    text = re.sub(rf"{field}: .*", f"{field}: {value}", MADE_UP)
    if value == '"*"' and field == "fact":
        text = text.replace("schema ProductOrder{,_Create}", '"schema *_Create"')

    (entry,) = deviations.read(text)

    assert list(deviations.too_broad(entry)) != []
