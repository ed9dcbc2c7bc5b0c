"""TMF642 Alarm: how a standing alarm keeps its own history."""

from __future__ import annotations

from tmf.declare import Extension
from tmf.tmf642_alarm.rules import changes_are_dated

ALARM = Extension(api="TMF642", rules={"alarm": (changes_are_dated,)})
