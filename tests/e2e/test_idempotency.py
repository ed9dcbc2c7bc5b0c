"""`Idempotency-Key`: what is sent again is answered again and done once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from sqlalchemy import create_engine, text

from tests.e2e.client import JSON, Client, unique
from tests.e2e.test_refusals import check_error
from tests.e2e.waiting import until
from tests.processes import Server, start_server

PLACE = "TMF620/category"
REPLAYED = "Idempotent-Replayed"


def same(first: requests.Response, second: requests.Response) -> bool:
    """Whether the second is the first answer again, and says so."""
    names = ("Location", "ETag", "Content-Type")
    assert REPLAYED not in first.headers
    assert second.headers[REPLAYED] == "true"
    return (first.status_code, first.content, *map(first.headers.get, names)) == (
        second.status_code,
        second.content,
        *map(second.headers.get, names),
    )


def test_a_creation_sent_again_gives_the_first_answer_and_creates_nothing(tmf: Client) -> None:
    key, name = unique("key"), unique("name")

    first = tmf.post(PLACE, {"name": name}, Idempotency_Key=key)
    again = [tmf.post(PLACE, {"name": name}, Idempotency_Key=key) for _ in range(3)]

    assert first.status_code == 201
    assert all(same(first, answer) for answer in again)
    assert tmf.ids(f"{PLACE}?name={name}") == [first.json()["id"]]
    assert len({answer.headers["X-Request-Id"] for answer in [first, *again]}) == 4


def test_an_id_that_the_client_brings_is_not_taken_by_its_own_retry(tmf: Client) -> None:
    sent = {"id": unique("mine"), "name": "x"}
    key = unique("key")

    first = tmf.post(PLACE, sent, Idempotency_Key=key)

    assert same(first, tmf.post(PLACE, sent, Idempotency_Key=key))
    check_error(tmf.post(PLACE, sent, Idempotency_Key=unique("key")), 409, "alreadyExists")


def test_the_first_answer_is_given_whatever_became_of_the_resource(tmf: Client) -> None:
    key = unique("key")
    first = tmf.post(f"{PLACE}?fields=name", {"name": "x"}, Idempotency_Key=key)
    href = first.headers["Location"]

    tmf.patch(href, {"name": "y"})
    assert same(first, tmf.post(f"{PLACE}?fields=name", {"name": "x"}, Idempotency_Key=key))
    tmf.delete(href)
    assert same(first, tmf.post(f"{PLACE}?fields=name", {"name": "x"}, Idempotency_Key=key))
    assert tmf.get(href).status_code == 404


def test_a_listener_registered_again_is_registered_once(tmf: Client) -> None:
    key = unique("key")
    sent = {"callback": f"http://127.0.0.1:9/{unique('listener')}"}

    first = tmf.post("TMF642/hub", sent, Idempotency_Key=key)
    again = tmf.post("TMF642/hub", sent, Idempotency_Key=key)

    assert first.status_code == 201
    assert same(first, again)
    listeners = tmf.read("TMF642/hub?limit=1000")
    assert [one["callback"] for one in listeners].count(sent["callback"]) == 1


@pytest.mark.parametrize(
    ("place", "document"),
    [
        (PLACE, {"name": "another"}),
        (PLACE, '{"name": "x" }'),  # the same document, but not the same bytes
        (f"{PLACE}?fields=name", {"name": "x"}),
        ("TMF620/catalog", {"name": "x"}),
        ("TMF620/hub", {"callback": "http://127.0.0.1:9/"}),
    ],
)
def test_a_key_that_comes_with_another_request_is_refused(
    tmf: Client, place: str, document: object
) -> None:
    key = unique("key")
    assert tmf.post(PLACE, {"name": "x"}, Idempotency_Key=key).status_code == 201
    before = tmf.get(f"{place.partition('?')[0]}?limit=0").headers["X-Total-Count"]

    answer = tmf.post(place, document, Idempotency_Key=key)

    check_error(answer, 409, "idempotencyKeyReused")
    assert tmf.get(f"{place.partition('?')[0]}?limit=0").headers["X-Total-Count"] == before


@pytest.mark.parametrize(
    ("document", "status"),
    [
        ({"name": 1}, 400),
        ("{", 400),
        ({"id": "taken-by-another", "name": "x"}, 409),
    ],
)
def test_what_was_refused_is_tried_anew(tmf: Client, document: object, status: int) -> None:
    tmf.post(PLACE, {"id": "taken-by-another", "name": "first"})
    key = unique("key")

    refused = [tmf.post(PLACE, document, Idempotency_Key=key) for _ in range(2)]
    accepted = tmf.post(PLACE, {"name": "x"}, Idempotency_Key=key)

    assert [answer.status_code for answer in refused] == [status, status]
    assert all(REPLAYED not in answer.headers for answer in refused)
    assert accepted.status_code == 201
    assert REPLAYED not in accepted.headers


@pytest.mark.parametrize("key", ["", "a b", "x" * 256, "k\u00e9y", "a\tb"])
@pytest.mark.parametrize(
    ("place", "document"),
    [(PLACE, {"name": "x"}), ("TMF620/hub", {"callback": "http://127.0.0.1:9/"})],
)
def test_a_key_that_is_none_is_refused(
    tmf: Client, key: str, place: str, document: dict[str, str]
) -> None:
    before = tmf.get(f"{place}?limit=0").headers["X-Total-Count"]

    answer = tmf.ask(
        "POST",
        place,
        json.dumps(document),
        Content_Type=JSON,
        Idempotency_Key=key.encode("latin-1"),  # type: ignore[arg-type]
    )

    check_error(answer, 400, "invalidHeader")
    assert tmf.get(f"{place}?limit=0").headers["X-Total-Count"] == before


@pytest.mark.parametrize("key", ["x" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "!~'\\%"])
def test_any_visible_ascii_is_a_key(tmf: Client, key: str) -> None:
    name = unique("name")
    key = (unique("k") + key)[:255]

    first = tmf.post(PLACE, {"name": name}, Idempotency_Key=key)

    assert same(first, tmf.post(PLACE, {"name": name}, Idempotency_Key=key))
    assert len(tmf.ids(f"{PLACE}?name={name}")) == 1


def test_other_methods_have_no_use_for_a_key(tmf: Client) -> None:
    created = tmf.create(PLACE, {"name": "x"})
    key = unique("key")

    names = [
        tmf.patch(created["href"], {"name": name}, Idempotency_Key=key).json()["name"]
        for name in ("y", "z")
    ]

    assert names == ["y", "z"]


# --- Time ---


@pytest.fixture
def clocked(database_url: str, tmp_path: Path) -> Iterator[Server]:
    """A server whose clock can be moved, which keeps answers for two hours."""
    settings = {"TMF_CLOCK": "2030-01-01T00:00:00Z", "TMF_IDEMPOTENCY_HOURS": "2"}
    with start_server(database_url, tmp_path, **settings) as server:
        yield server


def advance(tmf: Client, seconds: int) -> None:
    moved = tmf.post("/admin/v1/clock", {"advanceSeconds": seconds})
    assert moved.status_code == 200, moved.text


def test_an_answer_is_kept_for_its_time_and_no_longer(clocked: Server) -> None:
    with Client(clocked.url) as tmf:
        first = tmf.post(PLACE, {"name": "x"}, Idempotency_Key="k")
        advance(tmf, 7000)
        within = tmf.post(PLACE, {"name": "x"}, Idempotency_Key="k")
        advance(tmf, 201)
        after = tmf.post(PLACE, {"name": "other"}, Idempotency_Key="k")
        again = tmf.post(PLACE, {"name": "other"}, Idempotency_Key="k")

    assert same(first, within)
    assert after.status_code == 201
    assert same(after, again)


def kept(database_url: str) -> int:
    engine = create_engine(database_url)
    with engine.connect() as connection:
        count = connection.execute(text("SELECT count(*) FROM idempotency")).scalar_one()
    engine.dispose()
    return int(count)


def keep_expired(database_url: str, count: int) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO idempotency "
                "(realm, caller, key, fingerprint, status, headers, body, expires) "
                "VALUES ('default', 'anonymous', :key, :empty, 201, '{}', :empty, 1)"
            ),
            [{"key": f"old-{number}", "empty": b""} for number in range(count)],
        )
    engine.dispose()


def test_expired_answers_are_forgotten_by_themselves(database_url: str, tmp_path: Path) -> None:
    with start_server(database_url, tmp_path) as server, Client(server.url) as tmf:
        for number in range(3):
            tmf.post(PLACE, {"name": "x"}, Idempotency_Key=f"k{number}")
        assert kept(database_url) == 3
    keep_expired(database_url, 1200)  # several batches of them
    assert kept(database_url) == 1203

    with start_server(database_url, tmp_path):
        until(lambda: kept(database_url) == 3, "the purge of what has expired")
    tomorrow = datetime.now(UTC) + timedelta(hours=24, minutes=1)
    with start_server(database_url, tmp_path, TMF_CLOCK=tomorrow.isoformat()):
        until(lambda: kept(database_url) == 0, "the purge")
