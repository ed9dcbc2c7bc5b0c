"""What an operator does to a listener: stop and resume its deliveries, give it a new secret."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select, update

from tmf.hub.reports import missing
from tmf.hub.signing import new_secret
from tmf.store.session import Session
from tmf.store.tables import delivery, hub
from tmf.tmf630_guidelines.documents import Document
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.values import instant

ROTATION = 24 * 3600 * 1_000_000
"""Microseconds for which the secret before the last rotation signs too."""

BY_OPERATOR = "by the operator"


def _locked(session: Session, realm: str, identity: str) -> Row[Any]:
    """A listener's row, held until the transaction ends; 404 if the realm has none of this id."""
    asked = select(hub).where(hub.c.realm == realm, hub.c.id == identity).with_for_update()
    row = session.connection.execute(asked).first()
    if row is None:
        raise missing(identity)
    return row


def disable(session: Session, realm: str, identity: str) -> None:
    """Send nothing more, and keep no events for it. One that is disabled already stays as it is."""
    if _locked(session, realm, identity).disabled is None:
        _set(session, realm, identity, disabled=session.now(), disabled_reason=BY_OPERATOR)


def enable(session: Session, realm: str, identity: str) -> None:
    """Send again: what was waiting is due at once, and new events are kept for it.

    What happened meanwhile is another matter: see `recovery`.
    """
    known = select(hub.c.disabled).where(hub.c.realm == realm, hub.c.id == identity)
    row = session.connection.execute(known).first()
    if row is None:
        raise missing(identity)
    if row.disabled is None:
        return
    # Deliveries before their listener: in this order a deliverer locks them too.
    now = session.now()
    session.connection.execute(
        update(delivery)
        .where(delivery.c.hub == identity, delivery.c.state == "waiting", delivery.c.due > now)
        .values(due=now, tries=0)
    )
    _set(session, realm, identity, disabled=None, disabled_reason=None, failing_since=None)


def rotate(session: Session, realm: str, identity: str, *, at_once: bool = False) -> Document:
    """A new secret, told this once; the one before signs too for a day, so that nothing fails.

    With `at_once` it signs no more: it has become known to others. Otherwise a rotation that is
    still under way is not overtaken (409): the secret that the listener knows would be dropped.
    """
    row, now = _locked(session, realm, identity), session.now()
    if not at_once and row.previous_until is not None and row.previous_until > now:
        raise GuidelineError(
            "conflict",
            f"the secret before the last rotation signs until {instant(row.previous_until)}; "
            "rotate at once if it must not",
        )
    secret, until = new_secret(), now + ROTATION
    _set(
        session,
        realm,
        identity,
        secret=secret,
        previous_secret=None if at_once else row.secret,
        previous_until=None if at_once else until,
    )
    rotated: Document = {"secret": secret}
    if not at_once:
        rotated["previousSecretUntil"] = instant(until)
    return rotated


def _set(session: Session, realm: str, identity: str, **values: Any) -> None:
    mine = (hub.c.realm == realm, hub.c.id == identity)
    session.connection.execute(update(hub).where(*mine).values(**values))
