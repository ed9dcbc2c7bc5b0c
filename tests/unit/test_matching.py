"""The criteria tree judged in memory."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import re2

from tmf.tmf630_guidelines.criteria import (
    EVERYTHING,
    All,
    Compare,
    Field,
    Not,
    Operator,
    Present,
    Some,
    uses_regex,
    walk,
)
from tmf.tmf630_guidelines.documents import decode
from tmf.tmf630_guidelines.matching import compile_regex, matches
from tmf.tmf630_guidelines.values import Kind


def holds(op: Operator, kind: Kind, operands: str | tuple[str, ...], value: Any) -> bool:
    if isinstance(operands, str):
        operands = (operands,)
    return matches(Compare(op, kind, operands), value)


SOMETHING: tuple[Any, ...] = (0, "", False, {}, [])
EQUAL = Compare("eq", "text", ("x",))
DIFFERENT = Compare("ne", "text", ("x",))


class TestLogic:
    def test_all_and_some(self) -> None:
        yes, no = EVERYTHING, Some(())
        assert matches(EVERYTHING, {})
        assert not matches(no, {})
        assert matches(All((yes, yes)), {})
        assert not matches(All((yes, no)), {})
        assert matches(Some((no, yes)), {})
        assert not matches(Some((no, no)), {})
        assert matches(Not(no), {})
        assert not matches(Not(yes), {})

    def test_present(self) -> None:
        assert all(matches(Present(), value) for value in SOMETHING)
        assert not matches(Present(), None)


class TestFields:
    @pytest.mark.parametrize("document", [{}, {"a": None}, {"a": []}, {"b": 1}])
    def test_an_absent_child(self, document: Any) -> None:
        assert matches(Field("a", DIFFERENT), document)
        assert matches(Field("a", Not(Present())), document)
        assert not matches(Field("a", EQUAL), document)
        assert not matches(Field("a", DIFFERENT, strict=True), document)
        assert not matches(Field("a", Present(), strict=True), document)

    @pytest.mark.parametrize("value", [None, 5, "x", [], True])
    def test_no_object_has_no_children(self, value: Any) -> None:
        assert matches(Field("a", DIFFERENT), value)
        assert not matches(Field("a", DIFFERENT, strict=True), value)

    def test_some_element(self) -> None:
        assert matches(Field("a", EQUAL), {"a": ["y", "x"]})
        assert not matches(Field("a", EQUAL), {"a": ["y"]})
        assert matches(Field("a", DIFFERENT), {"a": ["x", "y"]})
        assert not matches(Field("a", DIFFERENT), {"a": ["x", "x"]})

    def test_null_elements(self) -> None:
        assert matches(Field("a", DIFFERENT), {"a": ["x", None]})
        assert not matches(Field("a", DIFFERENT, strict=True), {"a": ["x", None]})

    def test_the_same_element(self) -> None:
        both = Field("a", All((Field("b", EQUAL), Field("c", EQUAL))))
        assert matches(both, {"a": [{"b": "x"}, {"b": "x", "c": "x"}]})
        assert not matches(both, {"a": [{"b": "x"}, {"c": "x"}]})

    def test_an_object_in_place_of_an_array(self) -> None:
        assert matches(Field("a", Field("b", EQUAL)), {"a": {"b": "x"}})


class TestEquality:
    @pytest.mark.parametrize(
        ("kind", "operand", "value", "equal"),
        [
            ("text", "x", "x", True),
            ("text", "x", "X", False),
            ("text", "5", 5, False),
            ("text", "true", True, False),
            ("text", "", "", True),
            ("number", "10", 10, True),
            ("number", "10", Decimal("10.00"), True),
            ("number", "1e1", 10, True),
            ("number", "0.1", Decimal("0.10"), True),
            ("number", "10", "10", False),
            ("number", "1", True, False),
            ("boolean", "true", True, True),
            ("boolean", "false", False, True),
            ("boolean", "true", False, False),
            ("boolean", "true", "true", False),
            ("instant", "2024-05-01T10:00:00+02:00", "2024-05-01T08:00:00.000Z", True),
            ("instant", "2024-05-01T10:00:00Z", "2024-05-01T10:00:00.001Z", False),
            ("instant", "2024-05-01", "2024-05-01T00:00:00Z", True),
            ("instant", "2024-05-01", "soon", False),
            ("open", "10", "10", True),
            ("open", "10", "10.0", False),
            ("open", "10", Decimal("10.0"), True),
            ("open", "x", 10, False),
            ("open", "true", True, True),
            ("open", "true", "true", True),
            ("open", "1", True, False),
        ],
    )
    def test_equal(self, kind: Kind, operand: str, value: Any, equal: bool) -> None:
        assert holds("eq", kind, operand, value) is equal
        assert holds("ne", kind, operand, value) is not equal

    def test_alternatives(self) -> None:
        assert holds("eq", "text", ("a", "b"), "b")
        assert not holds("ne", "text", ("a", "b"), "b")
        assert holds("ne", "text", ("a", "b"), "c")

    @pytest.mark.parametrize("value", [None, {}, []])
    def test_what_is_no_scalar_is_equal_to_nothing(self, value: Any) -> None:
        assert not holds("eq", "open", "x", value)
        assert holds("ne", "open", "x", value)

    def test_numbers_are_exact(self) -> None:
        assert not holds("eq", "number", "0.1", decode("0.1000000000000000000000000000000001"))
        assert holds("eq", "number", "9007199254740993", decode("9007199254740993"))
        assert not holds("eq", "number", "9007199254740993", decode("9007199254740992"))
        assert holds("eq", "number", "1e4000", decode("1e4000"))


class TestOrder:
    @pytest.mark.parametrize(
        ("kind", "operand", "smaller", "same", "larger"),
        [
            ("text", "b", "a", "b", "é"),
            ("number", "10", 9, Decimal("10.0"), 11),
            ("open", "10", 9, 10, decode("1e2")),
            ("open", "10", "1", "10", "9"),
            (
                "instant",
                "2024-05-01T10:00:00+02:00",
                "2024-05-01T09:59:59+02:00",
                "2024-05-01T08:00:00Z",
                "2024-05-01T08:00:00.000001Z",
            ),
        ],
    )
    def test_order(self, kind: Kind, operand: str, smaller: Any, same: Any, larger: Any) -> None:
        def found(op: Operator) -> list[bool]:
            return [holds(op, kind, operand, value) for value in (smaller, same, larger)]

        assert found("lt") == [True, False, False]
        assert found("lte") == [True, True, False]
        assert found("gt") == [False, False, True]
        assert found("gte") == [False, True, True]

    @pytest.mark.parametrize("op", ["gt", "gte", "lt", "lte"])
    def test_what_has_no_order(self, op: Operator) -> None:
        assert not holds(op, "number", "1", None)
        assert not holds(op, "number", "1", "2")
        assert not holds(op, "text", "a", 5)
        assert not holds(op, "open", "x", 5)
        assert not holds(op, "open", "x", True)
        assert not holds(op, "instant", "2024-05-01", "soon")
        assert not holds(op, "text", "a", {"a": 1})

    def test_alternatives(self) -> None:
        assert holds("gt", "number", ("9", "1"), 5)


class TestRegex:
    def test_anywhere_in_the_text(self) -> None:
        assert holds("regex", "text", "b", "abc")
        assert not holds("regex", "text", "^b", "abc")
        assert holds("regex", "open", ("^x", "c$"), "abc")
        assert holds("regex", "text", "^.$", "😀")

    @pytest.mark.parametrize("value", [None, 5, True, {}, []])
    def test_only_of_texts(self, value: Any) -> None:
        assert not holds("regex", "open", "", value)

    def test_linear_time(self) -> None:
        # Where time is exponential, this never ends.
        assert not holds("regex", "text", "^(a+)+$", "a" * 50_000 + "b")

    @pytest.mark.parametrize("pattern", ["(", "a{1001}", "[[:x:]]", r"(a)\1", "(?=a)", "\\"])
    def test_what_re2_refuses(self, pattern: str) -> None:
        with pytest.raises(re2.error):
            compile_regex(pattern)


def test_walking_the_tree() -> None:
    regex = Compare("regex", "text", ("x",))
    node = All((Field("a", Not(regex)), Some((Present(), EQUAL))))
    assert list(walk(node)) == [
        node,
        Field("a", Not(regex)),
        Not(regex),
        regex,
        Some((Present(), EQUAL)),
        Present(),
        EQUAL,
    ]
    assert uses_regex(node)
    assert not uses_regex(Field("a", EQUAL))
