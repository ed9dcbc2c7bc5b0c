"""Every role before every operation of every document: who is let in is written down here again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import requests

from tests.e2e.client import PATHS, Client
from tests.e2e.closed import Closed
from tests.e2e.minimal import CREATED, LOADED
from tmf.spec.sources import read

ADMIN = "/admin/v1"

PUBLIC = {
    "TMF620/catalog",
    "TMF620/category",
    "TMF620/productOffering",
    "TMF620/productOfferingPrice",
    "TMF620/productSpecification",
    "TMF635/usageSpecification",
}
"""What every partner may read."""

PARTNERS = {
    "TMF620/catalog",
    "TMF620/productSpecification",
    "TMF622/productOrder",
    "TMF629/customer",
    "TMF635/usage",
    "TMF635/usageSpecification",
    "TMF637/product",
    "TMF638/service",
    "TMF642/serviceImpact",
    "TMF666/partyAccount",
    "TMF666/billingAccount",
    "TMF666/settlementAccount",
    "TMF666/financialAccount",
    "TMF676/payment",
    "TMF676/refund",
    "TMF676/authorizePayment",
    "TMF676/initiatePayment",
    "TMF678/customerBill",
    "TMF678/customerBillOnDemand",
}
"""What can name a partner's party."""


class Operation(NamedTuple):
    """A method of a path, and what the document declares of it. `place` has an id in it."""

    api: str
    path: str
    method: str
    declared: dict[str, Any]

    @property
    def place(self) -> str:
        return self.api + self.path.replace("{id}", "nobody")

    def ask(self, client: Client, **headers: str) -> requests.Response:
        """The request, with a body that is refused as soon as it is read."""
        body = "{" if self.method in ("post", "patch") else None
        return client.ask(self.method, self.place, body, **headers)

    def roles(self) -> set[str]:
        """Who may call it."""
        resource = self.api + "/" + self.path.split("/")[1]
        reading = self.method == "get"
        if self.api == ADMIN:
            return {"operator"}
        allowed = {"writer", "operator"} | ({"reader"} if reading else set())
        if resource in PARTNERS or resource.endswith("/hub") or (reading and resource in PUBLIC):
            allowed.add("partner")
        return allowed


def operations(closed: Closed, api: str) -> Iterator[Operation]:
    """All of a document's; of the APIs as it is published."""
    published = f"{api}/openapi.json"
    if api == ADMIN:
        paths = {**read("admin.yaml")["paths"], **read("impact.yaml")["paths"]}
    else:
        paths = closed.stranger.read(published)["paths"]
    for path, methods in paths.items():
        for method, declared in methods.items():
            if method != "parameters":
                yield Operation(api, path, method, declared)


DOCUMENTS = [*PATHS, ADMIN]


def test_the_resources_named_above_are_all_there() -> None:
    assert (PARTNERS | PUBLIC) - (CREATED.keys() | LOADED.keys()) == set()


@pytest.mark.parametrize("api", DOCUMENTS)
def test_nobody_without_a_key_gets_in(closed: Closed, api: str) -> None:
    for operation in operations(closed, api):
        answer = operation.ask(closed.stranger)

        assert answer.status_code == 401, operation
        error = answer.json()
        assert (error["code"], error["status"], error["@type"]) == ("unauthorized", "401", "Error")
        assert error["requestId"] == answer.headers["X-Request-Id"]
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="tmf"'


@pytest.mark.parametrize("api", DOCUMENTS)
def test_nobody_with_a_wrong_key_gets_in(closed: Closed, api: str) -> None:
    key = closed.keys["operator"]
    for operation in operations(closed, api):
        for headers in (
            {"Authorization": f"Bearer {key}x"},
            {"Authorization": f"Basic {key}"},
            {"Authorization": key},
            {"Authorization": "Bearer"},
            {"X_API_Key": key[:-1]},
            {"X_API_Key": ""},
            {"Cookie": f"X-API-Key={key}"},
        ):
            answer = operation.ask(closed.stranger, **headers)
            assert answer.status_code == 401, (operation, headers)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize("role", ["reader", "writer", "partner", "operator"])
@pytest.mark.parametrize("api", DOCUMENTS)
def test_every_operation_lets_in_the_roles_that_it_is_for(
    closed: Closed, api: str, role: str
) -> None:
    for operation in operations(closed, api):
        for client, headers in (
            (closed[role], {}),
            (closed.stranger, {"X_API_Key": closed.keys[role]}),
            (closed.stranger, {"Authorization": f"bearer  {closed.keys[role]}"}),
        ):
            answer = operation.ask(client, **headers)
            if role in operation.roles():
                assert answer.status_code in (200, 206, 400, 404), (operation, answer.text)
            else:
                assert answer.status_code == 403, (operation, answer.text)
                error = answer.json()
                assert (error["code"], error["@type"]) == ("forbidden", "Error")


@pytest.mark.parametrize("api", PATHS)
def test_the_published_document_says_who_may_call_what(closed: Closed, api: str) -> None:
    for operation in operations(closed, api):
        assert set(operation.declared["x-roles"]) == operation.roles(), operation


def test_one_good_key_is_enough(closed: Closed) -> None:
    place, key = "TMF622/productOrder", closed.keys["reader"]

    wrong = {"Authorization": "Bearer tmf_x", "X_API_Key": key}
    assert closed.stranger.get(place, **wrong).status_code == 200
    wrong = {"Authorization": f"Bearer {key}", "X_API_Key": "tmf_x"}
    assert closed.stranger.get(place, **wrong).status_code == 200


@pytest.mark.parametrize("place", ["/", "/docs", "/health/live", "/health/ready"])
def test_what_holds_no_data_takes_no_key(closed: Closed, place: str) -> None:
    assert closed.stranger.get(place).status_code == 200


def test_the_landing_page_tells_strangers_no_counts(closed: Closed) -> None:
    before = closed.stranger.get("/").text
    closed["writer"].create("TMF666/billFormat", {"name": "x"})

    after = closed.stranger.get("/").text

    assert after == before
    assert 'class="count none"' in after
    assert 'class="count"' not in after
    assert "X-API-Key" in after


def test_metrics_are_the_operators(closed: Closed) -> None:
    assert closed.stranger.get("/metrics").status_code == 401
    for role in ("reader", "writer", "partner"):
        assert closed[role].get("/metrics").status_code == 403
    answer = closed["operator"].get("/metrics")
    assert answer.status_code == 200
    assert "tmf_requests_total" in answer.text


def test_methods_and_paths_that_are_not_there_need_no_key(closed: Closed) -> None:
    answer = closed.stranger.ask("OPTIONS", "TMF622/productOrder")
    assert (answer.status_code, answer.headers["Allow"]) == (204, "GET, OPTIONS, POST")
    assert closed.stranger.ask("PUT", "TMF622/productOrder").status_code == 405
    assert closed.stranger.get("TMF622/nothing").status_code == 404


def test_without_keys_credentials_are_not_looked_at(tmf: Client) -> None:
    for headers in (
        {"Authorization": "Bearer tmf_x"},
        {"Authorization": "Basic dTpw"},
        {"Authorization": "nonsense"},
        {"X_API_Key": "x"},
    ):
        assert tmf.get("TMF622/productOrder?limit=1", **headers).status_code in (200, 206)
        assert tmf.get("/metrics", **headers).status_code == 200
