"""Schemas of one API over the shared ones: what is merged, what is taken, what is refused."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from tests.unit.made_up import COMMON, LOCAL
from tmf.spec.compose import SpecError, compose, referenced

Json = dict[str, Any]

SHARED: Json = {
    "Base": {
        "type": "object",
        "description": "The base.",
        "x-lifecycle": {"attribute": "id"},
        "required": ["id"],
        "properties": {"id": {"type": "string"}, "name": {"type": "string"}},
    },
    "Ref": {"allOf": [{"$ref": LOCAL + "Base"}], "properties": {"role": {"type": "string"}}},
    "Node": {
        "type": "object",
        "properties": {"child": {"type": "array", "items": {"$ref": LOCAL + "Node"}}},
    },
    "Unused": {"type": "object"},
}


def composed(own: Json) -> Json:
    """The composed schemas; neither side of the input may be changed."""
    before = deepcopy((own, SHARED))
    result = compose(own, SHARED)
    assert (own, SHARED) == before
    return result


def test_a_schema_without_bases_stays_as_it_is() -> None:
    own = {"Thing": {"type": "string", "description": "A thing.", "enum": ["a", "b"]}}

    assert composed(own) == own


def test_bases_come_first_and_its_own_words_last() -> None:
    own = {
        "Thing": {
            "description": "A thing.",
            "allOf": [{"$ref": COMMON + "Base"}],
            "required": ["size", "id"],
            "properties": {"size": {"type": "number"}, "name": {"type": "integer"}},
        }
    }

    thing = composed(own)["Thing"]

    assert list(thing["properties"]) == ["id", "name", "size"]
    assert thing["properties"]["name"] == {"type": "integer"}
    assert thing["required"] == ["id", "size"]
    assert thing["description"] == "A thing."
    assert thing["type"] == "object"
    assert "allOf" not in thing


def test_of_a_base_only_attributes_are_taken() -> None:
    """A lifecycle or a description is said of one schema, not of those that extend it."""
    thing = composed({"Thing": {"allOf": [{"$ref": COMMON + "Base"}]}})["Thing"]

    assert thing.keys() == {"type", "properties", "required"}


def test_nothing_required_is_not_an_empty_list() -> None:
    own = {
        "Empty": {"type": "object", "properties": {}},
        "Thing": {"allOf": [{"$ref": LOCAL + "Empty"}], "properties": {"a": {"type": "string"}}},
    }

    assert composed(own)["Thing"] == {"type": "object", "properties": {"a": {"type": "string"}}}


def test_several_bases_in_their_order() -> None:
    own = {
        "More": {"type": "object", "properties": {"name": {"type": "number"}, "b": {}}},
        "Thing": {"allOf": [{"$ref": COMMON + "Base"}, {"$ref": LOCAL + "More"}]},
    }

    assert composed(own)["Thing"]["properties"] == {
        "id": {"type": "string"},
        "name": {"type": "number"},
        "b": {},
    }


def test_a_base_may_have_a_base() -> None:
    thing = composed({"Thing": {"allOf": [{"$ref": COMMON + "Ref"}]}})["Thing"]

    assert list(thing["properties"]) == ["id", "name", "role"]


def test_a_schema_of_the_same_name_refines_the_shared_one_everywhere() -> None:
    own = {
        "Base": {"allOf": [{"$ref": COMMON + "Base"}], "properties": {"extra": {}}},
        "Thing": {
            "properties": {"one": {"$ref": COMMON + "Base"}, "two": {"$ref": LOCAL + "Base"}}
        },
    }

    result = composed(own)

    assert list(result["Base"]["properties"]) == ["id", "name", "extra"]
    assert result["Thing"]["properties"]["one"] == result["Thing"]["properties"]["two"]


def test_a_shared_schema_is_built_on_shared_ones() -> None:
    """What an API refines must not change schemas of others that only build on the same base."""
    own = {
        "Base": {"type": "object", "properties": {"mine": {}}},
        "Thing": {"properties": {"ref": {"$ref": COMMON + "Ref"}}},
    }

    assert list(composed(own)["Ref"]["properties"]) == ["id", "name", "role"]


def test_only_what_is_reached_is_taken_and_cycles_end() -> None:
    own = {"Thing": {"properties": {"tree": {"$ref": COMMON + "Node"}}}}

    assert list(composed(own)) == ["Node", "Thing"]


def test_every_reference_becomes_a_local_one() -> None:
    own = {
        "Thing": {
            "properties": {
                "one": {"description": "One.", "$ref": COMMON + "Base"},
                "many": {"type": "array", "items": {"$ref": COMMON + "Node"}},
                "any": {"anyOf": [{"$ref": COMMON + "Ref"}, {"type": "string"}]},
            }
        }
    }

    properties = composed(own)["Thing"]["properties"]

    assert properties == {
        "one": {"description": "One.", "$ref": LOCAL + "Base"},
        "many": {"type": "array", "items": {"$ref": LOCAL + "Node"}},
        "any": {"anyOf": [{"$ref": LOCAL + "Ref"}, {"type": "string"}]},
    }


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"properties": {"a": {"$ref": LOCAL + "Nix"}}}, "schema Nix is referred to but nowhere"),
        ({"properties": {"a": {"$ref": COMMON + "Nix"}}}, "schema Nix is referred to but nowhere"),
        ({"allOf": [{"$ref": LOCAL + "Nix"}]}, "schema Thing: allOf takes references"),
        ({"allOf": [{"$ref": COMMON + "Nix"}]}, "schema Thing: allOf takes references"),
        ({"allOf": [{"type": "object"}]}, "schema Thing: allOf takes references"),
        ({"allOf": [{"$ref": "other.yaml#/Base"}]}, "schema Thing: allOf takes references"),
    ],
)
def test_what_leads_nowhere_is_refused(schema: Json, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        compose({"Thing": schema}, SHARED)


def test_referenced_names_every_direct_reference() -> None:
    schema = {
        "properties": {
            "a": {"$ref": LOCAL + "A"},
            "b": {"items": {"anyOf": [{"$ref": LOCAL + "B"}, {"$ref": LOCAL + "A"}]}},
        }
    }

    assert sorted(referenced(schema)) == ["A", "A", "B"]
