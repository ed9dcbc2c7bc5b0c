"""Drivers and the provisioning file."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from tmf.driver import Done, Failed, Later, Manual
from tmf.hub.signing import new_secret
from tmf.tmf638_inventory.configuration import ProvisioningError, provisioning
from tmf.tmf638_inventory.drivers.http import Http
from tmf.tmf638_inventory.drivers.manual import ByHand
from tmf.tmf638_inventory.drivers.pool import Pool
from tmf.tmf638_inventory.drivers.simulated import Simulated

SERVICE: dict[str, Any] = {"id": "s1", "state": "reserved", "provisioning": {"round": 1}}
SECRET = new_secret()


class Tools:
    """As a driver is given, with the pools in memory."""

    def __init__(self, attempts: int = 0) -> None:
        self.attempts = attempts
        self.realm = "north"
        self.given: dict[str, str] = {}

    def assign(self, pool: str, values: Iterable[str], size: int) -> str | None:
        taken = set(self.given.values())
        free = next((one for one in islice(values, size) if one not in taken), None)
        if free is not None:
            self.given[pool] = free
        return free

    def release(self, pool: str) -> None:
        self.given.pop(pool, None)


def configured(tmp_path: Path, stated: Any) -> Any:
    file = tmp_path / "provisioning.json"
    file.write_text(stated if isinstance(stated, str) else json.dumps(stated))
    return provisioning({"provisioning": file})


# --- The file ---


def test_without_a_file_all_is_simulated() -> None:
    entry = provisioning({"provisioning": None}).entry({"id": "anything"})

    assert entry.driver.activate(SERVICE, Tools()) == Done()


def test_entries_are_found_by_id_or_name_and_the_rest_is_otherwise(tmp_path: Path) -> None:
    known = configured(
        tmp_path,
        {
            "services": {"line": {"driver": "manual", "supportedBy": [{"id": "duct"}]}},
            "otherwise": {"driver": "simulated", "attempts": 3, "retry": [1, 2]},
        },
    )

    for specification in ({"id": "line"}, {"id": "17", "name": "line"}):
        entry = known.entry(specification)
        assert isinstance(entry.driver, ByHand)
        assert [one["id"] for one in entry.supports] == ["duct"]
    other = known.entry({"id": "other"})
    assert isinstance(other.driver, Simulated)
    assert [other.pause(attempts) for attempts in (1, 2, 3)] == [1, 2, 2]


@pytest.mark.parametrize(
    ("stated", "why"),
    [
        ("{", "malformed|truncated|unexpected"),
        ([], "an object"),
        ({"services": []}, "an object"),
        ({"service": {}}, "service is unknown"),
        ({"services": {"x": {}}}, "x: an entry is an object that names a driver"),
        ({"services": {"x": {"driver": "magic"}}}, "no driver magic; there are http, manual, pool"),
        ({"services": {"x": {"driver": "manual", "tries": 1}}}, "tries is unknown"),
        ({"services": {"x": {"driver": "pool"}}}, "KeyError: 'pool'"),
        (
            {"services": {"x": {"driver": "pool", "options": {"pool": "p", "ranges": ["9-1"]}}}},
            "ends before it begins",
        ),
        (
            {"services": {"x": {"driver": "http", "options": {"url": "x", "secret": SECRET}}}},
            "not the address of an endpoint",
        ),
    ],
)
def test_what_cannot_be_used_is_told(tmp_path: Path, stated: Any, why: str) -> None:
    with pytest.raises(ProvisioningError, match=why) as caught:
        configured(tmp_path, stated)
    assert "TMF_PROVISIONING: " in str(caught.value)


# --- Drivers ---


@pytest.mark.parametrize(
    ("ranges", "values"),
    [
        (["192.0.2.0/30"], ["192.0.2.1", "192.0.2.2"]),
        (["192.0.2.8/31"], ["192.0.2.8", "192.0.2.9"]),
        (["192.0.2.7-192.0.2.8", "192.0.2.1"], ["192.0.2.7", "192.0.2.8", "192.0.2.1"]),
        (["2001:db8::/127"], ["2001:db8::", "2001:db8::1"]),
        (["+35320099-+35320101"], ["+35320099", "+35320100", "+35320101"]),
        (["007-009"], ["007", "008", "009"]),
    ],
)
def test_a_pool_gives_what_its_ranges_hold(ranges: list[str], values: list[str]) -> None:
    pool = Pool({"pool": "p", "ranges": ranges, "characteristic": "number"})
    tools = [Tools() for _ in range(len(values) + 1)]
    for one in tools:
        one.given = tools[0].given

    given: list[Any] = []
    for number, _ in enumerate(values):
        outcome = pool.activate({**SERVICE, "id": str(number)}, tools[number])
        assert isinstance(outcome, Done)
        given.append(outcome.characteristics["number"])
        tools[0].given[f"kept {number}"] = given[-1]

    assert given == values
    assert pool.activate(SERVICE, tools[-1]) == Failed("the pool p is used up")


def test_what_is_simulated() -> None:
    asked = {**SERVICE, "serviceCharacteristic": [{"name": "simulate", "value": "fail"}]}
    assert Simulated({}).activate(asked, Tools()) == Failed("simulated failure")
    assert Simulated({"delay": 2}).activate(SERVICE, Tools()) == Later(2.0, "simulated delay")
    assert Simulated({"delay": 2}).activate(SERVICE, Tools(1)) == Done()
    assert Simulated({"characteristics": {"a": 1}}).activate(SERVICE, Tools()) == Done({"a": 1})
    with pytest.raises(ConnectionError):
        Simulated({"failures": 2}).modify(SERVICE, Tools(1))
    until_repaired = Simulated({"fail": "broken", "failRounds": 1})
    assert until_repaired.activate(SERVICE, Tools()) == Failed("broken")
    assert until_repaired.activate({**SERVICE, "provisioning": {"round": 2}}, Tools()) == Done()


def test_what_is_done_by_hand() -> None:
    by_hand = ByHand({"instruction": "dig"})
    assert by_hand.activate(SERVICE, Tools()) == Manual("dig")
    assert by_hand.deactivate(SERVICE, Tools()) == Done()
    assert by_hand.deactivate({**SERVICE, "state": "active"}, Tools()) == Manual("dig")


class Endpoint(HTTPServer):
    """An operator's endpoint that answers what it is told to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.answers: list[tuple[int, Any]] = []
        self.heard: list[tuple[Mapping[str, str], bytes]] = []


class Answering(BaseHTTPRequestHandler):
    server: Endpoint

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.heard.append((dict(self.headers), body))
        status, said = self.server.answers.pop(0)
        text = said.encode() if isinstance(said, str) else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as endpoint:
        running = threading.Thread(target=endpoint.serve_forever, daemon=True)
        running.start()
        yield endpoint
        endpoint.shutdown()
        running.join()


def test_an_endpoint_is_asked_with_a_signed_request(endpoint: Endpoint) -> None:
    url = f"http://127.0.0.1:{endpoint.server_address[1]}/services"
    driver = Http({"url": url, "secret": SECRET})
    done = {"status": "done", "characteristics": {"port": 7}}
    endpoint.answers = [
        (200, done),
        (200, ""),
        (200, {"status": "later", "seconds": 9, "reason": "busy"}),
        (202, {"status": "manual", "reason": "dig"}),
        (200, {"status": "failed", "reason": "no such street"}),
        (404, "nobody here"),
    ]

    assert driver.activate(SERVICE, Tools()) == Done({"port": 7})
    assert driver.deactivate(SERVICE, Tools()) == Done()
    assert driver.modify(SERVICE, Tools()) == Later(9.0, "busy")
    assert driver.activate(SERVICE, Tools()) == Manual("dig")
    assert driver.activate(SERVICE, Tools()) == Failed("no such street")
    assert driver.activate(SERVICE, Tools()) == Failed("the endpoint answered 404")
    headers, body = endpoint.heard[0]
    said = Webhook(SECRET).verify(body.decode(), {k.lower(): v for k, v in headers.items()})
    assert (said["action"], said["realm"], said["service"]) == ("activate", "north", SERVICE)


@pytest.mark.parametrize("answer", [(500, ""), (429, ""), (200, {"status": "perhaps"})])
def test_an_endpoint_in_trouble_is_asked_again(endpoint: Endpoint, answer: Any) -> None:
    endpoint.answers = [answer]
    url = f"http://127.0.0.1:{endpoint.server_address[1]}/"
    with pytest.raises(ConnectionError):
        Http({"url": url, "secret": SECRET}).activate(SERVICE, Tools())


def test_an_endpoint_that_is_not_there_is_asked_again() -> None:
    with pytest.raises(OSError, match="refused"):
        Http({"url": "http://127.0.0.1:9/", "secret": SECRET}).activate(SERVICE, Tools())
