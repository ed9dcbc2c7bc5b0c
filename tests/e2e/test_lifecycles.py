"""Every lifecycle that the served specifications state, move by move."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import commands, still
from tests.e2e.client import JSON_PATCH, JSON_PATCH_QUERY, PATHS, Client, unique
from tests.e2e.minimal import CREATED, LOADED
from tests.processes import Server, start_server
from tmf.spec.bundle import load_api

ENFORCED = {
    "TMF622/productOrder": "ProductOrder",
    "TMF635/usage": "Usage",
    "TMF637/product": "Product",
    "TMF638/service": "Service",
    "TMF642/alarm": "Alarm",
    "TMF678/customerBill": "CustomerBill",
}
"""Schemas by place: resources whose state clients move."""

ADVISORY = {
    "TMF620/catalog": "Catalog",
    "TMF620/category": "Category",
    "TMF620/productOffering": "ProductOffering",
    "TMF620/productOfferingPrice": "ProductOfferingPrice",
    "TMF620/productSpecification": "ProductSpecification",
    "TMF635/usageSpecification": "UsageSpecification",
}
"""Likewise, where the operator has to switch the lifecycle on."""

TASKS = (
    "TMF622/cancelProductOrder",
    "TMF642/ackAlarms",
    "TMF642/unAckAlarms",
    "TMF642/clearAlarms",
    "TMF642/commentAlarms",
    "TMF642/groupAlarms",
    "TMF642/unGroupAlarms",
    "TMF676/authorizePayment",
    "TMF676/initiatePayment",
    "TMF678/customerBillOnDemand",
)
"""Tasks: only the server moves them."""

SETTLED = ("TMF676/payment", "TMF676/refund")
"""What clients tell of when it is done: they neither set nor move its state."""


tmf, session_database_url = still.tmf, still.session_database_url


@dataclass(frozen=True)
class Lifecycle:
    attribute: str
    initial: list[str]
    moves: Mapping[str, list[str]]

    def way_to(self, state: str, starts: list[str]) -> list[str]:
        """States on a shortest way from one of the starts, both ends included."""
        ways = [[start] for start in starts]
        while ways:
            way = ways.pop(0)
            if way[-1] == state:
                return way
            ways += [[*way, to] for to in self.moves[way[-1]] if to not in way]
        raise AssertionError(f"no way leads to {state}")


@cache
def lifecycle(tmf: Client, api: str, schema: str) -> Lifecycle:
    """As the served document states it."""
    stated = tmf.read(f"{api}/openapi.json")["components"]["schemas"][schema]["x-lifecycle"]
    return Lifecycle(stated["attribute"], stated["initial"], stated["moves"])


def states(api: str, schema: str) -> list[str]:
    """The states, for test ids only; what is tested is what the server publishes."""
    return list(load_api(api).document["components"]["schemas"][schema]["x-lifecycle"]["moves"])


def each_state(places: Mapping[str, str]) -> pytest.MarkDecorator:
    cases = [
        (place, schema, state)
        for place, schema in places.items()
        for state in states(place.partition("/")[0], schema)
    ]
    ids = [f"{schema}-{state}" for _, schema, state in cases]
    return pytest.mark.parametrize(("place", "schema", "state"), cases, ids=ids)


class Resources:
    """Makes resources that are in a given state."""

    def __init__(self, tmf: Client, place: str, schema: str) -> None:
        self.tmf = tmf
        self.place = place
        self.lifecycle = lifecycle(tmf, place.partition("/")[0], schema)

    def reach(self, state: str) -> str:
        """The href of a new resource that was led there by allowed moves only."""
        attribute = self.lifecycle.attribute
        initial = self.lifecycle.initial
        created = self.tmf.create(self.place, {**CREATED[self.place], attribute: initial[0]})
        starts = [created[attribute]]
        if self.place != "TMF622/productOrder":  # an order is started by the server
            starts = initial
        way = self.lifecycle.way_to(state, starts)
        created = self.tmf.create(self.place, {**CREATED[self.place], attribute: way[0]})
        for step in way[1:]:
            self.move(created["href"], step)
        return str(created["href"])

    def move(self, href: str, state: str) -> None:
        """An allowed move."""
        answer = self.tmf.patch(href, {self.lifecycle.attribute: state})
        assert answer.status_code == 200, answer.text
        assert answer.json()[self.lifecycle.attribute] == state
        assert self.tmf.read(href)[self.lifecycle.attribute] == state

    def check_refused(self, href: str, state: str, target: str) -> None:
        """A move that is not allowed is refused, and the answer tells those that are."""
        answer = self.tmf.patch(href, {self.lifecycle.attribute: target})
        assert answer.status_code == 409, f"{state} to {target}: {answer.text}"
        assert answer.json()["code"] == "lifecycleRefused"
        message = answer.json()["message"]
        assert f"from {state} to" in message
        assert f"not to {target}" in message
        for allowed in self.lifecycle.moves[state]:
            assert allowed in message
        assert self.tmf.read(href)[self.lifecycle.attribute] == state

    def forbidden(self, state: str) -> list[str]:
        """The other states to which no move leads from here."""
        allowed = {state, *self.lifecycle.moves[state]}
        return [other for other in self.lifecycle.moves if other not in allowed]


CREATABLE = {place: schema for place, schema in ENFORCED.items() if place in CREATED}


@each_state(CREATABLE)
def test_every_allowed_move_is_made(tmf: Client, place: str, schema: str, state: str) -> None:
    resources = Resources(tmf, place, schema)

    for target in resources.lifecycle.moves[state]:
        resources.move(resources.reach(state), target)

    assert state in resources.lifecycle.moves


@each_state(CREATABLE)
def test_every_other_move_is_refused(tmf: Client, place: str, schema: str, state: str) -> None:
    resources = Resources(tmf, place, schema)
    href = resources.reach(state)

    for target in resources.forbidden(state):
        resources.check_refused(href, state, target)
    resources.move(href, state)  # staying is no move


@pytest.mark.parametrize("place", CREATABLE)
def test_only_initial_states_are_taken_from_a_post(tmf: Client, place: str) -> None:
    stated = lifecycle(tmf, place.partition("/")[0], ENFORCED[place])

    for state in stated.moves:
        answer = tmf.post(place, {**CREATED[place], stated.attribute: state})
        if place == "TMF622/productOrder":
            assert answer.json()["state"] == "acknowledged"
        elif state in stated.initial:
            assert answer.json()[stated.attribute] == state
        else:
            assert answer.status_code == 409
            assert answer.json()["code"] == "lifecycleRefused"
            assert all(start in answer.json()["message"] for start in stated.initial)


def test_a_state_is_not_taken_away(tmf: Client) -> None:
    order = tmf.create("TMF622/productOrder", CREATED["TMF622/productOrder"])

    answer = tmf.patch(order["href"], [{"op": "remove", "path": "/state"}], JSON_PATCH)

    assert answer.status_code == 409
    assert answer.json()["code"] == "lifecycleRefused"


def test_no_lifecycle_is_left_out(tmf: Client) -> None:
    stated = {
        f"{api}/{schema[0].lower()}{schema[1:]}"
        for api in PATHS
        for schema, shape in tmf.read(f"{api}/openapi.json")["components"]["schemas"].items()
        if "x-lifecycle" in shape
    }

    # Items have tests of their own below, jobs in test_jobs, impacts in test_alarms.
    others = {"TMF622/productOrderItem", "TMF620/importJob", "TMF620/exportJob"}
    others.add("TMF642/serviceImpact")
    assert stated == {*ENFORCED, *ADVISORY, *TASKS, *SETTLED, *others}


@pytest.mark.parametrize("place", SETTLED)
def test_what_is_told_when_it_is_done_is_done(tmf: Client, place: str) -> None:
    created = tmf.create(place, {**CREATED[place], "status": "denied"})

    assert created["status"] == "done"
    assert tmf.patch(created["href"], {"status": "failed"}).status_code == 405


# --- Bills: they come in any state, from a file ---


@pytest.fixture(scope="module")
def bills(tmf: Client, session_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Bills `<prefix><state>-<n>`, as many in each state as a test may move; the prefix."""
    prefix = unique("bill-")
    stated = lifecycle(tmf, "TMF678", "CustomerBill")
    documents = [
        {**LOADED["TMF678/customerBill"], "id": f"{prefix}{state}-{number}", "state": state}
        for state, targets in stated.moves.items()
        for number in range(len(targets) + 1)
    ]
    folder = tmp_path_factory.mktemp("bills")
    commands.loaded({"TMF678": {"customerBill": documents}}, session_database_url, folder)
    return prefix


@pytest.mark.parametrize("state", states("TMF678", "CustomerBill"))
def test_a_bill_makes_its_moves_and_no_others(tmf: Client, bills: str, state: str) -> None:
    resources = Resources(tmf, "TMF678/customerBill", "CustomerBill")

    for target in resources.forbidden(state):
        resources.check_refused(f"TMF678/customerBill/{bills}{state}-0", state, target)
    for number, target in enumerate(resources.lifecycle.moves[state], 1):
        resources.move(f"TMF678/customerBill/{bills}{state}-{number}", target)


# --- Order items, those of bundles included ---

NESTED = {
    "productOrderItem": [
        {"id": "1", "action": "add", "productOrderItem": [{"id": "1.1", "action": "add"}]},
        {"id": "2", "action": "add"},
    ]
}
ITEMS = {
    "/productOrderItem?id=2/state": "productOrderItem[2].",
    "/productOrderItem?id=1/productOrderItem?id=1.1/state": (
        "productOrderItem[1].productOrderItem[1.1]."
    ),
}
"""Paths to the states of items, and where a refusal says that they are."""


def item_states(order: Any) -> list[str]:
    first, second = order["productOrderItem"]
    return [first["state"], first["productOrderItem"][0]["state"], second["state"]]


def move_item(tmf: Client, href: str, path: str, state: str) -> Any:
    return tmf.patch(href, [{"op": "replace", "path": path, "value": state}], JSON_PATCH_QUERY)


@pytest.mark.parametrize("path", ITEMS, ids=["item", "item of a bundle"])
@pytest.mark.parametrize("state", states("TMF622", "ProductOrderItem"))
def test_an_order_item_makes_its_moves_and_no_others(tmf: Client, path: str, state: str) -> None:
    stated = lifecycle(tmf, "TMF622", "ProductOrderItem")

    def reach() -> str:
        order = tmf.create("TMF622/productOrder", NESTED)
        assert item_states(order) == ["acknowledged"] * 3
        for step in stated.way_to(state, ["acknowledged"])[1:]:
            assert move_item(tmf, order["href"], path, step).status_code == 200
        return str(order["href"])

    href = reach()
    for target in stated.moves:
        if target in stated.moves[state]:
            answer = move_item(tmf, reach(), path, target)
            assert answer.status_code == 200, answer.text
            assert sorted(item_states(answer.json())) == sorted(["acknowledged"] * 2 + [target])
        elif target != state:
            answer = move_item(tmf, href, path, target)
            assert answer.status_code == 409
            assert answer.json()["code"] == "lifecycleRefused"
            assert answer.json()["message"].startswith(f"{ITEMS[path]}state may go from {state} to")


def test_a_new_item_starts_at_the_beginning_and_a_moved_one_keeps_its_state(tmf: Client) -> None:
    order = tmf.create("TMF622/productOrder", NESTED)
    move_item(tmf, order["href"], "/productOrderItem?id=2/state", "inProgress")
    first, second = tmf.read(order["href"])["productOrderItem"]

    reordered = tmf.patch(order["href"], {"productOrderItem": [second, first]})
    added = tmf.patch(
        order["href"], {"productOrderItem": [second, first, {"id": "3", "action": "delete"}]}
    )
    refused = tmf.patch(
        order["href"],
        {"productOrderItem": [first, {"id": "4", "action": "add", "state": "completed"}]},
    )

    assert [item["state"] for item in reordered.json()["productOrderItem"]] == [
        "inProgress", "acknowledged"
    ]  # fmt: skip
    assert added.json()["productOrderItem"][2]["state"] == "acknowledged"
    assert refused.status_code == 409
    assert "productOrderItem[4].state may start as" in refused.json()["message"]


def test_an_item_is_not_posted_as_completed(tmf: Client) -> None:
    item = {"id": "1", "action": "add", "state": "completed"}

    answer = tmf.post("TMF622/productOrder", {"productOrderItem": [item]})

    assert answer.status_code == 409
    assert answer.json()["code"] == "lifecycleRefused"


# --- Tasks: as they are before anybody acts on them ---


@pytest.mark.parametrize("place", TASKS)
def test_a_task_is_stored_in_its_first_state(tmf: Client, place: str) -> None:
    first = "inProgress" if place.startswith("TMF678") else "acknowledged"

    created = tmf.create(place, CREATED[place])

    assert created["state"] == first
    assert tmf.read(created["href"]) == created
    assert tmf.ids(f"{place}?state={first}&id={created['id']}") == [created["id"]]


@pytest.mark.parametrize("place", TASKS)
def test_nobody_but_the_server_moves_a_task(tmf: Client, place: str) -> None:
    created = tmf.create(place, CREATED[place])

    assert created["state"] == ("inProgress" if place.startswith("TMF678") else "acknowledged")
    assert tmf.patch(created["href"], {"state": "done"}).status_code == 405


# --- The catalogue's lifecycle: advice, unless switched on ---


@pytest.mark.parametrize("place", ADVISORY)
def test_the_catalogues_states_are_free_by_default(tmf: Client, place: str) -> None:
    created = tmf.create(place, {**CREATED[place], "lifecycleStatus": "obsolete"})

    for state in ("In study", "Launched", "anything else"):
        answer = tmf.patch(created["href"], {"lifecycleStatus": state})
        assert answer.status_code == 200
        assert answer.json()["lifecycleStatus"] == state


@pytest.fixture(scope="module")
def strict(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a server that enforces the catalogue's lifecycle."""
    folder: Path = tmp_path_factory.mktemp("strict")
    server: Server
    with start_server(module_database_url, folder, TMF_ENFORCE_CATALOG_LIFECYCLE="true") as server:
        client = Client(server.url)
        yield client
        client.close()


@each_state(ADVISORY)
def test_the_catalogues_states_are_enforced_on_request(
    strict: Client, place: str, schema: str, state: str
) -> None:
    resources = Resources(strict, place, schema)

    for target in resources.lifecycle.moves[state]:
        resources.move(resources.reach(state), target)
    href = resources.reach(state)
    for target in resources.forbidden(state):
        resources.check_refused(href, state, target)


def test_the_catalogues_states_are_compared_without_case(strict: Client) -> None:
    created = strict.create("TMF620/category", {"name": "x", "lifecycleStatus": "ACTIVE"})

    assert strict.patch(created["href"], {"lifecycleStatus": "launched"}).status_code == 200
    assert strict.patch(created["href"], {"lifecycleStatus": "in study"}).status_code == 409
