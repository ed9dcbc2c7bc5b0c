"""What an operator may decide about alarms: the rule file (TMF_ALARM_RULES)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

from tmf.declare import Document, decode
from tmf.tmf642_alarm.patterns import fits
from tmf.tmf642_alarm.reports import Flapping

SETTING = "alarm_rules"

Effect: TypeAlias = Literal["outage", "degradation", "risk"]
"""What an alarm does to the services behind its object; only outages count as such."""

DEFAULT: Document = {
    "relationships": ["reliesOn", "dependsOn", "requires", "isSupportedBy"],
    "effects": {
        "critical": "outage",
        "major": "outage",
        "minor": "degradation",
        "warning": "risk",
        "indeterminate": "degradation",
    },
    "flapping": {"cycles": 3, "within": 600, "quiet": 60},
    "correlation": [
        {"name": "what it rests on has failed", "relation": "restsOn", "window": 900},
        {
            "name": "no power, no signal",
            "relation": "sameObject",
            "root": {"probableCause": "powerProblem"},
            "window": 900,
        },
    ],
}
"""The rules without a file, and what a file replaces, name by name."""

_EFFECTS = ("outage", "degradation", "risk")
_RELATIONS = ("restsOn", "sameObject")


class RuleError(ValueError):
    """The rule file cannot be used; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Rule:
    """An alarm that fits `root` explains one that fits `symptom`, if the symptom's object rests
    on its object (or is the same one), and was raised at most `window` seconds before it.
    """

    name: str
    relation: str
    window: float = 900.0
    root: Document = field(default_factory=dict)
    symptom: Document = field(default_factory=dict)

    def explains(self, root: Document, symptom: Document) -> bool:
        """Whether the two are what the rule speaks of, as far as they themselves tell."""
        return fits(self.root, root) and fits(self.symptom, symptom)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules. `relationships` are those of services, in lower case, that make the one that
    states them rest on the other.
    """

    relationships: frozenset[str]
    effects: Mapping[str, Effect]
    flapping: Flapping
    correlation: tuple[Rule, ...]
    stated: Document


def rulebook(settings: Mapping[str, Any]) -> Rulebook:
    """What the file says, read once; without one, the rules that come with the program."""
    file = settings.get(SETTING)
    return _read(None if file is None else Path(file))


@lru_cache(maxsize=16)
def _read(file: Path | None) -> Rulebook:
    stated: Any = {}
    if file is not None:
        try:
            stated = decode(file.read_bytes())
        except (OSError, ValueError) as error:
            raise RuleError(f"TMF_ALARM_RULES: {file}: {error}") from error
        if not isinstance(stated, dict):
            raise RuleError(f"TMF_ALARM_RULES: {file}: it is an object")
    if unknown := stated.keys() - DEFAULT.keys():
        raise RuleError(f"TMF_ALARM_RULES: {file}: {', '.join(sorted(unknown))} is unknown")
    whole = {**DEFAULT, **stated}
    try:
        return _rulebook(whole)
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise RuleError(f"TMF_ALARM_RULES: {file}: {type(error).__name__}: {error}") from error


def _rulebook(stated: Document) -> Rulebook:
    flapping = stated["flapping"]
    return Rulebook(
        frozenset(str(name).lower() for name in stated["relationships"]),
        {
            str(severity).lower(): _one_of(_EFFECTS, effect)
            for severity, effect in stated["effects"].items()
        },
        Flapping(
            int(flapping.get("cycles", 3)),
            float(flapping.get("within", 600)),
            float(flapping.get("quiet", 60)),
        ),
        tuple(
            Rule(
                str(one["name"]),
                _one_of(_RELATIONS, one.get("relation", "restsOn")),
                float(one.get("window", 900)),
                dict(one.get("root", {})),
                dict(one.get("symptom", {})),
            )
            for one in stated["correlation"]
        ),
        stated,
    )


def _one_of(known: tuple[str, ...], value: Any) -> Any:
    if value not in known:
        raise ValueError(f"{value!r} is none of {', '.join(known)}")
    return value
