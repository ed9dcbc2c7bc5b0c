"""Retries under one `Idempotency-Key` that meet: racing, after a failure, after a kill."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event

import pytest
import requests
from sqlalchemy import Connection, create_engine, text

from tests.e2e.client import Client, unique
from tests.e2e.waiting import until
from tests.processes import SERVE, Server, start_server

RACERS = 8
ROUNDS = 10
PLACE = "TMF620/category"
REPLAYED = "Idempotent-Replayed"
TWO_WORKERS = (*SERVE, "--workers", "2")

WRITERS = 4
ENOUGH = 60
"""Requests that are answered before the server is killed."""


@pytest.fixture(scope="module")
def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    with start_server(module_database_url, folder, command=TWO_WORKERS) as server:
        yield server


def race(server: Server, send: Callable[[Client], requests.Response]) -> list[requests.Response]:
    """What `send` gives each racer, all starting at the same moment on connections of their own."""
    start = Barrier(RACERS)

    def run(_: int) -> requests.Response:
        with Client(server.url) as client:
            client.read("/health/live")  # the connection is there before the race begins
            start.wait(timeout=60)
            return send(client)

    with ThreadPoolExecutor(RACERS) as pool:
        return list(pool.map(run, range(RACERS)))


def test_of_retries_that_race_one_has_effect_and_all_get_its_answer(server: Server) -> None:
    with Client(server.url) as tmf:
        for _ in range(ROUNDS):
            key, name = unique("key"), unique("name")

            answers = race(
                server,
                lambda c, key=key, name=name: c.post(PLACE, {"name": name}, Idempotency_Key=key),
            )

            assert {answer.status_code for answer in answers} == {201}
            assert len({answer.content for answer in answers}) == 1
            assert len({answer.headers["ETag"] for answer in answers}) == 1
            assert [REPLAYED in answer.headers for answer in answers].count(False) == 1
            assert tmf.ids(f"{PLACE}?name={name}") == [answers[0].json()["id"]]


def test_of_registrations_that_race_one_has_effect(server: Server) -> None:
    key = unique("key")
    sent = {"callback": f"http://127.0.0.1:9/{unique('listener')}"}

    answers = race(server, lambda client: client.post("TMF642/hub", sent, Idempotency_Key=key))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    with Client(server.url) as tmf:
        callbacks = [one["callback"] for one in tmf.read("TMF642/hub?limit=1000")]
    assert callbacks.count(sent["callback"]) == 1


def test_of_different_requests_that_race_for_a_key_one_has_it(server: Server) -> None:
    key, kind = unique("key"), unique("kind")

    answers = race(
        server,
        lambda c: c.post(PLACE, {"name": unique("x"), "kind": kind}, Idempotency_Key=key),
    )

    statuses = [answer.status_code for answer in answers]
    assert sorted(statuses) == [201] + [409] * (RACERS - 1)
    codes = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert codes == {"idempotencyKeyReused"}
    with Client(server.url) as tmf:
        assert len(tmf.ids(f"{PLACE}?kind={kind}")) == 1


def waiting_for_locks(connection: Connection) -> int:
    """How many transactions on this database wait for another."""
    connection.execute(text("SELECT pg_stat_clear_snapshot()"))
    return int(
        connection.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
        ).scalar_one()
    )


@pytest.mark.over("PostgreSQL")
@pytest.mark.parametrize("commits", [True, False])
def test_a_retry_waits_for_the_end_of_the_first(
    server: Server, module_database_url: str, commits: bool
) -> None:
    """The first is held up where it would commit: by a client that makes the same resource."""
    key, identity = unique("key"), unique("id")
    sent = {"id": identity, "name": "x"}

    def post() -> requests.Response:
        with Client(server.url) as tmf:
            return tmf.post(PLACE, sent, Idempotency_Key=key)

    engine = create_engine(module_database_url)
    with engine.connect() as holder, engine.connect() as watcher, ThreadPoolExecutor(2) as pool:
        holding = holder.begin()
        holder.execute(
            text(
                "INSERT INTO tmf620_category (realm, id, revision, created, updated, body, tokens) "
                "VALUES ('default', :id, 1, 1, 1, '{}', '{}')"
            ),
            {"id": identity},
        )
        first = pool.submit(post)
        until(lambda: waiting_for_locks(watcher) == 1, "the first to be held up")
        retry = pool.submit(post)
        until(lambda: waiting_for_locks(watcher) == 2, "the retry to wait")
        assert not first.done()
        assert not retry.done()
        (holding.commit if commits else holding.rollback)()
        answers = [first.result(timeout=60), retry.result(timeout=60)]
    engine.dispose()

    if commits:  # the id was taken: nothing is kept, and the retry finds out for itself
        assert [answer.status_code for answer in answers] == [409, 409]
        assert {answer.json()["code"] for answer in answers} == {"alreadyExists"}
    else:
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[0].content == answers[1].content
        assert [REPLAYED in answer.headers for answer in answers] == [False, True]


def post_until_it_dies(
    server: Server, number: int, answered: dict[str, bytes], sent: list[str], dead: Event
) -> None:
    """Create documents, each under a key of its own; `answered` holds the first answers."""
    with Client(server.url) as tmf:
        for count in range(10_000):
            key = f"{number}-{count}"
            sent.append(key)
            try:
                answer = tmf.post(PLACE, {"name": key}, Idempotency_Key=key)
            except requests.RequestException:
                assert dead.wait(timeout=30), "a request failed before the server was killed"
                return
            assert answer.status_code == 201
            answered[key] = answer.content


def test_after_a_kill_every_request_can_be_sent_again(database_url: str, tmp_path: Path) -> None:
    answered: dict[str, bytes] = {}
    sent: list[str] = []
    dead = Event()
    with start_server(database_url, tmp_path) as server, ThreadPoolExecutor(WRITERS) as pool:
        writers = [
            pool.submit(post_until_it_dies, server, number, answered, sent, dead)
            for number in range(WRITERS)
        ]
        until(lambda: len(answered) >= ENOUGH, "requests to be answered")
        server.process.send_signal(signal.SIGKILL)
        dead.set()
        for writer in writers:
            writer.result(timeout=60)

    with start_server(database_url, tmp_path) as server, Client(server.url) as tmf:
        kept = {one["name"]: one["id"] for one in tmf.read(f"{PLACE}?limit=1000")}
        retries = {key: tmf.post(PLACE, {"name": key}, Idempotency_Key=key) for key in sent}
        documents = tmf.read(f"{PLACE}?limit=1000")

    assert {answer.status_code for answer in retries.values()} == {201}
    # Done and answered for, or not done at all: the key and the resource are kept together.
    assert {key for key in sent if REPLAYED in retries[key].headers} == kept.keys()
    assert answered.keys() <= kept.keys()
    assert all(retries[key].content == first for key, first in answered.items())
    assert all(retries[key].json()["id"] == identity for key, identity in kept.items())
    assert sorted(one["name"] for one in documents) == sorted(sent)
