"""What every scene of the demo needs: the server, as any client sees it, and a voice."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from tmf.demo.portal import DemoError, Portal

PATIENCE = 60.0
"""Seconds that a step of the story may take; each takes a second or two."""

PAUSE = 1.0
"""Seconds between two chapters, in which the events of the first arrive and can be read."""

Tell = Callable[[str], None]


class Stage:
    """Where scenes are played; `tell` prints a line. `paths` maps each API to its path."""

    def __init__(
        self, portal: Portal, paths: Mapping[str, str], tell: Tell, pause: float = PAUSE
    ) -> None:
        self.portal = portal
        self.paths = paths
        self.tell = tell
        self._pause = pause

    def rest(self) -> None:
        """Let what has happened be read."""
        time.sleep(self._pause)

    def chapter(self, line: str) -> None:
        """Begin a chapter."""
        self.rest()
        self.tell(line)

    def create(self, place: str, document: Any) -> Any:
        """POST a document to a place (`TMF622/productOrder`); what it became."""
        return self.portal.ask("POST", self.path(place), document)

    def read(self, place: str) -> Any:
        """GET a place."""
        return self.portal.ask("GET", self.path(place))

    def path(self, place: str) -> str:
        """The path of a place on the server."""
        api, _, rest = place.partition("/")
        return f"{self.paths[api]}/{rest}"

    def until(self, place: str, state: str) -> Any:
        """Wait until a resource is in a state; it, as it is then."""
        return self.wait_for(
            lambda: (found := self.read(place))["state"] == state and found,
            f"{place} to be {state}",
        )

    @staticmethod
    def wait_for(look: Callable[[], Any], what: str) -> Any:
        """What there is to see once there is something; DemoError if it takes too long."""
        deadline = time.monotonic() + PATIENCE
        while not (found := look()):
            if time.monotonic() > deadline:
                raise DemoError(f"{what}: not within {PATIENCE:g} s")
            time.sleep(0.1)
        return found
