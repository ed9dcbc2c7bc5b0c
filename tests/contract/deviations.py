"""Reads `openapi/deviations.yaml` and holds it against the differences that were found.

What the fields of an entry mean stands at the top of that file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import Any

import yaml

from tests.contract.structure import METHODS, Difference
from tmf.spec.sources import directory

WHOLE = "*"
"""As a fact: all that there is about the subject."""

_FIELDS = {"id", "api", "subject", "fact", "kind", "official", "ours", "reason"}
_SUBJECTS = {"api", "event", "schema", *METHODS}
_CHOICE = re.compile(r"\{([^{}]*,[^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Deviation:
    """One entry. Patterns are written out (no braces); no `official` or `ours` admits any value."""

    id: str
    reason: str
    kind: str
    apis: tuple[str, ...]
    subjects: tuple[str, ...]
    facts: tuple[str, ...]
    official: tuple[str, ...]
    ours: tuple[str, ...]

    def fitting(self, found: Difference) -> set[str]:
        """The patterns that fit the difference, as `field: pattern`; none if it is not covered."""
        if found.kind != self.kind:
            return set()
        fitting: set[str] = set()
        for field, patterns, text, any_text in (
            ("api", self.apis, found.api, ".*"),
            ("subject", self.subjects, found.subject, "[^/]*"),
            ("fact", self.facts, found.fact, ".*"),
            ("official", self.official, found.official, ".*"),
            ("ours", self.ours, found.ours, ".*"),
        ):
            fit = {f"{field}: {part}" for part in patterns if _matches(part, text, any_text)}
            if patterns and not fit:
                return set()
            fitting |= fit
        return fitting

    def patterns(self) -> set[str]:
        """Every pattern of the entry, as `field: pattern`; each has to fit something."""
        named = (("api", self.apis), ("subject", self.subjects), ("fact", self.facts))
        valued = (("official", self.official), ("ours", self.ours))
        return {f"{field}: {part}" for field, parts in (*named, *valued) for part in parts}


@dataclass(frozen=True, slots=True)
class Verdict:
    """`unlisted` differences that no entry covers; `stale` entries or patterns without any."""

    unlisted: tuple[Difference, ...]
    stale: tuple[str, ...]


def load() -> list[Deviation]:
    """The project's own entries."""
    return read((directory() / "deviations.yaml").read_text(encoding="utf-8"))


def read(text: str) -> list[Deviation]:
    """The entries of a YAML text; ValueError for an unknown field or an id given twice."""
    entries = [_entry(stated) for stated in yaml.safe_load(text)]
    if len({entry.id for entry in entries}) < len(entries):
        raise ValueError("two deviations have the same id")
    return entries


def judge(entries: Iterable[Deviation], found: Iterable[Difference]) -> Verdict:
    """Gives each difference to the first entry that covers it; says what is left on both sides."""
    used: dict[Deviation, set[str]] = {entry: set() for entry in entries}
    unlisted: list[Difference] = []
    for difference in found:
        for entry, patterns in used.items():
            if fitting := entry.fitting(difference):
                patterns.update(fitting)
                break
        else:
            unlisted.append(difference)
    stale = [
        f"{entry.id} ({pattern})"
        for entry, patterns in used.items()
        for pattern in sorted(entry.patterns() - patterns)
    ]
    return Verdict(tuple(unlisted), tuple(stale))


def too_broad(entry: Deviation) -> Iterator[str]:
    """Why an entry could hide a slip: it must name its facts, and what they are on either side."""
    if any(WHOLE in fact and fact != WHOLE for fact in entry.facts):
        yield "a fact must be named, not matched"
    if WHOLE in entry.facts and any(WHOLE in subject for subject in entry.subjects):
        yield "only a named subject may differ as a whole"
    if any(subject.split(" ")[0] not in _SUBJECTS for subject in entry.subjects):
        yield "a subject must say whether it is an operation, an event or a schema"
    without_value = ("required ", "enum ", "produces ", "base path ", WHOLE)
    if not all(fact.startswith(without_value) for fact in entry.facts):
        if entry.kind in ("missing", "changed") and not entry.official:
            yield "the official value is not stated"
        if entry.kind in ("extra", "changed") and not entry.ours:
            yield "our value is not stated"
    if WHOLE in entry.official or WHOLE in entry.ours:
        yield "a value must be stated, not matched"


def _entry(stated: Mapping[str, Any]) -> Deviation:
    if unknown := stated.keys() - _FIELDS:
        raise ValueError(f"deviation {stated.get('id')}: unknown fields {sorted(unknown)}")
    return Deviation(
        id=stated["id"],
        reason=stated["reason"],
        kind=stated["kind"],
        apis=_patterns(stated.get("api")),
        subjects=_patterns(stated["subject"]),
        facts=_patterns(stated["fact"]),
        official=_patterns(stated.get("official")),
        ours=_patterns(stated.get("ours")),
    )


def _patterns(stated: str | list[str] | None) -> tuple[str, ...]:
    listed = [stated] if isinstance(stated, str) else stated or []
    return tuple(written for pattern in listed for written in expanded(pattern))


def expanded(pattern: str) -> list[str]:
    """A pattern with its choices written out, as a shell does: `a{b,c}` is `ab` and `ac`."""
    pieces = _CHOICE.split(pattern)
    choices = [
        piece.split(",") if is_choice else [piece]
        for piece, is_choice in zip(pieces, [False, True] * len(pieces), strict=False)
    ]
    return ["".join(choice) for choice in product(*choices)]


def _matches(pattern: str, text: str, any_text: str) -> bool:
    return _compiled(pattern, any_text).fullmatch(text) is not None


@cache
def _compiled(pattern: str, any_text: str) -> re.Pattern[str]:
    return re.compile(any_text.join(re.escape(part) for part in pattern.split("*")))
