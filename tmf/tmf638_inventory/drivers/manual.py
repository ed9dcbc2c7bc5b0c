"""`manual`: every step waits for a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tmf.driver import Done, Manual, Outcome, Tools


class ByHand:
    """Option: `instruction`, what the person is to do."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._reason = str(options.get("instruction", "to be done by hand"))

    def activate(self, service: Mapping[str, Any], tools: Tools) -> Outcome:
        """Until somebody patches the state to active."""
        return Manual(self._reason)

    def modify(self, service: Mapping[str, Any], tools: Tools) -> Outcome:
        """Nobody could tell by a state that it was done: it counts as done when it is told."""
        return Done()

    def deactivate(self, service: Mapping[str, Any], tools: Tools) -> Outcome:
        """Until somebody patches the state to terminated; what never was active just goes."""
        return Manual(self._reason) if service.get("state") == "active" else Done()
