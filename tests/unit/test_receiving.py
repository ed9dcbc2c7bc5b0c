"""A listener's side of a delivery: signatures are judged, gaps in the sequence are seen."""

from __future__ import annotations

import pytest

from tmf.hub.receiving import TOLERANCE, Gaps, verdict
from tmf.hub.signing import new_secret, signatures

BODY = '{"eventId":"1","title":"ä"}'.encode()
NOW = 1_900_000_000
SECRET, OTHER = new_secret(), new_secret()


def headers(*secrets: str, sent: int = NOW) -> dict[str, str]:
    return {
        "webhook-id": "1",
        "webhook-timestamp": str(sent),
        "webhook-signature": signatures(secrets, "1", sent, BODY),
    }


@pytest.mark.parametrize("signed_by", [(SECRET,), (OTHER, SECRET), (SECRET, OTHER)])
def test_a_signature_of_the_secret_fits(signed_by: tuple[str, ...]) -> None:
    assert verdict(headers(*signed_by), BODY, [SECRET], NOW + 1.5) == "ok"


def test_any_of_the_listeners_secrets_will_do() -> None:
    assert verdict(headers(SECRET), BODY, [OTHER, SECRET], NOW) == "ok"


def test_another_secret_or_body_does_not_fit() -> None:
    assert verdict(headers(OTHER), BODY, [SECRET], NOW) == "wrong"
    assert verdict(headers(SECRET), BODY + b" ", [SECRET], NOW) == "wrong"
    assert verdict({**headers(SECRET), "webhook-id": "2"}, BODY, [SECRET], NOW) == "wrong"
    later = {**headers(SECRET), "webhook-timestamp": str(NOW + 1)}
    assert verdict(later, BODY, [SECRET], NOW) == "wrong"


@pytest.mark.parametrize("age", [TOLERANCE + 1, -TOLERANCE - 1])
def test_what_was_signed_long_ago_may_be_a_replay(age: int) -> None:
    assert verdict(headers(SECRET), BODY, [SECRET], NOW + age) == "too old"


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("value", [None, "", "\xb2", "soon"])
def test_without_its_headers_a_message_is_not_signed(name: str, value: str | None) -> None:
    sent = {**headers(SECRET), name: value} if value is not None else headers(SECRET)
    if value is None:
        del sent[name]

    assert verdict(sent, BODY, [SECRET], NOW) in ("missing", "wrong")


def test_without_a_secret_nothing_is_checked() -> None:
    assert verdict({}, BODY, [], NOW) == "not checked"


def test_numbers_in_order_are_nothing_to_speak_of() -> None:
    gaps = Gaps()

    assert [gaps.note(number) for number in (7, 8, 9)] == ["", "", ""]
    assert gaps.missing == 0


def test_a_gap_is_told_and_closed_by_what_comes_late() -> None:
    gaps = Gaps()
    gaps.note(1)

    assert gaps.note(3) == "gap: #2 not seen"
    assert gaps.note(10**18) == f"gap: #4 to #{10**18 - 1} not seen"
    assert gaps.missing == 10**18 - 3
    assert gaps.note(6) == "late: closes a gap"
    assert gaps.note(6) == "seen before"
    assert gaps.note(4) == gaps.note(5) == gaps.note(2) == "late: closes a gap"
    assert gaps.note(10**18) == "seen before"
    assert gaps.missing == 10**18 - 7
