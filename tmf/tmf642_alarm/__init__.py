"""TMF642 Alarm: one alarm for each fault, what caused it, whom it hurts; tasks for many."""

from __future__ import annotations

from tmf.declare import Extension
from tmf.tmf642_alarm.conditions import QUIET, known_to_be, quiet, take_in
from tmf.tmf642_alarm.following import FOLLOW, alarm_changed, follow, service_changed
from tmf.tmf642_alarm.impact import impact
from tmf.tmf642_alarm.rulebook import SETTING, rulebook
from tmf.tmf642_alarm.rules import (
    acknowledgement_is_dated,
    changes_are_dated,
    severity_agrees,
)
from tmf.tmf642_alarm.working import DUTY, begin, go_on

_TASKS = (
    "AckAlarms",
    "UnAckAlarms",
    "ClearAlarms",
    "CommentAlarms",
    "GroupAlarms",
    "UnGroupAlarms",
)
_CHANGES = ("AttributeValueChangeEvent", "StateChangeEvent", "DeleteEvent")

ALARM = Extension(
    api="TMF642",
    rules={"alarm": (changes_are_dated, severity_agrees, acknowledgement_is_dated)},
    settings=(SETTING,),
    check=rulebook,
    intakes={"alarm": take_in},
    reactions={
        **{f"{name}CreateEvent": (begin,) for name in _TASKS},
        "AlarmCreateEvent": (known_to_be, alarm_changed),
        **{f"Alarm{change}": (alarm_changed,) for change in _CHANGES},
        **{f"Service{change}": (service_changed,) for change in ("CreateEvent", *_CHANGES)},
    },
    duties={DUTY: go_on, FOLLOW: follow, QUIET: quiet},
    views={"impact.yaml": {"retrieveImpact": impact}},
)
