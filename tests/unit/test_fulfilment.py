"""How an order gets on, hop by hop, and that every order ends whatever its products do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmf.spec.bundle import load_api
from tmf.tmf622_ordering.fulfilment import Progress, advanced, has_products, progress_of, started
from tmf.tmf622_ordering.items import all_items

Json = dict[str, Any]

API = load_api("TMF622")
ORDER_MOVES = API.resources["productOrder"].schemas["ProductOrder"]["x-lifecycle"]["moves"]
ITEM_MOVES = API.resources["productOrder"].schemas["ProductOrderItem"]["x-lifecycle"]["moves"]


def item(identity: str, state: str = "acknowledged", **parts: Any) -> Json:
    sold = {"productOffering": {"id": "offer"}}
    return {"id": identity, "action": "add", "state": state, **sold, **parts}


def order(*items: Json, state: str = "acknowledged") -> Json:
    return {"id": "o", "state": state, "productOrderItem": list(items)}


def allowed(before: Json, after: Json) -> None:
    """Every hop is one of the lifecycle."""
    if before["state"] != after["state"]:
        assert after["state"] in ORDER_MOVES[before["state"]]
    states = {one.id: one.body["state"] for one in all_items(before)}
    for one in all_items(after):
        if states[one.id] != one.body["state"]:
            assert one.body["state"] in ITEM_MOVES[states[one.id]]


def carried(start: Json, products: dict[str, Progress]) -> Json:
    """The order after all hops that its products allow."""
    now = start
    if now["state"] == "acknowledged":
        now = {**now, **started(now)}
        allowed(start, now)
    for _ in range(100):
        patch = advanced(now, products)
        if patch is None:
            return now
        allowed(now, {**now, **patch})
        now = {**now, **patch}
    raise AssertionError(f"it never comes to rest: {now}")


def states(found: Json) -> dict[str, str]:
    return {one.id: one.body["state"] for one in all_items(found)}


DONE, OPEN, GONE = Progress(completed=1), Progress(open=1), Progress(cancelled=1)


@pytest.mark.parametrize(
    ("products", "end", "items"),
    [
        ({"1": DONE, "2": DONE}, "completed", ["completed", "completed"]),
        ({"1": DONE, "2": GONE}, "partial", ["completed", "failed"]),
        ({"1": GONE, "2": GONE}, "failed", ["failed", "failed"]),
        ({"1": DONE, "2": OPEN}, "inProgress", ["completed", "inProgress"]),
        ({}, "inProgress", ["inProgress", "inProgress"]),
    ],
)
def test_products_make_items_and_items_the_order(
    products: dict[str, Progress], end: str, items: list[str]
) -> None:
    found = carried(order(item("1"), item("2")), products)

    assert (found["state"], list(states(found).values())) == (end, items)


def test_an_item_waits_for_those_it_relies_on_and_falls_with_them() -> None:
    tied = item("2", productOrderItemRelationship=[{"id": "1", "relationshipType": "reliesOn"}])
    assert states(carried(order(item("1"), tied), {"1": OPEN}))["2"] == "pending"
    assert states(carried(order(item("1"), tied), {"1": DONE}))["2"] == "inProgress"
    fallen = carried(order(item("1"), tied), {"1": GONE})
    assert (fallen["state"], states(fallen)["2"]) == ("failed", "cancelled")


def test_a_bundle_ends_with_its_parts() -> None:
    bundle = item("1", productOrderItem=[item("1.1"), item("1.2")])
    both = {"1.1": DONE, "1.2": DONE}
    assert carried(order(bundle), both)["state"] == "inProgress"
    assert carried(order(bundle), {**both, "1": DONE})["state"] == "completed"
    assert states(carried(order(bundle), {"1.1": DONE, "1.2": GONE}))["1"] == "failed"
    assert states(carried(order(bundle), {"1.2": GONE}))["1"] == "inProgress"


def test_what_is_only_mentioned_is_done_and_what_is_bare_waits() -> None:
    mentioned = {"id": "1", "action": "noChange", "state": "acknowledged"}
    bare = {"id": "2", "action": "add", "state": "acknowledged"}
    found = carried(order(mentioned, bare), {})
    assert list(states(found).values()) == ["completed", "inProgress"]
    assert found["state"] == "inProgress"


def test_a_held_order_goes_on_when_it_is_moved_on() -> None:
    held = order(item("1", "held"), item("2", "completed"), state="held")
    assert advanced(held, {"2": DONE}) is None
    assert states(carried({**held, "state": "inProgress"}, {}))["1"] == "inProgress"


def test_a_stopped_order_is_cancelled_when_nothing_is_left() -> None:
    stopped = order(item("1", "pendingCancellation"), state="pendingCancellation")
    assert carried(stopped, {"1": OPEN})["state"] == "pendingCancellation"
    assert carried(stopped, {"1": GONE})["state"] == "cancelled"


def test_an_order_that_waits_for_somebody_is_left_alone() -> None:
    assert advanced(order(item("1", "pending"), state="pending"), {}) is None


def test_progress_is_counted_by_item() -> None:
    def product(item: str, role: str, of: str = "o") -> Json:
        return {"productOrderItem": [{"productOrderId": of, "orderItemId": item, "role": role}]}

    found = progress_of(
        "o",
        [
            product("1", "inProgress"),
            product("1", "completed"),
            product("1", "reversing"),
            product("2", "cancelled"),
            product("2", "completed", of="other"),
        ],
    )
    assert found == {"1": Progress(2, 1, 0), "2": Progress(0, 0, 1)}


ACTIONS = st.sampled_from(["add", "modify", "delete", "noChange"])


@st.composite
def orders(draw: st.DrawFn) -> Json:
    """Orders of a few items, nested and tied to earlier ones."""
    count = draw(st.integers(1, 6))
    items: list[Json] = []
    for number in range(count):
        made = item(str(number), action=draw(ACTIONS), product={"id": f"p{number}"})
        ties = draw(st.lists(st.integers(0, max(0, number - 1)), max_size=2, unique=True))
        made["productOrderItemRelationship"] = [
            {"id": str(tie), "relationshipType": "reliesOn"} for tie in ties if tie < number
        ]
        items.append(made)
    nested = draw(st.integers(0, count - 1))
    return order(
        *({**one, "productOrderItem": []} for one in items[: count - nested]),
        *([item("bundle", productOrderItem=items[count - nested :])] if nested else []),
    )


@given(orders(), st.data())
def test_every_order_ends_when_its_products_do(placed: Json, data: st.DataObject) -> None:
    """Item by item some product ends, well or not; in the end nothing is left in between."""
    products: dict[str, Progress] = {}
    now = carried(placed, products)
    waiting = [one.id for one in all_items(placed) if has_products(one)]
    for identity in data.draw(st.permutations(waiting)):
        products[identity] = data.draw(st.sampled_from([DONE, DONE, GONE]))
        now = carried(now, products)

    assert now["state"] in ("completed", "partial", "failed", "cancelled")
    assert set(states(now).values()) <= {"completed", "failed", "cancelled"}
