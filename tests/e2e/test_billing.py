"""From an active product to a settled bill, over HTTP and `tmf bill-run`, on a movable clock.

The tests run in the order of the calendar: the clock never goes back.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import commands
from tests.e2e.client import Client, unique
from tests.e2e.fulfilling import ENDED, Json, Shop, item
from tests.e2e.waiting import until
from tests.processes import Server, start_server

RATES = "TMF678/appliedCustomerBillingRate"
BILLS = "TMF678/customerBill"
START = "2030-01-10T10:00:00Z"


@pytest.fixture(scope="module")
def server(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("billing")
    with start_server(module_database_url, folder, TMF_CLOCK=START) as server:
        yield server


@pytest.fixture(scope="module")
def tmf(server: Server) -> Iterator[Client]:
    with Client(server.url) as client:
        yield client


class Office:
    """Sells products to customers of its own, and bills them."""

    def __init__(self, tmf: Client, database_url: str, folder: Path) -> None:
        self.tmf = tmf
        self.shop = Shop(tmf)
        self._url = database_url
        self._folder = folder

    def move(self, moment: str) -> None:
        answer = self.tmf.post("/admin/v1/clock", {"now": moment})
        assert answer.status_code == 200, answer.text

    def run(self, day: str, *options: str) -> subprocess.CompletedProcess[str]:
        return commands.tmf(
            "bill-run", "--as-of", day, *options,
            folder=self._folder, TMF_DATABASE_URL=self._url,
        )  # fmt: skip

    def load(self, documents: Json) -> None:
        commands.loaded(documents, self._url, self._folder)

    def sold(self, *prices: Json, account: str | None = None) -> tuple[str, str]:
        """A product that is active, and the account that pays for it."""
        account = account or unique("account")
        offering = self.shop.offering("cfs-plain", *prices)
        order = self.shop.order(
            item("1", offering),
            billingAccount={"id": account},
            relatedParty=[{"id": unique("party"), "role": "customer"}],
        )
        assert self.shop.until(order, *ENDED)["state"] == "completed"
        (product,) = self.shop.products(order)
        return str(product["id"]), account

    def rates(self, account: str, count: int) -> list[Json]:
        """The rates of an account, once there are so many, in the order of their making."""

        def look() -> list[Json] | None:
            found = self.tmf.read(f"{RATES}?billingAccount.id={account}&limit=1000")
            return found if len(found) >= count else None

        found = until(look, f"{count} rates")
        assert len(found) == count
        return found

    def bills(self, account: str) -> list[Json]:
        found: list[Json] = self.tmf.read(f"{BILLS}?billingAccount.id={account}&limit=1000")
        return found

    def pay(self, account: str, value: float) -> None:
        total = {"unit": "EUR", "value": value}
        method = {"name": "Transfer", "@type": "BankAccountTransfer"}
        sent = {"account": {"id": account}, "totalAmount": total, "paymentMethod": method}
        self.tmf.create("TMF676/payment", sent)


@pytest.fixture(scope="module")
def office(
    tmf: Client, module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Office:
    return Office(tmf, module_database_url, tmp_path_factory.mktemp("office"))


def price(value: float, kind: str = "recurring", **more: Any) -> Json:
    period = {"recurringChargePeriod": "month"} if kind == "recurring" else {}
    amount = {"dutyFreeAmount": {"unit": "EUR", "value": value}, "taxRate": 23}
    return {"name": f"{kind} {value}", "priceType": kind, "price": amount, **period, **more}


def net(rates: list[Json]) -> list[float]:
    return [one["taxExcludedAmount"]["value"] for one in rates]


def value(money: Json) -> Decimal:
    return Decimal(str(money["value"]))


def test_what_is_active_is_charged(office: Office) -> None:
    product, account = office.sold(price(31.0), price(49.0, "oneTime"))

    once, first = office.rates(account, 2)

    assert (once["type"], net([once])) == ("oneTimeCharge", [49.0])
    assert (first["type"], net([first])) == ("recurringCharge", [22.0])
    assert first["product"]["id"] == product
    assert first["periodCoverage"] == {
        "startDateTime": "2030-01-10T00:00:00.000Z",
        "endDateTime": "2030-02-01T00:00:00.000Z",
    }
    (tax,) = first["appliedTax"]
    assert (tax["taxRate"], tax["taxAmount"]["value"]) == (23, 5.06)
    assert first["taxIncludedAmount"] == {"unit": "EUR", "value": 27.06}
    assert first["isBilled"] is False
    opened = office.tmf.read(f"TMF666/billingAccount/{account}")
    assert opened["relatedParty"][0]["role"] == "customer"


def test_a_customer_without_an_account_is_given_one(office: Office) -> None:
    party = unique("party")
    owner = [{"id": party, "role": "customer", "name": "Moreau"}]
    for _ in range(2):
        order = office.shop.order(
            item("1", office.shop.offering(None, price(10.0))), relatedParty=owner
        )
        assert office.shop.until(order, *ENDED)["state"] == "completed"

    (account,) = office.tmf.read(f"TMF666/billingAccount?relatedParty.id={party}")
    assert account["name"] == "Account of Moreau"
    office.rates(account["id"], 2)


def test_usage_is_rated_and_charged_once(office: Office) -> None:
    product, account = office.sold(
        price(0.05, "usage", unitOfMeasure={"units": "minute", "amount": 1})
    )

    def used(**values: Any) -> Json:
        stated = {"productId": product, **values}
        described = [{"name": name, "value": one} for name, one in stated.items()]
        return office.tmf.create(
            "TMF635/usage", {"usageType": "voice", "usageCharacteristic": described}
        )

    good, bad = used(quantity=123, unit="minute"), used(quantity=1, unit="parsec")

    def status(usage: Json) -> str:
        return str(office.tmf.read(f"TMF635/usage/{usage['id']}")["status"])

    until(lambda: status(good) == "rated", "the usage to be rated")
    until(lambda: status(bad) == "rejected", "the usage to be rejected")
    (rate,) = office.rates(account, 1)
    assert (rate["type"], net([rate]), rate["name"]) == ("usageCharge", [6.15], "voice")
    assert office.tmf.patch(f"TMF635/usage/{good['id']}", {"description": "again"}).ok
    assert office.tmf.patch(f"TMF635/usage/{good['id']}", {"status": "rerated"}).ok
    office.rates(account, 1)


def test_a_bill_on_demand_is_made_at_once(office: Office) -> None:
    _, account = office.sold(price(31.0))
    office.rates(account, 1)

    def demanded(**named: Any) -> Json:
        task = office.tmf.create("TMF678/customerBillOnDemand", named)

        def look() -> Json | None:
            found: Json = office.tmf.read(task["href"])
            return found if found["state"] != "inProgress" else None

        return until(look, "the task to end")

    done = demanded(billingAccount={"id": account})
    assert done["state"] == "done"
    (bill,) = office.bills(account)
    assert (bill["id"], bill["runType"]) == (done["customerBill"]["id"], "offCycle")
    again = demanded(billingAccount={"id": account})
    assert (again["state"], again["message"]) == ("rejected", "nothing to bill")
    assert demanded(billingAccount={"id": "none"})["state"] == "rejected"


def test_a_loaded_demand_that_names_nobody_is_rejected(office: Office) -> None:
    identity = unique("demand")
    task = {"id": identity, "state": "inProgress", "name": "whose?"}

    office.load({"TMF678": {"customerBillOnDemand": [task]}})

    until(
        lambda: office.tmf.read(f"TMF678/customerBillOnDemand/{identity}")["state"] == "rejected",
        "the task to be rejected",
    )


def test_changes_pauses_and_the_end_count_from_their_day(office: Office) -> None:
    product, account = office.sold(price(31.0))
    place = f"TMF637/product/{product}"
    office.rates(account, 1)

    def change(moment: str, patch: Json, count: int) -> None:
        office.move(moment)
        assert office.tmf.patch(place, patch).status_code == 200
        office.rates(account, count)

    change("2030-01-15T12:00:00Z", {"productPrice": [price(62.0)]}, 3)
    change("2030-01-20T12:00:00Z", {"status": "suspended"}, 4)
    change("2030-01-25T12:00:00Z", {"status": "active"}, 5)
    change("2030-01-29T12:00:00Z", {"status": "terminated"}, 6)

    found = office.rates(account, 6)
    # 5 days at 1, 5 at 2, none, 4 at 2.
    assert sum(net(found)) == 5 + 10 + 8
    assert sorted(net(found)) == [-24.0, -17.0, -6.0, 14.0, 22.0, 34.0]


def test_bills_are_made_once_and_add_up(office: Office, tmf: Client) -> None:
    _, account = office.sold(price(31.0), price(49.0, "oneTime"))
    office.rates(account, 2)
    office.move("2030-02-01T06:00:00Z")

    tried = office.run("2030-02-01", "--dry-run")
    assert tried.stdout.count("Would bill") == 1, tried.stderr
    assert office.bills(account) == []
    done = office.run("2030-02-01")
    assert "Billed" in done.stdout, done.stderr
    again = office.run("2030-02-01")
    assert "Billed 0 accounts" in again.stdout

    (bill,) = office.bills(account)
    rates = tmf.read(f"{RATES}?bill.id={bill['id']}&limit=1000")
    assert len(rates) == 3  # what it cost at first, the first days, and February ahead
    assert all(one["isBilled"] for one in rates)
    for attribute in ("taxExcludedAmount", "taxIncludedAmount"):
        assert value(bill[attribute]) == sum(value(one[attribute]) for one in rates)
    assert bill["amountDue"] == bill["remainingAmount"] == bill["taxIncludedAmount"]
    (tax,) = bill["taxItem"]
    taxes = value(bill["taxIncludedAmount"]) - value(bill["taxExcludedAmount"])
    assert (tax["taxRate"], value(tax["taxAmount"])) == (23, taxes)
    assert bill["state"] == "sent"
    assert bill["billingPeriod"]["endDateTime"] == bill["billDate"] == "2030-02-01T00:00:00.000Z"
    assert bill["paymentDueDate"][:10] == "2030-02-15"
    assert bill["nextBillDate"][:10] == "2030-03-01"


def test_runs_at_once_share_the_work(office: Office) -> None:
    accounts = [office.sold(price(31.0))[1] for _ in range(6)]
    for account in accounts:
        office.rates(account, 1)
    cycle = {"frequency": "day", "name": "daily"}
    for account in accounts:
        structure = {"billStructure": {"cycleSpecification": cycle}}
        assert office.tmf.patch(f"TMF666/billingAccount/{account}", structure).ok

    with ThreadPoolExecutor(3) as threads:
        done = list(threads.map(lambda _: office.run("2030-02-01"), range(3)))

    assert [one.returncode for one in done] == [0, 0, 0], [one.stderr for one in done]
    assert [len(office.bills(account)) for account in accounts] == [1] * 6


def test_payments_settle_the_oldest_bills_first(office: Office) -> None:
    _, account = office.sold(price(100.0))
    office.rates(account, 1)
    office.move("2030-03-01T06:00:00Z")
    office.run("2030-03-01")
    office.move("2030-04-01T06:00:00Z")
    office.run("2030-04-01")
    first, second = sorted(office.bills(account), key=lambda one: one["billDate"])
    assert (first["amountDue"]["value"], second["amountDue"]["value"]) == (246.0, 123.0)

    def states() -> list[str]:
        bills = sorted(office.bills(account), key=lambda one: one["billDate"])
        return [one["state"] for one in bills]

    office.pay(account, 46.0)
    until(lambda: states() == ["partiallyPaid", "sent"], "the first bill to be paid in part")
    office.pay(account, 250.0)
    until(lambda: states() == ["settled", "partiallyPaid"], "the first bill to be settled")
    left = max(office.bills(account), key=lambda one: one["billDate"])
    assert left["remainingAmount"]["value"] == 73.0
    assert sum(value(one["appliedAmount"]) for one in left["appliedPayment"]) == 50
    office.pay(account, 100.0)
    until(lambda: states() == ["settled", "settled"], "all to be settled")

    office.move("2030-05-01T06:00:00Z")
    office.run("2030-05-01")
    newest = max(office.bills(account), key=lambda one: one["billDate"])
    assert (newest["state"], newest["remainingAmount"]["value"]) == ("partiallyPaid", 96.0)


def test_an_account_in_trouble_is_parked_and_the_others_are_billed(office: Office) -> None:
    _, sound = office.sold(price(10.0))
    _, mixed = office.sold(price(10.0))
    dollars = {"dutyFreeAmount": {"unit": "USD", "value": 10}}
    office.sold(price(10.0, price=dollars), account=mixed)
    office.rates(mixed, 2)
    office.move("2030-06-01T06:00:00Z")

    done = office.run("2030-06-01")

    assert done.returncode == 1
    assert f"Parked: account {mixed}: MixedCurrenciesError" in done.stderr
    assert len(office.bills(sound)) == 1
    assert office.bills(mixed) == []


def promised(office: Office, product: str, percent: float) -> str:
    """Promise that a product is available; the service that is there for it."""
    promises = [
        {"name": "availability", "value": percent},
        {"name": "availabilityCredit", "value": 20},
    ]
    patch = {"productCharacteristic": promises}
    assert office.tmf.patch(f"TMF637/product/{product}", patch).status_code == 200
    (service,) = office.tmf.ids(f"TMF638/service?relatedEntity.id={product}")
    return service


def out(office: Office, service: str, start: str, end: str) -> str:
    """A service fails for some time; the alarm's id."""
    alarm = {
        "alarmType": "equipmentAlarm",
        "perceivedSeverity": "critical",
        "probableCause": "lossOfSignal",
        "alarmedObject": {"id": service},
        "sourceSystemId": "ems",
        "state": "cleared",
        "alarmRaisedTime": start,
        "alarmClearedTime": end,
    }
    identity = str(office.tmf.create("TMF642/alarm", alarm)["id"])
    released = f"TMF642/serviceImpact?alarm.id={identity}&state=released"
    until(lambda: office.tmf.read(released), "the outage to be on record")
    return identity


def test_a_promise_of_availability_that_was_missed_is_credited_once(office: Office) -> None:
    missed, account = office.sold(price(10.0))
    kept, other = office.sold(price(10.0))
    services = promised(office, missed, 99.9), promised(office, kept, 99.5)
    office.move("2030-06-20T06:00:00Z")
    alarms = [
        out(office, services[0], "2030-06-03T03:00:00Z", "2030-06-03T05:00:00Z"),
        out(office, services[1], "2030-06-03T03:00:00Z", "2030-06-03T05:00:00Z"),
    ]
    office.move("2030-07-01T06:00:00Z")
    office.run("2030-07-01")
    office.run("2030-07-01")

    (credit,) = office.tmf.read(f"{RATES}?billingAccount.id={account}&type=credit")
    assert net([credit]) == [-2.0]
    assert credit["taxIncludedAmount"] == {"unit": "EUR", "value": -2.46}
    told = {one["name"]: one["value"] for one in credit["characteristic"]}
    assert told == {
        "promisedAvailability": "99.9 %",
        "measuredAvailability": "99.722 %",
        "outageMinutes": 120.0,
        "creditedShare": "20 %",
    }
    assert alarms[0] in credit["description"]
    bill = office.bills(account)[-1]
    assert credit["bill"]["id"] == bill["id"]
    assert office.tmf.read(f"{RATES}?billingAccount.id={other}&type=credit") == []

    office.move("2030-08-01T06:00:00Z")
    office.run("2030-08-01")
    assert len(office.tmf.read(f"{RATES}?billingAccount.id={account}&type=credit")) == 1


def test_a_bill_can_be_looked_at_and_printed(office: Office, server: Server) -> None:
    account = unique("account")
    office.sold(price(31.0), price(49.0, "oneTime"), account=account)
    office.rates(account, 2)
    owner = [{"id": "p", "name": "Łukasz <Żak> & Söhne", "role": "customer"}]
    assert office.tmf.patch(f"TMF666/billingAccount/{account}", {"relatedParty": owner}).ok
    task = office.tmf.create("TMF678/customerBillOnDemand", {"billingAccount": {"id": account}})
    until(lambda: office.tmf.read(task["href"])["state"] == "done", "the bill")
    (bill,) = office.bills(account)

    files = {one["mimeType"]: office.tmf.get(one["url"]) for one in bill["billDocument"]}

    page = files["text/html"]
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "Łukasz &lt;Żak&gt; &amp; Söhne" in page.text
    total = f"€ {bill['taxIncludedAmount']['value']:.2f}"
    assert total in page.text
    pdf = files["application/pdf"]
    assert (pdf.status_code, pdf.headers["Content-Type"]) == (200, "application/pdf")
    assert pdf.content.startswith(b"%PDF-")
    assert len(pdf.content) > 10_000
    for path in ("bill/none.pdf", f"bill/{bill['id']}.doc", f"other/{bill['id']}.pdf"):
        assert office.tmf.get(f"/files/{path}").status_code == 404


def numbers(office: Office, year: int) -> list[str]:
    """The numbers of a year's bills, whoever made them, in order."""
    found = office.tmf.read(f"{BILLS}?billNo.gte={year}-&billNo.lt={year}.&limit=1000")
    return sorted(one["billNo"] for one in found)


def test_bills_are_numbered_without_gaps_also_those_of_runs_at_once(office: Office) -> None:
    known = len(numbers(office, 2030))
    accounts = [office.sold(price(10.0))[1] for _ in range(6)]
    for account in accounts:
        office.rates(account, 1)
    office.move("2030-11-01T06:00:00Z")

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _: office.run("2030-11-01"), range(3)))

    made = numbers(office, 2030)
    assert len(made) >= known + len(accounts)
    assert made == [f"2030-{number:06}" for number in range(1, len(made) + 1)]


def test_numbers_go_on_after_those_of_bills_that_were_brought(office: Office) -> None:
    brought = [{"id": unique("bill"), "billNo": name} for name in ("2031-000041", "2031-9", "x")]
    office.load({"TMF678": {"customerBill": brought}})
    _, account = office.sold(price(10.0))
    office.rates(account, 1)
    office.move("2031-01-01T06:00:00Z")

    office.run("2031-01-01")

    assert len(office.bills(account)) == 1
    made = sorted(set(numbers(office, 2031)) - {one["billNo"] for one in brought})
    assert made == [f"2031-{number:06}" for number in range(42, 42 + len(made))]
