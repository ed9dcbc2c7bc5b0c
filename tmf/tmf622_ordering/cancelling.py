"""The task cancelProductOrder: an order under way is stopped, and what it did is undone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import quote

from tmf.declare import Document, DutyContext, Event, ReactionContext, lies_ahead
from tmf.tmf622_ordering.fulfilment import ENDED, ORDER_ENDED, with_states
from tmf.tmf622_ordering.items import all_items

BEGIN = "begin"
"""The duty of taking an order up at its requestedStartDate."""

CANCEL = "cancel"
"""The duty of looking at a cancellation at its requestedCancellationDate."""

TASK = "cancelProductOrder"


def asked_for(context: ReactionContext, event: Event) -> None:
    """Somebody wants an order stopped, now or at a time."""
    task = context.lock(TASK, event.id)
    if task is None or task.get("state") != "acknowledged":
        return
    context.patch(TASK, event.id, {"state": "inProgress"})
    if lies_ahead(task.get("requestedCancellationDate"), context.now):
        context.schedule(CANCEL, event.id, task["requestedCancellationDate"])
    else:
        _stop(context, task)


def stop(duty: DutyContext) -> Callable[[ReactionContext], None]:
    """A cancellation that was planned for now."""
    return partial(_stop_planned, identity=duty.subject)


def _stop_planned(context: ReactionContext, *, identity: str) -> None:
    task = context.lock(TASK, identity)
    if task is not None and task.get("state") == "inProgress":
        _stop(context, task)


def _stop(context: ReactionContext, task: Document) -> None:
    identity = task["productOrder"].get("id") or ""
    order = context.lock("productOrder", identity)
    why_not = "there is no such order" if order is None else _too_late(order)
    if order is None or why_not is not None:
        patch = {"state": "terminatedWithError", "message": why_not}
        context.patch(TASK, task["id"], patch)
        return
    if order["state"] == "pendingCancellation":
        return  # another task is at it: they end together
    context.unschedule(BEGIN, identity)
    stopping = {
        item.id for item in all_items(order) if item.body.get("state") not in (*ENDED, None)
    }
    reason = {name: task[name] for name in ("cancellationReason",) if name in task}
    for state in ("assessingCancellation", "pendingCancellation"):
        states = dict.fromkeys(stopping, state)
        items = {"productOrderItem": with_states(order, states)}
        context.patch("productOrder", identity, {"state": state, **items, **reason})


def _too_late(order: Document) -> str | None:
    """Why an order cannot be stopped any more, or None.

    The point of no return is the first item that is done: the customer has something then.
    """
    if order["state"] in ORDER_ENDED:
        return f"the order is {order['state']}"
    for item in all_items(order):
        if item.body.get("state") == "completed" and item.action != "noChange":
            return f"item {item.id} is completed: what the customer has is ended by another order"
    return None


def finish_cancellations(context: ReactionContext, order: str) -> None:
    """An order is cancelled: so are the tasks done that asked for it."""
    tasks = context.find("TMF622.cancelProductOrder", f"productOrder.id={quote(order)}")
    for task in list(tasks):
        if task.get("state") == "inProgress":
            done = {"state": "done", "effectiveCancellationDate": context.now}
            context.patch(TASK, task["id"], done, own=True)
