"""What listeners are sent: the events that they want and may see, cut as they asked, and signed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.e2e.client import Client, unique
from tests.e2e.closed import HARBOUR, QUAY, closed_server
from tests.e2e.ledger import Ledger
from tests.e2e.recipients import Received, Recipients, recipients
from tests.e2e.waiting import until
from tests.processes import Server, start_server

ALLOWED = {"TMF_HUB_ALLOW_PRIVATE_CALLBACKS": "true"}


@pytest.fixture(scope="module")
def receiving() -> Iterator[Recipients]:
    with recipients() as receiving:
        yield receiving


@pytest.fixture(scope="module")
def delivering(
    module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server that delivers to this machine."""
    folder: Path = tmp_path_factory.mktemp("delivering")
    with start_server(module_database_url, folder, **ALLOWED) as server:
        yield server


@pytest.fixture(scope="module")
def teller(delivering: Server) -> Iterator[Client]:
    with Client(delivering.url) as client:
        yield client


@pytest.fixture(scope="module")
def ledger(module_database_url: str) -> Ledger:
    return Ledger(module_database_url)


def received(receiving: Recipients, path: str, count: int = 1) -> list[Received]:
    """What came to a path once there is so much of it."""
    until(lambda: len(receiving.at(path)) >= count, f"{count} deliveries to {path}")
    return receiving.at(path)


def test_an_event_comes_signed_to_the_exact_address(teller: Client, receiving: Recipients) -> None:
    path = f"/{unique('exact')}/?key=1%2F2&x=a+b"
    listener = teller.create("TMF620/hub", {"callback": receiving.url + path})
    category = teller.create("TMF620/category", {"name": "x"})

    (one,) = received(receiving, path)

    assert Webhook(listener["secret"]).verify(one.body, dict(one.headers)) == one.event
    assert one.id == one.event["eventId"]
    assert one.event["eventType"] == "CategoryCreateEvent"
    assert one.resource == category
    assert one.headers["content-type"] == "application/json"
    other = teller.create("TMF620/hub", {"callback": f"{receiving.url}/other"})
    with pytest.raises(WebhookVerificationError):
        Webhook(other["secret"]).verify(one.body, dict(one.headers))


def test_numbers_have_no_gaps_and_are_each_listeners_own(
    teller: Client, receiving: Recipients
) -> None:
    every, some = f"/{unique('every')}", f"/{unique('some')}"
    teller.create("TMF620/hub", {"callback": receiving.url + every})
    query = "event.category.name.regex=^even"
    teller.create("TMF620/hub", {"callback": receiving.url + some, "query": query})
    for number in range(10):
        teller.create("TMF620/category", {"name": "odd" if number % 2 else "even"})

    assert {one.sequence for one in received(receiving, every, 10)} == set(range(1, 11))
    assert {one.sequence for one in received(receiving, some, 5)} == set(range(1, 6))
    assert {one.resource["name"] for one in receiving.at(some)} == {"even"}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("eventType=CategoryAttributeValueChangeEvent", ["changed"]),
        ("eventType=CategoryCreateEvent,CategoryDeleteEvent", ["new", "changed"]),
        ("event.category.name=changed&eventType.ne=CategoryDeleteEvent", ["changed"]),
        ("filter=$.event.category[?(@.name=='new')]", ["new"]),
        ("", ["new", "changed", "changed"]),
    ],
)
def test_a_listener_hears_what_its_query_asks_for(
    teller: Client, receiving: Recipients, ledger: Ledger, query: str, names: list[str]
) -> None:
    path = f"/{unique('query')}"
    sent = {"callback": receiving.url + path, "query": query}
    listener = teller.create("TMF620/hub", sent)["id"]
    category = teller.create("TMF620/category", {"name": "new"})["id"]
    teller.patch(f"TMF620/category/{category}", {"name": "changed"})
    teller.delete(f"TMF620/category/{category}")

    until(lambda: not ledger.unpublished(), "all to be matched")
    until(lambda: set(ledger.states(listener)) == {"delivered"}, "all to be delivered")

    assert [one.resource["name"] for one in receiving.at(path)] == names


@pytest.mark.parametrize(
    "fields",
    ["name,version", "event.category.name,event.category.version", "name,event.category.version"],
)
def test_fields_cut_the_resource_and_leave_the_envelope(
    teller: Client, receiving: Recipients, fields: str
) -> None:
    path = f"/{unique('fields')}"
    query = f"eventType=CategoryCreateEvent&fields={fields}"
    teller.create("TMF620/hub", {"callback": receiving.url + path, "query": query})
    category = teller.create("TMF620/category", {"name": "x", "version": "1", "note": [1.00]})

    (one,) = received(receiving, path)

    wanted = {name: category[name] for name in ("id", "href", "name", "version")}
    assert one.event["event"] == {"category": wanted}
    assert {"eventId", "eventTime", "eventType", "timeOcurred", "domain"} <= one.event.keys()


def test_events_go_to_the_listeners_of_their_api_only(
    teller: Client, receiving: Recipients
) -> None:
    path = f"/{unique('api')}"
    teller.create("TMF629/hub", {"callback": receiving.url + path})
    teller.create("TMF620/category", {"name": "x"})
    sent = {"name": "Anna", "engagedParty": {"id": "1", "@referredType": "Individual"}}
    teller.create("TMF629/customer", sent)

    assert received(receiving, path)[0].event["eventType"] == "CustomerCreateEvent"
    assert received(receiving, path)[0].sequence == 1


def test_a_private_address_is_refused_when_connecting(
    tmf: Client, session_database_url: str, receiving: Recipients
) -> None:
    path = f"/{unique('guarded')}"
    port = receiving.server_port
    ledger = Ledger(session_database_url)
    for host in ("127.0.0.1", "localhost", "[::ffff:7f00:1]"):
        callback = f"http://{host}:{port}{path}"
        sent = {"callback": callback, "query": "eventType=CategoryCreateEvent"}
        listener = tmf.create("TMF620/hub", sent)["id"]
        tmf.create("TMF620/category", {"name": "x"})
        attempt = until(lambda one=listener: ledger.attempts(one), "an attempt")[0]
        tmf.delete(f"TMF620/hub/{listener}")

        assert attempt.status is None
        assert "is refused: it is loopback" in attempt.error
    assert receiving.at(path) == []


def party(identity: str) -> dict[str, object]:
    return {"relatedParty": [{"id": identity, "@referredType": "Organization"}]}


def test_a_partner_hears_of_what_it_sees_and_a_realm_of_its_own(
    database_url: str, tmp_path: Path, receiving: Recipients
) -> None:
    ledger, start = Ledger(database_url), f"{receiving.url}/{unique('heard')}"
    listeners = {
        (who, api): f"{start}-{number}-{api}"
        for number, who in enumerate(("partner", "other partner", "writer", "operator away"))
        for api in ("TMF637", "TMF620")
    }
    with closed_server(database_url, tmp_path, **ALLOWED) as closed:
        ids = {
            (who, api): closed[who].create(f"{api}/hub", {"callback": callback})["id"]
            for (who, api), callback in listeners.items()
        }
        operator = closed["operator"]
        mine = operator.create("TMF637/product", {"status": "created", **party(HARBOUR)})["id"]
        theirs = operator.create("TMF637/product", {"status": "created", **party(QUAY)})["id"]
        nobodys = operator.create("TMF637/product", {"status": "created"})["id"]
        offering = operator.create("TMF620/productOffering", {"name": "for all"})["id"]
        until(lambda: not ledger.unpublished(), "all to be matched")
        until(
            lambda: all(set(ledger.states(one)) <= {"delivered"} for one in ids.values()),
            "all to be delivered",
        )

    heard = {
        of: {one.resource["id"] for one in receiving.at(callback.removeprefix(receiving.url))}
        for of, callback in listeners.items()
    }
    assert heard == {
        ("partner", "TMF637"): {mine},
        ("other partner", "TMF637"): {theirs},
        ("writer", "TMF637"): {mine, theirs, nobodys},
        ("operator away", "TMF637"): set(),
        ("partner", "TMF620"): {offering},
        ("other partner", "TMF620"): {offering},
        ("writer", "TMF620"): {offering},
        ("operator away", "TMF620"): set(),
    }
