"""The operator's own interface below `/admin/v1`, described in `openapi/admin.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tmf.events.clock import Clock
from tmf.rest.audit import Audit
from tmf.rest.exchange import Answer, Request
from tmf.rest.negotiation import sent_media_type
from tmf.rest.validation import BodyValidator
from tmf.rest.verbs import Verb
from tmf.tmf630_guidelines.documents import encode, parse_body
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.values import parse_instant

_MEDIA = frozenset({"application/json"})
_LARGEST = 4096


class ClockVerbs:
    """Reading and moving the clock; there is none to be seen unless it is movable."""

    def __init__(self, clock: Clock, audit: Audit, schemas: Mapping[str, Any]) -> None:
        self._clock = clock
        self._audit = audit
        self._move = BodyValidator(schemas["ClockMove"], schemas)

    def verbs(self) -> dict[str, Verb]:
        """The verbs by operationId."""
        return {"retrieveClock": self.retrieve, "moveClock": self.move}

    async def retrieve(self, _: Request) -> Answer:
        """The server's time."""
        self._check_movable()
        return Answer(200, encode({"now": self._clock.text()}))

    async def move(self, request: Request) -> Answer:
        """Set the time, or let some seconds pass at once."""
        self._check_movable()
        sent_media_type(request, _MEDIA)
        sent = parse_body(await request.body(_LARGEST))
        self._move.check(sent)
        try:
            self._clock.move(self._target(sent))
        except OverflowError as error:
            raise GuidelineError("invalidDocument", "the time lies beyond the year 9999") from error
        now = self._clock.text()
        self._audit("move", request.caller_name, request.realm, "admin.clock", now=now)
        return Answer(200, encode({"now": now}))

    def _target(self, sent: dict[str, Any]) -> datetime:
        if "now" in sent:
            moment = parse_instant(sent["now"]) or 0
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=moment)
        return self._clock.now() + timedelta(seconds=float(sent["advanceSeconds"]))

    def _check_movable(self) -> None:
        if not self._clock.movable:
            raise GuidelineError("notFound", "the clock is movable only where TMF_CLOCK is set")
