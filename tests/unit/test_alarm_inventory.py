"""What those who follow alarms up have seen of the inventory, from one batch to the next."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

from tmf.declare import Document, ReactionContext
from tmf.tmf642_alarm import sight as sights
from tmf.tmf642_alarm.inventory import Inventory
from tmf.tmf642_alarm.sight import Sight


class Services:
    """A transaction that has these services, and counts how often it is asked."""

    def __init__(self, *services: Document) -> None:
        self._services = services
        self.asked = 0

    def read_all(self, key: str, ids: Collection[str]) -> list[Document]:
        self.asked += 1
        assert key == "TMF638.service"
        return [one for one in self._services if one["id"] in ids]


def states(seen: Inventory) -> list[Any]:
    seen.look_up(["line"])
    service = seen.service("line")
    return [] if service is None else [service["state"]]


def seen_by(sight: Sight, services: Services, changes: str) -> Inventory:
    return sight.inventory(cast(ReactionContext, services), frozenset(), changes)


def test_what_was_seen_is_not_looked_up_again_by_the_next_batch() -> None:
    sight = Sight()
    first = Services({"id": "line", "state": "active"})
    second = Services({"id": "line", "state": "active"})

    assert states(seen_by(sight, first, "3")) == ["active"]
    assert states(seen_by(sight, second, "3")) == ["active"]
    assert (first.asked, second.asked) == (1, 0)


def test_it_is_looked_up_again_once_services_have_changed() -> None:
    sight = Sight()

    assert states(seen_by(sight, Services(), "3")) == []
    assert states(seen_by(sight, Services({"id": "line", "state": "active"}), "4")) == ["active"]


def test_what_is_new_is_looked_up_in_the_transaction_at_hand() -> None:
    sight = Sight()
    seen_by(sight, Services(), "1")

    assert states(seen_by(sight, Services({"id": "line", "state": "active"}), "1")) == ["active"]


def test_too_much_is_not_kept(monkeypatch: Any) -> None:
    monkeypatch.setattr(sights, "MOST", 0)
    sight = Sight()
    states(seen_by(sight, Services(), "1"))

    assert states(seen_by(sight, Services({"id": "line", "state": "active"}), "1")) == ["active"]


def test_nothing_is_kept_for_good(monkeypatch: Any) -> None:
    monkeypatch.setattr(sights, "KEPT", -1.0)
    sight = Sight()
    states(seen_by(sight, Services(), "1"))

    assert states(seen_by(sight, Services({"id": "line", "state": "active"}), "1")) == ["active"]
