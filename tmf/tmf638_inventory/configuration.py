"""Which driver works on which services: the provisioning file (TMF_PROVISIONING)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from tmf.declare import Document, decode
from tmf.driver import GROUP, Driver

SETTING = "provisioning"

_ATTEMPTS = 8
_RETRY = (2.0, 5.0, 15.0, 60.0, 300.0)
_KNOWN = frozenset({"driver", "options", "attempts", "retry", "supportedBy"})


class ProvisioningError(ValueError):
    """The provisioning file cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How services of a specification are provided.

    `supports` are the specifications (`id`, `name`) of the resource-facing services that each of
    them rests on. `attempts` is how often a step is tried, `retry` the seconds between tries.
    """

    driver: Driver
    supports: tuple[Document, ...] = ()
    attempts: int = _ATTEMPTS
    retry: tuple[float, ...] = _RETRY

    def pause(self, attempts: int) -> float:
        """Seconds to wait after so many failures."""
        return self.retry[min(attempts, len(self.retry)) - 1]


@dataclass(frozen=True, slots=True)
class Provisioning:
    """The entries by id or name of a service specification, and the one for all others."""

    entries: Mapping[str, Entry]
    otherwise: Entry

    def entry(self, specification: Mapping[str, Any]) -> Entry:
        """How services of a specification (`id`, `name`) are provided."""
        for name in (specification.get("id"), specification.get("name")):
            if name in self.entries:
                return self.entries[str(name)]
        return self.otherwise


def provisioning(settings: Mapping[str, Any]) -> Provisioning:
    """What the file says, read once; without one, every service is simulated."""
    file = settings.get(SETTING)
    return _read(None if file is None else Path(file))


@lru_cache(maxsize=16)
def _read(file: Path | None) -> Provisioning:
    if file is None:
        return Provisioning({}, _entry("otherwise", {"driver": "simulated"}))
    try:
        stated = decode(file.read_bytes())
    except (OSError, ValueError) as error:
        raise ProvisioningError(f"TMF_PROVISIONING: {file}: {error}") from error
    if not isinstance(stated, dict) or not isinstance(stated.get("services", {}), dict):
        raise ProvisioningError(
            f"TMF_PROVISIONING: {file}: it is an object with an object `services` in it"
        )
    if unknown := stated.keys() - {"services", "otherwise"}:
        raise ProvisioningError(
            f"TMF_PROVISIONING: {file}: {', '.join(sorted(unknown))} is unknown"
        )
    entries = {
        name: _entry(f"TMF_PROVISIONING: {file}: {name}", one)
        for name, one in stated.get("services", {}).items()
    }
    return Provisioning(
        entries,
        _entry(
            f"TMF_PROVISIONING: {file}: otherwise", stated.get("otherwise", {"driver": "simulated"})
        ),
    )


def _entry(where: str, stated: Any) -> Entry:
    if not isinstance(stated, dict) or not isinstance(stated.get("driver"), str):
        raise ProvisioningError(f"{where}: an entry is an object that names a driver")
    if unknown := stated.keys() - _KNOWN:
        raise ProvisioningError(f"{where}: {', '.join(sorted(unknown))} is unknown")
    try:
        return Entry(
            _driver(stated["driver"], stated.get("options") or {}),
            tuple({"id": str(one["id"]), **one} for one in stated.get("supportedBy") or ()),
            int(stated.get("attempts", _ATTEMPTS)),
            tuple(map(float, stated.get("retry") or _RETRY)),
        )
    except Exception as error:  # a driver may raise anything about its options
        raise ProvisioningError(f"{where}: {type(error).__name__}: {error}") from error


def _driver(name: str, options: Mapping[str, Any]) -> Driver:
    for point in entry_points(group=GROUP, name=name):
        driver: Driver = point.load()(options)
        return driver
    known = ", ".join(sorted(point.name for point in entry_points(group=GROUP)))
    raise LookupError(f"there is no driver {name}; there are {known}")
