"""Date-times are read alike by the SQL function, by the program and by the reference."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from tests.contract.generators import BAD_INSTANTS, INSTANTS
from tests.contract.reference_values import instant
from tmf.store import schema
from tmf.store.database import Database
from tmf.tmf630_guidelines.values import parse_instant

COUNT = 300_000 if os.environ.get("TMF_LONG") == "1" else 5_000
CHARACTERS = "0123456789" * 2 + "TtZz:+-. \n\u0662,WT:+-"
SPELT = [*BAD_INSTANTS, *(spelling for family in INSTANTS for spelling in family)]


def mutated(draw: random.Random) -> str:
    """A date-time with a few characters changed, added or taken away."""
    characters = list(draw.choice(SPELT))
    for _ in range(draw.choice((0, 1, 1, 1, 2, 3))):
        place = draw.randrange(len(characters) + 1)
        added = draw.choice(("", CHARACTERS[draw.randrange(len(CHARACTERS))]))
        characters[place : place + draw.choice((0, 1, 1, 1))] = added
    return "".join(characters)


@pytest.fixture(scope="module")
def database_with_functions(module_database_url: str) -> Iterator[Database]:
    database = Database(module_database_url, [], lambda: 0)
    schema.prepare(database)
    yield database
    database.close()


def test_program_and_reference() -> None:
    draw = random.Random(1)  # noqa: S311
    epoch = instant("1970-01-01") or 0
    read = 0
    for _ in range(COUNT):
        spelling = mutated(draw)
        moment = parse_instant(spelling)
        expected = instant(spelling)
        assert moment == (None if expected is None else expected - epoch), spelling
        read += moment is not None
    assert COUNT / 10 < read < COUNT * 9 / 10


@pytest.mark.over("PostgreSQL")
def test_program_and_sql(database_with_functions: Database) -> None:
    draw = random.Random(2)  # noqa: S311
    spellings = [mutated(draw) for _ in range(COUNT)]
    ask = text("SELECT v, tmf_instant(v) FROM unnest(CAST(:spellings AS text[])) AS v")
    with database_with_functions.engine.connect() as connection:
        for spelling, moment in connection.execute(ask, {"spellings": spellings}):
            assert moment == parse_instant(spelling), spelling
