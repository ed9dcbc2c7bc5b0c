"""What reports of one condition tell of, whichever came first."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tmf.tmf642_alarm.reports import (
    MOST,
    Flapping,
    Report,
    alarm_of,
    compact,
    episodes,
    report_of,
)

FLAPPING = Flapping(cycles=3, within=600, quiet=60)
START = datetime(2030, 1, 1, tzinfo=UTC)
LATE = int((START + timedelta(days=1)).timestamp() * 1e6)


def at(minute: float) -> str:
    return (START + timedelta(minutes=minute)).isoformat().replace("+00:00", "Z")


def raised(minute: float, severity: str = "major", **further: Any) -> Report:
    return report_of(
        {
            "state": "raised",
            "perceivedSeverity": severity,
            "alarmRaisedTime": at(minute),
            **further,
        }
    )


def cleared(minute: float, *, final: bool = False) -> Report:
    document = {
        "state": "cleared",
        "perceivedSeverity": "cleared",
        "alarmRaisedTime": at(minute),
        "alarmClearedTime": at(minute),
    }
    return report_of(document, final=final)


def told(*reports: Report, now: int = LATE) -> list[dict[str, Any]]:
    return [alarm_of(one) for one in episodes(reports, FLAPPING, now)]


def test_repeated_reports_are_one_alarm() -> None:
    (alarm,) = told(raised(1), raised(5, "critical", alarmDetails="worse"), raised(3))

    assert alarm["count"] == 3
    assert alarm["state"] == "updated"
    assert alarm["perceivedSeverity"] == "critical"
    assert alarm["severityTrend"] == "moreSevere"
    assert alarm["alarmRaisedTime"] == at(1)
    assert alarm["alarmChangedTime"] == at(5)
    assert alarm["alarmDetails"] == "worse"


def test_a_clear_ends_what_was_raised_before_it_and_not_what_was_raised_later() -> None:
    first, second = told(raised(1, "minor"), raised(5), cleared(3))

    assert first["state"] == first["perceivedSeverity"] == "cleared"
    assert first["alarmClearedTime"] == at(3)
    assert first["lastSeverity"] == "minor"
    assert second["state"] == "raised"
    assert second["count"] == 1
    assert "alarmClearedTime" not in second


def test_a_repeated_clear_and_a_late_raise_change_nothing_that_is_over() -> None:
    (alarm,) = told(raised(1), cleared(3), cleared(4), raised(2))

    assert alarm["state"] == "cleared"
    assert alarm["alarmClearedTime"] == at(3)
    assert alarm["count"] == 2


def test_a_clear_alone_is_a_cleared_alarm() -> None:
    (alarm,) = told(cleared(3))
    assert alarm["state"] == "cleared"
    assert alarm["count"] == 1


def flapping() -> list[Report]:
    """Raised four times within ten minutes, each time cleared for half a minute."""
    return [one for minute in range(4) for one in (raised(minute), cleared(minute + 0.5))]


def test_what_is_raised_again_and_again_is_held() -> None:
    end = int((START + timedelta(minutes=3.5)).timestamp() * 1e6)

    *before, held = told(*flapping(), now=end + 59_000_000)
    assert [one["state"] for one in before] == ["cleared", "cleared"]
    assert held["flapping"] is True
    assert held["state"] == "updated"
    assert held["perceivedSeverity"] == "major"
    assert held["count"] == 2

    *_, quiet = told(*flapping(), now=end + 60_000_000)
    assert quiet["state"] == "cleared"
    assert quiet["alarmClearedTime"] == at(3.5)


def test_a_person_ends_what_flaps() -> None:
    end = int((START + timedelta(minutes=3.7)).timestamp() * 1e6)
    *_, last = told(*flapping(), cleared(3.6, final=True), now=end)
    assert last["state"] == "cleared"


@pytest.mark.parametrize("seed", range(30))
def test_any_order_tells_the_same(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311
    reports = [
        cleared(draw.randrange(20))
        if draw.random() < 0.4
        else raised(draw.randrange(20), draw.choice(["minor", "major", "critical"]))
        for _ in range(draw.randrange(1, 15))
    ]
    expected = told(*reports)
    for _ in range(5):
        draw.shuffle(reports)
        assert told(*reports) == expected


def test_many_reports_of_one_episode_are_kept_as_few() -> None:
    reports = [raised(minute) for minute in range(300)]
    kept, forgotten = compact(reports, FLAPPING, LATE)

    assert len(kept) == MOST
    assert forgotten == 0
    (alarm,) = told(*kept)
    assert alarm == told(*reports)[0]
    assert alarm["count"] == 300


def test_what_is_over_is_forgotten_first() -> None:
    old = [one for minute in range(0, 300, 10) for one in (raised(minute), cleared(minute + 5))]
    kept, forgotten = compact([*old, raised(400)], FLAPPING, LATE)

    assert len(kept) <= MOST
    assert forgotten == old[-len(kept)].time
    assert told(*kept)[-1]["alarmRaisedTime"] == at(400)
