"""JSON read and written without changing what it says."""

from __future__ import annotations

import json
from copy import deepcopy
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tmf.tmf630_guidelines.documents import (
    MAX_DEPTH,
    NumberText,
    check_storable,
    decode,
    decoder_of,
    encode,
    parse_body,
)
from tmf.tmf630_guidelines.errors import GuidelineError

INTEGERS = st.from_regex(r"-?[1-9][0-9]{0,40}|0", fullmatch=True)
FRACTIONS = st.from_regex(r"-?(0|[1-9][0-9]{0,20})\.[0-9]{1,20}", fullmatch=True)
EXPONENTS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,9})(\.[0-9]{1,9})?[eE][+-]?[0-9]{1,3}", fullmatch=True
)
NUMBERS = INTEGERS | FRACTIONS | EXPONENTS

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
JSON_TEXTS = st.recursive(
    NUMBERS | st.sampled_from(["null", "true", "false", '"x"', '""']),
    lambda inner: (
        st.lists(inner, max_size=4).map(lambda parts: f"[{','.join(parts)}]")
        | st.lists(inner, max_size=4).map(
            lambda parts: "{" + ",".join(f'"{i}":{part}' for i, part in enumerate(parts)) + "}"
        )
    ),
    max_leaves=15,
)


def refusal(text: bytes) -> str:
    with pytest.raises(GuidelineError) as caught:
        parse_body(text)
    assert caught.value.code == "invalidBody"
    return str(caught.value.message)


@given(NUMBERS)
def test_a_number_keeps_its_text(text: str) -> None:
    assert encode(decode(text)) == text.encode()


@given(NUMBERS)
def test_a_number_is_what_it_says(text: str) -> None:
    value = decode(text)

    assert value == Decimal(text)
    assert isinstance(value, int) == text.lstrip("-").isdigit()


@pytest.mark.parametrize(
    "text", ["10.00", "-0.0", "0.0000001", "-0.00000010", "1e5", "1E+05", "0e0", "1" * 300]
)
def test_numbers_that_other_readers_respell(text: str) -> None:
    assert encode(decode(text)) == text.encode()


def test_minus_nought_is_the_one_number_that_is_respelt() -> None:
    assert encode(decode("-0")) == b"0"


@given(JSON_TEXTS)
def test_a_document_in_compact_form_stays_as_it_is(text: str) -> None:
    assert encode(decode(text)) == text.encode()
    assert encode(parse_body(text.encode())) == text.encode()


@given(TEXTS)
def test_text_stays_as_it_is(text: str) -> None:
    escaped = json.dumps(text).encode()

    assert parse_body(escaped) == text
    assert json.loads(encode(decode(escaped))) == text


def test_a_copy_keeps_the_spelling() -> None:
    document = {"a": [decode("1e5")]}

    assert encode(deepcopy(document)) == b'{"a":[1e5]}'


def test_a_spelling_is_still_a_number() -> None:
    number = NumberText("1.50e1")

    assert number == 15
    assert number + 1 == 16
    assert hash(number) == hash(15)
    assert number.text == "1.50e1"


def test_what_is_not_json_cannot_be_written() -> None:
    with pytest.raises(TypeError, match="complex is not a JSON value"):
        encode({"a": 1j})


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b'{"a":1,}',
        b'{"a":1} x',
        b"{'a':1}",
        b"NaN",
        b"Infinity",
        b"01",
        b"+1",
        b'"\xff"',
        b'"\\ud800"',
        b"\xef\xbb\xbf{}",
        b"9" * 5000,
        b"1e" + b"9" * 30,
    ],
)
def test_a_body_that_is_not_json_is_refused(text: bytes) -> None:
    assert refusal(text)


@pytest.mark.parametrize("text", [b'"a\\u0000b"', b'{"a\\u0000b":1}', b'[{"a":["\\u0000"]}]'])
def test_a_nul_character_is_refused(text: bytes) -> None:
    assert refusal(text) == "a string holds a NUL character"


@pytest.mark.parametrize("number", ["1e4001", "-1e-4001", "1e999999", "0.1e-4001"])
def test_an_absurd_exponent_is_refused(number: str) -> None:
    assert refusal(f'{{"a":[{number}]}}'.encode()) == "a number is out of range"


@pytest.mark.parametrize("number", ["1e4000", "1e-4000", "0.1e4001"])
def test_a_large_exponent_is_not(number: str) -> None:
    assert encode(parse_body(number.encode())) == number.encode()


def test_a_number_of_a_vendors_file_is_judged_too() -> None:
    """Other readers give a plain Decimal where this one gives a NumberText."""
    with pytest.raises(GuidelineError, match="out of range"):
        check_storable({"a": Decimal("1e9999")})


@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"a":', "}")])
def test_nesting_has_a_limit(start: str, end: str) -> None:
    def nested(levels: int) -> bytes:
        return (start * (levels - 1) + "1" + end * (levels - 1)).encode()

    assert encode(parse_body(nested(MAX_DEPTH))) == nested(MAX_DEPTH)
    assert refusal(nested(MAX_DEPTH + 1)) == "the document nests deeper than 64 levels"
    assert refusal(nested(100_000)) == "the document nests too deeply"


def test_a_wide_document_is_not_deep() -> None:
    wide: Any = {str(number): [number] for number in range(10_000)}

    assert parse_body(msgspec.json.encode(wide)) == wide


def test_some_attributes_are_read_as_if_all_were() -> None:
    text = (
        b'{"@type":"X","note":"a","price":10.00,"parts":[{"n":1e5}],"parts":[{"n":1}],"none":null}'
    )
    names = frozenset({"@type", "price", "parts", "none", "absent"})

    read = decoder_of(names)(text)

    assert read == {name: value for name, value in decode(text).items() if name in names}
    assert encode(read["price"]) == b"10.00"


@pytest.mark.parametrize("name", ['"', "\\", "\n", "é", "😀", "", "a b", "\x7f"])
def test_attributes_are_read_whatever_they_are_called(name: str) -> None:
    assert decoder_of(frozenset({name}))(encode({"a": 1, name: 2}))[name] == 2
