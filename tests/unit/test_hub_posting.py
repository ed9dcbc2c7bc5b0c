"""One attempt, and what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from threading import Event

import pytest

from tests.e2e.recipients import Recipients, Reply, recipients
from tests.unit.test_hub_hands import parcel
from tmf.events.clock import Clock
from tmf.hub.posting import KEPT, Poster, Sent
from tmf.store.dispatch import Parcel

SECRET = "whsec_" + "A" * 43 + "="
OLD = "whsec_" + "B" * 43 + "="


@pytest.fixture(scope="module")
def receiving() -> Iterator[Recipients]:
    with recipients() as receiving:
        yield receiving


def post(sent: Parcel, *, timeout: float = 60.0, allow_private: bool = True) -> Sent:
    async def once() -> Sent:
        poster = Poster(Clock(), connections=1, allow_private=allow_private, timeout=timeout)
        try:
            return await poster.post(sent)
        finally:
            await poster.close()

    return asyncio.run(once())


def to(receiving: Recipients, path: str, reply: Reply | None = None) -> Parcel:
    if reply is not None:
        receiving.answers[path] = lambda _: reply
    return replace(parcel(7), callback=receiving.url + path, secret=SECRET)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_success(receiving: Recipients, status: int) -> None:
    sent = post(to(receiving, "/good", Reply(status)))

    assert sent.attempt.succeeded
    assert (sent.attempt.status, sent.attempt.error) == (status, None)


@pytest.mark.parametrize("status", [300, 301, 304, 307, 400, 410, 500, 503])
def test_nothing_else_is_and_redirects_are_not_followed(receiving: Recipients, status: int) -> None:
    sent = post(to(receiving, "/bad", Reply(status, headers={"Location": "/followed"})))

    assert not sent.attempt.succeeded
    assert sent.attempt.status == status
    assert receiving.at("/followed") == []


def test_a_listener_that_hangs_is_given_up(receiving: Recipients) -> None:
    go_on = Event()
    reply = Reply(before=lambda: go_on.wait(timeout=60))
    try:
        sent = post(to(receiving, "/hangs", reply), timeout=0.2)
    finally:
        go_on.set()

    assert (sent.attempt.status, sent.attempt.error) == (None, "no answer within 0.2 s")


def test_the_beginning_of_an_answer_is_kept_and_the_rest_not_waited_for(
    receiving: Recipients,
) -> None:
    sent = post(to(receiving, "/long", Reply(200, body=b"x" * 2_000_000)))
    odd = post(to(receiving, "/odd", Reply(500, body=b"\xff\0why")))

    assert sent.attempt.succeeded
    assert sent.attempt.answer == "x" * KEPT
    assert odd.attempt.answer == "\ufffd\ufffdwhy"


def test_an_answer_that_breaks_off_is_none(receiving: Recipients) -> None:
    sent = post(to(receiving, "/cut", Reply(200, body=b"half", cut=True)))

    assert not sent.attempt.succeeded
    assert sent.attempt.status == 200
    assert sent.attempt.error


def test_a_listener_that_is_not_there_is_told_so(receiving: Recipients) -> None:
    closed = post(replace(parcel(1), callback="http://127.0.0.1:1/", secret=SECRET))
    unknown = post(replace(parcel(1), callback="http://listener.invalid/", secret=SECRET))

    for sent in (closed, unknown):
        assert sent.attempt.status is None
        assert (sent.attempt.error or "").startswith("no connection: ")


def test_a_query_that_is_no_longer_understood_is_a_failed_attempt(receiving: Recipients) -> None:
    sent = post(replace(to(receiving, "/unread"), query="fields=" + "x" * 5000))

    assert sent.attempt.status is None
    assert (sent.attempt.error or "").startswith("GuidelineError: ")
    assert receiving.at("/unread") == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "127.1"])
def test_private_addresses_are_refused_however_they_are_written(
    receiving: Recipients, host: str
) -> None:
    callback = f"http://{host}:{receiving.server_port}/refused"

    sent = post(replace(parcel(1), callback=callback, secret=SECRET), allow_private=False)

    assert sent.attempt.status is None
    assert sent.attempt.error
    assert receiving.at("/refused") == []


def test_the_headers_are_those_of_standard_webhooks(receiving: Recipients) -> None:
    now = Clock().micros()
    plain = to(receiving, "/headers")
    post(plain)
    post(replace(plain, previous_secret=OLD, previous_until=now + 60_000_000))
    post(replace(plain, previous_secret=OLD, previous_until=now - 1))

    first, rotating, rotated = receiving.at("/headers")

    assert first.headers["webhook-id"] == "e7"
    assert first.headers["webhook-sequence"] == "7"
    assert abs(int(first.headers["webhook-timestamp"]) * 1_000_000 - now) < 60_000_000
    assert [
        len(one.headers["webhook-signature"].split()) for one in (first, rotating, rotated)
    ] == [1, 2, 1]


def test_the_wish_to_be_left_alone_is_passed_on(receiving: Recipients) -> None:
    sent = post(to(receiving, "/busy", Reply(503, headers={"Retry-After": "7"})))

    assert sent.retry_after == 7
