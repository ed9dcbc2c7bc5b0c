"""What an order costs: each kind of price of a catalogue, and sums that are exact."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.ordering import (
    OFFERING,
    PRICE,
    PRODUCT,
    SPECIFICATION,
    Json,
    item,
    judged,
    money,
    offering,
    order,
    values,
)
from tmf.tmf630_guidelines.documents import decode, encode

PAST = {"endDateTime": "2026-01-01T00:00:00Z"}
VAT = [{"taxCategory": "VAT", "taxRate": Decimal("23")}]
MONTHLY = {"recurringChargePeriodType": "month", "recurringChargePeriodLength": 1}


def price(value: str, kind: str = "oneTime", unit: str = "EUR", **parts: Any) -> Json:
    return {
        "name": "Price",
        "lifecycleStatus": "Launched",
        "priceType": kind,
        "price": money(value, unit),
        "tax": VAT,
        **parts,
    }


def recurring(value: str, **parts: Any) -> Json:
    return price(value, "recurring", **{**MONTHLY, **parts})


def shop(*listed: Any, specification: Json | None = None, **prices: Json) -> dict[str, Any]:
    """An offering `a` with these prices, listed by id or written out."""
    refs = [{"id": one} if isinstance(one, str) else one for one in listed or prices]
    sold = offering(productOfferingPrice=refs, productSpecification={"id": "s"})
    found = {OFFERING: {"a": sold}, PRICE: prices}
    return found if specification is None else {**found, SPECIFICATION: {"s": specification}}


def item_prices(documents: Any, **parts: Any) -> list[Json]:
    (only,) = judged(order(item("1", "a", **parts)), documents)["productOrderItem"]
    return list(only["itemPrice"])


def figures(one: Json) -> list[str]:
    """Net, gross and rate, as they are spelt."""
    stated = one["price"]
    amounts = [
        stated.get(name, {}).get("value") for name in ("dutyFreeAmount", "taxIncludedAmount")
    ]
    return [str(value) for value in (*amounts, stated.get("taxRate"))]


class TestKinds:
    @pytest.mark.parametrize(
        ("stated", "told"),
        [
            (price("49.00"), ["49.00", "60.27", "23"]),
            (price("9.9"), ["9.90", "12.18", "23"]),
            (price("0.005"), ["0.01", "0.01", "23"]),
            (price("500", unit="JPY"), ["500", "615", "23"]),
            (price("1.2345", unit="KWD"), ["1.235", "1.519", "23"]),
            (price("10.00", tax=[]), ["10.00", "10.00", "None"]),
            (price("10.00", tax=[*VAT, {"taxRate": 2}]), ["10.00", "12.50", "25"]),
            (price("10.00", tax=[{"taxAmount": money("1.99")}]), ["10.00", "11.99", "None"]),
            (price("0.09", "usage"), ["0.09", "0.1107", "23"]),
            (price("0.0000012", "usage"), ["0.000001", "0.000001", "23"]),
            (price("-5.00"), ["-5.00", "-6.15", "23"]),
        ],
    )
    def test_before_and_after_tax(self, stated: Json, told: list[str]) -> None:
        (one,) = item_prices(shop(p=stated))

        assert figures(one) == told

    @pytest.mark.parametrize(
        ("stated", "told"),
        [
            ({"dutyFreeAmount": money("10.00"), "taxRate": 23}, ["10.00", "12.30", "23"]),
            ({"taxIncludedAmount": money("12.30"), "taxRate": 23}, ["10.00", "12.30", "23"]),
            ({"dutyFreeAmount": money("10.00")}, ["10.00", "10.00", "None"]),
            (
                {"dutyFreeAmount": money("10"), "taxIncludedAmount": money("11")},
                ["10", "11", "None"],
            ),
        ],
    )
    def test_written_out_in_the_offering(self, stated: Json, told: list[str]) -> None:
        (one,) = item_prices(shop({"name": "Fee", "priceType": "one time", "price": stated}))

        assert (one["name"], one["priceType"], figures(one)) == ("Fee", "oneTime", told)
        assert "productOfferingPrice" not in one

    def test_all_that_is_told_of_a_price(self) -> None:
        (one,) = item_prices(shop(p=recurring("9.90", name="Rent", description="Of a box")))

        assert one == {
            "name": "Rent",
            "description": "Of a box",
            "priceType": "recurring",
            "recurringChargePeriod": "month",
            "price": {
                "taxRate": 23,
                "dutyFreeAmount": money("9.90"),
                "taxIncludedAmount": money("12.18"),
            },
            "productOfferingPrice": {"id": "p", "name": "Rent"},
        }

    @pytest.mark.parametrize(
        ("stated", "period", "unit"),
        [
            (recurring("1"), "month", None),
            (recurring("1", recurringChargePeriodLength=3), "3 month", None),
            (price("1", "usage", unitOfMeasure={"amount": 1, "units": "GB"}), None, "GB"),
            (price("1", "usage", unitOfMeasure={"units": "SMS"}), None, "SMS"),
            (price("1", "usage", unitOfMeasure={"amount": 100, "units": "MB"}), None, "100 MB"),
            (price("1", "Recurring charge"), None, None),
        ],
    )
    def test_rhythms_and_units(self, stated: Json, period: str | None, unit: str | None) -> None:
        (one,) = item_prices(shop(p=stated))

        assert (one.get("recurringChargePeriod"), one.get("unitOfMeasure")) == (period, unit)

    def test_a_package_of_prices(self) -> None:
        parts = [{"id": "fee"}, {"id": "rent"}, {"id": "all"}, {"id": "unknown"}]
        whole = {"lifecycleStatus": "Launched", "bundledPopRelationship": parts}

        told = item_prices(shop("all", all=whole, fee=price("5"), rent=recurring("7")))

        assert [one["productOfferingPrice"]["id"] for one in told] == ["fee", "rent"]

    @pytest.mark.parametrize(
        "stated",
        [
            price("1", validFor=PAST),
            price("1", lifecycleStatus="Retired"),
            price("1", "allowance"),
            price("1", place=[{"id": "north"}]),
            price("1", productOfferingTerm=[{"name": "24 months"}]),
            price("1e300"),
            {**price("1"), "price": {"unit": "EUR"}},
            {"lifecycleStatus": "Launched", "priceType": "oneTime", "percentage": 10},
            {**price("1"), "lifecycleStatus": "Retired", "bundledPopRelationship": [{"id": "p"}]},
        ],
    )
    def test_what_does_not_apply(self, stated: Json) -> None:
        assert item_prices(shop(p=stated)) == []

    def test_terms_and_places_that_do(self) -> None:
        documents = shop(
            near=price("1", place=[{"id": "north"}]),
            bound=price("2", productOfferingTerm=[{"name": "24 months"}]),
        )
        chosen = {
            "itemTerm": [{"name": "24 months"}],
            "product": {"place": [{"id": "north"}]},
        }

        assert len(item_prices(documents, **chosen)) == 2


class TestValues:
    SPEED: ClassVar[Json] = {
        "name": "speed",
        "minCardinality": 1,
        "productSpecCharacteristicValue": [
            {"value": 100, "isDefault": True},
            {"valueFrom": 1, "valueTo": 1000},
        ],
    }

    @pytest.mark.parametrize(
        ("chosen", "charged"),
        [
            (values(), ["slow", "any"]),
            (values(speed=100), ["slow", "any"]),
            (values(speed="100"), ["slow", "any"]),
            (values(speed=500), ["fast", "any"]),
            (values(speed=1000), ["fast", "any"]),
            (values(speed=499), ["any"]),
        ],
    )
    def test_a_price_by_value(self, chosen: Json, charged: list[str]) -> None:
        def by(**permitted: Any) -> Json:
            return {"name": "speed", "productSpecCharacteristicValue": [permitted]}

        documents = shop(
            slow=recurring("20", prodSpecCharValueUse=[by(value=100)]),
            fast=recurring("40", prodSpecCharValueUse=[by(valueFrom=500, valueTo=1000)]),
            any=recurring("1", prodSpecCharValueUse=[{"name": "speed"}]),
            other=recurring("1", prodSpecCharValueUse=[{"name": "colour"}]),
            specification={"productSpecCharacteristic": [self.SPEED]},
        )

        told = item_prices(documents, product=chosen)

        assert [one["productOfferingPrice"]["id"] for one in told] == charged

    def test_a_modified_product_keeps_its_values_and_pays_no_fee_again(self) -> None:
        use = {"name": "speed", "productSpecCharacteristicValue": [{"value": 500}]}
        documents = shop(
            fee=price("50"),
            fast=recurring("40", prodSpecCharValueUse=[use]),
            specification={"productSpecCharacteristic": [self.SPEED]},
        )
        documents[PRODUCT] = {"p": {"productOffering": {"id": "a"}, **values(speed=500)}}

        kept = judged(order(item("1", None, "modify", product={"id": "p"})), documents)
        slower = {"id": "p", **values(speed=100)}
        changed = judged(order(item("1", "a", "modify", product=slower)), documents)

        (price_kept,) = kept["productOrderItem"][0]["itemPrice"]
        assert figures(price_kept) == ["40.00", "49.20", "23"]
        assert changed["productOrderItem"][0]["itemPrice"] == []


def altered(base: Json, *alterations: Json, **prices: Json) -> Json:
    """The one item price and its total: `base` listed with alterations."""
    documents = shop({"id": "p", "priceAlteration": list(alterations)}, p=base, **prices)
    (only,) = judged(order(item("1", "a")), documents)["productOrderItem"]
    (told,) = only["itemPrice"]
    (total,) = only["itemTotalPrice"]
    changes = [figures(one) for one in told.get("priceAlteration", [])]
    return {"base": figures(told), "changes": changes, "total": figures(total), "told": told}


def alteration(kind: str = "recurring", **parts: Any) -> Json:
    return {"name": "Less", "priceType": kind, **parts}


def percent(value: str, **parts: Any) -> Json:
    return alteration(price={"percentage": Decimal(value)}, **parts)


def amount(value: str, **parts: Any) -> Json:
    return alteration(price={"dutyFreeAmount": money(value)}, **parts)


class TestAlterations:
    @pytest.mark.parametrize(
        ("alterations", "changes", "total"),
        [
            ([percent("-50")], ["-5.00 -6.15 23"], "5.00 6.15 23"),
            ([percent("10")], ["1.00 1.23 23"], "11.00 13.53 23"),
            ([amount("-2.50")], ["-2.50 -3.08 23"], "7.50 9.22 23"),
            ([amount("-99")], ["-10.00 -12.30 23"], "0.00 0.00 23"),
            (
                [percent("-50", priority=2), amount("-2.00", priority=1)],
                ["-2.00 -2.46 23", "-4.00 -4.92 23"],
                "4.00 4.92 23",
            ),
            ([percent("-50", validFor=PAST)], [], "10.00 12.30 23"),
            ([percent("-50") | {"priceType": "oneTime"}], [], "10.00 12.30 23"),
            ([alteration(price={"dutyFreeAmount": money("-1", "USD")})], [], "10.00 12.30 23"),
            ([alteration(price={})], [], "10.00 12.30 23"),
        ],
    )
    def test_what_they_come_to(
        self, alterations: list[Json], changes: list[str], total: str
    ) -> None:
        told = altered(recurring("10.00"), *alterations)

        assert told["base"] == ["10.00", "12.30", "23"]
        assert [" ".join(one) for one in told["changes"]] == changes
        assert " ".join(told["total"]) == total

    @pytest.mark.parametrize(
        ("stated", "length", "duration", "rhythm"),
        [
            ({"amount": 6, "units": "month"}, 1, 6, "month"),
            ({"amount": 6, "units": "months"}, 3, 2, "3 month"),
            ({"amount": 7, "units": "month"}, 3, 3, "3 month"),
            ({"amount": 1, "units": "year"}, 1, 12, "month"),
            ({"amount": 14, "units": "day"}, 1, 14, "day"),
            (None, 1, None, "month"),
        ],
    )
    def test_for_how_long(
        self, stated: Json | None, length: int, duration: int | None, rhythm: str
    ) -> None:
        base = recurring("10", recurringChargePeriodLength=length)
        lasting = {} if stated is None else {"applicationDuration": stated}

        (change,) = altered(base, percent("-50", **lasting))["told"]["priceAlteration"]

        assert change.get("applicationDuration") == duration
        assert change["recurringChargePeriod"] == rhythm

    @pytest.mark.parametrize(
        ("discount", "total"),
        [
            ({"percentage": 25}, "7.50 9.22 23"),
            ({"price": money("4.00")}, "6.00 7.38 23"),
            ({"percentage": 25, "lifecycleStatus": "Retired"}, "10.00 12.30 23"),
            (
                {"percentage": 25, "productOfferingTerm": [{"name": "24 months"}]},
                "10.00 12.30 23",
            ),
        ],
    )
    def test_by_a_price_of_its_own(self, discount: Json, total: str) -> None:
        ties = [{"id": "less", "relationshipType": "discountedBy"}, {"id": "p"}]
        less = {"name": "Less", "lifecycleStatus": "Launched", "priceType": "discount", **discount}

        told = altered(recurring("10.00", popRelationship=ties), less=less)

        assert " ".join(told["total"]) == total
        for change in told["told"].get("priceAlteration", []):
            assert change["productOfferingPrice"] == {"id": "less", "name": "Less"}


class TestTotals:
    def test_one_sum_for_each_kind_rhythm_and_currency(self) -> None:
        documents = shop(
            a=price("1.00"),
            b=price("2.00"),
            c=recurring("3.00"),
            d=recurring("4.00", recurringChargePeriodLength=12),
            e=price("5.00", unit="USD"),
            f=price("6.00", "usage"),
        )

        told = judged(order(item("1", "a"), item("2", "a", quantity=2)), documents)

        assert [
            (
                one["priceType"],
                one.get("recurringChargePeriod"),
                one["price"]["dutyFreeAmount"]["unit"],
                *figures(one),
            )
            for one in told["orderTotalPrice"]
        ] == [
            ("oneTime", None, "EUR", "9.00", "11.07", "23"),
            ("recurring", "month", "EUR", "9.00", "11.07", "23"),
            ("recurring", "12 month", "EUR", "12.00", "14.76", "23"),
            ("oneTime", None, "USD", "15.00", "18.45", "23"),
        ]

    def test_lines_below_are_multiplied_with_those_above(self) -> None:
        below = [item("1.1", "a", quantity=3)]
        told = judged(order(item("1", "a", quantity=2, productOrderItem=below)), shop(p=price("1")))

        (top,) = told["productOrderItem"]
        assert figures(top["productOrderItem"][0]["itemTotalPrice"][0]) == ["3.00", "3.69", "23"]
        assert figures(top["itemTotalPrice"][0]) == ["8.00", "9.84", "23"]
        assert told["orderTotalPrice"] == top["itemTotalPrice"]

    def test_rates_that_differ_are_not_told(self) -> None:
        documents = shop(p=price("1.00"), q=price("1.00", tax=[{"taxRate": 9}]))

        (total,) = judged(order(item("1", "a")), documents)["orderTotalPrice"]

        assert figures(total) == ["2.00", "2.32", "None"]

    def test_alterations_are_summed_by_what_they_are(self) -> None:
        listed = {"id": "p", "priceAlteration": [percent("-50"), amount("-1.00")]}
        documents = shop(listed, p=recurring("10.00"))

        (total,) = judged(order(item("1", "a"), item("2", "a")), documents)["orderTotalPrice"]

        (change,) = total["priceAlteration"]
        assert (change["name"], figures(change)) == ("Less", ["-12.00", "-14.76", "23"])

    def test_what_the_client_sent_stays_and_counts(self) -> None:
        agreed = [{"priceType": "recurring", "price": {"dutyFreeAmount": money("1.5")}}]
        sent = item("1", "a", itemPrice=agreed)
        total = [{"name": "Told by phone", "priceType": "recurring", "price": {}}]

        told = judged(order(sent, item("2", "a")), shop(p=recurring("10.00")))
        kept = judged(order(sent, orderTotalPrice=total), shop(p=recurring("10.00")))

        assert told["productOrderItem"][0]["itemPrice"] == agreed
        assert [figures(one) for one in told["orderTotalPrice"]] == [
            ["1.5", "None", "None"],
            ["10.00", "12.30", "23"],
        ]
        assert kept["orderTotalPrice"] == total

    def test_a_line_total_that_the_client_sent_counts_as_it_is(self) -> None:
        stated = [{"priceType": "oneTime", "price": {"taxIncludedAmount": money("7.00")}}]

        told = judged(order(item("1", itemTotalPrice=stated), item("2", None, "delete")), {})

        assert [figures(one) for one in told["orderTotalPrice"]] == [["None", "7.00", "None"]]

    @pytest.mark.parametrize(
        "unknown",
        [
            item("2"),
            item("2", "elsewhere"),
            item("2", itemPrice=[{"priceType": "oneTime"}]),
            item("2", itemPrice=[{"price": {"dutyFreeAmount": {"unit": "EUR", "value": 10**15}}}]),
            item(
                "2",
                itemPrice=[
                    {
                        "priceType": "recurring",
                        "price": {"dutyFreeAmount": money("9")},
                        "priceAlteration": [percent("20")],
                    }
                ],
            ),
            item(
                "2",
                quantity=10**9,
                itemPrice=[{"priceType": "oneTime", "price": {"dutyFreeAmount": money("1000000")}}],
            ),
        ],
    )
    def test_no_sum_is_told_that_is_not_known(self, unknown: Json) -> None:
        told = judged(order(item("1", "a"), unknown), shop(p=price("1.00")))

        assert "orderTotalPrice" not in told
        assert told["productOrderItem"][0]["itemTotalPrice"]

    def test_a_percentage_that_takes_away_can_be_told(self) -> None:
        agreed = {
            "priceType": "recurring",
            "price": {"dutyFreeAmount": money("9.99"), "taxRate": 23},
            "priceAlteration": [percent("-20"), alteration("oneTime", price={"percentage": 1})],
        }

        (total,) = judged(order(item("1", itemPrice=[agreed])), {})["orderTotalPrice"]

        assert figures(total) == ["7.99", "9.83", "23"]


class TestChanges:
    SHOP: ClassVar[Json] = shop(p=recurring("10.00"))

    def kept(self, *items: Json, **parts: Any) -> Json:
        """An order as it is read back from the store."""
        document = decode(encode(judged(order(*items, **parts), self.SHOP)))
        assert isinstance(document, dict)
        return document

    def test_what_the_server_worked_out_follows_a_change(self) -> None:
        old = self.kept(item("1", "a"), item("2", "a"))
        new = {**old, "productOrderItem": [old["productOrderItem"][0] | {"quantity": 3}]}

        told = judged(new, self.SHOP, old)

        (only,) = told["productOrderItem"]
        assert figures(only["itemPrice"][0]) == ["10.00", "12.30", "23"]
        assert figures(only["itemTotalPrice"][0]) == ["30.00", "36.90", "23"]
        assert told["orderTotalPrice"] == only["itemTotalPrice"]

    def test_another_offering_has_another_price(self) -> None:
        documents = {**self.SHOP, PRICE: {"p": recurring("10.00"), "q": recurring("20.00")}}
        documents[OFFERING] = {
            **self.SHOP[OFFERING],
            "b": offering(productOfferingPrice=[{"id": "q"}]),
        }
        old = self.kept(item("1", "a"))
        changed = old["productOrderItem"][0] | {"productOffering": {"id": "b"}}

        told = judged({**old, "productOrderItem": [changed]}, documents, old)

        assert figures(told["orderTotalPrice"][0]) == ["20.00", "24.60", "23"]

    def test_what_was_agreed_stays(self) -> None:
        agreed = [{"priceType": "oneTime", "price": {"dutyFreeAmount": money("1.00")}}]
        old = self.kept(item("1", "a", itemTotalPrice=agreed), orderTotalPrice=agreed)
        new = {**old, "productOrderItem": [old["productOrderItem"][0] | {"quantity": 3}]}

        told = judged(new, self.SHOP, old)

        assert told["orderTotalPrice"] == agreed
        assert told["productOrderItem"][0]["itemTotalPrice"] == agreed


AMOUNTS = st.decimals("-1000", "100000", places=2).map(lambda one: f"{one:.2f}")
RATES = st.sampled_from(["0", "5.5", "7", "19", "23"])


@st.composite
def shops(draw: st.DrawFn) -> Json:
    """Offerings with one-time and recurring prices in two currencies, some of them altered."""
    prices: dict[str, Json] = {}
    offerings: dict[str, Json] = {}
    for number in range(draw(st.integers(1, 3))):
        listed = []
        for position in range(draw(st.integers(0, 3))):
            identity = f"p{number}.{position}"
            prices[identity] = price(
                draw(AMOUNTS),
                draw(st.sampled_from(["oneTime", "recurring", "usage"])),
                draw(st.sampled_from(["EUR", "JPY"])),
                recurringChargePeriodType=draw(st.sampled_from(["month", "year"])),
                tax=[{"taxRate": Decimal(draw(RATES))}],
            )
            change = percent(draw(st.sampled_from(["-50", "-33.3", "12.5"])))
            listed.append(
                {"id": identity, "priceAlteration": draw(st.sampled_from([[], [change]]))}
            )
        offerings[f"o{number}"] = offering(productOfferingPrice=listed)
    return {OFFERING: offerings, PRICE: prices}


@st.composite
def orders(draw: st.DrawFn) -> tuple[Json, Json]:
    """A shop, and an order of nested items from it."""
    documents = draw(shops())
    numbers = iter(range(1000))

    def drawn(depth: int) -> Json:
        sold = draw(st.sampled_from(sorted(documents[OFFERING])))
        below = [drawn(depth - 1) for _ in range(draw(st.integers(0, 2)))] if depth else []
        more = {"productOrderItem": below} if below else {}
        return item(str(next(numbers)), sold, quantity=draw(st.integers(1, 50)), **more)

    return documents, order(*(drawn(2) for _ in range(draw(st.integers(1, 4)))))


def sums(prices: list[Json]) -> dict[tuple[Any, ...], tuple[Decimal, Decimal]]:
    found: dict[tuple[Any, ...], tuple[Decimal, Decimal]] = {}
    for one in prices:
        net, gross = one["price"]["dutyFreeAmount"], one["price"]["taxIncludedAmount"]
        key = (one["priceType"], one.get("recurringChargePeriod"), net["unit"])
        before = found.get(key, (Decimal(0), Decimal(0)))
        found[key] = (before[0] + net["value"], before[1] + gross["value"])
    return found


def reckoned(one: Json) -> dict[tuple[Any, ...], tuple[Decimal, Decimal]]:
    """What a line comes to, reckoned from the prices of its items alone."""
    found: dict[tuple[Any, ...], tuple[Decimal, Decimal]] = {}
    for stated in one["itemPrice"]:
        if stated["priceType"] == "usage":
            continue
        parts = [stated, *stated.get("priceAlteration", [])]
        net = sum(part["price"]["dutyFreeAmount"]["value"] for part in parts)
        gross = sum(part["price"]["taxIncludedAmount"]["value"] for part in parts)
        unit = stated["price"]["dutyFreeAmount"]["unit"]
        key = (stated["priceType"], stated.get("recurringChargePeriod"), unit)
        before = found.get(key, (Decimal(0), Decimal(0)))
        found[key] = (before[0] + net, before[1] + gross)
    for below in one.get("productOrderItem", []):
        for key, (net, gross) in reckoned(below).items():
            before = found.get(key, (Decimal(0), Decimal(0)))
            found[key] = (before[0] + net, before[1] + gross)
    return {
        key: (net * one["quantity"], gross * one["quantity"]) for key, (net, gross) in found.items()
    }


@settings(deadline=None)
@given(orders())
def test_sums_are_exact(drawn: tuple[Json, Json]) -> None:
    documents, sent = drawn
    told = judged(sent, documents)
    lines = told["productOrderItem"]

    assert sums(told.get("orderTotalPrice", [])) == sums(
        [one for line in lines for one in line.get("itemTotalPrice", [])]
    )
    for line in lines:
        assert sums(line.get("itemTotalPrice", [])) == reckoned(line)


@settings(deadline=None)
@given(orders())
def test_tax_is_what_lies_between_and_coins_are_whole(drawn: tuple[Json, Json]) -> None:
    documents, sent = drawn
    stack = list(judged(sent, documents)["productOrderItem"])
    while stack:
        one = stack.pop()
        stack += one.get("productOrderItem", [])
        for stated in one["itemPrice"]:
            net, gross = (
                stated["price"][name]["value"] for name in ("dutyFreeAmount", "taxIncludedAmount")
            )
            exact = net * stated["price"].get("taxRate", 0) / 100
            if stated["priceType"] == "usage":
                assert abs(gross - net - exact) <= Decimal("0.0000005")
                continue
            coin = (
                Decimal(1)
                if stated["price"]["dutyFreeAmount"]["unit"] == "JPY"
                else Decimal("0.01")
            )
            assert abs(gross - net - exact) <= coin / 2
            assert net % coin == gross % coin == 0
            changes = stated.get("priceAlteration", [])
            left = net + sum(change["price"]["dutyFreeAmount"]["value"] for change in changes)
            assert left >= 0 or net < 0


@settings(deadline=None)
@given(orders())
def test_an_order_that_was_priced_is_not_priced_again(drawn: tuple[Json, Json]) -> None:
    documents, sent = drawn
    told = decode(encode(judged(sent, documents)))

    assert judged(told, documents) == told
    assert judged(told, documents, told) == told
