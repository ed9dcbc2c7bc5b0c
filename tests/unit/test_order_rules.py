"""What may be ordered: every refusal, and what comes close to it and is taken."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from tests.unit.ordering import (
    NOW,
    OFFERING,
    PRODUCT,
    SPECIFICATION,
    Json,
    Store,
    bundle,
    item,
    judged,
    offering,
    order,
    refused,
    values,
)
from tmf.declare import GuidelineError

EARLIER, LATER = "2026-05-01T11:59:59Z", "2026-05-01T14:00:01+02:00"
OFFER = "productOrderItem[0].productOffering"
PARTS = "productOrderItem[0].productOrderItem"
CHOSEN = "productOrderItem[0].product.productCharacteristic"


def catalogue(**offerings: Json) -> dict[str, dict[str, Json]]:
    return {OFFERING: offerings}


class TestOfferings:
    @pytest.mark.parametrize(
        "sold",
        [
            offering(),
            offering(lifecycleStatus="Active"),
            offering(lifecycleStatus=" LAUNCHED "),
            offering(isSellable=True),
            offering(validFor={}),
            offering(validFor={"startDateTime": EARLIER}),
            offering(validFor={"startDateTime": NOW}),
            offering(validFor={"endDateTime": LATER}),
            offering(validFor={"startDateTime": EARLIER, "endDateTime": LATER}),
        ],
    )
    def test_what_is_on_sale(self, sold: Json) -> None:
        assert judged(order(item("1", "a")), catalogue(a=sold))

    @pytest.mark.parametrize(
        "sold",
        [
            *(
                offering(lifecycleStatus=status)
                for status in ("In study", "In test", "Retired", "Obsolete", "Rejected", "")
            ),
            {"name": "no status"},
            offering(isSellable=False),
            offering(validFor={"startDateTime": LATER}),
            offering(validFor={"endDateTime": EARLIER}),
            offering(validFor={"endDateTime": NOW}),
        ],
    )
    def test_what_is_not(self, sold: Json) -> None:
        ordered = order(item("1", "a"))

        assert refused(ordered, catalogue(a=sold)) == ("offeringNotSellable", OFFER)

    def test_federated_offerings_are_taken_unless_the_operator_refuses_them(self) -> None:
        ordered = order(item("1"), item("2", "elsewhere"))

        assert judged(ordered, {}) == ordered
        assert refused(ordered, {}, refuse_unknown=True) == (
            "unknownOffering",
            "productOrderItem[1].productOffering",
        )

    @pytest.mark.parametrize(
        ("asked", "sold", "taken"),
        [
            (None, ["web"], True),
            ([], ["web"], True),
            (["web"], None, True),
            (["web"], ["shop", "web"], True),
            (["call", "shop"], ["shop"], True),
            (["call"], ["shop", "web"], False),
        ],
    )
    def test_channels(self, asked: list[str] | None, sold: list[str] | None, taken: bool) -> None:
        channels: Any = [None if one is None else [{"id": x} for x in one] for one in (asked, sold)]
        ordered = order(item("1", "a"), channel=channels[0])
        offered = catalogue(a=offering(channel=channels[1]))

        if taken:
            assert judged(ordered, offered)
        else:
            assert refused(ordered, offered) == ("offeringNotInChannel", OFFER)

    @pytest.mark.parametrize("action", ["delete", "noChange"])
    def test_what_is_kept_or_ended_need_not_be_on_sale(self, action: str) -> None:
        documents = {**catalogue(a=offering(lifecycleStatus="Retired")), PRODUCT: {"p": {}}}

        assert judged(order(item("1", "a", action, product={"id": "p"})), documents)

    def test_bare_items_read_nothing(self) -> None:
        store = Store({})
        ordered = order(item("1"), item("2", None, "delete"), item("3", None, "modify"))

        assert judged(ordered, store) == ordered
        assert store.read == []

    def test_an_order_does_not_look_up_any_number_of_documents(self) -> None:
        ordered = order(*(item(str(one), f"offer-{one}") for one in range(2001)))

        with pytest.raises(GuidelineError, match="conflict"):
            judged(ordered, {})


class TestBundles:
    OFFERS = catalogue(
        pack=bundle(line=(1, 1), box=(0, 2, 1)),
        line=offering(isSellable=False),
        box=offering(),
        other=offering(),
        hidden=offering(isSellable=False),
    )

    @pytest.mark.parametrize(
        "parts",
        [
            [item("1.1", "line")],
            [item("1.1", "line"), item("1.2", "box", quantity=2)],
            [item("1.1", "line"), item("1.2", "box"), item("1.3", "box"), item("1.4")],
            [item("1.1", "line", "noChange", product={})],
        ],
    )
    def test_composed_as_it_may_be(self, parts: list[Json]) -> None:
        assert judged(order(item("1", "pack", productOrderItem=parts)), self.OFFERS)

    @pytest.mark.parametrize(
        ("parts", "path"),
        [
            ([item("1.1", "box")], PARTS),
            ([item("1.1", "line"), item("1.2", "line")], PARTS),
            ([item("1.1", "line", quantity=2)], PARTS),
            ([item("1.1", "line"), item("1.2", "box", quantity=3)], PARTS),
            ([item("1.1", None, "delete")], PARTS),
            ([item("1.1", "line"), item("1.2", "other")], f"{PARTS}[1].productOffering"),
        ],
    )
    def test_composed_as_it_may_not_be(self, parts: list[Json], path: str) -> None:
        ordered = order(item("1", "pack", productOrderItem=parts))

        assert refused(ordered, self.OFFERS) == ("bundleRefused", path)

    def test_a_part_that_is_not_on_sale(self) -> None:
        offers = {OFFERING: {**self.OFFERS[OFFERING], "box": offering(lifecycleStatus="Retired")}}
        ordered = order(item("1", "pack"))

        assert refused(ordered, offers) == (
            "offeringNotSellable",
            f"{PARTS}[1].productOffering",
        )

    def test_parts_beside_the_bundle_count_for_all_of_it(self) -> None:
        ties = [{"id": one, "relationshipType": "bundles"} for one in ("2", "3")]
        pack = item("1", "pack", quantity=2, productOrderItemRelationship=ties)

        assert judged(order(pack, item("2", "line", quantity=2), item("3", "box")), self.OFFERS)
        assert refused(order(pack, item("2", "line"), item("3", "box")), self.OFFERS) == (
            "bundleRefused",
            PARTS,
        )

    def test_what_is_sold_in_bundles_alone_needs_one(self) -> None:
        inside = item("1", "other", productOrderItem=[item("1.1", "hidden")])

        assert refused(order(item("1", "line")), self.OFFERS)[0] == "offeringNotSellable"
        assert refused(order(inside), self.OFFERS)[0] == "offeringNotSellable"
        federated = item("1", "elsewhere", productOrderItem=[item("1.1", "hidden")])
        assert judged(order(federated), self.OFFERS)

    def test_parts_that_nobody_chose_are_filled_in(self) -> None:
        kept = judged(order(item("1", "pack"), item("1.1")), self.OFFERS)

        part: Json = {"action": "add", "quantity": 1, "itemPrice": []}
        assert kept["productOrderItem"][0]["productOrderItem"] == [
            {**part, "id": "1.2", "productOffering": {"id": "line", "name": "Line"}},
            {**part, "id": "1.3", "productOffering": {"id": "box", "name": "Box"}},
        ]

    def test_bundles_of_bundles_are_filled_in(self) -> None:
        offers = catalogue(
            all=bundle(pack=(1, 1)), pack=bundle(line=(2, 2)), line=offering(isSellable=False)
        )

        (whole,) = judged(order(item("1", "all")), offers)["productOrderItem"]

        (pack,) = whole["productOrderItem"]
        (line,) = pack["productOrderItem"]
        assert (pack["id"], line["id"], line["quantity"]) == ("1.1", "1.1.1", 2)

    def test_a_bundle_that_contains_itself(self) -> None:
        offers = catalogue(a=bundle(b=(1, 1)), b=bundle(a=(1, 1)))

        assert refused(order(item("1", "a")), offers) == (
            "bundleRefused",
            f"{PARTS}[0].productOrderItem[0].productOffering",
        )

    def test_a_bundle_that_grows_beyond_all_bounds(self) -> None:
        levels = {
            f"level{n}": bundle(**{f"level{n + 1}": (1, 1), f"leaf{n}": (1, 1)}) for n in range(600)
        }
        wide = {"wide": bundle(**{f"part{n}": (1, 1) for n in range(1001)})}

        assert refused(order(item("1", "wide")), catalogue(**wide))[0] == "bundleRefused"
        assert refused(order(item("1", "level0")), catalogue(**levels))[0] == "bundleRefused"


SPEED: Json = {
    "name": "speed",
    "valueType": "number",
    "minCardinality": 1,
    "maxCardinality": 1,
    "productSpecCharacteristicValue": [{"value": 100}, {"value": 500, "isDefault": True}],
}
ADDRESS: Json = {"name": "address", "minCardinality": 1, "regex": "[a-z]+"}
RANGE = {"valueFrom": 1, "valueTo": 4}


def sold_as(*characteristics: Json, **uses: Any) -> dict[str, dict[str, Json]]:
    narrowed = [{"name": name, **use} for name, use in uses.items()]
    sold = offering(productSpecification={"id": "s"}, prodSpecCharValueUse=narrowed)
    return {
        OFFERING: {"a": sold},
        SPECIFICATION: {"s": {"productSpecCharacteristic": list(characteristics)}},
    }


def one(*permitted: Json, **more: Any) -> dict[str, dict[str, Json]]:
    return sold_as({"name": "x", "productSpecCharacteristicValue": list(permitted), **more})


class TestCharacteristics:
    @pytest.mark.parametrize(
        ("documents", "chosen"),
        [
            (sold_as(SPEED), values()),
            (sold_as(SPEED), values(speed=100)),
            (sold_as(SPEED), values(speed="100")),
            (sold_as(ADDRESS), values(address="abc")),
            (sold_as({"name": "free"}), values(free={"any": ["thing"]})),
            (sold_as(), values(unheard="of")),
            (one({"value": True}), values(x=True)),
            (one({"value": True}), values(x="true")),
            (one(RANGE), values(x=1)),
            (one(RANGE), values(x="4")),
            (one({"valueFrom": 3}), values(x=1000)),
            (one({**RANGE, "rangeInterval": "open"}), values(x=2)),
            (one({**RANGE, "rangeInterval": "closedBottom"}), values(x=1)),
            (one({**RANGE, "rangeInterval": "closedTop"}), values(x=4)),
            (one({"value": "a"}, {"regex": "b+"}), values(x="bbb")),
            (one({"value": "a"}, extensible=True), values(x="new")),
            (one({"value": "a"}, {"value": "b"}, maxCardinality=2), values(x=["a", "b"])),
            (one({"value": "a"}, configurable=False), values(x="a")),
            (one(valueType="integer"), values(x=7)),
            (one(valueType="number"), values(x="7.5")),
            (one(valueType="boolean"), values(x=False)),
            (one(valueType="NetworkPolicy"), values(x={"a": 1})),
            (one(regex="("), values(x="no pattern, nothing to fit")),
            (one({"value": "a"}, minCardinality=1, configurable=False), values()),
            (sold_as(SPEED, speed={"productSpecCharacteristicValue": [{"value": 100}]}), values()),
            (sold_as({**ADDRESS, "validFor": {"endDateTime": EARLIER}}, SPEED), values()),
        ],
    )
    def test_what_the_product_may_be(self, documents: Any, chosen: Json) -> None:
        assert judged(order(item("1", "a", product=chosen)), documents)

    @pytest.mark.parametrize(
        ("documents", "chosen", "code", "place"),
        [
            (sold_as(ADDRESS), values(), "characteristicRequired", ""),
            (
                one({"value": "a"}, {"value": "b"}, minCardinality=2, maxCardinality=2),
                values(x="a"),
                "characteristicRequired",
                "",
            ),
            (sold_as(SPEED), values(speed=250), "characteristicRefused", "[0].value"),
            (sold_as(SPEED), values(speed=True), "characteristicRefused", "[0].value"),
            (sold_as(SPEED), values(speed=[100, 500]), "characteristicRefused", ""),
            (sold_as(SPEED), values(sped=100), "characteristicRefused", "[0].name"),
            (
                sold_as(SPEED, speed={"productSpecCharacteristicValue": [{"value": 100}]}),
                values(speed=500),
                "characteristicRefused",
                "[0].value",
            ),
            (
                sold_as(SPEED, speed={"minCardinality": 2, "maxCardinality": 2}),
                values(speed=500),
                "characteristicRequired",
                "",
            ),
            (sold_as(ADDRESS), values(address="abc1"), "characteristicRefused", "[0].value"),
            (one(RANGE), values(x=5), "characteristicRefused", "[0].value"),
            (one(RANGE), values(x=0), "characteristicRefused", "[0].value"),
            (one(RANGE), values(x="two"), "characteristicRefused", "[0].value"),
            (
                one({**RANGE, "rangeInterval": "open"}),
                values(x=1),
                "characteristicRefused",
                "[0].value",
            ),
            (
                one({**RANGE, "rangeInterval": "closedBottom"}),
                values(x=4),
                "characteristicRefused",
                "[0].value",
            ),
            (
                one({**RANGE, "rangeInterval": "closedTop"}),
                values(x=1),
                "characteristicRefused",
                "[0].value",
            ),
            (one({"regex": "b+"}), values(x="abb"), "characteristicRefused", "[0].value"),
            (
                one({"value": "a", "validFor": {"endDateTime": EARLIER}}, {"value": "b"}),
                values(x="a"),
                "characteristicRefused",
                "[0].value",
            ),
            (
                one({"value": "a"}, configurable=False),
                values(x="b"),
                "characteristicRefused",
                "[0].value",
            ),
            (one(configurable=False), values(x="b"), "characteristicRefused", "[0].value"),
            (one(valueType="integer"), values(x=7.5), "characteristicRefused", "[0].value"),
            (one(valueType="number"), values(x="much"), "characteristicRefused", "[0].value"),
            (one(valueType="boolean"), values(x="maybe"), "characteristicRefused", "[0].value"),
            (one(valueType="string"), values(x={"a": 1}), "characteristicRefused", "[0].value"),
        ],
    )
    def test_what_it_may_not_be(self, documents: Any, chosen: Json, code: str, place: str) -> None:
        ordered = order(item("1", "a", product=chosen))

        assert refused(ordered, documents) == (code, CHOSEN + place)

    def test_an_unknown_specification_leaves_what_the_offering_says(self) -> None:
        documents = sold_as(speed={"productSpecCharacteristicValue": [{"value": 100}]})
        del documents[SPECIFICATION]

        assert judged(order(item("1", "a", product=values(speed=100, other=1))), documents)
        assert refused(order(item("1", "a", product=values(speed=500))), documents) == (
            "characteristicRefused",
            f"{CHOSEN}[0].value",
        )

    def test_a_change_need_not_repeat_what_stays(self) -> None:
        documents = {**sold_as(SPEED, ADDRESS), PRODUCT: {"p": {"productOffering": {"id": "a"}}}}
        changed = {"id": "p", **values(speed=100)}

        assert judged(order(item("1", "a", "modify", product=changed)), documents)
        wrong = {"id": "p", **values(speed=1)}
        assert refused(order(item("1", "a", "modify", product=wrong)), documents)[0] == (
            "characteristicRefused"
        )


class TestItems:
    def test_no_two_of_an_id(self) -> None:
        below = item("1", productOrderItem=[item("2")])

        with pytest.raises(GuidelineError, match="two productOrderItem have the id 2"):
            judged(order(below, item("2")), {})

    @pytest.mark.parametrize("quantity", [1, 20, 1_000_000_000, None])
    def test_quantities(self, quantity: int | None) -> None:
        assert judged(order(item("1", quantity=quantity)), {})

    @pytest.mark.parametrize("quantity", [0, -1, 1_000_000_001, 10**900])
    def test_quantities_that_are_none(self, quantity: int) -> None:
        ordered = order(item("1", productOrderItem=[item("2", quantity=quantity)]))

        assert refused(ordered, {}) == ("quantityRefused", f"{PARTS}[0].quantity")

    @pytest.mark.parametrize("kind", ["reliesOn", "bundles", "replaces"])
    def test_relationships(self, kind: str) -> None:
        tie = {"id": "2.1", "relationshipType": kind}
        below = item("2", productOrderItem=[item("2.1")])

        assert judged(order(item("1", productOrderItemRelationship=[tie]), below), {})

    @pytest.mark.parametrize(
        ("tie", "attribute"),
        [
            ({"id": "9", "relationshipType": "reliesOn"}, "[0].id"),
            ({"relationshipType": "reliesOn"}, "[0].id"),
            ({"id": "2", "relationshipType": "likes"}, "[0].relationshipType"),
            ({"id": "2"}, "[0].relationshipType"),
            ({"id": "1", "relationshipType": "reliesOn"}, ""),
        ],
    )
    def test_relationships_that_are_none(self, tie: Json, attribute: str) -> None:
        ordered = order(item("1", productOrderItemRelationship=[tie]), item("2"))

        place = f"productOrderItem[0].productOrderItemRelationship{attribute}"
        assert refused(ordered, {}) == ("itemRelationshipRefused", place)

    @pytest.mark.parametrize("kind", ["reliesOn", "bundles"])
    def test_a_circle(self, kind: str) -> None:
        def tied(identity: str, other: str) -> Json:
            ties = [{"id": other, "relationshipType": kind}]
            return item(identity, productOrderItemRelationship=ties)

        ordered = order(item("0"), tied("1", "2"), tied("2", "3"), tied("3", "1"))

        with pytest.raises(GuidelineError, match=rf"items \d {kind} \d {kind} \d {kind} \d"):
            judged(ordered, {})
        assert refused(ordered, {})[0] == "itemRelationshipRefused"
        chain = order(item("1"), tied("2", "1"), tied("3", "2"), tied("4", "2"))
        assert judged(chain, {})


class TestProducts:
    PRODUCTS: ClassVar[dict[str, dict[str, Json]]] = {
        PRODUCT: {
            "p": {
                "status": "active",
                "relatedParty": [{"id": "byrne"}],
                "productOffering": {"id": "old"},
            },
            "gone": {"status": "terminated"},
            "stopped": {"status": "aborted "},
        },
        OFFERING: {"old": offering(lifecycleStatus="Retired"), "new": offering()},
    }

    @pytest.mark.parametrize("action", ["modify", "delete", "noChange"])
    def test_installed_ones(self, action: str) -> None:
        named = item("1", None, action, product={"id": "p"})

        assert judged(order(named), self.PRODUCTS)
        assert judged(order(named, relatedParty=[{"id": "byrne"}, {"id": "x"}]), self.PRODUCTS)

    @pytest.mark.parametrize("action", ["modify", "delete"])
    def test_which_one_must_be_said(self, action: str) -> None:
        path = "productOrderItem[0].product.id"
        unnamed = order(item("1", None, action, product={"name": "line"}))
        offered = order(item("1", "old", action))

        assert refused(unnamed, self.PRODUCTS) == ("productRequired", path)
        assert refused(offered, self.PRODUCTS) == ("productRequired", path)

    @pytest.mark.parametrize(
        ("action", "product", "code"),
        [
            ("modify", "unknown", "unknownProduct"),
            ("delete", "unknown", "unknownProduct"),
            ("noChange", "unknown", "unknownProduct"),
            ("modify", "gone", "productEnded"),
            ("delete", "gone", "productEnded"),
            ("delete", "stopped", "productEnded"),
        ],
    )
    def test_those_that_cannot_be_changed(self, action: str, product: str, code: str) -> None:
        ordered = order(item("1", None, action, product={"id": product}))

        assert refused(ordered, self.PRODUCTS) == (code, "productOrderItem[0].product.id")

    def test_those_of_others_are_as_unknown_as_none(self) -> None:
        def message(product: str) -> str:
            ordered = item("1", None, "delete", product={"id": product})
            with pytest.raises(GuidelineError) as refusal:
                judged(order(ordered, relatedParty=[{"id": "moreau"}]), self.PRODUCTS)
            return str(refusal.value).replace(f"product {product}", "product")

        assert message("p") == message("none")

    def test_who_has_a_retired_offering_may_change_it_but_not_get_it_anew(self) -> None:
        kept = order(item("1", "old", "modify", product={"id": "p"}))
        moved = order(item("1", "new", "modify", product={"id": "p"}))
        other = {**self.PRODUCTS, PRODUCT: {"p": {"productOffering": {"id": "new"}}}}

        assert judged(kept, self.PRODUCTS)
        assert judged(moved, self.PRODUCTS)
        assert refused(kept, other) == ("offeringNotSellable", OFFER)


class TestChanges:
    """An order is judged again where a patch orders something else, before work begins."""

    RETIRED = catalogue(a=offering(lifecycleStatus="Retired"))

    def test_what_stays_is_not_judged_again(self) -> None:
        store = Store(self.RETIRED)
        old = order(item("1", "a"))
        new = {**order(item("1", "a", state="inProgress", appointment={"id": "x"})), "note": []}

        assert judged(new, store, old) == new
        assert store.read == []

    def test_what_changes_is_judged(self) -> None:
        old = order(item("1", "a"))

        assert refused(order(item("1", "a", quantity=2)), self.RETIRED, old)[0] == (
            "offeringNotSellable"
        )
        assert refused(order(item("1", "a"), item("2", "a")), self.RETIRED, old) == (
            "offeringNotSellable",
            "productOrderItem[1].productOffering",
        )

    def test_an_order_under_way_belongs_to_those_who_fulfil_it(self) -> None:
        old = {**order(item("1", "a")), "state": "inProgress"}
        new = {**order(item("1", "a", product={"id": "made"})), "state": "inProgress"}

        assert judged(new, self.RETIRED, old) == new

    def test_a_bundle_is_judged_with_its_parts(self) -> None:
        offers = catalogue(pack=bundle(line=(1, 1)), line=offering())
        tie = [{"id": "2", "relationshipType": "bundles"}]
        pack = item("1", "pack", productOrderItemRelationship=tie)

        changed = order(pack, item("2", "line", quantity=2))

        assert refused(changed, offers, order(pack, item("2", "line"))) == ("bundleRefused", PARTS)
