"""What an operator gets to see of listeners: how each one is doing, and what was attempted."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, ScalarSelect, Select, func, select

from tmf.store.session import Session
from tmf.store.tables import attempt, delivery, hub, hub_sequence
from tmf.tmf630_guidelines.documents import Document
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.values import instant


def missing(identity: str) -> GuidelineError:
    """What an operator is told who names a listener that the realm does not have."""
    return GuidelineError("notFound", f"there is no listener with the id {identity}")


def _count(*conditions: Any) -> ScalarSelect[Any]:
    counted = select(func.count()).where(delivery.c.hub == hub.c.id, *conditions)
    return counted.correlate(hub).scalar_subquery()


def _of_last_attempt(column: Any) -> ScalarSelect[Any]:
    last = select(column).where(attempt.c.hub == hub.c.id).order_by(attempt.c.time.desc())
    return last.limit(1).correlate(hub).scalar_subquery()


def _listeners(realm: str) -> Select[Any]:
    oldest = select(func.min(delivery.c.matched)).where(
        delivery.c.hub == hub.c.id, delivery.c.ended.is_(None)
    )
    last = select(hub_sequence.c.last).where(
        hub_sequence.c.realm == hub.c.realm, hub_sequence.c.hub == hub.c.id
    )
    return select(
        hub,
        last.correlate(hub).scalar_subquery().label("last_sequence"),
        _count(delivery.c.ended.is_(None)).label("waiting"),
        oldest.correlate(hub).scalar_subquery().label("oldest"),
        _count(delivery.c.state == "parked").label("parked"),
        _of_last_attempt(attempt.c.time).label("attempted"),
        _of_last_attempt(attempt.c.status).label("attempt_status"),
        _of_last_attempt(attempt.c.error).label("attempt_error"),
    ).where(hub.c.realm == realm)


def listeners(
    session: Session, realm: str, api: str | None = None, *, offset: int = 0, limit: int = 1000
) -> tuple[list[Document], int]:
    """The realm's listeners in order of registration, and how many there are in all."""
    of_api = () if api is None else (hub.c.api == api,)
    page = _listeners(realm).where(*of_api).order_by(hub.c.id).offset(offset).limit(limit)
    rows = session.connection.execute(page).all()
    counted = select(func.count()).select_from(hub).where(hub.c.realm == realm, *of_api)
    total = int(session.connection.execute(counted).scalar_one())
    return [_document(row, session.now()) for row in rows], total


def listener(session: Session, realm: str, identity: str) -> Document:
    """One listener; 404 if the realm has none of this id."""
    row = session.connection.execute(_listeners(realm).where(hub.c.id == identity)).first()
    if row is None:
        raise missing(identity)
    return _document(row, session.now())


def _document(row: Row[Any], now: int) -> Document:
    """A listener as the operator sees it; nothing tells its secret."""
    rotating = row.previous_until is not None and row.previous_until > now
    attempted = {
        "time": instant(row.attempted),
        "status": row.attempt_status,
        "error": row.attempt_error,
    }
    return present(
        id=row.id,
        api=row.api,
        callback=row.callback,
        query=row.query,
        party=row.party,
        registered=instant(row.created),
        state=_state(row),
        disabledSince=instant(row.disabled),
        disabledReason=row.disabled_reason if row.disabled is not None else None,
        failingSince=instant(row.failing_since),
        previousSecretUntil=instant(row.previous_until) if rotating else None,
        lastSequence=row.last_sequence or 0,
        waiting=row.waiting,
        waitingSince=instant(row.oldest),
        parked=row.parked,
        lastAttempt=present(**attempted) if row.attempted is not None else None,
    )


def _state(row: Row[Any]) -> str:
    if row.disabled is not None:
        return "disabled"
    return "active" if row.failing_since is None else "failing"


def attempts(
    session: Session, realm: str, identity: str, *, failed: bool = False, limit: int = 100
) -> list[Document]:
    """The last attempts to tell a listener, the latest first; 404 without such a listener."""
    known = select(hub.c.id).where(hub.c.realm == realm, hub.c.id == identity)
    if session.connection.execute(known).first() is None:
        raise missing(identity)
    failures = attempt.c.status.is_(None) | ~attempt.c.status.between(200, 299)
    rows = session.connection.execute(
        select(
            attempt,
            delivery.c.sequence,
            delivery.c.event,
            delivery.c.type,
            delivery.c.resource,
            delivery.c.subject,
            delivery.c.state,
        )
        .join(delivery, delivery.c.id == attempt.c.delivery)
        .where(attempt.c.hub == identity, *([failures] if failed else []))
        .order_by(attempt.c.time.desc(), attempt.c.delivery.desc(), attempt.c.number.desc())
        .limit(limit)
    )
    return [_attempt(row) for row in rows]


def _attempt(row: Row[Any]) -> Document:
    return present(
        time=instant(row.time),
        sequence=row.sequence,
        eventId=row.event,
        eventType=row.type,
        resource=row.resource,
        resourceId=row.subject,
        number=row.number,
        status=row.status,
        milliseconds=row.milliseconds,
        error=row.error,
        answer=row.answer,
        delivery="waiting" if row.state == "behind" else row.state,
    )


def present(**attributes: Any) -> Document:
    """The attributes that there are."""
    return {name: value for name, value in attributes.items() if value is not None}
