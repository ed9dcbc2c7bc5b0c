"""What a provisioning driver is: a small class that works on one service in the network.

    class Olt:
        def __init__(self, options):            # from the provisioning file
            self.host = options["host"]

        def activate(self, service, tools):
            port = self._open(service["id"])    # may be called twice: see below
            return Done({"port": port})

        def modify(self, service, tools): ...
        def deactivate(self, service, tools): ...

Named by an entry point of the group `tmf.drivers`, it is chosen per service specification by the
provisioning file. Every method may be called again for what was done already, after a crash, and
`deactivate` for what was never activated; both have to end well. What it raises is logged, and it
is called again later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

GROUP = "tmf.drivers"
"""The group of entry points in which drivers are found."""


@dataclass(frozen=True, slots=True)
class Done:
    """It is done. `characteristics` are what was found out, by name: an address, a number;
    `resources` the ids of the network's parts that the service rests on from now on, if known.
    """

    characteristics: Mapping[str, Any] = field(default_factory=dict)
    resources: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Later:
    """Call again in so many seconds; it counts as an attempt."""

    seconds: float
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Manual:
    """A person has to do it, and says so by a PATCH of the service's state."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """It cannot be done, and calling again would not help."""

    reason: str


Outcome: TypeAlias = Done | Later | Manual | Failed


class Tools(Protocol):
    """What a driver is given besides the service."""

    @property
    def attempts(self) -> int:
        """How often this step was tried before."""

    @property
    def realm(self) -> str:
        """The realm of the service."""

    def assign(self, pool: str, values: Iterable[str], size: int) -> str | None:
        """One of the values for this service alone, the same each time; None if all are taken.

        `values` are `size` different ones, in the same order at every call.
        """

    def release(self, pool: str) -> None:
        """Give back what this service has from a pool, if anything."""


class Driver(Protocol):
    """Works on services of a kind. It is made with the options of the provisioning file."""

    def activate(self, service: Mapping[str, Any], tools: Tools) -> Outcome:
        """Bring the service into operation."""

    def modify(self, service: Mapping[str, Any], tools: Tools) -> Outcome:
        """Make the running service what its characteristics say."""

    def deactivate(self, service: Mapping[str, Any], tools: Tools) -> Outcome:
        """Take the service out of operation, and give back what it occupied."""
