"""The operator's verbs on listeners, below `/admin/v1/hub`; always within the caller's realm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import parse_qsl

from tmf.rest.audit import Audit
from tmf.rest.exchange import Answer, Request
from tmf.rest.negotiation import sent_media_type
from tmf.rest.validation import BodyValidator
from tmf.rest.verbs import Verb
from tmf.tmf630_guidelines.documents import Document, encode, parse_body
from tmf.tmf630_guidelines.values import parse_instant

_MEDIA = frozenset({"application/json"})
_LARGEST = 4096


class Overseer(Protocol):
    """What looks after listeners (rest and hub do not know each other).

    Each call is about a listener of the realm, and is a 404 if there is none of the id.
    """

    async def listeners(
        self, realm: str, api: str | None, *, offset: int, limit: int
    ) -> tuple[Sequence[Document], int]:
        """Some listeners, and how many there are."""

    async def listener(self, realm: str, identity: str) -> Document:
        """How a listener is doing."""

    async def attempts(
        self, realm: str, identity: str, *, failed: bool, limit: int
    ) -> Sequence[Document]:
        """The last attempts to tell it."""

    async def resend(
        self,
        realm: str,
        identity: str,
        since: int,
        until: int | None,
        *,
        parked: bool,
        delivered: bool,
    ) -> Document:
        """Send what it missed; times in microseconds since 1970."""

    async def disable(self, realm: str, identity: str) -> Document:
        """Send it nothing more."""

    async def enable(self, realm: str, identity: str) -> Document:
        """Send to it again."""

    async def test(self, realm: str, identity: str) -> Document:
        """Send it a test event."""

    async def rotate(self, realm: str, identity: str, *, at_once: bool) -> Document:
        """Give it a new secret."""


class OversightVerbs:
    """Looking after listeners."""

    def __init__(self, overseer: Overseer, audit: Audit, schemas: Mapping[str, Any]) -> None:
        self._overseer = overseer
        self._audit = audit
        self._resend = BodyValidator(schemas["Resend"], schemas)
        self._rotate = BodyValidator(schemas["Rotate"], schemas)

    def verbs(self) -> dict[str, Verb]:
        """The verbs by operationId."""
        return {
            "listOverseenListener": self.list,
            "retrieveOverseenListener": self.retrieve,
            "listAttempt": self.attempts,
            "resendToListener": self.resend,
            "disableListener": self.disable,
            "enableListener": self.enable,
            "testListener": self.test,
            "rotateListener": self.rotate,
        }

    async def list(self, request: Request) -> Answer:
        """The realm's listeners."""
        given = _parameters(request)
        documents, total = await self._overseer.listeners(
            request.realm,
            given.get("api"),
            offset=int(given.get("offset", 0)),
            limit=int(given.get("limit", 100)),
        )
        return Answer(200, encode(documents), {"X-Total-Count": str(total)})

    async def retrieve(self, request: Request) -> Answer:
        """One of them."""
        return _answer(await self._overseer.listener(request.realm, request.identity))

    async def attempts(self, request: Request) -> Answer:
        """What was attempted."""
        given = _parameters(request)
        attempts = await self._overseer.attempts(
            request.realm,
            request.identity,
            failed=given.get("failed") == "true",
            limit=int(given.get("limit", 100)),
        )
        return Answer(200, encode(attempts))

    async def resend(self, request: Request) -> Answer:
        """Send what was missed."""
        sent_media_type(request, _MEDIA)
        sent = parse_body(await request.body(_LARGEST))
        self._resend.check(sent)
        resent = await self._overseer.resend(
            request.realm,
            request.identity,
            parse_instant(sent["since"]) or 0,
            parse_instant(sent["until"]) if "until" in sent else None,
            parked=sent.get("parked", False),
            delivered=sent.get("delivered", False),
        )
        self._tell("resend", request, **resent)
        return _answer(resent)

    async def disable(self, request: Request) -> Answer:
        """Stop deliveries."""
        listener = await self._overseer.disable(request.realm, request.identity)
        self._tell("disable", request)
        return _answer(listener)

    async def enable(self, request: Request) -> Answer:
        """Resume deliveries."""
        listener = await self._overseer.enable(request.realm, request.identity)
        self._tell("enable", request)
        return _answer(listener)

    async def test(self, request: Request) -> Answer:
        """Send a test event."""
        outcome = await self._overseer.test(request.realm, request.identity)
        self._tell("test", request, delivered=outcome["delivered"])
        return _answer(outcome)

    async def rotate(self, request: Request) -> Answer:
        """Give a new secret."""
        body = await request.body(_LARGEST)
        sent: Document = {}
        if body:
            sent_media_type(request, _MEDIA)
            sent = parse_body(body)
            self._rotate.check(sent)
        rotated = await self._overseer.rotate(
            request.realm, request.identity, at_once=sent.get("atOnce", False)
        )
        self._tell("rotate", request)
        return _answer(rotated)

    def _tell(self, operation: str, request: Request, **further: Any) -> None:
        """Tell of what was done and is committed."""
        who, realm = request.caller_name, request.realm
        self._audit(operation, who, realm, "admin.hub", request.identity, **further)


def _parameters(request: Request) -> dict[str, str]:
    """The declared parameters, which are as declared; the last one of each name."""
    return dict(parse_qsl(request.query_string, errors="replace"))


def _answer(document: Document) -> Answer:
    return Answer(200, encode(document))
