"""Operators look after listeners: below `/admin/v1/hub`, and by `tmf hub`."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.e2e import commands
from tests.e2e.client import Client, unique
from tests.e2e.closed import HARBOUR, HOME, Closed, closed_server
from tests.e2e.recipients import OK, Received, Recipients, Reply, recipients
from tests.e2e.waiting import until

ADMIN = "/admin/v1/hub"
SETTINGS = {
    "TMF_HUB_ALLOW_PRIVATE_CALLBACKS": "true",
    "TMF_HUB_RETRY_SCHEDULE": "0.05,0.05",
    "TMF_AUDIT_FILE": "audit.jsonl",
}
LONG_AGO = "2020-01-01"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("operated")


@pytest.fixture(scope="module")
def closed(module_database_url: str, folder: Path) -> Iterator[Closed]:
    """A server with keys that gives deliveries up after three tries."""
    with closed_server(module_database_url, folder, **SETTINGS) as closed:
        yield closed


@pytest.fixture(scope="module")
def operator(closed: Closed) -> Client:
    return closed["operator"]


@pytest.fixture(scope="module")
def receiving() -> Iterator[Recipients]:
    with recipients() as receiving:
        yield receiving


class Listener:
    """A registered listener of categories' events, with what has come to it."""

    def __init__(self, client: Client, receiving: Recipients, query: str = "") -> None:
        self.path = f"/{unique('listener')}"
        sent = {"callback": receiving.url + self.path, "query": query}
        registered = client.create("TMF620/hub", sent)
        self.id = registered["id"]
        self.secret = registered["secret"]
        self.place = f"{ADMIN}/{self.id}"
        self._receiving = receiving

    def answers(self, reply: Reply) -> None:
        self._receiving.answers[self.path] = lambda _: reply

    @property
    def received(self) -> list[Received]:
        return self._receiving.at(self.path)

    def names(self) -> list[str]:
        """The names that categories had, in the events as they came."""
        return [one.resource["name"] for one in self.received]

    def hears(self, count: int) -> list[Received]:
        until(lambda: len(self.received) >= count, f"{count} deliveries to {self.path}")
        return self.received


@pytest.fixture
def listener(closed: Closed, receiving: Recipients) -> Listener:
    return Listener(closed["writer"], receiving)


def act(client: Client, listener: Listener, verb: str, body: Any = None) -> Any:
    """What the operator's interface answers, having done it."""
    answer = client.post(f"{listener.place}/{verb}", body or {})
    assert answer.status_code == 200, answer.text
    return answer.json()


def category(client: Client, *names: str) -> str:
    """A category that has had these names one after the other; its id."""
    made = client.create("TMF620/category", {"name": names[0]})["id"]
    for name in names[1:]:
        assert client.patch(f"TMF620/category/{made}", {"name": name}).status_code == 200
    return str(made)


def is_idle(client: Client, listener: Listener) -> bool:
    return bool(client.read(listener.place)["waiting"] == 0)


# --- How listeners are doing ---


def test_an_operator_sees_how_listeners_are_doing(
    closed: Closed, operator: Client, receiving: Recipients
) -> None:
    well, badly = (Listener(closed["writer"], receiving) for _ in range(2))
    badly.answers(Reply(status=500, body=b"no \xff\x00 way"))
    made = category(closed["writer"], "x")
    until(lambda: operator.read(badly.place)["parked"] == 1, "to be given up")
    until(lambda: is_idle(operator, well), "to be delivered")

    listed = {one["id"]: one for one in operator.read(f"{ADMIN}?api=TMF620&limit=1000")}
    assert listed[well.id] == operator.read(well.place)
    assert listed[badly.id] == operator.read(badly.place)
    assert (listed[well.id]["state"], listed[badly.id]["state"]) == ("active", "failing")
    assert listed[well.id]["lastSequence"] == listed[badly.id]["lastSequence"] == 1
    assert listed[badly.id]["lastAttempt"]["status"] == 500
    assert listed[badly.id]["failingSince"] <= listed[badly.id]["lastAttempt"]["time"]
    assert "failingSince" not in listed[well.id]
    assert well.secret not in json.dumps(listed)

    attempts = operator.read(f"{badly.place}/attempts")
    assert [one["number"] for one in attempts] == [3, 2, 1]
    assert {one["resourceId"] for one in attempts} == {made}
    assert {(one["status"], one["delivery"]) for one in attempts} == {(500, "parked")}
    assert attempts[0]["answer"].startswith("no ")
    assert operator.read(f"{badly.place}/attempts?limit=1") == attempts[:1]
    assert operator.read(f"{badly.place}/attempts?failed=true") == attempts
    assert operator.read(f"{well.place}/attempts?failed=true") == []
    assert [one["status"] for one in operator.read(f"{well.place}/attempts")] == [204]


def test_listeners_are_listed_in_pages(operator: Client, listener: Listener) -> None:
    everything = operator.get(f"{ADMIN}?limit=1000")
    ids = [one["id"] for one in everything.json()]

    assert everything.headers["X-Total-Count"] == str(len(ids))
    assert ids == sorted(ids)
    assert [one["id"] for one in operator.read(f"{ADMIN}?offset={len(ids) - 1}&limit=5")] == [
        ids[-1]
    ]
    assert operator.read(f"{ADMIN}?api=TMF678") == []


@pytest.mark.parametrize(
    "query", ["limit=-1", "limit=1001", "offset=x", "api=", "api=%00", "api=%FF", "api=TMF620'"]
)
def test_a_list_that_cannot_be_is_400(operator: Client, query: str) -> None:
    answer = operator.get(f"{ADMIN}?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalidQuery")


# --- Sending again ---


def test_what_was_given_up_is_sent_again_under_its_id_and_number(
    closed: Closed, operator: Client, listener: Listener
) -> None:
    listener.answers(Reply(status=503))
    category(closed["writer"], "first", "second")
    until(lambda: operator.read(listener.place)["parked"] == 2, "to be given up")
    before = len(listener.received)
    listener.answers(OK)

    resent = act(operator, listener, "resend", {"since": LONG_AGO, "parked": True})

    assert (resent["sentAgain"], resent["sentFirst"]) == (2, 0)
    first, second = listener.hears(before + 2)[before:]
    assert [one.resource["name"] for one in (first, second)] == ["first", "second"]
    assert [one.sequence for one in (first, second)] == [1, 2]
    assert first.id == listener.received[0].id
    until(lambda: is_idle(operator, listener), "to be noted")
    assert operator.read(listener.place)["parked"] == 0
    assert operator.read(listener.place)["state"] == "active"
    assert act(operator, listener, "resend", {"since": LONG_AGO})["sentAgain"] == 0


def test_what_was_delivered_is_sent_once_more_if_asked_for(
    closed: Closed, operator: Client, listener: Listener
) -> None:
    category(closed["writer"], "first", "second")
    ids = [one.id for one in listener.hears(2)]
    until(lambda: is_idle(operator, listener), "to be noted")

    assert act(operator, listener, "resend", {"since": LONG_AGO})["sentAgain"] == 0
    resent = act(operator, listener, "resend", {"since": LONG_AGO, "delivered": True})

    assert (resent["sentAgain"], resent["sentFirst"]) == (2, 0)
    assert [one.id for one in listener.hears(4)] == ids * 2
    assert [one.sequence for one in listener.received] == [1, 2, 1, 2]


def test_a_range_is_a_range(closed: Closed, operator: Client, listener: Listener) -> None:
    category(closed["writer"], "x", "y")
    times = [one.event["eventTime"] for one in listener.hears(2)]
    until(lambda: is_idle(operator, listener), "to be noted")

    def again(**asked: Any) -> int:
        return int(act(operator, listener, "resend", {**asked, "delivered": True})["sentAgain"])

    earlier = datetime.fromisoformat(times[0]) - timedelta(milliseconds=1)
    later = datetime.fromisoformat(times[1]) + timedelta(milliseconds=1)
    offset = later.astimezone(tz=None).isoformat()
    assert again(since=LONG_AGO, until=earlier.isoformat()) == 0
    assert again(since=later.isoformat()) == 0
    assert again(since=earlier.isoformat(), until=offset) == 2


def test_what_a_disabled_listener_missed_is_sent_in_order(
    closed: Closed, operator: Client, receiving: Recipients
) -> None:
    mine = Listener(closed["partner"], receiving, "event.category.name.ne=not wanted")
    witness = Listener(closed["writer"], receiving)
    category(closed["writer"], "before")
    mine.hears(1)

    assert act(operator, mine, "disable")["state"] == "disabled"
    made = category(closed["writer"], "one", "not wanted", "two")
    until(lambda: "two" in witness.names(), "all to be matched")
    shown = act(operator, mine, "enable")
    assert shown["state"] == "active"
    assert "disabledSince" not in shown
    assert shown["lastSequence"] == 1

    resent = act(operator, mine, "resend", {"since": LONG_AGO})

    assert (resent["sentAgain"], resent["sentFirst"]) == (0, 2)
    until(lambda: is_idle(operator, mine), "all to be delivered")
    assert mine.names() == ["before", "one", "two"]
    assert [one.sequence for one in mine.received] == [1, 2, 3]
    assert {one.resource["id"] for one in mine.received[1:]} == {made}
    known = {one.id: one.body for one in witness.received}
    assert all(known[one.id] == one.body for one in mine.received)
    assert act(operator, mine, "resend", {"since": LONG_AGO})["sentFirst"] == 0


def test_a_partner_is_sent_nothing_of_others(closed: Closed, receiving: Recipients) -> None:
    """What is matched again is seen by the partner's eyes again."""
    operator, writer = closed["operator"], closed["writer"]
    order = {"productOrderItem": [{"id": "1", "action": "add", "quantity": 1}]}
    path, witness = f"/{unique('partner')}", f"/{unique('witness')}"
    query = "eventType=ProductOrderCreateEvent"  # what follows from them comes in its own time
    sent = {"callback": receiving.url + path, "query": query}
    mine = closed["partner"].create("TMF622/hub", sent)["id"]
    writer.create("TMF622/hub", {"callback": receiving.url + witness, "query": query})
    assert operator.post(f"{ADMIN}/{mine}/disable", {}).status_code == 200
    party = {"relatedParty": [{"id": HARBOUR, "@referredType": "Organization"}]}
    other = {"relatedParty": [{"id": "somebody", "@referredType": "Organization"}]}
    writer.create("TMF622/productOrder", {**order, **other})
    own = writer.create("TMF622/productOrder", {**order, **party})["id"]
    until(lambda: len(receiving.at(witness)) == 2, "all to be matched")
    assert operator.post(f"{ADMIN}/{mine}/enable", {}).status_code == 200

    resent = operator.post(f"{ADMIN}/{mine}/resend", {"since": LONG_AGO}).json()

    assert resent["sentFirst"] == 1
    until(lambda: operator.read(f"{ADMIN}/{mine}")["waiting"] == 0, "all to be delivered")
    assert [one.resource["id"] for one in receiving.at(path)] == [own]


def test_what_waits_for_an_enabled_listener_is_due_at_once(
    database_url: str, tmp_path: Path, receiving: Recipients
) -> None:
    slow = {**SETTINGS, "TMF_HUB_RETRY_SCHEDULE": "100000"}
    with closed_server(database_url, tmp_path, **slow) as closed:
        operator, mine = closed["operator"], Listener(closed["writer"], receiving)
        mine.answers(Reply(status=500))
        category(closed["writer"], "x")
        until(lambda: "lastAttempt" in operator.read(mine.place), "the first attempt")
        act(operator, mine, "disable")
        mine.answers(OK)

        act(operator, mine, "enable")

        until(lambda: is_idle(operator, mine), "the second attempt")
        assert mine.names() == ["x", "x"]
        for kept in range(2):  # a resend does the same for what waits
            mine.answers(Reply(status=500))
            category(closed["writer"], f"y{kept}")
            mine.hears(3 + 2 * kept)
            until(lambda: operator.read(f"{mine.place}/attempts")[0]["status"] == 500, "a note")
            mine.answers(OK)
            assert act(operator, mine, "resend", {"since": LONG_AGO})["sentAgain"] == 1
            until(lambda: is_idle(operator, mine), "the second attempt")


@pytest.mark.parametrize(
    ("since", "until_then"),
    [
        ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
        ("1969-12-31", "9999-12-31T23:59:60Z"),
    ],
)
def test_a_range_may_be_as_wide_as_time(
    operator: Client, listener: Listener, since: str, until_then: str
) -> None:
    resent = act(operator, listener, "resend", {"since": since, "until": until_then})

    assert resent["since"] == "1970-01-01T00:00:00.000Z"
    assert resent["until"] == "9999-12-31T23:59:59.000Z"


def test_nothing_is_sent_again_to_a_disabled_listener(operator: Client, listener: Listener) -> None:
    act(operator, listener, "disable")

    answer = operator.post(f"{listener.place}/resend", {"since": LONG_AGO})

    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert "enable" in answer.json()["message"]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"since": "soon"},
        {"since": "2030-01-02", "until": "2030-01-01"},
        {"since": LONG_AGO, "parked": True, "delivered": True},
        {"since": LONG_AGO, "parked": "yes"},
        {"since": LONG_AGO, "until": None},
        [],
        "{",
    ],
    ids=str,
)
def test_a_range_that_cannot_be_is_400(operator: Client, listener: Listener, asked: Any) -> None:
    answer = operator.post(f"{listener.place}/resend", asked)

    assert answer.status_code == 400
    assert answer.json()["code"] in ("invalidDocument", "invalidBody")


def test_operators_who_send_again_at_once_send_once(
    closed: Closed, operator: Client, receiving: Recipients
) -> None:
    mine, witness = (Listener(closed["writer"], receiving) for _ in range(2))
    act(operator, mine, "disable")
    category(closed["writer"], *(f"name {number}" for number in range(20)))
    witness.hears(20)
    act(operator, mine, "enable")
    sent: list[int] = []

    def resend() -> None:
        with Client(operator.root, closed.keys["operator"]) as own:
            answer = own.post(f"{mine.place}/resend", {"since": LONG_AGO})
            assert answer.status_code == 200, answer.text
            sent.append(answer.json()["sentFirst"])

    threads = [threading.Thread(target=resend) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(sent) == 4
    assert sum(sent) == 20
    until(lambda: is_idle(operator, mine), "all to be delivered")
    assert operator.read(mine.place)["lastSequence"] == 20
    assert mine.names()[-1] == "name 19"


# --- Disabling, rotating, testing ---


def test_disabling_and_enabling_twice_is_done_once(operator: Client, listener: Listener) -> None:
    first = act(operator, listener, "disable")
    assert act(operator, listener, "disable") == first
    assert first["disabledReason"] == "by the operator"

    second = act(operator, listener, "enable")
    assert act(operator, listener, "enable") == second


def verifies(secret: str, one: Received) -> bool:
    try:
        Webhook(secret).verify(one.body, dict(one.headers))
    except WebhookVerificationError:
        return False
    return True


def test_both_secrets_sign_for_a_day(closed: Closed, operator: Client, listener: Listener) -> None:
    rotated = act(operator, listener, "rotate")
    until_then = datetime.fromisoformat(rotated["previousSecretUntil"]) - datetime.now(UTC)
    assert timedelta(hours=23) < until_then < timedelta(hours=25)
    assert operator.read(listener.place)["previousSecretUntil"] == rotated["previousSecretUntil"]

    category(closed["writer"], "x")
    (one,) = listener.hears(1)
    assert verifies(listener.secret, one)
    assert verifies(rotated["secret"], one)

    again = operator.post(f"{listener.place}/rotate", {})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")

    leaked = act(operator, listener, "rotate", {"atOnce": True})
    assert leaked.keys() == {"secret"}
    category(closed["writer"], "y")
    second = listener.hears(2)[1]
    assert [verifies(known, second) for known in (listener.secret, rotated["secret"])] == [
        False,
        False,
    ]
    assert verifies(leaked["secret"], second)
    assert operator.post(f"{listener.place}/rotate", {}).status_code == 200


def test_a_test_event_is_signed_and_does_not_count(operator: Client, listener: Listener) -> None:
    act(operator, listener, "disable")

    outcome = act(operator, listener, "test")

    (one,) = listener.received
    assert verifies(listener.secret, one)
    assert (outcome["delivered"], outcome["status"]) == (True, 204)
    assert outcome["eventId"] == one.id == one.event["eventId"]
    assert one.event["eventType"] == "ListenerTestEvent"
    assert one.sequence == 0
    assert operator.read(listener.place)["lastSequence"] == 0
    assert operator.read(f"{listener.place}/attempts") == []


def test_a_test_event_that_fails_says_why(closed: Closed, receiving: Recipients) -> None:
    operator, refusing = closed["operator"], Listener(closed["writer"], receiving)
    refusing.answers(Reply(status=301, headers={"Location": receiving.url + "/elsewhere"}))
    away = closed["writer"].create("TMF620/hub", {"callback": "http://127.0.0.1:9/"})["id"]

    outcome = act(operator, refusing, "test")
    assert (outcome["delivered"], outcome["status"]) == (False, 301)
    assert receiving.at("/elsewhere") == []
    outcome = operator.post(f"{ADMIN}/{away}/test", {}).json()
    assert (outcome["delivered"], "status" in outcome) == (False, False)
    assert "no connection" in outcome["error"]


# --- Who may do it, and to whom ---


def test_a_partner_has_only_so_many_listeners(database_url: str, tmp_path: Path) -> None:
    with closed_server(database_url, tmp_path, TMF_HUB_PARTNER_LISTENERS="2") as closed:
        partner, sent = closed["partner"], {"callback": "https://listener.example/"}
        first = [partner.create("TMF620/hub", sent)["id"] for _ in range(2)]

        refused = partner.post("TMF620/hub", sent)

        assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
        assert partner.ids("TMF620/hub") == first
        partner.create("TMF622/hub", sent)
        closed["other partner"].create("TMF620/hub", sent)
        for _ in range(3):
            closed["writer"].create("TMF620/hub", sent)
        assert partner.delete(f"TMF620/hub/{first[0]}").status_code == 204
        partner.create("TMF620/hub", sent)


def requests_to(place: str) -> list[tuple[str, str]]:
    verbs = ("resend", "disable", "enable", "test", "rotate")
    return [
        ("GET", place),
        ("GET", f"{place}/attempts"),
        *(("POST", f"{place}/{v}") for v in verbs),
    ]


def test_listeners_are_their_realms_operators_to_look_after(
    closed: Closed, operator: Client, listener: Listener
) -> None:
    before = operator.read(listener.place)
    for method, place in requests_to(listener.place):
        body = json.dumps({"since": LONG_AGO})
        away = closed["operator away"].ask(method, place, body, Content_Type="application/json")
        assert (away.status_code, away.json()["code"]) == (404, "notFound"), place
        for role in ("reader", "writer", "partner", "other partner"):
            assert closed[role].ask(method, place, body).status_code == 403, place
        assert closed.stranger.ask(method, place, body).status_code == 401, place

    assert closed["operator away"].read(ADMIN) == []
    assert operator.read(listener.place) == before
    assert listener.received == []


@pytest.mark.parametrize(
    "identity", ["nobody", "'; DROP TABLE hub; --", "%00", "%F0%9F%93%A1", ".."]
)
def test_a_listener_that_there_is_none_of_is_404(operator: Client, identity: str) -> None:
    for method, place in requests_to(f"{ADMIN}/{identity}")[1:]:
        answer = operator.ask(
            method, place, json.dumps({"since": LONG_AGO}), Content_Type="application/json"
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "notFound"), place


def test_a_listener_that_is_forgotten_is_not_looked_after(
    closed: Closed, operator: Client, listener: Listener
) -> None:
    assert closed["writer"].delete(f"TMF620/hub/{listener.id}").status_code == 204

    for method, place in requests_to(listener.place):
        answer = operator.ask(
            method, place, json.dumps({"since": LONG_AGO}), Content_Type="application/json"
        )
        assert answer.status_code == 404, place


def test_methods_and_media_types_are_as_declared(operator: Client, listener: Listener) -> None:
    answer = operator.delete(f"{listener.place}/resend")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "OPTIONS, POST")
    for verb in ("resend", "rotate"):
        xml = operator.post(f"{listener.place}/{verb}", "<a/>", Content_Type="application/xml")
        assert xml.status_code == 415
    assert operator.post(f"{listener.place}/else", {}).status_code == 404
    assert operator.post(f"{listener.place}/attempts/", {}).status_code == 405


def test_what_operators_do_is_told_in_the_audit(
    operator: Client, listener: Listener, folder: Path
) -> None:
    for verb, body in (
        ("disable", {}),
        ("enable", {}),
        ("rotate", {}),
        ("resend", {"since": LONG_AGO}),
        ("test", {}),
    ):
        act(operator, listener, verb, body)

    lines = [json.loads(line) for line in (folder / "audit.jsonl").read_text().splitlines()]
    mine = [line for line in lines if line["id"] == listener.id and line["event"] != "register"]
    assert [line["event"] for line in mine] == ["disable", "enable", "rotate", "resend", "test"]
    assert {(line["resource"], line["realm"]) for line in mine} == {("admin.hub", HOME)}
    assert mine[3]["sentAgain"] == 0
    assert all("whsec_" not in json.dumps(line) for line in mine)


# --- The commands ---


def test_the_commands_do_the_same(
    closed: Closed,
    operator: Client,
    receiving: Recipients,
    module_database_url: str,
    tmp_path: Path,
) -> None:
    def hub(*arguments: str, status: int = 0) -> str:
        settings = {**SETTINGS, "TMF_DATABASE_URL": module_database_url}
        done = commands.tmf("hub", *arguments, "--realm", HOME, folder=tmp_path, **settings)
        assert done.returncode == status, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout if status == 0 else done.stdout + done.stderr

    mine, witness = (Listener(closed["writer"], receiving) for _ in range(2))
    category(closed["writer"], "before")
    mine.hears(1)
    until(lambda: is_idle(operator, mine), "to be noted")

    listed = hub("list", "--api", "tmf620")
    assert listed.splitlines()[0].split()[:4] == ["ID", "API", "STATE", "WAITING"]
    assert f"{mine.id}  TMF620  active" in listed
    assert json.loads(hub("show", mine.id, "--json")) == operator.read(mine.place)
    assert "disabledReason  by the operator" in hub("disable", mine.id)
    category(closed["writer"], "missed")
    until(lambda: "missed" in witness.names(), "to be matched")
    assert "is disabled" in hub("resend", mine.id, "--since", "1h", status=1)
    assert "state         active" in hub("enable", mine.id)
    assert "1 events are sent for the first time" in hub("resend", mine.id, "--since", "1h")
    until(lambda: "missed" in mine.names(), "what was missed")
    until(lambda: is_idle(operator, mine), "to be noted")
    secret = hub("rotate", mine.id).strip()
    assert "delivered     True" in hub("test", mine.id)
    assert verifies(secret, mine.received[-1])
    attempts = hub("attempts", mine.id)
    assert [line.split()[1] for line in attempts.splitlines()] == ["NUMBER", "#2", "#1"]
    mine.answers(Reply(status=500, body=b"\x1b[2J"))
    assert "\x1b" not in hub("test", mine.id, status=1)


@pytest.mark.over("SQLite")
def test_a_command_says_in_a_line_what_is_wrong(tmp_path: Path) -> None:
    unknown = commands.tmf("hub", "show", "nobody", folder=tmp_path)
    no_time = commands.tmf("hub", "resend", "x", "--since", "yesterday", folder=tmp_path)
    moved = commands.tmf("hub", "rotate", "x", folder=tmp_path, TMF_CLOCK="2030-01-01T00:00:00Z")

    assert (unknown.returncode, no_time.returncode, moved.returncode) == (1, 2, 1)
    assert unknown.stderr == "Error: there is no listener with the id nobody\n"
    assert "yesterday is neither a date-time nor like 90s, 30m, 12h, 7d" in no_time.stderr
    assert "/admin/v1/hub" in moved.stderr
