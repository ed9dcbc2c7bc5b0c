"""The duty of provisioning: one step of one service, done by its driver."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from tmf.declare import Document, DutyContext, ReactionContext, Records, lies_ahead
from tmf.driver import Done, Later, Manual, Outcome
from tmf.tmf638_inventory.configuration import Entry, provisioning
from tmf.tmf638_inventory.planning import with_values
from tmf.tmf638_inventory.told import (
    ACTIVATE,
    ATTRIBUTE,
    DEACTIVATE,
    DONE,
    FAILED,
    MANUAL,
    WAITING,
    begin,
    told,
)

_NEVER_ACTIVE = frozenset({"feasibilityChecked", "designed", "reserved"})

Effect = Callable[[ReactionContext], None]


def provision(duty: DutyContext) -> Effect | None:
    """Do the step that a service waits for."""
    service = duty.read("TMF638.service", duty.subject)
    stated = told(service or {})
    if service is None or stated.get("status") != WAITING:
        return None
    step, round_ = stated["step"], stated["round"]
    if step == ACTIVATE and not stated.get("reversing"):
        if service.get("state") == "designed":
            return partial(_reserve, identity=service["id"])
        if (wanted := _wanted_later(duty, stated)) is not None:
            return partial(_wait, identity=service["id"], at=wanted)
    entry = provisioning(duty.settings).entry(service.get("serviceSpecification") or {})
    tools = DriverTools(duty, service["id"], int(stated.get("attempts", 0)))
    try:
        outcome: Outcome = getattr(entry.driver, step)(service, tools)
    except Exception as error:  # whatever a driver raises, its service must not get lost
        outcome = Later(0, str(error) if isinstance(error, OSError) else repr(error))
    return partial(_apply, identity=service["id"], round_=round_, entry=entry, outcome=outcome)


def _wanted_later(duty: DutyContext, stated: Document) -> str | None:
    """When the customer wants it to work, if that is not yet."""
    order = duty.read("TMF622.productOrder", str(stated.get("productOrder")))
    wanted = (order or {}).get("requestedCompletionDate")
    return wanted if lies_ahead(wanted, duty.now) else None


def _reserve(context: ReactionContext, *, identity: str) -> None:
    service = context.lock("service", identity)
    if service is not None and told(service).get("status") == WAITING:
        if service.get("state") == "designed":
            context.patch("service", identity, {"state": "reserved"})
        begin(context, service)


def _wait(context: ReactionContext, *, identity: str, at: str) -> None:
    service = context.lock("service", identity)
    if service is not None and told(service).get("status") == WAITING:
        begin(context, service, at)


def _apply(
    context: ReactionContext, *, identity: str, round_: int, entry: Entry, outcome: Outcome
) -> None:
    """Let the service be what the driver made of it, unless it was taken up anew meanwhile."""
    service = context.lock("service", identity)
    stated = told(service or {})
    if service is None or (stated.get("round"), stated.get("status")) != (round_, WAITING):
        return
    if isinstance(outcome, Done):
        _done(context, service, outcome)
    elif isinstance(outcome, Later):
        _later(context, service, entry, outcome)
    else:
        status = MANUAL if isinstance(outcome, Manual) else FAILED
        _note(context, service, status=status, message=outcome.reason)


def _done(context: ReactionContext, service: Document, outcome: Done) -> None:
    found = outcome.characteristics
    step, state = told(service)["step"], service.get("state")
    stated: Document = {"status": DONE, "message": None}
    patch: Document = {}
    if found:
        patch["serviceCharacteristic"] = with_values(
            service, [{"name": name, "value": value} for name, value in found.items()]
        )
        stated["found"] = sorted({*(told(service).get("found") or ()), *found})
    if outcome.resources:
        patch["supportingResource"] = [{"id": one} for one in outcome.resources]
    if step == ACTIVATE and state != "active":
        patch["state"] = "active"
    if step == DEACTIVATE and state in ("active", "inactive"):
        patch["state"] = "terminated"
    context.patch("service", service["id"], {**patch, ATTRIBUTE: stated})
    if step == DEACTIVATE and state in _NEVER_ACTIVE:
        context.delete("service", service["id"])


def _later(context: ReactionContext, service: Document, entry: Entry, outcome: Later) -> None:
    attempts = int(told(service).get("attempts", 0)) + 1
    if attempts >= entry.attempts:
        message = f"given up after {attempts} attempts: {outcome.reason}"
        _note(context, service, status=FAILED, attempts=attempts, message=message)
        return
    pause = outcome.seconds if outcome.seconds > 0 else entry.pause(attempts)
    _note(context, service, attempts=attempts, message=outcome.reason)
    begin(context, service, _after(context.now, pause))


def _note(context: ReactionContext, service: Document, **stated: Any) -> None:
    context.patch("service", service["id"], {ATTRIBUTE: stated})


def _after(now: str, seconds: float) -> str:
    return (datetime.fromisoformat(now) + timedelta(seconds=seconds)).isoformat()


class DriverTools:
    """What a driver is given: see `tmf.driver.Tools`."""

    def __init__(self, duty: DutyContext, service: str, attempts: int) -> None:
        self._duty = duty
        self._service = service
        self.attempts = attempts

    @property
    def realm(self) -> str:
        """The realm of the service."""
        return self._duty.realm

    def assign(self, pool: str, values: Iterable[str], size: int) -> str | None:
        """One of the values for this service alone; None if all are taken."""

        def act(context: ReactionContext) -> str | None:
            records = context.records(f"pool.{pool}")
            return _assigned(records, self._service, values, size)

        return self._duty.within(act)

    def release(self, pool: str) -> None:
        """Give back what this service has from a pool."""

        def act(context: ReactionContext) -> None:
            records = context.records(f"pool.{pool}")
            _locked(records)
            given = records.get(f"to/{self._service}")
            if given is not None:
                records.drop(f"to/{self._service}")
                records.drop(f"taken/{given['value']}")
                records.put(f"free/{given['value']}", {})

        self._duty.within(act)


def _locked(records: Records) -> Document:
    """How far a pool is used, kept from others until the transaction ends."""
    records.add("used", {"next": 0})
    used = records.get("used", lock=True)
    assert used is not None  # noqa: S101 (it was just made, and is never dropped)
    return used


def _assigned(records: Records, service: str, values: Iterable[str], size: int) -> str | None:
    """Take a value that was never given before; once there is none, one that was given back."""
    position = int(_locked(records)["next"])
    given = records.get(f"to/{service}")
    if given is not None:
        return str(given["value"])
    for value in islice(values, position, size):
        position += 1
        if records.add(f"taken/{value}", {"service": service}):
            records.put("used", {"next": position})
            records.put(f"to/{service}", {"value": value})
            return value
    records.put("used", {"next": position})
    for key, _ in records.starting("free/"):
        value = key.removeprefix("free/")
        records.drop(key)
        if records.add(f"taken/{value}", {"service": service}):
            records.put(f"to/{service}", {"value": value})
            return value
    return None
