"""What a service tells of its provisioning: the attribute `provisioning`.

`step` is activate, modify or deactivate; `status` is

    blocked    it waits for other services of the product
    waiting    it is being worked on, or is going to be
    manual     a person has to do it
    failed     it cannot be done
    held       the same, and its order item is held
    done       it is done

`round` counts the times that it was taken up anew, `attempts` the tries of this one. `reversing`
says that it undoes what an order that was given up had done, `before` what was so before a modify.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote

from tmf.declare import Document, ReactionContext

BLOCKED, WAITING, MANUAL, FAILED, HELD, DONE = (
    "blocked",
    "waiting",
    "manual",
    "failed",
    "held",
    "done",
)
ACTIVATE, MODIFY, DEACTIVATE = "activate", "modify", "deactivate"

PROVISION = "provision"
"""The duty of doing a service's step."""

ATTRIBUTE = "provisioning"


def told(service: Document) -> Document:
    """What a service tells; empty if it was never provisioned from here."""
    return service.get(ATTRIBUTE) or {}


def is_for(service: Document, order: str, item: str) -> bool:
    """Whether the service is being worked on, or was last, for an order item."""
    stated = told(service)
    return (stated.get("productOrder"), stated.get("orderItem")) == (order, item)


def services_of(context: ReactionContext, product: str) -> list[Document]:
    """The services that a product has, or had."""
    found = context.find("TMF638.service", f"relatedEntity.id={quote(product)}")
    return [
        one
        for one in found
        if any(tie.get("id") == product for tie in one.get("relatedEntity") or ())
    ]


def take_up(context: ReactionContext, service: Document, step: str, **stated: object) -> Document:
    """What a service tells when a step of it begins anew."""
    return {
        "step": step,
        "status": WAITING,
        "attempts": 0,
        "message": None,
        "round": int(told(service).get("round", 0)) + 1,
        "since": context.now,
        **stated,
    }


def begin(context: ReactionContext, service: Document, at: str | None = None) -> None:
    """Have a waiting service worked on, now or at a time."""
    context.schedule(PROVISION, service["id"], at)


def rests_on(service: Document) -> set[str]:
    """The ids of the services that it rests on."""
    return {str(one.get("id")) for one in service.get("supportingService") or ()}


def is_free(service: Document, others: Iterable[Document]) -> bool:
    """Whether its step may be done, as far as the other services of its product go.

    What others rest on is there before them, and goes after them.
    """
    if told(service).get("step") == DEACTIVATE:
        above = (one for one in others if service["id"] in rests_on(one))
        return not any(
            told(one).get("step") == DEACTIVATE and told(one).get("status") != DONE for one in above
        )
    below = (one for one in others if one["id"] in rests_on(service))
    return all(
        told(one).get("status") == DONE and one.get("state") != "terminated" for one in below
    )
