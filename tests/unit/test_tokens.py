"""Search tokens: what a matching document must hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.contract.examples import Example, examples
from tests.contract.sample_api import sample_resource
from tmf.store.tokens import LONGEST, TokenReader, clauses_of, tokens_of
from tmf.tmf630_guidelines.criteria import Node
from tmf.tmf630_guidelines.documents import Document, decode
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.matching import matches
from tmf.tmf630_guidelines.query import parse_criteria

RESOURCE = sample_resource()


def criteria_of(query: str) -> Node:
    return parse_criteria(query, RESOURCE.kind_of)


def tokens(document: Document) -> list[int]:
    return tokens_of(document, RESOURCE.attributes)


def clauses(query: str) -> list[frozenset[int]]:
    return clauses_of(criteria_of(query), RESOURCE.attributes)


def is_candidate(query: str, document: Document) -> bool:
    return all(not clause.isdisjoint(tokens(document)) for clause in clauses(query))


@settings(
    max_examples=100,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(example=examples())
def test_every_match_is_a_candidate(example: Example) -> None:
    documents = [decode(text) | {"id": name} for name, text in example.texts.items()]
    for question in example.questions:
        try:
            criteria = criteria_of(question.text)
        except GuidelineError:
            continue
        wanted = clauses_of(criteria, RESOURCE.attributes)
        for document in documents:
            if matches(criteria, document):
                held = set(tokens(document))
                assert all(clause & held for clause in wanted), (question, document)


class TestTokens:
    def test_each_scalar_has_one(self) -> None:
        found = tokens({"name": "a", "active": True, "price": {"amount": 1}, "ext": ["x", None]})
        assert len(found) == 4
        assert found == sorted(set(found))
        assert all(-(2**63) <= token < 2**63 for token in found)

    def test_they_are_the_same_whatever_was_read_before(self) -> None:
        reader = TokenReader(RESOURCE.attributes)
        invented = {f"name{number}": {"x": "a", "y": [{"z": number}]} for number in range(300)}
        asked = {"name": "a", "own": "a", "name7": {"x": "b", "own": {"x": "a"}}}
        for document in (asked, invented, asked, invented):
            assert reader.tokens(document) == tokens(document)

    def test_equal_scalars_at_one_path_share_it(self) -> None:
        items = [{"id": "1", "quantity": decode("10.00")}, {"id": "1", "quantity": 10}]
        assert len(tokens({"item": items})) == 2

    @pytest.mark.parametrize("text", ["10", "10.00", "1e1", "100e-1"])
    def test_numbers_go_by_value(self, text: str) -> None:
        assert tokens({"quantity": decode(text)}) == tokens({"quantity": 10})

    def test_date_times_go_by_moment(self) -> None:
        spelt = tokens({"start": "2026-01-01T01:00:00+01:00"})
        assert spelt == tokens({"start": "2026-01-01"})
        assert spelt != tokens({"start": "2026-01-02"})
        assert tokens({"start": "soon"}) == []

    def test_path_and_type_tell_apart(self) -> None:
        values: list[Any] = ["1", 1, True, "true"]
        assert len({tuple(tokens({"ext": value})) for value in values}) == 4
        assert tokens({"name": "a"}) != tokens({"state": "a"})

    def test_prose_and_long_texts_have_none(self) -> None:
        assert tokens({"description": "a", "item": [{"note": "b"}], "href": "c"}) == []
        assert tokens({"name": "x" * (LONGEST + 1)}) == []
        assert len(tokens({"name": "x" * LONGEST})) == 1


class TestClauses:
    @pytest.mark.parametrize(
        ("query", "yes", "no"),
        [
            ("name=a", {"name": "a"}, {"name": "b"}),
            ("name=a,b", {"name": "b"}, {"name": "c"}),
            ("quantity=10", {"quantity": decode("1e1")}, {"quantity": 11}),
            ("start=2026-01-01", {"start": "2026-01-01T00:00Z"}, {"start": "2026-01-02"}),
            ("active=true", {"active": True}, {"active": False}),
            ("ext.y=10", {"ext": [{"y": decode("10.0")}]}, {"ext": {"y": "10.0"}}),
            ("ext=true", {"ext": ["true"]}, {"ext": "yes"}),
            ("item.id=1&item.action=x", {"item": [{"id": "1", "action": "x"}]}, {"item": []}),
            ("filter=$[?(@.name=='a' || @.state=='b')]", {"state": "b"}, {"state": "a"}),
        ],
    )
    def test_they_narrow_down(self, query: str, yes: Document, no: Document) -> None:
        assert clauses(query)
        assert is_candidate(query, yes)
        assert not is_candidate(query, no)

    @pytest.mark.parametrize(
        "query",
        [
            "",
            "name.ne=a",
            "name.gt=a",
            "name.regex=a",
            "description=a",
            "name=" + "x" * (LONGEST + 1),
            "name=a," + "x" * (LONGEST + 1),
            "filter=$.name",
            "filter=$[?(!(@.name=='a'))]",
            "filter=$[?(@.name=='a' || @.name>'b')]",
        ],
    )
    def test_none_where_tokens_do_not_help(self, query: str) -> None:
        assert clauses(query) == []

    def test_one_for_each_criterion(self) -> None:
        assert len(clauses("name=a&state=b&quantity.gt=5")) == 2
        assert [len(clause) for clause in clauses("name=a,b")] == [3]  # the whole counts too

    def test_different_elements_are_still_candidates(self) -> None:
        query = "item.id=1&item.action=x"
        document = {"item": [{"id": "1"}, {"action": "x"}]}
        assert is_candidate(query, document)
        assert not matches(criteria_of(query), document)
