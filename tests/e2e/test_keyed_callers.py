"""What is kept by caller goes by the key, where keys are on: rates, kept answers, the audit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.client import unique
from tests.e2e.closed import Closed, closed_server
from tests.e2e.test_refusals import check_error

PLACE = "TMF620/category"
BURST = 8

pytestmark = pytest.mark.over("SQLite")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


@pytest.fixture
def closed(database_url: str, tmp_path: Path, file: Path) -> Iterator[Closed]:
    settings = {
        "TMF_RATE_LIMIT": "0.001",
        "TMF_RATE_BURST": str(BURST),
        "TMF_AUDIT_FILE": str(file),
    }
    with closed_server(database_url, tmp_path, **settings) as closed:
        yield closed


def test_each_key_has_a_rate_of_its_own(closed: Closed) -> None:
    asked = [closed["reader"].get(PLACE).status_code for _ in range(BURST + 1)]

    assert asked == [200] * BURST + [429]
    assert closed["writer"].get(PLACE).status_code == 200


def test_who_has_no_valid_key_is_counted_by_address(closed: Closed) -> None:
    wrong = {"Authorization": "Bearer tmf_nobody"}
    asked = [closed.stranger.get(PLACE, **wrong).status_code for _ in range(BURST)]

    assert asked == [401] * BURST
    check_error(closed.stranger.get(PLACE), 429, "tooManyRequests")
    assert closed["reader"].get(PLACE).status_code == 200


def test_a_kept_answer_is_only_for_the_key_that_got_it(closed: Closed) -> None:
    key = unique("once")
    sent = {"name": "x"}
    first = closed["writer"].post(PLACE, sent, Idempotency_Key=key)
    again = closed["writer"].post(PLACE, sent, Idempotency_Key=key)
    other = closed["operator"].post(PLACE, sent, Idempotency_Key=key)

    assert first.status_code == other.status_code == 201
    assert again.json() == first.json()
    assert other.json()["id"] != first.json()["id"]


def test_the_audit_names_key_and_realm(closed: Closed, file: Path) -> None:
    created = closed["writer"].post(PLACE, {"name": "x"})

    lines = [json.loads(line) for line in file.read_text().splitlines()]
    (line,) = [line for line in lines if line["id"] == created.json()["id"]]
    assert line["who"] == closed.keys["writer"].split("_")[1]
    assert line["realm"] == "home"
