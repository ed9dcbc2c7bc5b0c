"""The demo: every document valid, every reference kept, and the loader that posts them."""

import json
import re
import socketserver
import threading
from collections import Counter
from decimal import Decimal
from http.server import BaseHTTPRequestHandler

import jsonschema_rs
import pytest

from tmf.declare import Circumstances, GuidelineError
from tmf.demo.documents import LOAD_ORDER, demo_documents
from tmf.demo.loader import DemoError, load_catalogue
from tmf.spec.bundle import load_api
from tmf.tmf622_ordering import ORDERING
from tmf.tmf630_guidelines.documents import decode, encode

DOCUMENTS = demo_documents()
APIS = {name: load_api(name) for name in dict(LOAD_ORDER)}
BY_ID = {one.body["id"]: one for one in DOCUMENTS}

# What the demo refers to in systems beside this one, by the attribute or the type named.
OUTSIDE_ATTRIBUTES = {
    "channel",
    "engagedParty",
    "place",
    "resourceSpecification",
    "serviceSpecification",
    "supportingResource",
    "threshold",
    "alarmedObject",
}
OUTSIDE_TYPES = {"Organization", "Individual"}
# Objects that carry an id of their own within their document.
LOCAL_IDS = {
    "feature",
    "note",
    "priceAlteration",
    "productOrderItem",
    "productOrderItemRelationship",
    "productSpecCharacteristic",
}


def of(api, resource):
    return [one.body for one in DOCUMENTS if (one.api, one.resource) == (api, resource)]


def objects(value, attribute=""):
    """Every object in a document, each with the attribute that it is a value of."""
    if isinstance(value, dict):
        yield attribute, value
        for name, part in value.items():
            yield from objects(part, name)
    elif isinstance(value, list):
        for part in value:
            yield from objects(part, attribute)


def references(document):
    for attribute, value in objects(document):
        inside = attribute and attribute not in OUTSIDE_ATTRIBUTES | LOCAL_IDS
        if inside and "id" in value and value.get("@referredType") not in OUTSIDE_TYPES:
            yield attribute, value


def paths(value, path=()):
    """Every attribute path of a document, arrays passed through."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield (*path, name)
            yield from paths(part, (*path, name))
    elif isinstance(value, list):
        for part in value:
            yield from paths(part, path)


def validator(api, schema):
    document = json.loads(json.dumps(APIS[api].document))
    whole = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
    return jsonschema_rs.Draft4Validator(whole, validate_formats=True)


@pytest.mark.parametrize(("api", "resource"), LOAD_ORDER)
def test_every_document_is_a_valid_body_of_a_post(api, resource):
    check = validator(api, f"{APIS[api].resources[resource].schema}_Create")
    bodies = of(api, resource)
    assert bodies
    for body in bodies:
        errors = [error.message for error in check.iter_errors(json.loads(encode(body)))]
        assert errors == [], body["id"]


@pytest.mark.parametrize("one", DOCUMENTS, ids=lambda one: one.body["id"])
def test_every_attribute_is_one_that_the_specification_knows(one):
    resource = APIS[one.api].resources[one.resource]
    assert [path for path in paths(one.body) if resource.kind_of(path) is None] == []


@pytest.mark.parametrize("one", DOCUMENTS, ids=lambda one: one.body["id"])
def test_nothing_is_sent_that_the_server_sets(one):
    resource = APIS[one.api].resources[one.resource]
    assert not one.body.keys() & (resource.server_set.keys() | resource.not_in_create)
    assert not [path for path in paths(one.body) if path[-1] in ("href", "lastUpdate")]
    items = [part for name, part in objects(one.body) if name == "productOrderItem"]
    assert not [item for item in items if "state" in item]


def test_no_two_documents_share_an_id():
    assert [
        i for i, count in Counter(one.body["id"] for one in DOCUMENTS).items() if count > 1
    ] == []


@pytest.mark.parametrize("one", DOCUMENTS, ids=lambda one: one.body["id"])
def test_every_reference_is_kept_under_the_right_name(one):
    for attribute, reference in references(one.body):
        assert reference["id"] in BY_ID, attribute
        if attribute not in ("affectedService", "alarmedObject"):  # these two have no name
            assert reference["name"] == BY_ID[reference["id"]].body["name"], attribute


@pytest.mark.parametrize(
    ("attribute", "resource"),
    [
        ("productSpecification", "productSpecification"),
        ("productOfferingPrice", "productOfferingPrice"),
        ("bundledProductOffering", "productOffering"),
        ("productOffering", "productOffering"),
        ("category", "category"),
        ("billingAccount", "billingAccount"),
        ("supportingService", "service"),
        ("affectedService", "service"),
    ],
)
def test_references_lead_to_the_kind_of_document_that_they_name(attribute, resource):
    found = [
        BY_ID[reference["id"]].resource
        for one in DOCUMENTS
        for name, reference in references(one.body)
        if name == attribute
    ]
    assert found
    assert set(found) == {resource}


def test_categories_form_a_tree():
    categories = {one["id"]: one for one in of("TMF620", "category")}
    listed = {
        child["id"]: parent["id"]
        for parent in categories.values()
        for child in parent.get("subCategory", [])
    }
    assert listed == {i: one["parentId"] for i, one in categories.items() if not one["isRoot"]}
    assert all("parentId" not in one for one in categories.values() if one["isRoot"])


def test_catalogues_show_root_categories_and_every_category_is_reached():
    roots = {one["id"] for one in of("TMF620", "category") if one["isRoot"]}
    shown = [{part["id"] for part in one["category"]} for one in of("TMF620", "catalog")]
    assert set().union(*shown) == roots


def test_bundles_can_be_configured_and_hold_no_bundles():
    bundles = [one for one in of("TMF620", "productOffering") if one["isBundle"]]
    assert bundles
    for bundle in bundles:
        parts = bundle["bundledProductOffering"]
        options = [part["bundledProductOfferingOption"] for part in parts]
        assert len({part["id"] for part in parts}) == len(parts) > 1
        for option in options:
            low, high = option["numberRelOfferLowerLimit"], option["numberRelOfferUpperLimit"]
            assert 0 <= low <= option["numberRelOfferDefault"] <= high
            assert high > 0
        assert any(option["numberRelOfferLowerLimit"] for option in options)
        assert not any(BY_ID[part["id"]].body["isBundle"] for part in parts)


def test_an_offering_sells_a_specification_or_is_a_bundle():
    for offering in of("TMF620", "productOffering"):
        assert ("productSpecification" in offering) != offering["isBundle"]
        assert ("bundledProductOffering" in offering) == offering["isBundle"]


def test_what_cannot_be_bought_alone_is_part_of_a_bundle():
    offerings = of("TMF620", "productOffering")
    parts = {part["id"] for one in offerings for part in one.get("bundledProductOffering", [])}
    assert {one["id"] for one in offerings if not one["isSellable"]} <= parts
    assert all("productOfferingPrice" in one for one in offerings if one["isSellable"])


def test_a_bundle_costs_less_than_its_parts_apart():
    monthly = {
        one["id"]: one["price"]["value"]
        for one in of("TMF620", "productOfferingPrice")
        if one["priceType"] == "recurring"
    }
    apart = sum(monthly[f"price-{part}-monthly"] for part in ("fibre-500", "voice", "tv"))
    assert monthly["price-triple-play-monthly"] < apart


def test_prices_keep_their_cents_and_their_tax_is_right():
    prices = of("TMF620", "productOfferingPrice")
    assert {one["priceType"] for one in prices} == {"oneTime", "recurring", "usage", "discount"}
    for one in prices:
        if one["priceType"] == "discount":
            assert 0 < one["percentage"] <= 100
            continue
        amount = one["price"]["value"]
        assert amount.as_tuple().exponent == -2
        for tax in one["tax"]:
            exact = amount * tax["taxRate"] / 100
            assert abs(tax["taxAmount"]["value"] - exact) <= Decimal("0.005")
        assert (one["priceType"] == "recurring") == ("recurringChargePeriodType" in one)
        assert (one["priceType"] == "usage") == ("unitOfMeasure" in one)


def test_alterations_take_away_and_their_gross_follows_from_their_net():
    found = [
        part["price"]
        for one in DOCUMENTS
        for name, part in objects(one.body)
        if name == "priceAlteration"
    ]
    assert {"percentage" in value for value in found} == {True, False}
    for value in found:
        if "percentage" in value:
            assert -100 <= value["percentage"] < 0
            continue
        net, gross = value["dutyFreeAmount"]["value"], value["taxIncludedAmount"]["value"]
        assert net < 0
        assert gross == net * (100 + value["taxRate"]) / 100


def test_prices_by_value_are_for_values_that_the_specification_has():
    uses = [
        use
        for one in of("TMF620", "productOfferingPrice")
        for use in one.get("prodSpecCharValueUse", [])
    ]
    assert uses
    for use in uses:
        spec = BY_ID[use["productSpecification"]["id"]].body
        (known,) = (one for one in spec["productSpecCharacteristic"] if one["name"] == use["name"])
        for permitted in use["productSpecCharacteristicValue"]:
            ends = [
                permitted[name] for name in ("value", "valueFrom", "valueTo") if name in permitted
            ]
            assert ends
            assert all(allowed(known, value) for value in ends)


def test_what_is_sold_is_realised_by_services_or_is_a_thing():
    for spec in of("TMF620", "productSpecification"):
        assert spec.get("serviceSpecification") or spec.get("resourceSpecification")
    named = {
        ref["id"]
        for spec in of("TMF620", "productSpecification")
        for ref in spec.get("serviceSpecification", [])
    }
    assert {
        "cfs-internet-access", "cfs-voice", "cfs-television", "cfs-mobile", "cfs-static-ip"
    } <= named  # fmt: skip


def test_characteristics_have_sound_values_and_one_default():
    for spec in of("TMF620", "productSpecification"):
        for characteristic in spec["productSpecCharacteristic"]:
            assert characteristic["minCardinality"] <= characteristic["maxCardinality"]
            re.compile(characteristic.get("regex", ""))
            values = characteristic.get("productSpecCharacteristicValue", [])
            assert sum(value.get("isDefault", False) for value in values) <= 1
            assert all(one["valueFrom"] < one["valueTo"] for one in values if "valueFrom" in one)


def allowed(characteristic, value):
    """Whether a specification's characteristic may take the value."""
    if "regex" in characteristic:
        return re.fullmatch(characteristic["regex"], value) is not None
    stated = characteristic.get("productSpecCharacteristicValue", [])
    return not stated or any(
        one["valueFrom"] <= value <= one["valueTo"] if "valueFrom" in one else one["value"] == value
        for one in stated
    )


def order_items():
    return [
        item
        for order in of("TMF622", "productOrder")
        for name, item in objects(order)
        if name == "productOrderItem"
    ]


def test_ordered_products_are_configured_as_their_specification_allows():
    configured = [
        item["product"] for item in order_items() if "productCharacteristic" in item["product"]
    ]
    assert configured
    for product in configured:
        spec = BY_ID[product["productSpecification"]["id"]].body
        known = {one["name"]: one for one in spec["productSpecCharacteristic"]}
        for chosen in product["productCharacteristic"]:
            characteristic = known[chosen["name"]]
            assert characteristic["configurable"]
            assert chosen["valueType"] == characteristic["valueType"]
            assert allowed(characteristic, chosen["value"]), chosen


def test_ordered_products_are_of_the_specification_that_their_offering_sells():
    for item in order_items():
        offering = BY_ID[item["productOffering"]["id"]].body
        assert item["product"].get("productSpecification") == offering.get("productSpecification")
        assert item["product"]["isBundle"] == offering["isBundle"]


def test_orders_are_for_sellable_offerings_and_respect_the_limits_of_bundles():
    for order in of("TMF622", "productOrder"):
        for item in order["productOrderItem"]:
            offering = BY_ID[item["productOffering"]["id"]].body
            assert offering["isSellable"]
            taken = Counter(
                part["productOffering"]["id"] for part in item.get("productOrderItem", [])
            )
            for part in offering.get("bundledProductOffering", []):
                option = part["bundledProductOfferingOption"]
                count = taken.pop(part["id"], 0)
                assert count >= option["numberRelOfferLowerLimit"], part["id"]
                assert count <= option["numberRelOfferUpperLimit"], part["id"]
            assert not taken


def test_order_items_are_numbered_once_and_rely_on_items_of_the_same_order():
    for order in of("TMF622", "productOrder"):
        items = [part for name, part in objects(order) if name == "productOrderItem"]
        numbers = [item["id"] for item in items]
        assert len(set(numbers)) == len(numbers)
        tied = {tie["id"] for item in items for tie in item.get("productOrderItemRelationship", [])}
        assert tied <= set(numbers)


def test_an_order_is_charged_to_an_account_of_its_customer():
    for order in of("TMF622", "productOrder"):
        (customer,) = (one["id"] for one in order["relatedParty"] if one["role"] == "customer")
        account = BY_ID[order["billingAccount"]["id"]].body
        assert customer in [party["id"] for party in account["relatedParty"]]


def test_every_customer_has_an_account_and_they_point_at_each_other():
    customers = of("TMF629", "customer")
    assert len(customers) == 8
    for customer in customers:
        for account in customer["account"]:
            owners = [party["id"] for party in BY_ID[account["id"]].body["relatedParty"]]
            assert owners == [customer["id"]]


def test_the_alarmed_port_carries_the_services_that_are_said_to_be_affected():
    alarms = [alarm for alarm in of("TMF642", "alarm") if "affectedService" in alarm]
    assert alarms
    for alarm in alarms:
        carried = {
            service["id"]
            for service in of("TMF638", "service")
            for resource in service.get("supportingResource", [])
            if resource["id"] == alarm["alarmedObject"]["id"]
        }
        assert {service["id"] for service in alarm["affectedService"]} == carried


def test_services_rest_on_services_of_the_same_customer():
    for service in of("TMF638", "service"):
        for below in service.get("supportingService", []):
            assert BY_ID[below["id"]].body["relatedParty"] == service["relatedParty"]


def test_documents_come_in_load_order():
    order = [LOAD_ORDER.index((one.api, one.resource)) for one in DOCUMENTS]
    assert order == sorted(order)


# --- what the ordering makes of it ----------------------------------------------------------


def ordered(order, now="2026-05-01T00:00:00.000Z"):
    """An order as the server keeps it, with the demo's catalogue."""

    def read(key, identity):
        found = BY_ID.get(identity)
        return found.body if found and f"{found.api}.{found.resource}" == key else None

    settings = {"order_refuse_unknown_offerings": True}
    for rule in ORDERING.rules["productOrder"]:
        order = rule(order, None, Circumstances("1", now, read, settings))
    return order


@pytest.mark.parametrize("order", of("TMF622", "productOrder"), ids=lambda one: one["id"])
def test_orders_are_taken_and_priced(order):
    totals = {one["priceType"]: one for one in ordered(order)["orderTotalPrice"]}
    assert totals["recurring"]["price"]["taxIncludedAmount"]["value"] > 0


def sellable():
    return [
        one["id"]
        for one in of("TMF620", "productOffering")
        if one["isSellable"] and one["lifecycleStatus"] == "Launched"
    ]


@pytest.mark.parametrize("offering", sellable())
def test_whatever_is_on_sale_can_be_ordered_by_its_id_alone(offering):
    order = {
        "productOrderItem": [{"id": "1", "action": "add", "productOffering": {"id": offering}}]
    }
    (item,) = ordered(order)["productOrderItem"]
    assert item["itemPrice"]


def total(offering, **item):
    order = {
        "productOrderItem": [
            {"id": "1", "action": "add", "productOffering": {"id": offering}, **item}
        ]
    }
    totals = ordered(order)["orderTotalPrice"]
    return {one["priceType"]: one["price"]["dutyFreeAmount"]["value"] for one in totals}


def chosen(**values):
    return {"productCharacteristic": [{"name": n, "value": v} for n, v in values.items()]}


@pytest.mark.parametrize(
    ("offering", "item", "net"),
    [
        ("offer-static-ip", {}, {"recurring": "5.00"}),
        ("offer-static-ip", {"product": chosen(prefixLength=30)}, {"recurring": "12.00"}),
        ("offer-tv", {}, {"recurring": "14.90"}),
        ("offer-tv", {"product": chosen(simultaneousStreams=3)}, {"recurring": "17.90"}),
        (
            "offer-tv",
            {"product": chosen(simultaneousStreams=4, recordingHours=500)},
            {"recurring": "20.40"},
        ),
        ("offer-fibre-100", {}, {"recurring": "29.90", "oneTime": "49.00"}),
        (
            "offer-fibre-100",
            {"itemTerm": [{"name": "24 months"}]},
            {"recurring": "29.90", "oneTime": "0.00"},
        ),
        ("offer-mobile-20", {}, {"recurring": "8.95", "oneTime": "5.00"}),
        ("offer-triple-play", {}, {"recurring": "53.30", "oneTime": "48.80"}),
    ],
)
def test_prices_of_the_demo(offering, item, net):
    assert total(offering, **item) == {kind: Decimal(value) for kind, value in net.items()}


@pytest.mark.parametrize(
    ("offering", "product", "code"),
    [
        ("offer-mobile-2", {}, "offeringNotSellable"),
        ("offer-triple-play-tv", {}, "offeringNotSellable"),
        ("offer-fibre-100", chosen(downstreamSpeed=1000), "characteristicRefused"),
        ("offer-static-ip", chosen(prefixLength=24), "characteristicRefused"),
    ],
)
def test_what_the_demo_does_not_sell(offering, product, code):
    with pytest.raises(GuidelineError) as refused:
        total(offering, product=product)
    assert refused.value.code == code


# --- the loader -----------------------------------------------------------------------------


class _Receiver(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """A server that keeps what is posted to it and answers as `answer` says."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.posts = []
        self.connections = 0
        self.answer = lambda path, body: (201, b"{}")
        self.close_after = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        self.server.connections += 1
        self.answered = 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((self.path, body, dict(self.headers)))
        status, answer = self.server.answer(self.path, body)
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        self.answered += 1
        if self.answered == self.server.close_after:
            self.close_connection = True  # without saying so, as on a time-out

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver():
    with _Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


BASE_PATHS = {name: api.base_path for name, api in APIS.items()}


def ignore(*_):
    pass


def test_every_document_is_posted_once_in_order_over_one_connection(receiver):
    reported = []
    count = load_catalogue(receiver.url, BASE_PATHS, lambda *line: reported.append(line))
    assert count == len(DOCUMENTS)
    assert [(path, decode(body)) for path, body, _ in receiver.posts] == [
        (f"{BASE_PATHS[one.api]}/{one.resource}", one.body) for one in DOCUMENTS
    ]
    assert reported == [(f"{one.api}.{one.resource}", one.body["id"], 201) for one in DOCUMENTS]
    assert receiver.connections == 1


def test_amounts_travel_with_their_cents(receiver):
    load_catalogue(receiver.url, BASE_PATHS, ignore)
    (body,) = (
        body for _, body, _ in receiver.posts if body.startswith(b'{"id":"price-fibre-100-monthly"')
    )
    assert b'"value":29.90' in body


def test_prefix_and_headers_are_sent_along(receiver):
    load_catalogue(f"{receiver.url}/api/", BASE_PATHS, ignore, {"X-Api-Key": "k"})
    assert all(path.startswith("/api/tmf-api/") for path, _, _ in receiver.posts)
    assert all(headers["X-Api-Key"] == "k" for _, _, headers in receiver.posts)
    assert all(headers["Content-Type"] == "application/json" for _, _, headers in receiver.posts)


def test_loading_again_is_fine(receiver):
    receiver.answer = lambda path, body: (409, b'{"code": "alreadyExists", "reason": "taken"}')
    statuses = []
    count = load_catalogue(receiver.url, BASE_PATHS, lambda *line: statuses.append(line[2]))
    assert count == len(DOCUMENTS)
    assert set(statuses) == {409}


def test_a_connection_that_the_server_closes_is_opened_again(receiver):
    receiver.close_after = 10
    assert load_catalogue(receiver.url, BASE_PATHS, ignore) == len(DOCUMENTS)
    assert len(receiver.posts) == len(DOCUMENTS)
    assert receiver.connections > 1


@pytest.mark.parametrize(
    ("status", "answer", "told"),
    [
        (400, b'{"code": "invalidDocument", "reason": "Bad", "message": "no name"}',
         "400 invalidDocument: Bad: no name"),
        (409, b'{"code": "conflict", "reason": "State"}', "409 conflict: State"),
        (502, b"<html>gateway</html>", "502"),
        (500, b'["list"]', "500"),
        (200, b"{}", "200"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_document_and_the_servers_reason(receiver, status, answer, told):
    receiver.answer = lambda path, body: (
        (status, answer) if path.endswith("/catalog") else (201, b"{}")
    )
    with pytest.raises(DemoError) as raised:
        load_catalogue(receiver.url, BASE_PATHS, ignore)
    assert str(raised.value) == (
        "TMF620.catalog catalog-residential: "
        f"POST {BASE_PATHS['TMF620']}/catalog was answered {told}"
    )


def test_a_server_that_is_not_there_is_named(receiver):
    url = receiver.url
    receiver.server_close()
    with pytest.raises(DemoError, match=f"{re.escape(url)} does not answer"):
        load_catalogue(url, BASE_PATHS, ignore)


@pytest.mark.parametrize("url", ["localhost:8080", "ftp://host", "http://", "http://host:port"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(DemoError, match=re.escape(url)):
        load_catalogue(url, BASE_PATHS, ignore)


def test_an_api_without_a_base_path_is_named_before_anything_is_sent(receiver):
    with pytest.raises(DemoError, match="TMF642"):
        load_catalogue(
            receiver.url, {name: p for name, p in BASE_PATHS.items() if name != "TMF642"}, ignore
        )
    assert receiver.posts == []
