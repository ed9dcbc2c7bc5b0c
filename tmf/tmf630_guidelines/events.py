"""Events: which ones a change is, and their envelope.

Source: TMF630 part 1, event notification; the event schemas of the v4 files (which spell
`timeOcurred` so).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tmf.tmf630_guidelines.documents import encode


@dataclass(frozen=True, slots=True)
class Happening:
    """One event to be told: its name, and for a change of attributes which ones changed."""

    type: str
    field_path: tuple[str, ...] = ()


def created(schema: str, offered: Sequence[str]) -> Iterator[Happening]:
    """What a creation is, if the resource offers an event for it."""
    yield from _offered(Happening(f"{schema}CreateEvent"), offered)


def deleted(schema: str, offered: Sequence[str]) -> Iterator[Happening]:
    """What a deletion is."""
    yield from _offered(Happening(f"{schema}DeleteEvent"), offered)


def changed(
    schema: str, offered: Sequence[str], paths: Sequence[str], states: frozenset[str]
) -> Iterator[Happening]:
    """What a change of these first-level attributes is: of state, of other attributes, or both.

    `states` are the attributes that hold the resource's state.
    """
    if states & set(paths):
        yield from _offered(Happening(f"{schema}StateChangeEvent"), offered)
    others = tuple(path for path in paths if path not in states)
    if others:
        yield from _offered(Happening(f"{schema}AttributeValueChangeEvent", others), offered)


def _offered(happening: Happening, offered: Sequence[str]) -> Iterator[Happening]:
    if happening.type in offered:
        yield happening


def envelope(
    happening: Happening,
    *,
    identity: str,
    time: str,
    domain: str,
    correlation: str,
    resource: str,
    text: bytes,
) -> str:
    """The event as JSON text; `text` is the resource's own, whole, taken over as it stands."""
    head = {
        "eventId": identity,
        "eventTime": time,
        "eventType": happening.type,
        "timeOcurred": time,
        "domain": domain,
    }
    if correlation:
        head["correlationId"] = correlation
    if happening.field_path:
        head["fieldPath"] = ",".join(happening.field_path)
    return f'{encode(head)[:-1].decode()},"event":{{"{resource}":{text.decode()}}}}}'
