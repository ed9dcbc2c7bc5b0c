"""What follows from attempts: for the delivery, and for the listener."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from tmf.hub.figures import HubFigures
from tmf.hub.posting import Sent
from tmf.hub.schedule import RetrySchedule
from tmf.store import dispatch, listeners
from tmf.store.dispatch import Outcome, Parcel
from tmf.store.session import Session

TOO_LONG = 5 * 24 * 3600 * 1_000_000
"""Microseconds after which a listener that has failed at everything is disabled."""

log = structlog.get_logger("tmf.hub")


class Outcomes:
    """Decides by the schedule, and notes decisions in the database."""

    def __init__(self, schedule: RetrySchedule, figures: HubFigures) -> None:
        self._schedule = schedule
        self._figures = figures

    def of(self, parcel: Parcel, sent: Sent, now: int) -> Outcome:
        """What follows from an attempt that ended now."""
        if sent.attempt.succeeded:
            return Outcome(parcel, sent.attempt, None)
        pause = self._schedule.pause(parcel.tries + 1, sent.retry_after)
        return Outcome(parcel, sent.attempt, None if pause is None else now + int(pause * 1e6))

    def note(self, session: Session, outcomes: Sequence[Outcome]) -> None:
        """Note them all; what is told of them is told once that is committed."""
        connection, now = session.connection, session.now()
        dispatch.record(connection, outcomes, now)
        well = {one.parcel.hub for one in outcomes if one.attempt.succeeded}
        badly = {one.parcel.hub for one in outcomes} - well
        gone = {one.parcel.hub for one in outcomes if one.attempt.status == 410}
        if well:
            listeners.succeeded(connection, well)
        disabled = []
        if gone:
            disabled += [(hub, "gone") for hub in listeners.gone(connection, gone, now)]
        if badly:
            too_long = now - TOO_LONG
            failed = listeners.failed(connection, badly, now, too_long)
            disabled += [(hub, "failed for too long") for hub in failed]
        session.afterwards.append(lambda: self._tell(outcomes, disabled))

    def _tell(self, outcomes: Sequence[Outcome], disabled: Sequence[tuple[str, str]]) -> None:
        self._figures.count(outcomes, len(disabled))
        for one in outcomes:
            if not one.attempt.succeeded:
                self._tell_failure(one)
        for hub, reason in disabled:
            log.warning("listener disabled", hub=hub, reason=reason)

    @staticmethod
    def _tell_failure(outcome: Outcome) -> None:
        parcel, attempt = outcome.parcel, outcome.attempt
        tell = log.warning if outcome.due is None else log.info
        tell(
            "delivery parked" if outcome.due is None else "delivery failed",
            hub=parcel.hub,
            event_id=parcel.event,
            sequence=parcel.sequence,
            tries=parcel.tries + 1,
            status=attempt.status,
            error=attempt.error,
        )
