"""How many values a JSON text has, told without decoding it."""

from __future__ import annotations

import pytest

from tmf.tmf630_guidelines.body_size import MAX_VALUES, has_too_many_values, limit_values
from tmf.tmf630_guidelines.errors import GuidelineError


def array(count: int, element: bytes = b"0") -> bytes:
    return b"[" + b",".join([element] * count) + b"]"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        array(MAX_VALUES),
        b'{"text":"%s"}' % (b",[{" * MAX_VALUES),
        rb'{"text":"%s"}' % (rb"\",\\\"[" * MAX_VALUES),
        array(MAX_VALUES // 2, b'",[{"'),
        b" " * (10 * MAX_VALUES),
    ],
    ids=["empty", "most", "in a text", "after escapes", "in texts", "blank"],
)
def test_few_enough_values_pass(text: bytes) -> None:
    assert not has_too_many_values(text)


@pytest.mark.parametrize(
    "text",
    [
        array(MAX_VALUES + 1),
        array(MAX_VALUES // 2 + 1, b"[0]"),
        array(MAX_VALUES // 2 + 1, b"{}"),
        array(MAX_VALUES + 1, rb'"\\"'),
        b"[" * (MAX_VALUES + 1),
        b'{"a":' * (MAX_VALUES + 1),
    ],
    ids=["numbers", "arrays", "objects", "texts", "nested arrays", "nested objects"],
)
def test_too_many_values_are_noticed(text: bytes) -> None:
    assert has_too_many_values(text)


def test_the_refusal_says_how_many_are_taken() -> None:
    with pytest.raises(GuidelineError) as refused:
        limit_values(array(MAX_VALUES + 1), "bodyTooLarge", "the document")

    assert refused.value.status == 413
    assert refused.value.message == f"the document has more than {MAX_VALUES} values"
