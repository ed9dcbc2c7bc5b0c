"""What makes stored search tokens stale, and what does not."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from tests.unit.made_up import LOCAL, ticket
from tmf.store.fingerprint import fingerprint

TEXT = {"type": "string", "description": "A text."}
MOMENT = {"type": "string", "format": "date-time", "description": "A moment."}
PROSE = {"type": "string", "x-free-text": True, "description": "To be read."}
STEP = {"$ref": f"{LOCAL}Step"}


def step(**properties: Any) -> dict[str, Any]:
    return {"Step": {"type": "object", "description": "A step.", "properties": properties}}


BEFORE = fingerprint(ticket(properties={"own": TEXT, "steps": STEP}, schemas=step(own=TEXT)))


@pytest.mark.parametrize(
    ("facts", "properties", "below"),
    [
        ({}, {"own": PROSE}, {"own": TEXT}),
        ({}, {"own": MOMENT}, {"own": TEXT}),
        ({}, {"own": TEXT}, {"own": PROSE}),
        ({}, {"own": TEXT}, {"own": MOMENT}),
        ({}, {"own": TEXT, "other": MOMENT}, {"own": TEXT}),
        ({}, {"own": TEXT}, {"own": TEXT, "next": STEP, "when": MOMENT}),
        ({"indexed": ["name"]}, {"own": TEXT}, {"own": TEXT}),
    ],
)
def test_what_is_searched_otherwise_makes_tokens_stale(
    facts: dict[str, Any], properties: dict[str, Any], below: dict[str, Any]
) -> None:
    changed = ticket(facts, properties={**properties, "steps": STEP}, schemas=step(**below))

    assert fingerprint(changed) != BEFORE


@pytest.mark.parametrize(
    ("facts", "properties", "below"),
    [
        ({}, {"own": {**TEXT, "description": "Said otherwise."}}, {"own": TEXT}),
        ({}, {"own": TEXT, "other": TEXT}, {"own": TEXT}),
        ({}, {"own": {"type": "number", "description": "A number."}}, {"own": TEXT}),
        ({}, {"own": TEXT}, {"own": TEXT, "other": {"type": "boolean", "description": "x"}}),
        ({}, {"own": TEXT}, {"own": TEXT, "next": STEP}),
        ({"create-required": ["name"]}, {"own": TEXT}, {"own": TEXT}),
    ],
)
def test_what_makes_the_same_tokens_does_not(
    facts: dict[str, Any], properties: dict[str, Any], below: dict[str, Any]
) -> None:
    changed = ticket(facts, properties={**properties, "steps": STEP}, schemas=step(**below))

    assert fingerprint(changed) == BEFORE


def test_the_order_of_attributes_does_not_matter() -> None:
    one = ticket({"indexed": ["name", "openedDate"]}, properties={"a": MOMENT, "b": PROSE})
    other = ticket({"indexed": ["openedDate", "name"]}, properties={"b": PROSE, "a": MOMENT})

    assert fingerprint(one) == fingerprint(other)


def test_attributes_that_go_round_in_circles_come_to_an_end() -> None:
    there = ticket(properties={"steps": STEP}, schemas=step(next=STEP, when=MOMENT))
    further = ticket(properties={"steps": STEP}, schemas=step(next=STEP, when=PROSE))

    assert len({fingerprint(there), fingerprint(further), BEFORE}) == 3


def test_every_process_has_the_same() -> None:
    asked = (
        "from tmf.spec.bundle import load_api; from tmf.store.fingerprint import fingerprint; "
        "print(*map(fingerprint, load_api('TMF622').resources.values()))"
    )
    said = {
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", asked],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(said) == 1
