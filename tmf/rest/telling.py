"""From a change to the events in the outbox: which there are, and what they say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from tmf.events.clock import Clock, micros_of
from tmf.events.ids import new_id
from tmf.rest.attributes import output
from tmf.rest.rules import ResourceRules
from tmf.spec.model import Resource
from tmf.store.outbox import OutboxEvent
from tmf.store.rows import Row
from tmf.tmf630_guidelines.events import Happening, envelope
from tmf.tmf630_guidelines.values import format_instant


@dataclass(frozen=True, slots=True)
class Cause:
    """In whose name a change is made: its realm, what the hrefs in its events start with (empty:
    a path), and what joins the events of one request.
    """

    realm: str = "default"
    origin: str = ""
    correlation: str = ""


def outbox_events(
    clock: Clock, known: ResourceRules, cause: Cause, row: Row, happened: Iterable[Happening]
) -> Iterator[OutboxEvent]:
    """The events of one change, each with the resource whole, as in `row`."""
    now = clock.now()
    resource = known.resource
    text = output(row.id, f"{cause.origin}{known.collection}/{row.id}", row.body)
    for happening in happened:
        identity = new_id(clock)
        body = envelope(
            happening,
            identity=identity,
            time=format_instant(now),
            domain=known.domain,
            correlation=cause.correlation,
            resource=resource.name,
            text=text,
        )
        yield OutboxEvent(
            cause.realm,
            identity,
            happening.type,
            resource.api,
            resource.name,
            row.id,
            micros_of(now),
            body,
        )


def told_paths(resource: Resource, meant: Sequence[str], changed: Sequence[str]) -> list[str]:
    """Of the changed attributes, those that listeners are told of.

    A time that the server notes, and what rules add to a change of state alone, are not changes
    that anybody meant.
    """
    noted = {name for name, rule in resource.server_set.items() if rule in ("created", "changed")}
    only_state = set(meant) - noted <= resource.states
    return [
        path
        for path in changed
        if path not in noted and (path in resource.states or not only_state)
    ]
