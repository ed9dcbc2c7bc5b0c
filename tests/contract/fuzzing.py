"""One run of schemathesis over one served API: all of its checks, all of its phases.

What stands in the configuration and why:

- NUL characters are not made: no string may hold one (a database cannot keep it), and JSON
  Schema has no usual way of saying so.
- Ids of resources that are there are mixed among the random ones, or most requests would end at
  404.
- Every valid request brings an idempotency key of its own, if it brings any.
- A regular expression in a valid listener's query is replaced by one that can be compiled: JSON
  Schema cannot say which those are.
- Nothing is kept between runs: the same seed makes the same requests.
- Hypothesis' health checks are off: they judge how fast and how small the generated documents are,
  by the clock and by chance, not the server. Whether an operation was really tested is asserted on
  what was sent.
"""

from __future__ import annotations

import itertools
import re
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import ScenarioRecorder
from schemathesis.engine.run import PhaseName
from schemathesis.generation.meta import CoveragePhaseData

KEPT_WHOLE = 20
"""Cases of one kind that the coverage phase sends before a short run leaves some out."""
KEPT_AFTER = 25
"""Of the further cases of that kind, a short run sends one in so many."""

load_all_checks()

SLOWEST = 20.0
"""Seconds that no answer may take, however busy the machine is."""


@dataclass
class Findings:
    """What a run found: `failures` and `errors` to be read by people.

    `operations` are all that the document has, as `GET /alarm`; `tested` those that were tested,
    by phase; `answered` the statuses that each gave.
    """

    operations: set[str]
    failures: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    tested: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    answered: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))

    def never_succeeded(self) -> set[str]:
        """Operations that gave no answer of success at all: they were not really tested."""
        return {
            operation
            for operation in self.operations
            if not any(200 <= status < 300 for status in self.answered[operation])
        }


def configuration(examples: int, seed: int, identities: Iterable[str]) -> SchemathesisConfig:
    """The configuration of a run; `examples` are random ones, for each operation."""
    return SchemathesisConfig.from_dict(
        {
            "seed": seed,
            "checks": {"enabled": True, "max_response_time": SLOWEST},
            "suppress-health-check": ["all"],
            "generation": {"max-examples": examples, "allow-x00": False, "database": "none"},
            "dictionaries": {"known": {"values": list(identities)}},
            "parameters": {"path.id": {"dictionary": "known", "probability": 0.5}},
        }
    )


def checks_of(config: SchemathesisConfig) -> dict[str, bool]:
    """Every check that there is, and whether it is made."""
    checks = config.projects.default.checks
    names = [*CHECKS.get_all_names(), "max_response_time"]
    return {name: checks.get_by_name(name=name).enabled for name in names}


def fuzz(url: str, config: SchemathesisConfig, *, thinned: bool) -> Findings:
    """Run all phases over the document at that URL; `thinned` leaves out most of coverage."""
    with warnings.catch_warnings():
        # Of generators that throw much away, and patterns that Python spells differently.
        warnings.simplefilter("ignore")
        schema = schemathesis.openapi.from_url(url, config=config)
        schema.hook("map_case")(_with_an_id)
        schema.hook("map_case")(_with_a_key_of_its_own())
        schema.hook("map_case")(_with_a_regular_expression)
        if thinned:
            schema.hook("filter_case")(_thinning())
        findings = Findings({one.ok().label for one in schema.get_all_operations()})
        for event in from_schema(schema).execute():
            _note(findings, event)
    return findings


def _with_an_id(_: Any, case: Any) -> Any:
    """The case with an id that fits the parameter's schema, if it is meant to be valid.

    The stateful phase takes ids out of any document that it is answered, an empty text too, and
    does not ask whether the parameter can be empty. The path would be that of the collection.
    """
    if case.path_parameters.get("id") == "" and case.meta.generation.mode.is_positive:
        case.path_parameters["id"] = "nobody"
    return case


def _with_a_key_of_its_own() -> Any:
    """A hook that gives no two valid cases the same idempotency key.

    A request that is sent again gets its first answer, about a resource that another case may
    have deleted since; the checks take every 201 to be news.
    """
    numbers = itertools.count()

    def map_case(_: Any, case: Any) -> Any:
        key = case.headers.get("Idempotency-Key") if case.headers else None
        if key is not None and case.meta.generation.mode.is_positive:
            case.headers["Idempotency-Key"] = f"{next(numbers)}{key}"[:255]
        return case

    return map_case


def _with_a_regular_expression(_: Any, case: Any) -> Any:
    """The case with a regular expression that is one, if it is meant to be valid."""
    query = case.body.get("query") if isinstance(case.body, dict) else None
    if isinstance(query, str) and case.meta.generation.mode.is_positive:
        case.body["query"] = re.sub(r"(\*=|=~)[^&]*", r"\1^x$", query)
    return case


def _thinning() -> Any:
    """A hook that leaves out most cases of a kind, after the first ones.

    The coverage phase goes through every wrong type of every attribute at every depth: tens of
    thousands of requests for a single operation.
    """
    seen: Counter[tuple[str, ...]] = Counter()

    def filter_case(_: Any, case: Any) -> bool:
        data = case.meta.phase.data if case.meta else None
        if not isinstance(data, CoveragePhaseData):
            return True
        kind = (case.operation.label, str(case.media_type), data.scenario.name)
        seen[kind] += 1
        return seen[kind] <= KEPT_WHOLE or seen[kind] % KEPT_AFTER == 0

    return filter_case


def _note(findings: Findings, event: events.EngineEvent) -> None:
    match event:
        case events.ScenarioFinished():
            if event.status in (Status.SUCCESS, Status.FAILURE):
                findings.tested[event.phase.value].add(event.recorder.label)
            findings.failures += _failures(event.phase, event.recorder)
            for identity, exchange in event.recorder.interactions.items():
                if exchange.response is not None and identity in event.recorder.cases:
                    operation = event.recorder.cases[identity].value.operation.label
                    findings.answered[operation].add(exchange.response.status_code)
        case events.NonFatalError():
            findings.errors.append(f"{event.label}: {event.info.format()}")
        case events.FatalError():
            raise event.exception
        case events.EngineFinished():
            findings.failures += [str(failure) for failure in event.failures]


def _failures(phase: PhaseName, recorder: ScenarioRecorder) -> Iterable[str]:
    """Each failed check in words: what, where, the answer, and how to do it again."""
    for identity, checks in recorder.checks.items():
        for check in checks:
            if check.failure_info is not None:
                told = check.failure_info
                answer = recorder.interactions[identity].response
                body = answer.text[:500] if answer is not None else "no answer"
                again = told.code_sample[:4000]
                yield f"{phase.value}, {recorder.label}: {told.failure}\n{body}\n{again}"
