"""TMF642 Alarm: how a standing alarm keeps its own history, and the tasks for many at once."""

from __future__ import annotations

from tmf.declare import Extension
from tmf.tmf642_alarm.rules import changes_are_dated
from tmf.tmf642_alarm.working import DUTY, begin, go_on

_TASKS = (
    "AckAlarms",
    "UnAckAlarms",
    "ClearAlarms",
    "CommentAlarms",
    "GroupAlarms",
    "UnGroupAlarms",
)

ALARM = Extension(
    api="TMF642",
    rules={"alarm": (changes_are_dated,)},
    reactions={f"{name}CreateEvent": (begin,) for name in _TASKS},
    duties={DUTY: go_on},
)
