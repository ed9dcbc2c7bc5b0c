"""`simulated`: does nothing, with delays and failures on request, to try everything out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tmf.driver import Done, Failed, Later, Outcome, Tools

REQUEST = "simulate"
"""The service characteristic that asks for trouble: `fail`, `retry`, or a reason to fail with."""


class Simulated:
    """Options: `delay` in seconds for each step, `failures` before each step succeeds, `fail` with
    a reason for good (or, with `failRounds`, until it was retried so often), and `characteristics`
    and `resources` that an activation finds out.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._delay = float(options.get("delay", 0))
        self._failures = int(options.get("failures", 0))
        self._fail = options.get("fail")
        self._rounds = options.get("failRounds")
        found = dict(options.get("characteristics") or {})
        self._activated = Done(found, tuple(map(str, options.get("resources") or ())))

    def activate(self, service: Mapping[str, Any], tools: Tools) -> Outcome:
        """Find out what the options say."""
        return self._step(service, tools, self._activated)

    def modify(self, service: Mapping[str, Any], tools: Tools) -> Outcome:
        """Nothing but what was asked for in trouble."""
        return self._step(service, tools, Done())

    def deactivate(self, service: Mapping[str, Any], tools: Tools) -> Outcome:
        """Always well."""
        return Done()

    def _is_repaired(self, service: Mapping[str, Any]) -> bool:
        rounds = service.get("provisioning", {}).get("round", 0)
        return self._rounds is not None and rounds > self._rounds

    def _step(self, service: Mapping[str, Any], tools: Tools, done: Done) -> Outcome:
        asked = _asked(service)
        if (self._fail and not self._is_repaired(service)) or asked == "fail":
            return Failed(str(self._fail or "simulated failure"))
        if tools.attempts < self._failures or (asked == "retry" and tools.attempts == 0):
            raise ConnectionError("simulated outage")
        if self._delay and tools.attempts == 0:
            return Later(self._delay, "simulated delay")
        return done


def _asked(service: Mapping[str, Any]) -> Any:
    for one in service.get("serviceCharacteristic") or ():
        if one.get("name") == REQUEST:
            return one.get("value")
    return None
