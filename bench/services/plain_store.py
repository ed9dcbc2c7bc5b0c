"""What the hand-tuned services do between HTTP and SQL: read criteria, validate, write tokens.

Documents are stored and answered as text, never parsed on the way out.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from bench.services.ids import new_id
from bench.services.plain_sql import COLUMNS, COUNT_LIMIT
from bench.services.plain_tokens import token, tokens_of
from bench.services.plain_validation import is_valid

Rows = Sequence[Sequence[Any]]

BELIEVED = 10.0
"""Seconds for which an estimate is used again; `tmf` does the same."""


class Pool(Protocol):
    """Connections on which `plain_sql.STATEMENTS` are prepared."""

    async def open(self) -> None:
        """Connect."""

    async def run(self, name: str, *arguments: Any) -> Rows:
        """The rows of a statement; TakenError if a key is taken."""

    async def close(self) -> None:
        """Disconnect."""


class TakenError(Exception):
    """There is a row with that id."""


class InvalidError(Exception):
    """The sent document is not what the schema asks for."""


@dataclass(frozen=True, slots=True)
class Page:
    """A list's answer, as bytes, with its counts; `estimated` past the count limit."""

    body: bytes
    count: int
    total: int
    estimated: bool

    def headers(self) -> dict[str, str]:
        """The counts as headers."""
        counts = {"x-total-count": str(self.total), "x-result-count": str(self.count)}
        return {**counts, "x-total-count-estimated": "true"} if self.estimated else counts


async def get(pool: Pool, identity: str, hrefs: str, fields: str | None) -> bytes | None:
    """The document as bytes; `hrefs` is what every href of the collection starts with."""
    rows = await pool.run("get", identity)
    if not rows:
        return None
    body = _output(identity, rows[0][0], hrefs)
    return body if fields is None else msgspec.json.encode(_only(body, fields))


async def page(pool: Pool, pairs: Sequence[tuple[str, str]], hrefs: str) -> Page:
    """The page that the pairs of a query string ask for."""
    criteria = [pair for pair in pairs if pair[0] not in ("offset", "limit", "fields")]
    asked = dict(pairs)
    limits = (int(asked.get("limit", 100)), int(asked.get("offset", 0)))
    wanted: tuple[Any, ...]
    if not criteria:
        name, wanted = "all", ()
    elif len(criteria) == 1 and criteria[0][0] in COLUMNS:
        name, wanted = f"by {COLUMNS[criteria[0][0]]}", (criteria[0][1],)
    else:
        name, wanted = "by tokens", ([token(path, value) for path, value in criteria],)
    rows, total = await _found(pool, name, wanted, limits)
    parts = [_output(row[0], row[1], hrefs) for row in rows]
    if fields := asked.get("fields"):
        parts = [msgspec.json.encode(_only(part, fields)) for part in parts]
    body = b"[" + b",".join(parts) + b"]"
    return Page(body, len(rows), max(total, len(rows)), total > COUNT_LIMIT)


async def _found(
    pool: Pool, name: str, wanted: tuple[Any, ...], limits: tuple[int, int]
) -> tuple[Rows, int]:
    kind = name.removeprefix("by ")
    known = _estimates.get(key := (name, str(wanted)))
    if known is None or known[0] < time.monotonic():
        rows = await pool.run(name, *wanted, *limits)
        total = rows[0][2] if rows else 0
        if total <= COUNT_LIMIT:
            return rows, total
        if kind in ("tokens", "all"):
            estimated = await pool.run(f"estimate {kind}", *wanted)
        else:
            estimated = await pool.run("estimate column", kind, *wanted)
        known = time.monotonic() + BELIEVED, max(estimated[0][0], total)
        _estimates[key] = known
        if kind != "tokens":
            return rows, known[1]
    page = {"tokens": "walk tokens", "all": "all"}.get(kind, f"page {kind}")
    return await pool.run(page, *wanted, *limits), known[1]


_estimates: dict[tuple[str, str], tuple[float, int]] = {}


def _only(body: bytes, fields: str) -> dict[str, Any]:
    names = {"id", "href", *fields.split(",")}
    return {name: value for name, value in msgspec.json.decode(body).items() if name in names}


async def create(pool: Pool, sent: bytes, hrefs: str) -> tuple[str, bytes]:
    """Store a sent document with its tokens and its event; its id and the answer."""
    try:
        document = msgspec.json.decode(sent)
    except msgspec.DecodeError as error:
        raise InvalidError(str(error)) from error
    if not is_valid(document):
        raise InvalidError("not a product offering")
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:23] + "Z"
    document.pop("href", None)
    identity = document.pop("id", None) or new_id()
    document.setdefault("@type", "ProductOffering")
    document.setdefault("lifecycleStatus", "In study")
    document["lastUpdate"] = now
    body = msgspec.json.encode(document).decode()
    answer = _output(identity, body, hrefs)
    event = new_id()
    envelope = (
        f'{{"eventId":"{event}","eventTime":"{now}","eventType":"ProductOfferingCreateEvent",'
        f'"event":{{"productOffering":{answer.decode()}}}}}'
    )
    name, status = document["name"], document["lifecycleStatus"]
    tokens = tokens_of({**document, "id": identity})
    await pool.run("insert", identity, body, name, status, now, tokens, event, envelope)
    return identity, answer


def _output(identity: str, body: str, hrefs: str) -> bytes:
    return f'{{"id":"{identity}","href":"{hrefs}{identity}",{body[1:]}'.encode()
