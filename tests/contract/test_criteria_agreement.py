"""The same criteria give the same answer in SQL on PostgreSQL, on SQLite, and in memory.

All three are held against a naive reference, on random documents and random queries. With
TMF_LONG=1 there are thousands of examples, other ones each time; a failure names the TMF_SEED
that repeats the run.
"""

from __future__ import annotations

import itertools
import json
import os
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote_plus

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.contract import reference, reference_values
from tests.contract.examples import Example, examples
from tests.contract.questions import Question
from tests.contract.sample_api import kind_at, sample_resource
from tmf.store import schema
from tmf.store.database import Database
from tmf.store.rows import Found
from tmf.tmf630_guidelines.documents import decode, encode
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.matching import matches
from tmf.tmf630_guidelines.query import parse_list_query
from tmf.tmf630_guidelines.sorting import sort_documents

LONG = os.environ.get("TMF_LONG") == "1"
SEED = int(os.environ.get("TMF_SEED", random.SystemRandom().randrange(2**32) if LONG else 1))
EXAMPLES = int(os.environ.get("TMF_EXAMPLES", "5000" if LONG else "150"))
BATCH = 250
SMALL_COUNT = 3
HREFS = "https://example.com/sample/"
RESOURCE = sample_resource()

PROFILE = settings(
    derandomize=not LONG,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],  # shrinking takes minutes; the message tells enough
    report_multiple_bugs=False,
)

_realms = (f"r{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def databases(module_database_url: str) -> Iterator[list[Database]]:
    """The database, with exact counts and with counts that soon become estimates."""
    clock = itertools.count()
    opened = [
        Database(module_database_url, [RESOURCE], lambda: next(clock), count_limit=limit)
        for limit in (1000, SMALL_COUNT)
    ]
    schema.prepare(opened[0])
    yield opened
    for database in opened:
        database.close()


def fill(database: Database, realm: str, example: Example) -> None:
    """The documents in a realm; some are written over earlier ones."""
    with database.session(write=True) as session:
        for identity, text in example.texts.items():
            before = example.earlier.get(identity)
            if before is None:
                session.insert(RESOURCE, realm, identity, decode(text))
            else:
                row = session.insert(RESOURCE, realm, identity, decode(before))
                session.update(RESOURCE, realm, row, decode(text))


def in_memory(example: Example, question: Question) -> list[str]:
    query = parse_list_query(question.text, RESOURCE.kind_of)
    whole = [
        decode(text) | {"id": identity, "href": HREFS + identity}
        for identity, text in example.texts.items()
    ]
    found = [document for document in whole if matches(query.criteria, document)]
    return [str(d["id"]) for d in sort_documents(found, query.sort, lambda d: str(d["id"]))]


def check_page(
    found: Found, where: str, example: Example, question: Question, expected: list[str]
) -> None:
    """What a database finds: the page, its documents and the count."""
    page = expected[question.offset : question.offset + question.limit]
    assert [row.id for row in found.rows] == page, where
    for row in found.rows:
        assert row.body == encode(decode(example.texts[row.id])), where
    if found.estimated:
        assert len(expected) > SMALL_COUNT, where
        assert found.total >= max(SMALL_COUNT, question.offset + len(page) if page else 0), where
    else:
        assert found.total == len(expected), where


def described(place: str, example: Example, question: Question) -> str:
    texts = (f"{identity}: {text}" for identity, text in example.texts.items())
    said = (f"TMF_SEED={SEED}, {place}", str(question), unquote_plus(question.text), *texts)
    return "\n".join(said)


def refused(question: Question) -> bool:
    try:
        parse_list_query(question.text, RESOURCE.kind_of)
    except GuidelineError as error:
        return error.code == "invalidQuery"
    return False


def test_all_agree(databases: list[Database]) -> None:
    # In batches, since Hypothesis keeps all examples of a test in memory.
    for start in range(0, EXAMPLES, BATCH):

        @seed(SEED + start)
        @settings(PROFILE, max_examples=min(BATCH, EXAMPLES - start))
        @given(example=examples())
        def agree(example: Example) -> None:
            check(databases, example)

        agree()


def check(databases: list[Database], example: Example) -> None:
    """Memory and database against the reference, on all queries of an example."""
    whole: list[Any] = [
        reference_values.read(text) | {"id": identity, "href": HREFS + identity}
        for identity, text in example.texts.items()
    ]
    realm = next(_realms)
    fill(databases[0], realm, example)
    answers: list[tuple[Question, list[str]]] = []
    for question in example.questions:
        try:
            answers.append((question, reference.answer(question, whole, kind_at)))
        except reference.RefusedError:
            assert refused(question), question
    for question, expected in answers:
        assert in_memory(example, question) == expected, described("memory", example, question)
    for database in databases:
        with database.session() as session:
            for question, expected in answers:
                query = parse_list_query(question.text, RESOURCE.kind_of)
                found = session.find(RESOURCE, realm, query, HREFS)
                where = described(database.engine.dialect.name, example, question)
                check_page(found, where, example, question, expected)


LONG_TEXT = "x" * 256
TRAPS = {
    "a": {"name": LONG_TEXT + "b", "start": "0001-01-01", "reading": [1, None], "tag": []},
    "b": {"name": LONG_TEXT + "c", "start": "2026-01-01T00:00:00.1234569Z", "tag": ["1;tag=2"]},
    "c": {"start": "1969-12-31T23:59:60Z", "ext": [[{"y": 3}], {"y": [[1], 2]}], "tag": ["2"]},
    "d": {"start": "9999-12-31T23:59:59-23:59", "ext": {"y": "3"}, "value": {}, "tag": [None]},
    "e": {
        "start": "1999-01-01",
        "end": "soon",
        "ext": {"y": [None, True]},
        "value": [],
        "item": [{"id": "1"}, {}],
    },
}


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("sort=-name", "abcde"),  # by the first 256 characters, then by id
        ("name.gt=" + LONG_TEXT, "ab"),
        ("name.gt=" + LONG_TEXT + "b", "b"),
        ("name.lt=" + LONG_TEXT + "c", "a"),
        ("sort=start", "acebd"),
        ("sort=-start", "dbeca"),
        ("start.gt=1970-01-01", "bde"),
        ("start=2026-01-01T00:00:00.123456Z", "b"),
        ("start=1970-01-01", "c"),
        ("sort=ext.y", "cdeab"),  # 2, for an array in an array is no value; "3"; true
        ("ext.y=3", "d"),
        ("filter=$.ext[?(@.y==2)]", "c"),
        ("tag=1;tag=2", "bc"),
        ("filter=$[?(!(@.id=='a'))]", "bcde"),
        ("filter=$[?(!(@.href=='https://example.com/sample/a'))]", "bcde"),
        ("href.gt=https://example.com/sample/c&sort=-href", "ed"),
        ("filter=$.tag[?(@!='2')]", "b"),
        ("filter=$.reading[?(@!=2)]", "a"),
        ("filter=$[?(@.reading[?(@>=1)]!=1)]", ""),
        ("filter=$[?(@.reading!=1)]", "abcde"),
        ("filter=$[?(@.end %26%26 @.id=='a' || @.id=='b')]", "b"),
        ("filter=$[?(@.id=='a' || @.id=='b' %26%26 @.end)]", "a"),
        ("filter=$.value", "d"),
        ("filter=$.item[?(@.id==null)]", "e"),
        ("item.id.ne=1&ext.y=true", "e"),
        ("end.ne=2026-01-01&filter=$.end", "e"),
    ],
)
def test_traps(databases: list[Database], query: str, ids: str) -> None:
    example = Example({name: json.dumps(document) for name, document in TRAPS.items()}, {}, [])
    realm = next(_realms)
    fill(databases[0], realm, example)
    asked = parse_list_query(query, RESOURCE.kind_of)
    with databases[0].session() as session:
        found = session.find(RESOURCE, realm, asked, HREFS)
    assert "".join(row.id for row in found.rows) == ids
    assert "".join(in_memory(example, Question(query, (), (), (), 0, 100))) == ids


def test_a_regular_expression_with_an_estimated_count(databases: list[Database]) -> None:
    """What it leaves behind on the connection must not trouble the next statement."""
    realm = next(_realms)
    fill(databases[0], realm, Example(dict.fromkeys("abcdefgh", '{"name": "n"}'), {}, []))
    with databases[1].session() as session:
        for query in ("name.regex=n&limit=2", "name=n&limit=2", "name.regex=n&limit=2"):
            asked = parse_list_query(query, RESOURCE.kind_of)
            found = session.find(RESOURCE, realm, asked, HREFS)
            assert [row.id for row in found.rows] == ["a", "b"]
            assert found.total > SMALL_COUNT
