"""What listeners do wrong: each event comes again until it is taken, and in order per resource.

The retry schedule runs on the server's clock, which these tests move.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from tests.e2e.client import Client, unique
from tests.e2e.ledger import Ledger
from tests.e2e.recipients import OK, Answer, Received, Recipients, Reply, recipients
from tests.e2e.waiting import until
from tests.processes import Server, start_server

FIRST = 6.1
"""Seconds until the first retry, at most."""

DAY = 24 * 3600
SCHEDULE = (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
MICROS = 1_000_000


@dataclass(frozen=True)
class Hub:
    """A server on a movable clock, and who receives what it sends."""

    server: Server
    tmf: Client
    ledger: Ledger
    recipients: Recipients

    def listener(self, answer: Answer, query: str = "") -> Listener:
        """A new listener that answers so."""
        path = f"/{unique('listener')}"
        self.recipients.answers[path] = answer
        sent = {"callback": self.recipients.url + path, "query": query}
        return Listener(self, self.tmf.create("TMF620/hub", sent)["id"], path)

    def category(self, **attributes: Any) -> str:
        """The id of a new category."""
        created = self.tmf.create("TMF620/category", {"name": "x", **attributes})
        return str(created["id"])

    def change(self, category: str, name: str) -> None:
        answer = self.tmf.patch(f"TMF620/category/{category}", {"name": name})
        assert answer.status_code == 200

    def advance(self, seconds: float) -> None:
        """Move the clock on."""
        assert self.tmf.post("/admin/v1/clock", {"advanceSeconds": seconds}).status_code == 200


@dataclass(frozen=True)
class Listener:
    """One listener of a hub."""

    hub: Hub
    id: str
    path: str

    @property
    def received(self) -> list[Received]:
        return self.hub.recipients.at(self.path)

    def has(self, count: int) -> list[Received]:
        """What was received once there is so much."""
        until(lambda: len(self.received) >= count, f"{count} deliveries")
        return self.received

    def is_in(self, *states: str) -> None:
        """Return once its deliveries are in these states."""
        until(lambda: self.hub.ledger.states(self.id) == list(states), f"deliveries {states}")

    def attempted(self, count: int) -> list[Any]:
        """Its attempts once there are so many."""
        return until(
            lambda: len(found := list(self.hub.ledger.attempts(self.id))) >= count and found,
            f"{count} attempts",
        )


@pytest.fixture(scope="module")
def hub(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A server that the tests of this file share."""
    folder: Path = tmp_path_factory.mktemp("hub")
    with (
        recipients() as receiving,
        start_server(
            module_database_url,
            folder,
            TMF_CLOCK="2030-01-01T00:00:00Z",
            TMF_HUB_ALLOW_PRIVATE_CALLBACKS="true",
        ) as server,
        Client(server.url) as tmf,
    ):
        yield Hub(server, tmf, Ledger(module_database_url), receiving)


def after(first: Reply, *others: Reply) -> Answer:
    """Answers one after the other; then everything is taken."""
    replies = iter([first, *others])
    return lambda _: next(replies, OK)


CHANGES = "eventType=CategoryAttributeValueChangeEvent"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500, body=b"out of order"),
        Reply(404),
        Reply(429),
        Reply(301, headers={"Location": "/elsewhere"}),
        Reply(200, body=b"taken, and ye", cut=True),
    ],
    ids=["500", "404", "429", "301", "closed mid-answer"],
)
def test_what_is_not_taken_comes_again_as_it_was(hub: Hub, reply: Reply) -> None:
    listener = hub.listener(after(reply))

    hub.category()
    (first,) = listener.attempted(1)
    hub.advance(FIRST)
    one, again = listener.has(2)
    listener.is_in("delivered")

    assert (again.id, again.sequence, again.body) == (one.id, one.sequence, one.body)
    assert hub.recipients.at("/elsewhere") == []
    assert (first.number, first.status) == (1, reply.status)
    assert first.answer == (None if reply.cut else reply.body.decode())
    assert (first.error is not None) == reply.cut
    assert [one.status for one in hub.ledger.attempts(listener.id)] == [reply.status, 204]
    assert hub.ledger.listener(listener.id).failing_since is None


def test_a_listener_that_wants_to_be_left_alone_is_for_as_long(hub: Hub) -> None:
    listener = hub.listener(after(Reply(429, headers={"Retry-After": "600"})))

    hub.category()
    (attempt,) = listener.attempted(1)
    (delivery,) = hub.ledger.deliveries(listener.id)

    assert 600 <= (delivery.due - attempt.time) / MICROS < 660
    hub.advance(600)
    listener.is_in("delivered")


def test_a_listener_that_is_gone_is_not_called_again(hub: Hub) -> None:
    listener = hub.listener(lambda _: Reply(410))

    hub.category()
    until(lambda: hub.ledger.listener(listener.id).disabled, "the listener to be disabled")
    other = hub.listener(lambda _: OK)
    hub.category()
    hub.advance(FIRST)
    other.is_in("delivered")

    assert "410" in hub.ledger.listener(listener.id).disabled_reason
    assert len(listener.received) == 1
    assert hub.ledger.states(listener.id) == ["waiting"]
    assert f"hub={listener.id}" in hub.server.log()


def test_a_failing_delivery_holds_back_its_resource_and_no_other(hub: Hub) -> None:
    held, free = hub.category(), hub.category()
    refusals = iter([Reply(500), Reply(500)])

    def answer(received: Received) -> Reply:
        return next(refusals, OK) if received.resource["id"] == held else OK

    listener = hub.listener(answer, CHANGES)
    for name in ("a", "b", "c"):
        hub.change(held, name)
        hub.change(free, name)

    listener.is_in("waiting", "delivered", "behind", "delivered", "behind", "delivered")
    hub.advance(FIRST)
    listener.attempted(5)
    hub.advance(361)
    listener.is_in(*["delivered"] * 6)
    names = [one.resource["name"] for one in listener.received if one.resource["id"] == held]
    assert names == ["a", "a", "a", "b", "c"]


def test_what_is_never_taken_is_parked_and_the_next_proceeds(hub: Hub) -> None:
    category = hub.category()
    listener = hub.listener(
        lambda received: Reply(500) if received.resource["name"] == "bad" else OK, CHANGES
    )
    hub.change(category, "bad")
    hub.change(category, "good")

    for tries, pause in enumerate(SCHEDULE, start=1):
        listener.attempted(tries)
        hub.advance(1.21 * pause)
    listener.is_in("parked", "delivered")

    assert [one.resource["name"] for one in listener.received] == ["bad"] * 10 + ["good"]
    assert len({one.id for one in listener.received}) == 2


def test_a_listener_that_fails_for_five_days_is_disabled(hub: Hub) -> None:
    listener = hub.listener(lambda _: Reply(503))
    hub.category()

    def disabled() -> bool:
        return hub.ledger.listener(listener.id).disabled is not None

    for tries in range(1, 5):
        listener.attempted(tries)
        assert not disabled()
        hub.advance(1.3 * DAY)
    until(disabled, "the listener to be disabled")

    hub.category()
    row = hub.ledger.listener(listener.id)
    assert row.disabled - row.failing_since >= 5 * DAY * MICROS
    assert "listener disabled" in hub.server.log()
    assert "tmf_hub_disabled_total" in hub.tmf.get("/metrics").text


def test_a_slow_listener_does_not_delay_another(hub: Hub) -> None:
    go_on = Event()
    slow = hub.listener(lambda _: Reply(before=lambda: go_on.wait(timeout=60)))
    quick = hub.listener(lambda _: OK)
    try:
        categories = [hub.category() for _ in range(30)]
        quick.has(30)
        assert len(slow.received) <= 10
        assert set(hub.ledger.states(slow.id)) == {"waiting"}
    finally:
        go_on.set()
    slow.is_in(*["delivered"] * 30)

    for listener in (slow, quick):
        assert {one.resource["id"] for one in listener.received} == set(categories)
        assert sorted({one.sequence for one in listener.received}) == list(range(1, 31))


def test_a_listener_that_hangs_is_given_up_after_its_time_and_tried_again(hub: Hub) -> None:
    go_on = Event()
    hanging = hub.listener(after(Reply(before=lambda: go_on.wait(timeout=120))))
    try:
        hub.category()
        (attempt,) = hanging.attempted(1)
        assert (attempt.status, attempt.error) == (None, "no answer within 15 s")
        hub.advance(2 * SCHEDULE[0])
        first, second = hanging.has(2)
        assert first.id == second.id
        hanging.is_in("delivered")
    finally:
        go_on.set()


def test_many_slow_listeners_do_not_delay_another(hub: Hub) -> None:
    go_on = Event()
    slow = [hub.listener(lambda _: Reply(before=lambda: go_on.wait(timeout=60))) for _ in range(45)]
    try:
        for _ in range(10):
            hub.category()
        for listener in slow:
            listener.has(1)
        quick = hub.listener(lambda _: OK)
        for number in range(1, 4):
            hub.category()
            quick.has(number)
        assert set(hub.ledger.states(slow[-1].id)) == {"waiting"}
    finally:
        go_on.set()
    for listener in slow:
        listener.is_in(*["delivered"] * 13)


def test_what_is_in_flight_to_one_listener_is_bounded(hub: Hub) -> None:
    go_on = Event()
    listener = hub.listener(lambda _: Reply(before=lambda: go_on.wait(timeout=60)))
    try:
        for _ in range(15):
            hub.category()
        listener.has(10)
        other = hub.listener(lambda _: OK)
        hub.category()
        other.has(1)
        assert len(listener.received) == 10
    finally:
        go_on.set()
    listener.has(16)


def test_a_forgotten_listener_hears_nothing_more(hub: Hub) -> None:
    listener = hub.listener(lambda _: Reply(500))
    hub.category()
    listener.attempted(1)

    assert hub.tmf.delete(f"TMF620/hub/{listener.id}").status_code == 204
    other = hub.listener(lambda _: OK)
    hub.category()
    hub.advance(FIRST)
    other.is_in("delivered")

    assert len(listener.received) == 1
