"""JSONPath in `filter=`, over HTTP."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.e2e import services
from tests.e2e.client import Client, unique


@pytest.fixture(scope="module")
def category(tmf: Client) -> str:
    category = unique("jsonpath")
    services.create(tmf, category)
    return category


def found(tmf: Client, category: str, *filters: str, rest: str = "") -> set[str]:
    query = "&".join(f"filter={quote(one)}" for one in filters)
    return services.found(tmf, category, query + rest)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$.note[?(@.author=='Jean')]", "gd"),
        ("note[?(@.author=='Jean')]", "gd"),
        ('$.note[?(@.author == "Luc")]', "g"),
        ("$.note[?(@.author=='Jean' && @.date>'2026-01-01')]", "g"),
        ("$.note[?(@.author=='Luc' && @.date>'2026-01-01')]", ""),
        ("$.note[?(@.author=='Luc' || @.date<'2025-01-01')]", "gd"),
        ("$.note[?(!(@.author=='Jean'))]", "g"),
        ("$.note[?(@.author!='Jean')]", "g"),
        ("$.note[?(@.author=~'^J')]", "gd"),
        ("$.note[?(@.text=='a+b=c & more')]", "g"),
        ("$.serviceCharacteristic[?(@.name=='vlan' && @.value==42)]", "a"),
        ("$.serviceCharacteristic[?(@.value>=42)]", "ab"),
        ("$.serviceCharacteristic[?(@.value.down==60)]", "d"),
        ("$[?(@.state=='active')]", "a"),
        ("$[?(@.isServiceEnabled==true)]", "ad"),
        ("$[?(@.isServiceEnabled!=true)]", "bg"),
        ("$[?(@.startDate<='2030-01-31T07:00:00Z')]", "ad"),
        ("$[?(@.weight.kg>9)]", "a"),
        ("$[?(@.weight.kg==null)]", "d"),
        ("$[?(@.note)]", "gd"),
        ("$[?(!@.note)]", "ab"),
        ("$.note", "gd"),
        ("$['note'][*][?(@['author']=='Luc')]", "g"),
    ],
)
def test_a_filter_finds_what_it_says(
    tmf: Client, category: str, expression: str, expected: str
) -> None:
    assert found(tmf, category, expression) == set(expected)


def test_several_filters_are_alternatives_and_hold_together_with_criteria(
    tmf: Client, category: str
) -> None:
    either = ("$.note[?(@.author=='Luc')]", "$.relatedParty[?(@.role=='customer')]")

    assert found(tmf, category, *either) == set("gab")
    assert found(tmf, category, *either, rest="&state=inactive") == {"b"}
    assert found(tmf, category, *either, rest="&name=nobody") == set()


@pytest.mark.parametrize(
    "expression",
    [
        "$.note[?(@.author=='Jean']",
        "$.note[?(@.author=='Jean)]",
        "$.note[?(@.author='Jean')]",
        "$.note[?(@.author==)]",
        "$..author",
        "$.note[0]",
        "$.note[0:2]",
        "$.note[?()]",
        "$.note[?(@.date>'soon')]",
        "$.note[?(@.author=~'(')]",
        "$.note)",
        "$.note[?(" + "(" * 40 + "@.author=='x'" + ")" * 40 + ")]",
        "",
    ],
)
def test_a_filter_that_cannot_be_understood_is_400(tmf: Client, expression: str) -> None:
    answer = tmf.get(f"{services.PLACE}?filter={quote(expression)}")

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalidQuery"
    assert "filter" in answer.json()["message"]
