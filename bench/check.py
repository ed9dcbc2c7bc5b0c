"""Before anything is timed: every service gives the same answers, or nothing can be compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

from bench.client import BenchError, Client, Reply
from bench.documents import Catalogue
from bench.rivals import Running
from bench.services.orm_tables import SCHEMA as ORM
from bench.services.paths import COLLECTION
from bench.services.plain_sql import COUNT_LIMIT
from bench.services.plain_sql import SCHEMA as PLAIN
from bench.works import WORKS, listing

SAMPLES = 5
"""Requests of each kind that are compared."""

_COUNTED = ("x-total-count", "x-result-count")
_SET_BY_SERVER = frozenset({"id", "href", "lastUpdate"})

# Where a POST's event is written; tmf's is its outbox.
_EVENTS = {"a": "outbox", "b1": f"{ORM}.event", "b2": f"{ORM}.event"}


def check(services: Sequence[Running], catalogue: Catalogue, url: str) -> list[str]:
    """BenchError unless all agree; remarks on what a service leaves out."""
    for target in _targets(catalogue):
        replies = [(service, _get(service, target)) for service in services]
        first = replies[0][1]
        for service, reply in replies[1:]:
            _compare(target, services[0], first, service, reply)
    return _check_posts(services, catalogue, url)


def _targets(catalogue: Catalogue) -> Iterable[str]:
    reading = (work for work in WORKS if work.method == "GET")
    yield from (target for work in reading for target in work.targets(catalogue)[:SAMPLES])
    yield listing(name="no such name")
    yield listing(category__id="no such shelf")
    yield listing(channel__id="web")
    number = catalogue.count // 2
    yield listing(place__id=catalogue.district(number))
    # Both at once, and attributes cut down to two.
    yield listing(category__id=catalogue.shelf(number), name=catalogue.name(number))
    yield f"{COLLECTION}/{catalogue.identity(number)}?fields=name,lifecycleStatus"
    yield listing(category__id=catalogue.shelf(number), fields="name,validFor")


def _get(service: Running, target: str) -> Reply:
    with Client(service.port) as client:
        return client.get(target)


def _compare(target: str, one: Running, first: Reply, other: Running, reply: Reply) -> None:
    what = f"{one.service.title} and {other.service.title} differ on GET {target}"
    if first.status != reply.status or first.status >= 400:
        raise BenchError(f"{what}: {first.status} and {reply.status}")
    if comparable(first.document) != comparable(reply.document):
        raise BenchError(f"{what}:\n{first.body[:1500]!r}\n{reply.body[:1500]!r}")
    for name in _COUNTED:
        if _count(first, name) != _count(reply, name):
            raise BenchError(f"{what}: {name} {first.headers.get(name)}, {reply.headers.get(name)}")


def _count(reply: Reply, name: str) -> int | None:
    """A counting header; past the count limit, where it may be an estimate, only that it is."""
    value = reply.headers.get(name)
    return None if value is None else min(int(value), COUNT_LIMIT + 1)


def comparable(value: Any) -> Any:
    """A document in which equal moments, and hrefs of different servers, are equal."""
    if isinstance(value, list):
        return [comparable(one) for one in value]
    if isinstance(value, dict):
        return {
            name: part.partition(COLLECTION)[2] if name == "href" else comparable(part)
            for name, part in value.items()
        }
    if isinstance(value, str) and value[4:5] == "-" and value[10:11] == "T":
        return datetime.fromisoformat(value)
    return value


def _check_posts(services: Sequence[Running], catalogue: Catalogue, url: str) -> list[str]:
    remarks = []
    work = next(work for work in WORKS if work.method == "POST")
    body = work.target(catalogue, 0).encode()
    answers = []
    for service in services:
        before = _events(url, service)
        answers.append(_posted(service, body))
        after = _events(url, service)
        if before is None or after is None:
            remarks.append(f"{service.service.title} keeps no events yet: its POST writes none")
        elif after != before + 1:
            raise BenchError(f"a POST to {service.service.title} wrote {after - before} events")
        _refuses(service)
    for service, answer in zip(services[1:], answers[1:], strict=True):
        if answer != answers[0]:
            names = f"{services[0].service.title} and {service.service.title}"
            raise BenchError(f"{names} answer differently to a POST:\n{answers[0]}\n{answer}")
    return remarks


def _posted(service: Running, body: bytes) -> Any:
    """What the service answers, and gives again when asked, without what it sets itself."""
    with Client(service.port) as client:
        reply = client.post(COLLECTION, body)
        if reply.status != 201:
            raise BenchError(f"{service.service.title} answers {reply.status} to a POST")
        again = client.get(f"{COLLECTION}/{reply.document['id']}")
    created = comparable(reply.document)
    if comparable(again.document) != created or not reply.headers["location"].endswith(
        created["id"]
    ):
        raise BenchError(f"{service.service.title} does not keep what is posted: {again.body!r}")
    return {name: value for name, value in created.items() if name not in _SET_BY_SERVER}


def _refuses(service: Running) -> None:
    with Client(service.port) as client:
        status = client.post(COLLECTION, b'{"name": 7, "isBundle": "perhaps"}').status
    if status not in (400, 422):
        raise BenchError(f"{service.service.title} answers {status} to a bad POST")


def _events(url: str, service: Running) -> int | None:
    """How many events the service has written; None if it has no table for them."""
    schema, _, table = _EVENTS.get(service.service.letter, f"{PLAIN}.event").rpartition(".")
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        if not inspect(connection).has_table(table, schema or None):
            return None
        name = f"{schema or 'public'}.{table}"
        return int(connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one())  # noqa: S608
