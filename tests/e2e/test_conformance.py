"""What TM Forum's conformance profiles ask of a fresh server, asked as their kits do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e import commands
from tests.e2e.client import JSON, Client, holds, unique
from tests.e2e.minimal import ALARM, OWNER
from tests.e2e.waiting import until
from tests.processes import Server, start_server

SPECIFICATION = {"id": "4711", "href": "https://csp.example/specification/4711", "version": "1"}


@dataclass(frozen=True)
class Profile:
    """What a profile asks of one resource.

    `minimal` is the least that a POST must hold, `other` a second document that differs in every
    attribute of `filters`; `always` is in every answer; `patch` changes something and is None
    where the resource takes no PATCH.
    """

    place: str
    minimal: dict[str, Any]
    other: dict[str, Any]
    always: tuple[str, ...]
    filters: tuple[str, ...]
    patch: dict[str, Any] | None
    deletes: bool = True

    def __str__(self) -> str:
        return self.place.replace("/", ".")


CATALOGUED = ("id", "href", "name", "lastUpdate", "lifecycleStatus")
BY_CATALOGUE = ("id", "lastUpdate", "lifecycleStatus", "name")

SERVICE = {
    "name": "First",
    "description": "Line to the depot",
    "state": "active",
    "category": "CFS",
    "startDate": "2030-01-31T07:00:00Z",
    "serviceSpecification": SPECIFICATION,
}


def catalogued(name: str, **more: Any) -> Profile:
    other = {"name": "Another", "lifecycleStatus": "Launched"}
    return Profile(
        f"TMF620/{name}",
        {"name": "First", **more},
        other,
        (*CATALOGUED, *more),
        BY_CATALOGUE,
        {"name": "Renamed"},
    )


def account(name: str, **more: Any) -> Profile:
    return Profile(
        f"TMF666/{name}",
        {"name": "First", **more},
        {"name": "Another", **more},
        ("id", "href", "name", *more),
        ("id", "name"),
        {"name": "Renamed"},
    )


PROFILES = [
    catalogued("catalog"),
    catalogued("category"),
    catalogued("productSpecification"),
    catalogued("productOffering", productSpecification=SPECIFICATION),
    Profile(
        "TMF620/productOfferingPrice",
        {"name": "First", "priceType": "recurring"},
        {"name": "Another", "priceType": "oneTime", "lifecycleStatus": "Launched"},
        (*CATALOGUED, "priceType"),
        (*BY_CATALOGUE, "priceType"),
        {"name": "Renamed"},
    ),
    Profile(
        "TMF622/productOrder",
        {
            "productOrderItem": [{"id": "100", "action": "add"}],
            "relatedParty": [{"id": "456", "@referredType": "Individual"}],
        },
        {"productOrderItem": [{"id": "1", "action": "delete"}]},
        ("id", "href", "orderDate", "state", "productOrderItem", "relatedParty"),
        ("id", "orderDate"),
        {"description": "Changed by telephone"},
    ),
    Profile(
        "TMF629/customer",
        {"name": "First", "engagedParty": {"id": "500", "@referredType": "Organization"}},
        {"name": "Another", "engagedParty": {"id": "501", "@referredType": "Individual"}},
        ("id", "href", "name", "@type", "engagedParty"),
        ("id", "name"),
        {"name": "Renamed"},
    ),
    Profile(
        "TMF635/usage",
        {"usageDate": "2031-05-04T03:32:17.235Z", "usageType": "voice", "status": "received"},
        {"usageDate": "2031-05-05T00:00:00Z", "usageType": "data", "status": "guided"},
        ("id", "href", "usageDate", "usageType", "status"),
        ("id", "usageDate", "usageType", "status"),
        {"description": "Call to the harbour office"},
    ),
    Profile(
        "TMF635/usageSpecification",
        {"name": "First"},
        {"name": "Another", "lifecycleStatus": "Launched"},
        ("id", "href", "name", "lifecycleStatus", "lastUpdate"),
        ("id", "name", "lifecycleStatus"),
        {"name": "Renamed"},
    ),
    Profile(
        "TMF637/product",
        {"status": "created"},
        {"status": "active", "name": "Another"},
        ("id", "href", "status"),
        ("id", "status"),
        {"name": "Renamed"},
    ),
    Profile(
        "TMF638/service",
        SERVICE,
        {
            "name": "Another",
            "state": "inactive",
            "category": "RFS",
            "serviceSpecification": SPECIFICATION,
        },
        ("id", "href", *SERVICE),
        ("id", "state", "name", "category"),
        {"description": "Line to the new depot"},
    ),
    Profile(
        "TMF642/alarm",
        ALARM,
        {
            **ALARM,
            "alarmRaisedTime": "2031-05-04T03:32:18Z",
            "probableCause": "fire",
            "sourceSystemId": "ems-2",
            "state": "updated",
        },
        ("id", "href", *ALARM),
        ("id", "alarmRaisedTime", "probableCause", "sourceSystemId", "state"),
        {"probableCause": "powerProblem"},
    ),
    Profile(
        "TMF678/customerBillOnDemand",
        {"billingAccount": {"id": "A0815"}},
        {"relatedParty": {"id": "77", "@referredType": "Individual"}},
        ("id", "href", "billingAccount", "state"),
        ("id",),
        None,
        deletes=False,
    ),
    account("partyAccount", relatedParty=OWNER),
    account("billingAccount", relatedParty=OWNER),
    account("settlementAccount", relatedParty=OWNER),
    account("financialAccount"),
    account("billingCycleSpecification"),
    account("billFormat"),
    account("billPresentationMedia"),
]

BILL = {
    "id": "bill-1",
    "state": "new",
    "billingAccount": {"id": "A0815"},
    "billDocument": [{"id": "document-1", "name": "bill-1.pdf"}],
}
RATES = [
    {"id": "rate-1", "isBilled": False, "billingAccount": {"id": "A0815"}},
    {"id": "rate-2", "isBilled": True, "bill": {"id": "bill-1"}},
]


@pytest.fixture(scope="module")
def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with start_server(module_database_url, tmp_path_factory.mktemp("fresh")) as server:
        yield server


@pytest.fixture(scope="module")
def tmf(server: Server) -> Iterator[Client]:
    client = Client(server.url)
    yield client
    client.close()


@pytest.fixture(scope="module")
def bills(
    server: Server, module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A bill and two rates, brought in beside the running server."""
    folder = tmp_path_factory.mktemp("vendor")
    documents = {"TMF678": {"customerBill": [BILL], "appliedCustomerBillingRate": RATES}}
    commands.loaded(documents, module_database_url, folder)


def each(profiles: list[Profile]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("profile", profiles, ids=str)


# --- All resources ---


@each(PROFILES)
def test_the_minimal_document_is_created_with_all_mandatory_attributes(
    tmf: Client, profile: Profile
) -> None:
    answer = tmf.post(profile.place, profile.minimal)

    assert answer.status_code == 201
    created = answer.json()
    assert set(profile.always) <= created.keys()
    assert created["href"] == tmf.url(f"{profile.place}/{created['id']}")
    assert answer.headers["Location"] == created["href"]
    assert holds(created, profile.minimal)
    later = settled(tmf, profile, created)
    moved = {"message", "productOrderItem", "state"} if later != created else set()
    assert {name: later[name] for name in later.keys() - moved} == {
        name: created[name] for name in created.keys() - moved
    }


@each(PROFILES)
def test_a_whole_list_is_200_and_only_a_part_of_it_206(tmf: Client, profile: Profile) -> None:
    ids = {tmf.create(profile.place, profile.minimal)["id"] for _ in range(2)}

    whole, part = tmf.get(profile.place), tmf.get(f"{profile.place}?limit=1")

    assert whole.status_code == 200
    assert ids <= {document["id"] for document in whole.json()}
    assert all(set(profile.always) <= one.keys() for one in whole.json() if one["id"] in ids)
    assert (part.status_code, len(part.json())) == (206, 1)
    assert part.headers["X-Total-Count"] == str(len(whole.json()))


@each(PROFILES)
def test_an_unknown_id_is_404(tmf: Client, profile: Profile) -> None:
    answer = tmf.get(f"{profile.place}/no-such-id")

    assert answer.status_code == 404
    assert answer.json()["code"] == "notFound"


@each(PROFILES)
def test_every_filter_of_the_profile_finds_what_matches_and_nothing_else(
    tmf: Client, profile: Profile
) -> None:
    created = tmf.create(profile.place, profile.minimal)
    other = tmf.create(profile.place, profile.other)

    for attribute in profile.filters:
        found = tmf.read(f"{profile.place}?{attribute}={created[attribute]}")
        ids = [document["id"] for document in found]
        assert created["id"] in ids, attribute
        # Two server-set times may be the same millisecond.
        assert (other["id"] in ids) == (other.get(attribute) == created[attribute]), attribute
        assert {document[attribute] for document in found} == {created[attribute]}


def settled(tmf: Client, profile: Profile, created: Any) -> Any:
    """What was created, as it is once the server has done about it what it does at once."""
    at_rest = {
        "TMF622/productOrder": ("inProgress",),
        "TMF622/cancelProductOrder": ("done", "terminatedWithError"),
        "TMF678/customerBillOnDemand": ("done", "rejected", "terminatedWithError"),
    }.get(profile.place)
    if at_rest is None:
        return created

    def look() -> Any:
        found = tmf.read(created["href"])
        return found if found["state"] in at_rest else None

    return until(look, f"{created['href']} to be {' or '.join(at_rest)}")


@each(PROFILES)
def test_fields_gives_id_href_and_what_is_asked_for(tmf: Client, profile: Profile) -> None:
    created = settled(tmf, profile, tmf.create(profile.place, profile.minimal))

    for attribute in profile.always:
        expected = {name: created[name] for name in ("id", "href", attribute)}
        listed = tmf.read(f"{profile.place}?fields={attribute}&id={created['id']}")
        assert listed == [expected]
        assert tmf.read(f"{profile.place}/{created['id']}?fields={attribute}") == expected


@each([profile for profile in PROFILES if profile.patch])
def test_a_patch_sent_as_plain_json_changes_what_it_names(tmf: Client, profile: Profile) -> None:
    created = settled(tmf, profile, tmf.create(profile.place, profile.minimal))

    answer = tmf.patch(f"{profile.place}/{created['id']}", profile.patch, JSON)

    assert answer.status_code == 200
    assert answer.json().items() >= (profile.patch or {}).items()
    assert set(profile.always) <= answer.json().keys()
    assert tmf.read(created["href"]) == answer.json()


@each([profile for profile in PROFILES if profile.deletes])
def test_what_is_deleted_is_gone(tmf: Client, profile: Profile) -> None:
    created = tmf.create(profile.place, profile.minimal)

    assert tmf.delete(created["href"]).status_code == 204
    assert tmf.get(created["href"]).status_code == 404
    assert tmf.delete(created["href"]).status_code == 404
    assert created["id"] not in tmf.ids(profile.place)


@each(PROFILES)
def test_a_trailing_slash_makes_no_difference(tmf: Client, profile: Profile) -> None:
    answer = tmf.post(f"{profile.place}/", profile.minimal)
    assert answer.status_code == 201
    created = settled(tmf, profile, answer.json())

    assert tmf.read(f"{profile.place}/{created['id']}/") == created
    assert tmf.read(f"{profile.place}/?id={created['id']}") == [created]
    assert tmf.read(f"{profile.place}/{created['id']}/?fields=none").keys() == {"id", "href"}


@each(PROFILES)
def test_credentials_do_not_disturb_an_open_server(tmf: Client, profile: Profile) -> None:
    header = {"Authorization": "Bearer dummy"}

    answer = tmf.post(profile.place, profile.minimal, **header)

    assert answer.status_code == 201
    assert tmf.get(answer.headers["Location"], **header).status_code == 200
    assert tmf.get(profile.place, Authorization="nonsense").status_code == 200


# --- Single profiles ---


@pytest.mark.parametrize("moment", ["2031-07-03T03:32:17.235+02:00", "2031-07-03T01:32:17.235Z"])
def test_filter_values_may_hold_colons_and_plus_signs_as_they_are(tmf: Client, moment: str) -> None:
    document = {**ALARM, "alarmRaisedTime": "2031-07-03T03:32:17.235+02:00"}
    created = tmf.create("TMF642/alarm", document)

    assert created["alarmRaisedTime"] == document["alarmRaisedTime"]
    assert created["id"] in tmf.ids(f"TMF642/alarm?alarmRaisedTime={moment}")
    assert tmf.ids("TMF642/alarm?alarmRaisedTime=2031-07-03T03:32:17.235+01:00") == []


def test_offerings_may_name_specifications_that_are_kept_elsewhere(tmf: Client) -> None:
    reference = {"id": unique("elsewhere"), "@referredType": "DeviceSpecification"}

    created = tmf.create("TMF620/productOffering", {"name": "x", "productSpecification": reference})

    assert created["productSpecification"] == reference


def test_a_bundle_names_its_offerings_instead_of_a_specification(tmf: Client) -> None:
    bundle = {"name": "x", "isBundle": True, "bundledProductOffering": [{"id": "1"}]}

    assert tmf.create("TMF620/productOffering", bundle).items() >= bundle.items()


def test_an_order_item_needs_no_more_than_id_and_action(tmf: Client) -> None:
    item = {"id": "1", "action": "add"}

    created = tmf.create("TMF622/productOrder", {"productOrderItem": [item]})

    assert created["productOrderItem"] == [{**item, "state": "acknowledged"}]
    assert created["state"] == "acknowledged"


def test_services_are_filtered_and_selected_at_once(tmf: Client) -> None:
    category = unique("category")
    service = {"category": category, "serviceSpecification": SPECIFICATION}
    wanted = tmf.create("TMF638/service", {**service, "name": "a", "state": "active"})
    tmf.create("TMF638/service", {**service, "name": "b", "state": "inactive"})

    found = tmf.read(f"TMF638/service?category={category}&state=active&fields=name,state")

    assert found == [{"id": wanted["id"], "href": wanted["href"], "name": "a", "state": "active"}]


@pytest.mark.parametrize(
    "patch",
    [
        {"probableCause": "fire"},
        {"perceivedSeverity": "critical"},
        {"alarmType": "equipmentAlarm"},
        {"state": "updated"},
    ],
    ids=lambda patch: next(iter(patch)),
)
def test_the_alarm_attributes_of_the_profile_can_be_patched(
    tmf: Client, patch: dict[str, str]
) -> None:
    created = tmf.create("TMF642/alarm", ALARM)
    assert created["alarmedObject"] == {}

    answer = tmf.patch(f"TMF642/alarm/{created['id']}", patch, JSON)

    assert answer.status_code == 200
    assert answer.json().items() >= patch.items()


def test_alarms_are_served_under_both_paths_in_circulation(tmf: Client) -> None:
    alias = "/tmf-api/alarmManagement/v4"
    answer = tmf.post(f"{alias}/alarm", ALARM)
    created = answer.json()

    assert answer.status_code == 201
    assert created["href"] == answer.headers["Location"] == tmf.url(f"TMF642/alarm/{created['id']}")
    assert tmf.read(created["href"]) == created
    assert tmf.read(f"{alias}/alarm/{created['id']}") == created
    assert tmf.read(f"{alias}/alarm?id={created['id']}") == [created]
    assert tmf.read(f"{alias}/openapi.json") == tmf.read("TMF642/openapi.json")


def test_a_bill_on_demand_may_name_a_party_instead_of_an_account(tmf: Client) -> None:
    request = {"relatedParty": {"id": "9", "@referredType": "Individual"}}

    assert tmf.create("TMF678/customerBillOnDemand", request).items() >= request.items()


@pytest.mark.usefixtures("bills")
def test_bills_come_from_a_vendors_file_and_are_found(tmf: Client) -> None:
    bill = tmf.read("TMF678/customerBill/bill-1")

    assert bill.items() >= BILL.items()
    assert bill["href"] == tmf.url("TMF678/customerBill/bill-1")
    assert tmf.read("TMF678/customerBill?id=bill-1") == [bill]
    assert tmf.read("TMF678/customerBill/bill-1?fields=billDocument").keys() == {
        "id", "href", "billDocument"
    }  # fmt: skip
    assert tmf.get("TMF678/customerBill/none").status_code == 404
    assert tmf.post("TMF678/customerBill", {}).status_code == 405


@pytest.mark.usefixtures("bills")
@pytest.mark.parametrize(("billed", "identity"), [("true", "rate-2"), ("false", "rate-1")])
def test_rates_are_told_apart_by_whether_they_are_billed(
    tmf: Client, billed: str, identity: str
) -> None:
    found = tmf.read(f"TMF678/appliedCustomerBillingRate?isBilled={billed}&fields=isBilled")

    assert found == [
        {
            "id": identity,
            "href": tmf.url(f"TMF678/appliedCustomerBillingRate/{identity}"),
            "isBilled": billed == "true",
        }
    ]


@pytest.mark.usefixtures("bills")
def test_a_bill_can_be_put_on_hold(tmf: Client) -> None:
    answer = tmf.patch("TMF678/customerBill/bill-1", {"state": "onHold"}, JSON)

    assert answer.status_code == 200
    assert answer.json()["state"] == "onHold"
    assert tmf.read("TMF678/customerBill/bill-1") == answer.json()
