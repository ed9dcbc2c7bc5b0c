"""Which alarms a pattern means."""

from __future__ import annotations

from typing import Any

import pytest

from tmf.tmf642_alarm.patterns import fits, query_of

ALARM: dict[str, Any] = {
    "id": "a1",
    "state": "raised",
    "serviceAffecting": True,
    "alarmedObject": {"id": "olt-7", "@referredType": "Resource"},
    "comment": [{"userId": "eve", "comment": "seen"}, {"userId": "bob"}],
}


@pytest.mark.parametrize(
    "pattern",
    [
        {},
        {"state": "raised"},
        {"serviceAffecting": True, "alarmedObject": {"id": "olt-7"}},
        {"comment": [{"userId": "bob"}]},
        {"comment": [{"userId": "bob"}, {"comment": "seen"}]},
        {"comment": []},
    ],
)
def test_an_alarm_fits_what_it_has_all_of(pattern: dict[str, Any]) -> None:
    assert fits(pattern, ALARM)


@pytest.mark.parametrize(
    "pattern",
    [
        {"state": "cleared"},
        {"serviceAffecting": 1},
        {"alarmedObject": {"id": "olt-7", "name": "x"}},
        {"alarmedObject": "olt-7"},
        {"comment": [{"userId": "bob", "comment": "seen"}]},
        {"place": []},
    ],
)
def test_it_does_not_fit_what_it_lacks(pattern: dict[str, Any]) -> None:
    assert not fits(pattern, ALARM)


def test_the_query_asks_for_what_can_be_asked_plainly() -> None:
    pattern = {
        "state": "raised",
        "alarmedObject": {"id": "olt 7", "name": "a,b"},
        "serviceAffecting": True,
        "comment": [{"userId": "bob"}],
        "@type": "Alarm",
    }

    assert query_of(pattern) == "state=raised&alarmedObject.id=olt%207"
