"""An empty database is set up, an older or newer one is refused, and `tmf migrate` keeps data."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

from tests.e2e import commands
from tests.e2e.client import Client
from tests.processes import ProgramError, start_server

PRODUCTS = [
    {"id": "one", "name": "First", "status": "active", "startDate": "2030-01-01T00:00:00Z"},
    {"id": "two", "name": "Second", "status": "active", "startDate": "2029-12-31T23:00-02:00"},
    {"id": "three", "name": "Third", "status": "created"},
]


def change(database_url: str, *statements: str) -> None:
    """Run SQL as an administrator might."""
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def columns(database_url: str) -> dict[str, set[str]]:
    """Columns by table."""
    engine = create_engine(database_url, poolclass=NullPool)
    found = inspect(engine)
    shape = {
        table: {column["name"] for column in found.get_columns(table)}
        for table in found.get_table_names()
    }
    engine.dispose()
    return shape


@pytest.fixture
def filled(database_url: str, tmp_path: Path) -> str:
    """The URL of a database of this version that holds something."""
    documents = {
        "TMF637": {"product": PRODUCTS},
        "TMF620": {"category": [{"id": "1", "name": "x"}]},
    }
    commands.loaded(documents, database_url, tmp_path)
    return database_url


def check_kept(database_url: str, folder: Path) -> None:
    """Every document is there and is found by every kind of criterion."""
    with start_server(database_url, folder) as server:
        tmf = Client(server.url)
        assert [one["id"] for one in tmf.read("TMF637/product")] == ["one", "three", "two"]
        assert tmf.ids("TMF637/product?sort=startDate") == ["one", "two", "three"]
        assert tmf.ids("TMF637/product?startDate.gt=2030-01-01T00:30:00Z") == ["two"]
        assert tmf.ids("TMF637/product?status=created") == ["three"]
        assert tmf.ids("TMF620/category?name=x") == ["1"]
        assert tmf.post("TMF637/product", {"status": "active"}).status_code == 201
        tmf.close()


def test_an_empty_database_is_set_up_and_found_again(database_url: str, tmp_path: Path) -> None:
    with start_server(database_url, tmp_path) as server:
        tmf = Client(server.url)
        tmf.create("TMF620/category", {"id": "kept", "name": "x"})
        tmf.close()

    with start_server(database_url, tmp_path) as server:
        tmf = Client(server.url)
        assert tmf.read("TMF620/category/kept")["name"] == "x"
        tmf.close()


OLDER = (
    # before an attribute was marked as indexed
    "DROP INDEX tmf637_product_x_start_date",
    "ALTER TABLE tmf637_product DROP COLUMN x_start_date",
    # before a resource was added
    "DROP TABLE tmf666_bill_format",
    "DROP TABLE IF EXISTS tmf666_bill_format_token",
)


def test_an_older_database_is_refused_as_it_is_and_migrated_with_its_data(
    filled: str, tmp_path: Path
) -> None:
    current = columns(filled)
    change(filled, *OLDER)
    older = columns(filled)
    assert older != current

    with pytest.raises(ProgramError, match="tmf migrate"):
        start_server(filled, tmp_path)
    load = commands.load({"TMF620": {"category": [{"id": "2", "name": "y"}]}}, filled, tmp_path)
    assert load.returncode == 1
    assert "tmf migrate" in load.stderr
    assert columns(filled) == older

    done = commands.tmf("migrate", folder=tmp_path, TMF_DATABASE_URL=filled)

    assert done.returncode == 0, done.stderr
    assert "up to date" in done.stdout
    assert columns(filled) == current
    check_kept(filled, tmp_path)


def test_the_migration_of_an_empty_database_sets_it_up(database_url: str, tmp_path: Path) -> None:
    done = commands.tmf("migrate", "--database-url", database_url, folder=tmp_path)

    assert done.returncode == 0, done.stderr
    assert "tmf620_category" in columns(database_url)


def test_a_current_database_is_left_alone_and_a_newer_one_refused_by_every_command(
    filled: str, tmp_path: Path
) -> None:
    current = columns(filled)
    done = commands.tmf("migrate", folder=tmp_path, TMF_DATABASE_URL=filled)
    assert (done.returncode, done.stdout) == (0, "the database is up to date\n")
    assert columns(filled) == current

    change(filled, "UPDATE alembic_version SET version_num = '9999'")
    newer = columns(filled)

    with pytest.raises(ProgramError, match="9999"):
        start_server(filled, tmp_path)
    load = commands.load({"TMF620": {"category": []}}, filled, tmp_path)
    migrate = commands.tmf("migrate", folder=tmp_path, TMF_DATABASE_URL=filled)

    for done in (load, migrate):
        assert done.returncode == 1
        assert "9999" in done.stderr
        assert "Traceback" not in done.stderr
    assert columns(filled) == newer


def test_a_database_of_somebody_else_keeps_what_it_has(database_url: str, tmp_path: Path) -> None:
    change(
        database_url,
        "CREATE TABLE invoices (number INTEGER PRIMARY KEY)",
        "INSERT INTO invoices VALUES (42)",
    )

    with start_server(database_url, tmp_path):
        pass

    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT number FROM invoices")).scalars().all() == [42]
    engine.dispose()
