"""The database's shape: is it there, is it ours, is it up to date; bring it up to date.

Nothing here ever drops or empties a table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Table, inspect, text
from sqlalchemy.schema import CreateColumn

from tmf.spec.model import Resource
from tmf.store import reindexing
from tmf.store.database import Database
from tmf.store.resource_tables import index_column, table_name
from tmf.store.tables import FIXED, search_state

_MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x746D66  # one number that all processes of ours lock on PostgreSQL

Progress = Callable[[str], None]
Counting = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Given what is done and how many rows it is about: tells, for a while, of rows that are done."""


def _uncounted(_: str, __: int) -> AbstractContextManager[Callable[[int], None]]:
    return nullcontext(lambda _: None)


class OutdatedError(Exception):
    """The database is older or newer than this program; the message says what to run."""


@dataclass(frozen=True, slots=True)
class State:
    """What a database lacks; `empty` if it has no table of ours at all, `stale` are the tables
    whose rows have to be indexed anew.
    """

    empty: bool
    revision: str | None
    head: str
    missing: tuple[str, ...]
    stale: tuple[str, ...] = ()

    @property
    def current(self) -> bool:
        """Whether the program can run on it."""
        return self.revision == self.head and not self.missing and not self.stale


def prepare(database: Database) -> None:
    """What `tmf serve` does first: an empty database is set up, an older one is refused."""
    with _exclusive(database) as connection:
        _refuse_newer(connection)
        state = _state(database, connection)
        if state.empty:
            _upgrade(database, connection, lambda _: None)
        elif not state.current:
            raise OutdatedError(
                "the database does not fit this version of the program "
                f"(at revision {state.revision or 'none'}, wanted {state.head}"
                + (f"; missing {', '.join(state.missing)}" if state.missing else "")
                + (f"; to be indexed anew {', '.join(state.stale)}" if state.stale else "")
                + "): run 'tmf migrate' after a backup"
            )


def migrate(
    database: Database,
    progress: Progress = lambda _: None,
    counting: Counting = _uncounted,
    *,
    again: bool = False,
) -> None:
    """Bring the database to this version; every document stays.

    `progress` is told of steps, `counting` of rows that are indexed anew: of those whose
    specification has come to ask for other search tokens, or of all `again`.
    """
    with _exclusive(database) as connection:
        _refuse_newer(connection)
        _upgrade(database, connection, progress)
        if again:
            reindexing.forget(connection, database.resources)
        stale = reindexing.stale(database, connection)
    for resource in stale:
        work = reindexing.Reindexing(database, resource)
        with counting(f"indexing {table_name(resource)}", work.remaining()) as report:
            work.run(report)


@contextmanager
def _exclusive(database: Database) -> Iterator[Connection]:
    """A transaction that no other process of ours can be in at the same time."""
    with database.engine.connect() as opened:
        connection = opened.execution_options(tmf_write=True)
        with connection.begin():
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
            yield connection


def _refuse_newer(connection: Connection) -> None:
    """OutdatedError if the database is at a revision that this program has never heard of."""
    revision = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory(str(_MIGRATIONS)).walk_revisions()}
    if revision is not None and revision not in known:
        raise OutdatedError(
            f"the database is at revision {revision}, which this version of the program does not "
            "know: run the version that made it, or a later one"
        )


def _state(database: Database, connection: Connection) -> State:
    found = inspect(connection)
    tables = set(found.get_table_names())
    ours = {*database.metadata.tables, *FIXED.tables, "alembic_version"}
    missing = []
    for table in database.metadata.sorted_tables:
        if table.name not in tables:
            missing.append(table.name)
            continue
        columns = {column["name"] for column in found.get_columns(table.name)}
        missing += [f"{table.name}.{name}" for name in table.columns.keys() if name not in columns]  # noqa: SIM118
    revision = MigrationContext.configure(connection).get_current_revision()
    head = ScriptDirectory(str(_MIGRATIONS)).get_current_head() or ""
    stale = reindexing.stale(database, connection) if search_state.name in tables else []
    stale_tables = tuple(
        table_name(resource) for resource in stale if table_name(resource) in tables
    )
    return State(not tables & ours, revision, head, tuple(missing), stale_tables)


def _upgrade(database: Database, connection: Connection, progress: Progress) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    found = inspect(connection)
    tables = set(found.get_table_names())
    for table in database.metadata.sorted_tables:
        if table.name not in tables:
            progress(f"creating {table.name}")
            table.create(connection)
            _tune(connection, table)
    for resource in database.resources:
        name = table_name(resource)
        if name in tables:
            _add_index_columns(connection, resource, database.metadata.tables[name])
        else:
            reindexing.note_new(connection, resource)


def _tune(connection: Connection, table: Table) -> None:
    if connection.dialect.name != "postgresql":
        return
    # Below this the planner walks the whole table for values that do not occur.
    connection.execute(text(f"ALTER TABLE {table.name} ALTER COLUMN tokens SET STATISTICS 2000"))
    lz4 = "SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'"
    if connection.execute(text(lz4)).scalar():
        connection.execute(text(f"ALTER TABLE {table.name} ALTER COLUMN body SET COMPRESSION lz4"))


def _add_index_columns(connection: Connection, resource: Resource, table: Table) -> None:
    """Columns for attributes that the spec has come to mark as indexed; re-indexing fills them."""
    there = {column["name"] for column in inspect(connection).get_columns(table.name)}
    added = [name for name in map(index_column, resource.indexed) if name not in there]
    for name in added:
        column = CreateColumn(table.c[name]).compile(dialect=connection.dialect)
        connection.execute(text(f"ALTER TABLE {table.name} ADD COLUMN {column}"))
    if added:
        reindexing.forget(connection, [resource])
