"""PATCH in its three media types; the result counts, and a refused patch leaves no trace."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.client import JSON, JSON_PATCH, JSON_PATCH_QUERY, MERGE, Client

PLACE = "TMF620/productSpecification"

DOCUMENT = {
    "name": "Fibre line",
    "brand": "Lighthouse",
    "description": "One strand",
    "validFor": {"startDateTime": "2030-01-01T00:00:00Z", "endDateTime": "2031-01-01T00:00:00Z"},
    "relatedParty": [
        {"id": "1", "role": "vendor", "name": "Ada"},
        {"id": "2", "role": "owner", "name": "Ben"},
        {"id": "3", "role": "vendor", "name": "Cleo"},
    ],
    "attachment": [{"id": "22", "url": "https://csp.example/22"}],
}


@pytest.fixture
def line(tmf: Client) -> Any:
    return tmf.create(PLACE, DOCUMENT)


def changed(tmf: Client, line: Any, patch: Any, media_type: str = MERGE) -> Any:
    """The patched document, which is also what is then there."""
    answer = tmf.patch(line["href"], patch, media_type)
    assert answer.status_code == 200, answer.text
    assert tmf.read(line["href"]) == answer.json()
    return answer.json()


# --- Merge patch ---


@pytest.mark.parametrize("media_type", [MERGE, JSON, f"{MERGE}; charset=utf-8", MERGE.upper()])
def test_a_merge_patch_adds_replaces_and_removes(tmf: Client, line: Any, media_type: str) -> None:
    patch = {
        "brand": "Beacon",
        "description": None,
        "version": "2",
        "validFor": {"endDateTime": None},
        "attachment": [],
        "extension": {"kept": [1, {"removed": None}], "removed": None},
    }

    after = changed(tmf, line, patch, media_type)

    assert (after["name"], after["brand"], after["version"]) == ("Fibre line", "Beacon", "2")
    assert "description" not in after
    assert after["validFor"] == {"startDateTime": "2030-01-01T00:00:00Z"}
    assert after["attachment"] == []
    assert after["extension"] == {"kept": [1, {"removed": None}]}
    assert after["relatedParty"] == DOCUMENT["relatedParty"]


@pytest.mark.parametrize(
    ("patch", "code"),
    [
        ([], "invalidPatch"),
        ("null", "invalidPatch"),
        ('"name"', "invalidPatch"),
        ({"name": None}, "invalidDocument"),
        ({"brand": 7}, "invalidDocument"),
        ({"validFor": {"startDateTime": "soon"}}, "invalidDocument"),
        ({"relatedParty": [{"role": "vendor"}]}, "invalidDocument"),
        ('{"name": ', "invalidBody"),
        ('{"name": "a\\u0000"}', "invalidBody"),
    ],
    ids=str,
)
def test_a_merge_patch_that_is_wrong_or_leads_to_what_is_wrong_is_400(
    tmf: Client, line: Any, patch: Any, code: str
) -> None:
    answer = tmf.patch(line["href"], patch)

    assert answer.status_code == 400
    assert answer.json()["code"] == code
    assert tmf.read(line["href"]) == line


# --- JSON patch ---


def test_a_json_patch_does_every_operation_in_turn(tmf: Client, line: Any) -> None:
    patch = [
        {"op": "test", "path": "/relatedParty/1/name", "value": "Ben"},
        {"op": "replace", "path": "/relatedParty/1/name", "value": "Benny"},
        {"op": "add", "path": "/relatedParty/-", "value": {"id": "4", "name": "Dan"}},
        {"op": "add", "path": "/relatedParty/0", "value": {"id": "0", "name": "Zoe"}},
        {"op": "remove", "path": "/description"},
        {"op": "move", "from": "/brand", "path": "/formerBrand"},
        {"op": "copy", "from": "/validFor/startDateTime", "path": "/validFor/endDateTime"},
        {"op": "add", "path": "/a~1b", "value": {"~": [10.5]}},
        {"op": "replace", "path": "/a~1b/~0/0", "value": None},
    ]

    after = changed(tmf, line, patch, JSON_PATCH)

    assert [party["name"] for party in after["relatedParty"]] == [
        "Zoe", "Ada", "Benny", "Cleo", "Dan"
    ]  # fmt: skip
    assert "description" not in after
    assert "brand" not in after
    assert after["formerBrand"] == "Lighthouse"
    assert set(after["validFor"].values()) == {"2030-01-01T00:00:00Z"}
    assert after["a/b"] == {"~": [None]}


FIRST = {"op": "replace", "path": "/brand", "value": "changed"}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/name", "value": "Copper line"},
        {"op": "remove", "path": "/colour"},
        {"op": "replace", "path": "/colour", "value": "red"},
        {"op": "replace", "path": "/relatedParty/9/name", "value": "x"},
        {"op": "add", "path": "/relatedParty/9", "value": {"id": "9"}},
        {"op": "move", "from": "/validFor", "path": "/validFor/deeper"},
        {"op": "remove", "path": "/name"},
        {"op": "replace", "path": "/name", "value": 7},
    ],
    ids=lambda operation: f"{operation['op']} {operation['path']}",
)
def test_a_json_patch_that_does_not_fit_is_409_and_none_of_it_is_done(
    tmf: Client, line: Any, operation: Any
) -> None:
    answer = tmf.patch(line["href"], [FIRST, operation], JSON_PATCH)

    assert answer.status_code == 409
    assert answer.json()["code"] == "patchNotApplicable"
    assert tmf.read(line["href"]) == line


@pytest.mark.parametrize(
    "patch",
    [
        {},
        "null",
        {"op": "remove", "path": "/brand"},
        [FIRST, {"op": "paint", "path": "/brand"}],
        [FIRST, {"op": "add", "path": "/brand"}],
        [FIRST, {"op": "remove"}],
        [FIRST, {"op": "remove", "path": "brand"}],
        [FIRST, {"op": "remove", "path": "/a~2"}],
        [FIRST, {"op": "move", "path": "/brand"}],
        [FIRST, "remove"],
    ],
    ids=str,
)
@pytest.mark.parametrize("media_type", [JSON_PATCH, JSON_PATCH_QUERY])
def test_a_json_patch_that_is_malformed_is_400(
    tmf: Client, line: Any, patch: Any, media_type: str
) -> None:
    answer = tmf.patch(line["href"], patch, media_type)

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalidPatch"
    assert tmf.read(line["href"]) == line


# --- JSON patch with selectors ---


@pytest.mark.parametrize(
    ("operation", "names"),
    [
        ({"op": "remove", "path": "/relatedParty?role=vendor"}, ["Ben"]),
        (
            {"op": "replace", "path": "/relatedParty?role=vendor/name", "value": "x"},
            ["x", "Ben", "x"],
        ),
        (
            {"op": "replace", "path": "/relatedParty?role=vendor&id=3/name", "value": "x"},
            ["Ada", "Ben", "x"],
        ),
        (
            {"op": "replace", "path": "/relatedParty/name?relatedParty.id=2", "value": "x"},
            ["Ada", "x", "Cleo"],
        ),
        (
            {"op": "replace", "path": "/relatedParty?name=Cleo", "value": {"id": "9", "name": "y"}},
            ["Ada", "Ben", "y"],
        ),
        (
            {"op": "test", "path": "/relatedParty?id=2/role", "value": "owner"},
            ["Ada", "Ben", "Cleo"],
        ),
        (
            {"op": "add", "path": "/relatedParty/-", "value": {"id": "9", "name": "y"}},
            ["Ada", "Ben", "Cleo", "y"],
        ),
    ],
    ids=lambda value: value["path"] if isinstance(value, dict) else "",
)
def test_a_selector_names_the_elements_that_change(
    tmf: Client, line: Any, operation: Any, names: list[str]
) -> None:
    after = changed(tmf, line, [operation], JSON_PATCH_QUERY)

    assert [party["name"] for party in after["relatedParty"]] == names


def test_a_selector_that_finds_nothing_is_409(tmf: Client, line: Any) -> None:
    patch = [FIRST, {"op": "remove", "path": "/relatedParty?role=pilot"}]

    answer = tmf.patch(line["href"], patch, JSON_PATCH_QUERY)

    assert answer.status_code == 409
    assert answer.json()["code"] == "patchNotApplicable"
    assert tmf.read(line["href"]) == line


def test_a_question_mark_selects_nothing_in_a_plain_json_patch(tmf: Client, line: Any) -> None:
    patch = [{"op": "remove", "path": "/relatedParty?role=vendor"}]

    assert tmf.patch(line["href"], patch, JSON_PATCH).status_code == 409


# --- The answer ---


@pytest.mark.parametrize(
    ("media_type", "patch"),
    [
        (MERGE, {"brand": "Beacon"}),
        (JSON_PATCH, [{"op": "replace", "path": "/brand", "value": "Beacon"}]),
        (JSON_PATCH_QUERY, [{"op": "replace", "path": "/brand", "value": "Beacon"}]),
    ],
)
def test_the_answer_holds_the_fields_asked_for(
    tmf: Client, line: Any, media_type: str, patch: Any
) -> None:
    answer = tmf.patch(f"{line['href']}?fields=brand,validFor.endDateTime", patch, media_type)

    assert answer.json() == {
        "id": line["id"],
        "href": line["href"],
        "brand": "Beacon",
        "validFor": {"endDateTime": "2031-01-01T00:00:00Z"},
    }


def test_the_order_of_checks_is_404_before_the_patch_is_looked_at(tmf: Client) -> None:
    assert tmf.patch(f"{PLACE}/none", {"name": 7}).status_code == 404
