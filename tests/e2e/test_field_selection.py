"""`fields`: id, href and what is asked for, at any depth, on every verb."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.client import Client, unique
from tests.e2e.services import PLACE, SERVICES


@pytest.fixture(scope="module")
def service(tmf: Client) -> Any:
    return tmf.create(PLACE, {**SERVICES[0], "category": unique("fields")})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("none", {}),
        ("name", {"name": "alpha"}),
        ("name,state", {"name": "alpha", "state": "active"}),
        ("name, state ,", {"name": "alpha", "state": "active"}),
        ("id,href", {}),
        ("@type", {"@type": "Service"}),
        ("nothing", {}),
        ("name,nothing.at.all", {"name": "alpha"}),
        ("weight.kg", {"weight": {"kg": 10.0}}),
        ("weight.kg,weight", {"weight": {"kg": 10.0}}),
        ("relatedParty.role", {"relatedParty": [{"role": "customer"}, {"role": "user"}]}),
        (
            "relatedParty.id,serviceCharacteristic.value",
            {
                "relatedParty": [{"id": "1"}, {"id": "2"}],
                "serviceCharacteristic": [{"value": 42}, {"value": 100}],
            },
        ),
        ("tags", {"tags": ["red", "green"]}),
    ],
)
def test_id_href_and_what_is_asked_for_come_back(
    tmf: Client, service: Any, fields: str, expected: dict[str, Any]
) -> None:
    whole = {"id": service["id"], "href": service["href"], **expected}

    assert tmf.read(f"{service['href']}?fields={fields}") == whole
    listed = tmf.read(f"{PLACE}?category={service['category']}&fields={fields}")
    assert listed == [whole]


@pytest.mark.parametrize("query", ["", "?fields=", "?fields=,"])
def test_without_names_everything_comes_back(tmf: Client, service: Any, query: str) -> None:
    assert tmf.read(service["href"] + query) == service


def test_repeated_parameters_add_up(tmf: Client, service: Any) -> None:
    selected = tmf.read(f"{service['href']}?fields=name&fields=state")

    assert selected.keys() == {"id", "href", "name", "state"}


def test_the_answers_to_post_and_patch_are_cut_too(tmf: Client) -> None:
    created = tmf.post("TMF620/category?fields=name", {"name": "x", "description": "y"})
    patched = tmf.patch(created.headers["Location"] + "?fields=description", {"name": "z"})

    assert created.json().keys() == {"id", "href", "name"}
    assert created.json()["href"] == created.headers["Location"]
    assert patched.json() == {
        "id": created.json()["id"],
        "href": created.json()["href"],
        "description": "y",
    }


def test_criteria_and_order_look_at_the_whole_document(tmf: Client) -> None:
    name = unique("whole")
    for order in (2, 1):
        tmf.create("TMF620/category", {"name": name, "order": order})

    found = tmf.read(f"TMF620/category?name={name}&order.gt=0&sort=order&fields=none")
    whole = tmf.read(f"TMF620/category?name={name}&sort=-order")

    assert [one.keys() for one in found] == [{"id", "href"}] * 2
    assert [one["id"] for one in found] == [one["id"] for one in reversed(whole)]
