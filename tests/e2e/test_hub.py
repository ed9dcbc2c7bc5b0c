"""The hub: listeners are registered, listed, found, read and forgotten."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.e2e.client import PATHS, Client, unique

QUERY = "eventType=ProductOrderStateChangeEvent&event.productOrder.state=completed&fields=eventId"


def callback() -> str:
    return f"https://listener.example:8443/{unique('events')}?key=1"


@pytest.mark.parametrize("api", PATHS)
def test_a_listener_is_kept_until_it_is_forgotten(tmf: Client, api: str) -> None:
    sent = {"callback": callback()}

    answer = tmf.post(f"{api}/hub", sent)

    assert answer.status_code == 201
    listener = answer.json()
    secret = listener.pop("secret")
    assert re.fullmatch("whsec_[A-Za-z0-9+/]{43}=", secret)
    assert listener == {"id": listener["id"], **sent}
    assert answer.headers["Location"] == tmf.url(f"{api}/hub/{listener['id']}")
    assert tmf.read(answer.headers["Location"]) == listener
    assert listener in tmf.read(f"{api}/hub?limit=1000")
    assert tmf.delete(answer.headers["Location"]).status_code == 204
    assert tmf.get(answer.headers["Location"]).status_code == 404
    assert tmf.delete(answer.headers["Location"]).status_code == 404
    assert listener not in tmf.read(f"{api}/hub?limit=1000")


def test_each_api_has_listeners_of_its_own(tmf: Client) -> None:
    listener = tmf.create("TMF622/hub", {"callback": callback()})

    assert tmf.get(f"TMF629/hub/{listener['id']}").status_code == 404
    assert tmf.delete(f"TMF629/hub/{listener['id']}").status_code == 404
    assert tmf.get(f"TMF622/hub/{listener['id']}").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "",
        QUERY,
        "eventType=ProductOrderCreateEvent,ProductOrderDeleteEvent",
        "eventTime.gt=2030-01-01T00:00:00Z",
        "eventType.ne=ProductOrderDeleteEvent",
        "event.productOrder.productOrderItem.action=add",
        "eventType*=^ProductOrder.*Event$",
        "eventType=~StateChange",
        "event.productOrder.orderDate>=2030-01-01",
        "eventTime%3E2030-01-01T00:00:00Z",
        "event.productOrder.ourOwn.attribute=x",
        "filter=$.event.productOrder[?(@.state=='held' %26%26 @.priority<3)]",
        "filter=$[?(@.eventType=='ProductOrderDeleteEvent')]&fields=none",
    ],
)
def test_a_query_is_kept_as_it_was_sent(tmf: Client, query: str) -> None:
    listener = tmf.register("TMF622", callback=callback(), query=query)

    assert listener["query"] == query
    assert tmf.read(f"TMF622/hub/{listener['id']}") == listener


@pytest.mark.parametrize("query", ["state", "a..b=c", "=x", "a=b&&c"])
def test_a_query_that_is_malformed_is_400(tmf: Client, query: str) -> None:
    answer = tmf.post("TMF622/hub", {"callback": callback(), "query": query})

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalidDocument"


@pytest.mark.parametrize(
    "query",
    [
        "eventTime.gt=soon",
        "eventType.regex=(",
        "eventType*=[",
        "eventType=%00",
        "eventType=%FF",
        "eventType.like=ProductOrder",
        "eventType.gt.lt=x",
        "event.productOrder.state.contains=x",
        "event.service.state=active",
        "event=x",
        "event.productOrder=x",
        "filter=",
        "filter=$[",
        "filter=$.event.productOrder[?(@.state=~'(')]",
        "filter=$.event.productOrder[?(@.state.like=='x')]",
        "filter=$..state",
        "fields>eventId",
        "eventType=x&sort=eventTime",
        "limit=1",
        "offset=1",
        "cursor=x",
        "&".join(["eventType=x"] * 65),
        "&".join(f"eventType.regex=x{number}" for number in range(9)),
    ],
)
def test_a_query_that_no_event_can_answer_is_refused(tmf: Client, query: str) -> None:
    before = tmf.get("TMF622/hub?limit=0").headers["X-Total-Count"]

    answer = tmf.post("TMF622/hub", {"callback": callback(), "query": query})

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalidQuery"
    assert tmf.get("TMF622/hub?limit=0").headers["X-Total-Count"] == before


def test_an_operator_that_there_is_none_of_is_named(tmf: Client) -> None:
    sent = {"callback": callback(), "query": "eventType.like=ProductOrder"}

    assert "eventType.like" in tmf.post("TMF622/hub", sent).json()["message"]


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"query": "a=b"},
        {"callback": ""},
        {"callback": "listener.example"},
        {"callback": "ftp://listener.example/x"},
        {"callback": "https://listener.example/zażółć"},
        {"callback": "https://listener.example:65536/x"},
        {"callback": 7},
        {"callback": "https://listener.example/x", "query": 7},
        [],
    ],
    ids=str,
)
def test_a_listener_without_an_address_is_400(tmf: Client, document: Any) -> None:
    answer = tmf.post("TMF622/hub", document)

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalidDocument"


def test_listeners_come_in_pages(tmf: Client) -> None:
    made = [tmf.create("TMF666/hub", {"callback": callback()})["id"] for _ in range(3)]

    page = tmf.get("TMF666/hub?limit=2")

    assert (page.status_code, len(page.json())) == (206, 2)
    assert page.headers["X-Total-Count"] == str(len(tmf.read("TMF666/hub")))
    assert tmf.ids("TMF666/hub")[-3:] == made


@pytest.fixture(scope="module")
def listeners(tmf: Client) -> list[dict[str, Any]]:
    """Three listeners of one API, marked in their callbacks."""
    mark = unique("mark")
    queries = ["eventType=CustomerCreateEvent", None, "eventType=CustomerDeleteEvent"]
    return [
        tmf.register(
            "TMF629",
            callback=f"https://{mark}.example/{place}",
            **({} if query is None else {"query": query}),
        )
        for place, query in zip("bca", queries, strict=True)
    ]


def asked(listeners: list[dict[str, Any]], query: str) -> str:
    mark = listeners[0]["callback"].split("/")[2]
    return f"TMF629/hub?callback.regex=//{mark}/{query}"


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("", [0, 1, 2]),
        ("&sort=callback", [2, 0, 1]),
        ("&sort=-callback", [1, 0, 2]),
        ("&sort=query", [0, 2, 1]),
        ("&query.regex=Create", [0]),
        ("&query.ne=eventType=CustomerDeleteEvent", [0, 1]),
        ("&filter=$[?(@.query)]", [0, 2]),
        ("&filter=$[?(@.query=='x')]", []),
        ("&sort=callback&offset=1&limit=1", [0]),
        ("&limit=0", []),
    ],
)
def test_listeners_are_found_as_in_any_list(
    tmf: Client, listeners: list[dict[str, Any]], query: str, places: list[int]
) -> None:
    answer = tmf.get(asked(listeners, query))

    assert answer.json() == [listeners[place] for place in places]
    assert answer.headers["X-Result-Count"] == str(len(places))


def test_a_page_of_found_listeners_counts_what_is_found(
    tmf: Client, listeners: list[dict[str, Any]]
) -> None:
    answer = tmf.get(asked(listeners, "&query.regex=Delete|Create&limit=1"))

    assert (answer.status_code, answer.headers["X-Total-Count"]) == (206, "2")
    following = tmf.get(answer.links["next"]["url"])
    assert following.json() == [listeners[2]]
    assert "next" not in following.links


def test_some_attributes_of_listeners(tmf: Client, listeners: list[dict[str, Any]]) -> None:
    first = listeners[0]
    short = {"id": first["id"], "query": first["query"]}

    assert tmf.read(asked(listeners, "&fields=query&limit=1")) == [short]
    assert tmf.read(f"TMF629/hub/{first['id']}?fields=query") == short
    assert tmf.read(f"TMF629/hub/{first['id']}?fields=none") == {"id": first["id"]}


@pytest.mark.parametrize("query", ["callback", "sort=id,id", "filter=$[", "cursor=x", "limit=-1"])
def test_a_list_of_listeners_that_cannot_be_is_400(tmf: Client, query: str) -> None:
    answer = tmf.get(f"TMF629/hub?{query}")

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalidQuery"


def test_what_a_listener_is_does_not_change(tmf: Client) -> None:
    listener = tmf.create("TMF622/hub", {"callback": callback()})

    answer = tmf.patch(f"TMF622/hub/{listener['id']}", {"callback": callback()})

    assert answer.status_code == 405
    assert answer.headers["Allow"] == "DELETE, GET, OPTIONS"
