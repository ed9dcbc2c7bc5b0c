"""Which attributes a client decides and which the server, and what nobody may change."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import commands, still
from tests.e2e.client import JSON, JSON_PATCH, Client, unique
from tests.e2e.minimal import ALARM, CREATED

LONG_AGO = "2001-01-01T00:00:00Z"


tmf, session_database_url = still.tmf, still.session_database_url


def is_recent(text: str) -> bool:
    """Whether a server-set time is now, in UTC with Z and milliseconds."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text), text
    return abs(datetime.now(UTC) - datetime.fromisoformat(text)) < timedelta(minutes=5)


# --- Identity ---


def test_a_client_may_bring_its_own_id_once(tmf: Client) -> None:
    identity = unique("urn:own:~id+@1")

    created = tmf.create("TMF629/customer", {**CREATED["TMF629/customer"], "id": identity})
    again = tmf.post("TMF629/customer", {**CREATED["TMF629/customer"], "id": identity})

    assert created["id"] == identity
    assert created["href"] == tmf.url(f"TMF629/customer/{identity}")
    assert tmf.read(created["href"]) == created
    assert again.status_code == 409
    assert again.json()["code"] == "alreadyExists"
    assert tmf.read(created["href"]) == created


def test_ids_of_the_server_come_in_the_order_of_creation(tmf: Client) -> None:
    name = unique("ordered")

    ids = [tmf.create("TMF620/category", {"name": name})["id"] for _ in range(20)]

    assert ids == sorted(ids)
    assert tmf.ids(f"TMF620/category?name={name}") == ids


def test_an_id_is_not_changed_by_a_patch(tmf: Client) -> None:
    created = tmf.create("TMF620/category", {"name": "x"})

    answers = [
        tmf.patch(created["href"], {"id": "another"}),
        tmf.patch(
            created["href"], [{"op": "replace", "path": "/id", "value": "another"}], JSON_PATCH
        ),
    ]

    for answer in answers:
        assert answer.status_code == 409
        assert answer.json()["code"] == "immutableAttribute"
    assert tmf.patch(created["href"], {"id": created["id"], "name": "y"}).status_code == 200


def test_an_href_is_the_servers(tmf: Client) -> None:
    created = tmf.create("TMF620/category", {"name": "x", "href": "https://elsewhere.example/1"})
    patched = tmf.patch(created["href"], {"href": "https://elsewhere.example/2", "name": "y"})

    assert created["href"] == tmf.url(f"TMF620/category/{created['id']}")
    assert patched.json()["href"] == created["href"]


def test_an_href_follows_the_address_that_was_asked(tmf: Client) -> None:
    created = tmf.create("TMF620/category", {"name": "x"})
    place = f"TMF620/category/{created['id']}"
    path = created["href"].removeprefix(tmf.root)

    by_name = tmf.get(place, Host="tmf.example:8443").json()
    by_proxy = tmf.get(place, X_Forwarded_Host="api.example", X_Forwarded_Proto="https").json()
    by_nonsense = tmf.get(place, Host='a"b<c').json()

    assert by_name["href"] == "http://tmf.example:8443" + path
    assert by_proxy["href"] == "https://api.example" + path
    assert by_nonsense["href"].endswith(path)
    assert "<" not in by_nonsense["href"]


# --- Set by the server ---


@pytest.mark.parametrize(
    ("place", "attribute"),
    [
        ("TMF620/catalog", "lastUpdate"),
        ("TMF620/productOffering", "lastUpdate"),
        ("TMF622/productOrder", "orderDate"),
        ("TMF635/usageSpecification", "lastUpdate"),
        ("TMF666/billingAccount", "lastModified"),
        ("TMF676/payment", "paymentDate"),
        ("TMF676/refund", "statusDate"),
        ("TMF620/importJob", "creationDate"),
    ],
)
def test_times_are_the_servers_and_what_is_sent_is_ignored(
    tmf: Client, place: str, attribute: str
) -> None:
    created = tmf.create(place, {**CREATED[place], attribute: LONG_AGO})

    assert is_recent(created[attribute])


def test_the_last_update_moves_with_each_change_and_only_then(tmf: Client) -> None:
    created = tmf.create("TMF620/category", {"name": "x"})

    unchanged = tmf.patch(created["href"], {"lastUpdate": LONG_AGO}).json()
    changed = tmf.patch(created["href"], {"name": "y", "lastUpdate": LONG_AGO}).json()

    assert unchanged == created
    assert changed["lastUpdate"] > created["lastUpdate"]
    assert is_recent(changed["lastUpdate"])


def test_the_order_date_stays_and_sending_it_back_disturbs_nothing(tmf: Client) -> None:
    created = tmf.create("TMF622/productOrder", CREATED["TMF622/productOrder"])

    answer = tmf.patch(created["href"], {**created, "description": "urgent"})

    assert answer.status_code == 200
    assert answer.json() == {**created, "description": "urgent"}
    other = tmf.patch(created["href"], {"orderDate": LONG_AGO, "description": "late"})
    assert other.status_code == 200
    assert other.json()["orderDate"] == created["orderDate"]


@pytest.mark.parametrize(
    ("place", "attribute", "value"),
    [
        ("TMF620/catalog", "lifecycleStatus", "In study"),
        ("TMF620/productOfferingPrice", "lifecycleStatus", "In study"),
        ("TMF622/productOrder", "state", "acknowledged"),
        ("TMF622/cancelProductOrder", "state", "acknowledged"),
        ("TMF642/ackAlarms", "state", "acknowledged"),
        ("TMF678/customerBillOnDemand", "state", "inProgress"),
        ("TMF629/customer", "@type", "Customer"),
        ("TMF638/service", "@type", "Service"),
        ("TMF620/productOffering", "@type", "ProductOffering"),
    ],
)
def test_what_is_not_sent_is_stated(tmf: Client, place: str, attribute: str, value: str) -> None:
    created = tmf.create(place, CREATED[place])

    assert created[attribute] == value
    assert tmf.ids(f"{place}?{attribute}={value}&id={created['id']}") == [created["id"]]


@pytest.mark.parametrize(
    ("place", "sent"),
    [
        ("TMF620/catalog", {"lifecycleStatus": "launched"}),
        ("TMF620/catalog", {"lifecycleStatus": "Anything goes"}),
        ("TMF629/customer", {"@type": "VipCustomer", "@baseType": "Customer"}),
    ],
)
def test_what_is_sent_is_not_overwritten_by_a_default(
    tmf: Client, place: str, sent: dict[str, str]
) -> None:
    assert tmf.create(place, {**CREATED[place], **sent}).items() >= sent.items()


@pytest.mark.parametrize(
    ("place", "sent"),
    [
        ("TMF622/productOrder", {"completionDate": LONG_AGO, "state": "completed"}),
        ("TMF620/importJob", {"status": "Succeeded", "completionDate": LONG_AGO, "errorLog": "x"}),
        ("TMF642/ackAlarms", {"state": "done"}),
        ("TMF622/cancelProductOrder", {"effectiveCancellationDate": LONG_AGO, "state": "done"}),
    ],
)
def test_what_only_the_server_says_is_not_taken_from_a_client(
    tmf: Client, place: str, sent: dict[str, str]
) -> None:
    plain = tmf.create(place, CREATED[place])

    created = tmf.create(place, {**CREATED[place], **sent})

    for attribute in sent:
        assert created.get(attribute) == plain.get(attribute), attribute


def test_entering_a_state_is_dated(tmf: Client) -> None:
    service = tmf.create("TMF638/service", {**CREATED["TMF638/service"], "state": "active"})
    alarm = tmf.create("TMF642/alarm", ALARM)
    own = {"state": "cleared", "alarmClearedTime": "2031-05-04T05:00:00+02:00"}

    assert is_recent(service["startDate"])
    assert is_recent(tmf.patch(service["href"], {"state": "terminated"}).json()["endDate"])
    assert tmf.patch(alarm["href"], own).json().items() >= own.items()


# --- Immutable ---


@pytest.mark.parametrize(
    ("place", "attribute", "first", "second"),
    [
        ("TMF638/service", "serviceDate", "2030-01-01T00:00:00Z", "2030-01-02T00:00:00Z"),
        ("TMF642/alarm", "sourceSystemId", "ems-1", "ems-2"),
        ("TMF642/alarm", "alarmRaisedTime", "2031-05-04T03:32:17.235Z", "2031-05-04T03:32:18Z"),
        ("TMF620/category", "@type", "Aisle", "Section"),
        ("TMF620/category", "@baseType", "Aisle", "Section"),
    ],
)
def test_what_is_immutable_keeps_the_value_it_once_has(
    tmf: Client, place: str, attribute: str, first: str, second: str
) -> None:
    created = tmf.create(place, {**CREATED[place], attribute: first})

    same = tmf.patch(created["href"], {attribute: first}, JSON)
    other = tmf.patch(created["href"], {attribute: second}, JSON)
    removed = tmf.patch(created["href"], [{"op": "remove", "path": f"/{attribute}"}], JSON_PATCH)

    assert same.status_code == 200
    for answer in (other, removed):
        assert answer.status_code == 409
        assert answer.json()["code"] == "immutableAttribute"
        assert attribute in answer.json()["message"]
    assert tmf.read(created["href"])[attribute] == first


def test_a_bill_is_not_written_anew(tmf: Client, session_database_url: str, tmp_path: Path) -> None:
    bill: dict[str, Any] = {
        "id": unique("bill"),
        "billNo": "2030-1",
        "amountDue": {"unit": "EUR", "value": 10.5},
        "billingAccount": {"id": "1"},
    }
    commands.loaded({"TMF678": {"customerBill": [bill]}}, session_database_url, tmp_path)
    place = f"TMF678/customerBill/{bill['id']}"
    before = tmf.read(place)

    for attribute in ("billNo", "amountDue", "billingAccount"):
        changed = {"billNo": "x", "amountDue": {"value": 1}, "billingAccount": {"id": "2"}}
        answer = tmf.patch(place, {attribute: changed[attribute]})
        assert answer.status_code == 409, answer.text
        assert answer.json()["code"] == "immutableAttribute"
    assert tmf.read(place) == before
