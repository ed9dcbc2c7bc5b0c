"""Bodies against schemas: what OAS means, in JSON Schema; what a refusal says."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tmf.rest.validation import BodyValidator
from tmf.spec.shapes import ID_PATTERN
from tmf.tmf630_guidelines.documents import decode
from tmf.tmf630_guidelines.errors import GuidelineError

Json = dict[str, Any]

SCHEMAS: Json = {
    "Note": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
    "Tree": {
        "type": "object",
        "properties": {"child": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}}},
    },
    "Null": {"type": "object", "nullable": True, "enum": [None]},
}


def accepts(schema: Json, value: Any) -> bool:
    try:
        BodyValidator(schema, SCHEMAS).check(value)
    except GuidelineError:
        return False
    return True


def refusal(schema: Json, value: Any, *code: str) -> GuidelineError:
    with pytest.raises(GuidelineError) as caught:
        BodyValidator(schema, SCHEMAS).check(value, *code)
    return caught.value


def of(part: Json) -> Json:
    return {"type": "object", "properties": {"a": part}}


@pytest.mark.parametrize(
    ("part", "good", "bad"),
    [
        ({"type": "string"}, ["", "x"], [1, None, True, [], {}]),
        ({"type": "number"}, [1, Decimal("1.5"), decode("1e5")], ["1", None, True]),
        ({"type": "integer"}, [1, Decimal("1.0"), decode("1e2")], [Decimal("1.5"), "1", False]),
        ({"type": "boolean"}, [True, False], [0, 1, "true", None]),
        ({"type": "string", "nullable": True}, ["x", None], [1]),
        ({"type": "string", "nullable": False}, ["x"], [None]),
        ({"type": "array", "items": {"type": "string"}}, [[], ["x"]], [["x", 1], "x", {}]),
        ({"$ref": "#/components/schemas/Note"}, [{"text": "x", "more": 1}], [{}, {"text": 1}]),
        (
            {
                "anyOf": [
                    {"$ref": "#/components/schemas/Note"},
                    {"$ref": "#/components/schemas/Null"},
                ]
            },
            [{"text": "x"}, None],
            [{}, "x"],
        ),
        (
            {"$ref": "#/components/schemas/Tree"},
            [{"child": [{"child": []}]}],
            [{"child": [{"child": [{"child": 1}]}]}],
        ),
        ({"type": "string", "enum": ["a", "b"]}, ["a"], ["c", "A"]),
        (
            {"minimum": 0, "maximum": 10},
            [0, Decimal("10.00"), decode("1e1")],
            [-1, decode("1.1e1")],
        ),
        ({"type": "string", "pattern": ID_PATTERN}, ["a"], ["a\n", "a b", ""]),
        ({}, [1, "x", None, [], {}], []),
    ],
)
def test_a_value_is_judged_by_its_schema(part: Json, good: list[Any], bad: list[Any]) -> None:
    assert [value for value in good if not accepts(of(part), {"a": value})] == []
    assert [value for value in bad if accepts(of(part), {"a": value})] == []


def test_null_is_no_value_unless_the_schema_says_so() -> None:
    assert not accepts(of({"type": "string"}), {"a": None})


@pytest.mark.parametrize(
    ("good", "text"),
    [
        (True, "2024-02-29T12:30:00Z"),
        (True, "2024-02-29T12:30"),
        (True, "2024-02-29"),
        (False, "2024-02-30T00:00:00Z"),
        (False, "yesterday"),
        (False, ""),
    ],
)
def test_a_date_time_is_what_a_filter_can_read(good: bool, text: str) -> None:
    assert accepts(of({"type": "string", "format": "date-time"}), {"a": text}) is good


@pytest.mark.parametrize(
    ("good", "text"),
    [
        (True, "https://host:port/x?a=b#c"),
        (True, "https://host/with/ümlaut"),
        (True, "urn:x:y"),
        (True, "mailto:a@b"),
        (True, "/tmf-api/x"),
        (True, "./x"),
        (True, "../x"),
        (False, "https://host/a b"),
        (False, "https://host/<id>"),
        (False, "https://host/x\n"),
        (False, "x"),
        (False, ""),
    ],
)
def test_an_address_may_be_a_template(good: bool, text: str) -> None:
    assert accepts(of({"type": "string", "format": "uri"}), {"a": text}) is good


def test_an_attribute_may_have_the_name_of_a_keyword() -> None:
    schema = of({"type": "string"})
    schema["properties"] |= {name: {"type": "number"} for name in ("nullable", "type", "items")}

    assert accepts(schema, {"nullable": 1, "type": 2, "items": 3})
    assert refusal(schema, {"nullable": "x"}).message == 'nullable: "x" is not of type "number"'
    assert refusal(schema, {"type": "x"}).message == 'type: "x" is not of type "number"'


def test_the_schemas_are_not_changed() -> None:
    schema = of({"type": "string", "nullable": True})
    BodyValidator(schema, SCHEMAS).accepts({})

    assert schema == of({"type": "string", "nullable": True})
    assert SCHEMAS["Null"]["nullable"] is True


class TestRefusal:
    def test_names_the_place(self) -> None:
        schema = of({"type": "array", "items": {"$ref": "#/components/schemas/Note"}})

        error = refusal(schema, {"a": [{"text": "x"}, {"text": 5}]})

        assert error.code == "invalidDocument"
        assert error.message == 'a[1].text: 5 is not of type "string"'

    def test_of_the_whole_names_no_place(self) -> None:
        assert refusal({"type": "object"}, 5).message == '5 is not of type "object"'

    def test_has_the_code_asked_for(self) -> None:
        assert refusal({"type": "object"}, 5, "invalidQuery").code == "invalidQuery"

    def test_names_some_and_counts_the_others(self) -> None:
        schema = {"type": "array", "items": {"type": "string"}}

        assert str(refusal(schema, [1] * 5).message).count("is not of type") == 5
        assert "more" not in str(refusal(schema, [1] * 5).message)
        assert str(refusal(schema, [1] * 8).message).endswith("; and 3 more")

    def test_is_short_whatever_was_sent(self) -> None:
        message = str(refusal(of({"type": "number"}), {"a": "x" * 100_000}).message)

        assert len(message) < 300
        assert message.startswith('a: "xxx')

    def test_finds_what_is_wrong_beside_an_unusual_number(self) -> None:
        """The validator does not know numbers that keep their spelling."""
        schema = {"type": "object", "properties": {"a": {"maximum": 5}, "b": {"type": "string"}}}

        error = refusal(schema, {"a": decode("1e5"), "b": [decode("1e5")]})

        assert str(error.message).startswith("a: ")
        assert "; b: " in str(error.message)
