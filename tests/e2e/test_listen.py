"""`tmf listen`: events are printed as they arrive, with what is to be said of each."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.e2e import commands
from tests.e2e.waiting import until
from tests.processes import Server
from tmf.hub.signing import new_secret, signatures

pytestmark = pytest.mark.over("SQLite")

SECRET = new_secret()
EVENT = {
    "eventId": "e-1",
    "eventType": "ProductOrderStateChangeEvent",
    "event": {"productOrder": {"id": "order-1", "state": "inProgress"}},
}


@contextmanager
def listening(folder: Path, *options: str) -> Iterator[tuple[Server, str]]:
    """The command, running, and where it listens."""
    command = (*commands.TMF, "listen", "--port", "0", *options)
    with Server(command, folder, commands.environment()) as server:
        yield (
            server,
            until(lambda: re.findall(r"Listening on (http://\S+)/", server.log()), "start")[0],
        )


def send(url: str, event: Any, sequence: int, secret: str = SECRET) -> int:
    """A delivery, as the hub sends it; the answer's status."""
    body, now = json.dumps(event).encode(), int(time.time())
    headers = {
        "Content-Type": "application/json",
        "webhook-id": "e-1",
        "webhook-timestamp": str(now),
        "webhook-sequence": str(sequence),
        "webhook-signature": signatures([secret], "e-1", now, body),
    }
    return requests.post(url, data=body, headers=headers, timeout=60).status_code


def lines(server: Server) -> list[str]:
    return [line for line in server.log().splitlines() if "  signature " in line]


def test_each_event_is_a_line(tmp_path: Path) -> None:
    with listening(tmp_path, "--secret", SECRET, "--secret", new_secret()) as (server, url):
        assert send(f"{url}/mine", EVENT, 5) == 204
        assert send(f"{url}/mine", EVENT, 7) == 204
        assert send(f"{url}/other", {"eventType": "X\x1b[2J"}, 7) == 204
        assert send(f"{url}/mine", EVENT, 9, new_secret()) == 401
        assert send(f"{url}/mine", ["no event"], 8) == 400
        first, second, third, fourth, fifth = lines(server)

    assert re.match(r"\d\d:\d\d:\d\d\.\d{3}  ProductOrderStateChangeEvent ", first)
    assert first.endswith("  productOrder order-1  inProgress  #5  signature ok")
    assert second.endswith("#7  signature ok  gap: #6 not seen")
    assert third.endswith("#7  signature ok")
    assert "\x1b" not in third
    assert fourth.endswith("#9  signature wrong")
    assert fifth.endswith("#8  signature ok")
    assert "no event" in fifth


def test_without_a_secret_nothing_is_checked(tmp_path: Path) -> None:
    with listening(tmp_path, "--body") as (server, url):
        assert "no signature is checked" in server.log()
        assert requests.post(url, json=EVENT, timeout=60).status_code == 204
        assert lines(server)[0].endswith("inProgress  signature not checked")
        assert json.dumps(EVENT) in server.log()


def test_a_listener_in_trouble_answers_as_it_is_told_to(tmp_path: Path) -> None:
    with listening(tmp_path, "--secret", SECRET, "--answer", "503") as (server, url):
        assert send(url, EVENT, 1) == 503
        assert lines(server)[0].endswith("signature ok")


def test_a_secret_that_is_none_is_refused(tmp_path: Path) -> None:
    done = commands.tmf("listen", "--secret", "whsec_?", folder=tmp_path)

    assert done.returncode == 2
    assert "whsec_" in done.stderr


def test_a_taken_port_is_told_in_a_line(tmp_path: Path) -> None:
    with listening(tmp_path) as (_, url):
        done = commands.tmf("listen", "--port", url.rpartition(":")[2], folder=tmp_path)

    assert done.returncode == 1
    assert "in use" in done.stderr
    assert "Traceback" not in done.stderr
