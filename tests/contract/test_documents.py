"""What independent tools, and readers, make of the published documents."""

from __future__ import annotations

import warnings
from copy import deepcopy
from typing import Any

import openapi_core
import openapi_spec_validator
import pytest
import schemathesis
from schemathesis.core.result import Ok

from tests.contract.descriptions import descriptions, says_something
from tests.contract.structure import facts_of, served
from tmf.spec.bundle import load_api

with warnings.catch_warnings():
    # Connexion imports Starlette's test client, which deprecates the HTTP client it finds.
    warnings.simplefilter("ignore")
    from connexion.spec import OpenAPISpecification, Specification

APIS = served()


def published(api: str) -> dict[str, Any]:
    """A copy of an API's document, for tools that write into what they read."""
    return deepcopy(dict(load_api(api).document))


@pytest.mark.parametrize("api", APIS)
def test_the_document_is_valid_openapi(api: str) -> None:
    document = published(api)

    openapi_spec_validator.validate(document)

    assert document["openapi"] == "3.0.3"


@pytest.mark.parametrize("api", APIS)
def test_connexion_reads_the_document(api: str) -> None:
    specification = Specification.from_dict(published(api))

    assert isinstance(specification, OpenAPISpecification)
    assert specification["paths"].keys() == published(api)["paths"].keys()


@pytest.mark.parametrize("api", APIS)
def test_openapi_core_reads_the_document(api: str) -> None:
    loaded = openapi_core.OpenAPI.from_dict(published(api))

    assert (loaded.spec / "info" / "version").read_str() == published(api)["info"]["version"]


@pytest.mark.parametrize("api", APIS)
def test_schemathesis_finds_every_operation(api: str) -> None:
    results = list(schemathesis.openapi.from_dict(published(api)).get_all_operations())

    found = {f"{one.ok().method} {one.ok().path}" for one in results if isinstance(one, Ok)}
    assert len(found) == len(results)
    assert found == {subject for subject in facts_of(published(api)) if "/" in subject}


@pytest.mark.parametrize("api", APIS)
def test_everything_is_described(api: str) -> None:
    empty = [
        f"{place}: {text}"
        for place, name, text in descriptions(published(api))
        if not says_something(name, text)
    ]

    assert empty == []


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("orderDate", "When the server received the order.", True),
        ("orderDate", "The date of the order.", False),
        ("orderDate", "Order date (list of dates).", False),
        ("orderDate", "Set by server.", False),
        ("orderDate", "", False),
    ],
)
def test_an_empty_description_is_recognised(name: str, text: str, expected: bool) -> None:
    assert says_something(name, text) is expected
