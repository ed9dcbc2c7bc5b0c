"""Charges add up: no day is charged twice or skipped, whatever happens to a product."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmf.declare import exact, round_money
from tmf.tmf678_billing.charging import Alteration, Charge, Ledger, Price
from tmf.tmf678_billing.cycles import cycle
from tmf.tmf678_billing.periods import MONTHLY, Rhythm, day_of, rhythm_of

START = date(2030, 1, 10)
CYCLE = date(2030, 1, 1)


def price(net: str = "31.00", *, rhythm: Rhythm = MONTHLY, arrears: bool = False, **more: object):  # type: ignore[no-untyped-def]
    amount = Decimal(net)
    gross = round_money(amount * Decimal("1.23"), "EUR")
    return Price("line", rhythm, amount, gross, "EUR", Decimal(23), arrears, **more)  # type: ignore[arg-type]


def told(charges: list[Charge]) -> list[tuple[str, str, str]]:
    return [(f"{one.start:%m-%d}", f"{one.end:%m-%d}", str(one.net)) for one in charges]


EMPTY = Ledger(rounding=round_money)


def test_a_start_within_a_period_costs_its_part_of_it() -> None:
    ledger, charges = EMPTY.starting(START, [price()], CYCLE)
    assert told(charges) == [("01-10", "02-01", "22.00")]

    ledger, charges = ledger.reaching(date(2030, 2, 1))
    assert told(charges) == [("02-01", "03-01", "31.00")]
    assert ledger.reaching(date(2030, 2, 28)) == (ledger, [])


def test_a_stop_gives_back_exactly_what_was_charged_for_the_days_after_it() -> None:
    ledger, charges = EMPTY.starting(date(2030, 1, 1), [price("10.00")], CYCLE)
    ledger, back = ledger.stopping(date(2030, 1, 12))
    _, again = ledger.starting(date(2030, 1, 12), [price("10.00")], CYCLE)

    assert told(charges) == [("01-01", "02-01", "10.00")]
    assert back[0].net == -again[0].net
    assert back[0].gross == -again[0].gross
    assert charges[0].net + back[0].net == Decimal("3.55")


def test_a_change_of_price_counts_from_its_day() -> None:
    ledger, _ = EMPTY.starting(date(2030, 1, 1), [price("31.00")], CYCLE)
    _, charges = ledger.starting(date(2030, 1, 11), [price("62.00")], CYCLE)

    assert told(charges) == [("01-11", "02-01", "-21.00"), ("01-11", "02-01", "42.00")]


def test_arrears_are_charged_when_the_period_is_over() -> None:
    ledger, charges = EMPTY.starting(START, [price(arrears=True)], CYCLE)
    assert charges == []
    ledger, charges = ledger.reaching(date(2030, 2, 1))
    assert told(charges) == [("01-10", "02-01", "22.00")]
    _, charges = ledger.stopping(date(2030, 2, 15))
    assert told(charges) == [("02-01", "02-15", "15.50")]


def test_missed_periods_are_made_up_for_one_by_one() -> None:
    ledger, _ = EMPTY.starting(START, [price()], CYCLE)
    _, charges = ledger.reaching(date(2030, 4, 1))

    assert [one.net for one in charges] == [Decimal("31.00")] * 3


def test_a_discount_lasts_as_many_periods_as_it_says() -> None:
    discount = Alteration(Decimal("-31.00"), Decimal("-38.13"), 2)
    ledger, first = EMPTY.starting(START, [price(alterations=(discount,))], CYCLE)
    _, more = ledger.reaching(date(2030, 4, 15))

    costs = [one.net for one in [*first, *more]]
    assert costs == [Decimal("0.00"), Decimal("0.00"), Decimal("31.00"), Decimal("31.00")]


def test_a_year_is_charged_from_the_day_of_the_start() -> None:
    yearly = price("365.00", rhythm=Rhythm("months", 12))
    ledger, charges = EMPTY.starting(START, [yearly], CYCLE)
    assert told(charges) == [("01-10", "01-10", "365.00")]
    assert ledger.reaching(date(2030, 12, 31))[1] == []


@pytest.mark.parametrize(
    ("text", "days"),
    [("month", 31), ("1 months", 31), ("Quarterly", 90), ("2 weeks", 14), ("day", 1)],
)
def test_rhythms_are_read(text: str, days: int) -> None:
    rhythm = rhythm_of(text)
    assert rhythm is not None
    start, end = rhythm.span(CYCLE, CYCLE)
    assert (end - start).days == days


@pytest.mark.parametrize("text", ["", "fortnight", "0 month", None, 5])
def test_what_is_no_rhythm(text: object) -> None:
    assert rhythm_of(text) is None


def test_cycles_of_accounts() -> None:
    monthly = cycle({})
    assert monthly.ended(date(2030, 3, 15)) == (date(2030, 2, 1), date(2030, 3, 1))
    assert monthly.ended(date(2030, 3, 1)) == (date(2030, 2, 1), date(2030, 3, 1))
    shifted = cycle({"frequency": "month", "billingDateShift": 14, "paymentDueDateOffset": 30})
    assert shifted.ended(date(2030, 3, 14)) == (date(2030, 1, 15), date(2030, 2, 15))
    assert shifted.due == 30


def test_a_day_is_one_of_utc() -> None:
    assert day_of("2030-01-01T00:30:00+02:00") == date(2029, 12, 31)


# --- Whatever happens ---

RHYTHMS = st.sampled_from([MONTHLY, Rhythm("months", 3), Rhythm("months", 12), Rhythm("days", 7)])
AMOUNTS = st.decimals("0.01", "999.99", places=2).map(str)
DAYS = st.integers(0, 500).map(lambda days: START + timedelta(days=days))
HAPPENINGS = st.tuples(st.sampled_from(["start", "stop", "bill", "bill"]), DAYS, AMOUNTS)


@given(st.lists(HAPPENINGS, max_size=12), RHYTHMS, st.booleans(), DAYS)
def test_every_day_is_charged_once_at_the_price_of_that_day(
    happenings: list[tuple[str, date, str]], rhythm: Rhythm, arrears: bool, anchor: date
) -> None:
    """The model: a price for each day. The ledger's charges, minus what it gave back, cover just
    the days on which the product ran, at the price that it had then; whole periods cost the price.
    """
    ledger, charges = EMPTY, list[Charge]()
    model: dict[date, Price] = {}
    running: Price | None = None
    last = START
    with exact():
        for kind, day, amount in sorted(happenings, key=lambda one: one[1]):
            if running is not None:
                model |= {last + timedelta(days=n): running for n in range((day - last).days)}
            last = day
            if kind == "start":
                running = price(amount, rhythm=rhythm, arrears=arrears)
                ledger, more = ledger.starting(day, [running], anchor)
            elif kind == "stop":
                running = None
                ledger, more = ledger.stopping(day)
            else:
                ledger, more = ledger.reaching(day)
            charges += more
        ledger, more = ledger.stopping(last)

    charged: dict[date, list[Price]] = {}
    for one in [*charges, *more]:
        for number in range((one.end - one.start).days):
            day = one.start + timedelta(days=number)
            if one.back:
                charged[day].remove(one.price)
            else:
                charged.setdefault(day, []).append(one.price)
    assert {day: prices for day, prices in charged.items() if prices} == {
        day: [price] for day, price in model.items()
    }
    for one in [*charges, *more]:
        assert (one.net < 0) == one.back or one.net == 0
        assert round_money(one.net, "EUR") == one.net


@given(AMOUNTS, st.lists(st.integers(1, 30), max_size=5, unique=True), RHYTHMS)
def test_pieces_of_a_period_add_up_to_its_price(
    amount: str, cuts: list[int], rhythm: Rhythm
) -> None:
    one = price(amount, rhythm=rhythm)
    start, end = rhythm.span(CYCLE, CYCLE)
    days = [start, *sorted(start + timedelta(days=cut) for cut in cuts), end]
    inside = [day for day in days if day <= end]
    ledger, total = EMPTY, Decimal(0)
    with exact():
        for begins, ends in pairwise(inside):
            ledger, charged = ledger.starting(begins, [one], CYCLE)
            ledger, back = ledger.stopping(ends)
            total += sum(charge.net for charge in [*charged, *back])

    if rhythm == MONTHLY:
        assert total == Decimal(amount)
