"""`Idempotency-Key`: a POST that is sent again is answered again and done once.

Source: the IETF's draft "The Idempotency-Key HTTP Header Field", where it leaves no choice. Only
answers of success are kept: what was refused has changed nothing and is tried anew.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tmf.events.clock import Clock
from tmf.rest.exchange import Answer, Request
from tmf.store.database import Database
from tmf.store.idempotency import ClaimedKey, KeptAnswer, claim, keep, purge
from tmf.store.session import Session
from tmf.tmf630_guidelines.errors import GuidelineError

T = TypeVar("T")

HEADER = b"idempotency-key"
_REPLAYED = {"Idempotent-Replayed": "true"}


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Answers requests that bring a key. `lifetime` is in microseconds."""

    database: Database
    clock: Clock
    lifetime: int

    async def answer(
        self, request: Request, key: str, body: bytes, make: Callable[[Session], tuple[T, Answer]]
    ) -> tuple[T | None, Answer]:
        """What `make` gives, or None and the first answer if the key came with this request before.

        409 if the key came with another request. The key and what `make` does are one
        transaction; whoever comes with the same key meanwhile waits for its end.
        """
        claimed = ClaimedKey(request.realm, request.caller_name, key)
        fingerprint = _fingerprint(request, body)

        def once(session: Session) -> tuple[T | None, Answer]:
            now = self.clock.micros()
            kept = claim(session, claimed, fingerprint, now, now + self.lifetime)
            if kept is None:
                made, answer = make(session)
                known = KeptAnswer(fingerprint, answer.status, answer.headers, answer.body)
                keep(session, claimed, known)
                return made, answer
            if kept.fingerprint != fingerprint:
                raise GuidelineError(
                    "idempotencyKeyReused", "a retry sends the same body to the same address"
                )
            return None, Answer(kept.status, kept.body, {**kept.headers, **_REPLAYED})

        return await self.database.run(once, write=True)

    def purge(self, session: Session, most: int) -> int:
        """Forget what has expired, at most so many answers; how many those were."""
        return purge(session, self.clock.micros(), most)


def _fingerprint(request: Request, body: bytes) -> bytes:
    """What makes two requests the same: method, path, query and the bytes of the body."""
    asked = f"{request.scope['method']} {request.path}?{request.query_string}\n"
    return hashlib.sha256(asked.encode("utf-8", "surrogateescape") + body).digest()
