"""The published interface against TM Forum's official one.

What the official files say stands in `official_facts.json`, derived by
`derive_official_facts.py`. What differs on purpose stands in `openapi/deviations.yaml`.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from tests.contract import deviations
from tests.contract.derive_official_facts import TABLE, derive, written
from tests.contract.structure import Difference, Facts, differences, facts_of, served
from tmf.spec.bundle import load_api

APIS = served()
OFFICIAL: dict[str, Facts] = json.loads(TABLE.read_text(encoding="utf-8"))
DEVIATIONS = deviations.load()


def ours(api: str) -> Facts:
    return facts_of(load_api(api).document)


def found(api: str) -> list[Difference]:
    return list(differences(api, OFFICIAL[api], ours(api)))


# --- Structural equality ---


@pytest.mark.parametrize("api", APIS)
def test_no_difference_is_unlisted(api: str) -> None:
    verdict = deviations.judge(DEVIATIONS, found(api))

    assert [str(difference) for difference in verdict.unlisted] == []


def test_no_deviation_is_stale() -> None:
    everywhere = [difference for api in APIS for difference in found(api)]

    assert deviations.judge(DEVIATIONS, everywhere).stale == ()


@pytest.mark.parametrize("entry", DEVIATIONS, ids=lambda entry: entry.id)
def test_a_deviation_names_what_it_allows_and_why(entry: deviations.Deviation) -> None:
    assert list(deviations.too_broad(entry)) == []
    assert len(entry.reason.split()) > 5


@pytest.mark.parametrize("api", APIS)
def test_no_schema_is_left_out_that_the_official_interface_uses(api: str) -> None:
    schemas = {subject for subject in OFFICIAL[api] if subject.startswith("schema ")}
    missing = schemas - ours(api).keys()
    used = set(re.findall(r"\w+", json.dumps([list(s.values()) for s in OFFICIAL[api].values()])))

    assert {subject.removeprefix("schema ") for subject in missing} & used == set()


@pytest.mark.parametrize("api", APIS)
def test_what_is_added_beside_the_official_agrees_with_it(api: str) -> None:
    """A page holds what the list holds; each media type of a body means the same schema."""
    for subject, facts in ours(api).items():
        if "status 206" in facts:
            assert facts["status 206"] == facts["status 200"], subject
        bodies = {facts[fact] for fact in facts if fact.startswith("body as ")}
        bodies -= {"JsonPatch", "JsonPatchQuery"}
        assert {f"{body} required" for body in bodies} == (
            {facts["body"]} if "body" in facts else set()
        ), subject


# --- The table of official facts ---


def test_the_table_is_what_the_official_files_say() -> None:
    text = TABLE.read_text(encoding="utf-8")
    folder = os.environ.get("TMF_OFFICIAL_DIR")
    if folder:
        assert text == written(derive(Path(folder)))
    # Without the files it can at least be told whether somebody edited the table by hand.
    assert text == written(OFFICIAL)
    assert sorted(OFFICIAL) == APIS


@pytest.mark.parametrize("api", APIS)
def test_the_table_is_consistent(api: str) -> None:
    """Every schema that is spoken of exists; what is required is an attribute."""
    schemas = {name.removeprefix("schema ") for name in OFFICIAL[api] if name.startswith("schema")}
    spoken_of: set[str] = set()
    for subject, facts in OFFICIAL[api].items():
        for fact, value in facts.items():
            kind, _, name = fact.partition(" ")
            if kind in ("attribute", "body", "status"):
                spoken_of |= set(re.findall(r"\b[A-Z]\w+", value))
            if kind == "required":
                assert f"attribute {name}" in facts, f"{subject} {fact}"

    assert spoken_of <= schemas
    assert {"Error", "EventSubscription"} <= spoken_of


@pytest.mark.parametrize("api", APIS)
def test_the_table_holds_no_prose(api: str) -> None:
    values = {value for facts in OFFICIAL[api].values() for value in facts.values()}

    assert max(len(value) for value in values) < 80
