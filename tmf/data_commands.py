"""`tmf load` and `tmf migrate`: what is done to a database as a whole."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from tmf.loading import load_files
from tmf.program import build_program
from tmf.store import schema
from tmf.surroundings import checked_realm, database_option, settings_of, told_in_a_line


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--realm",
    default="default",
    show_default=True,
    callback=checked_realm,
    help="Whose data it is.",
)
@click.option("--no-events", is_flag=True, help="Do not tell listeners of what is loaded.")
@database_option
def load(files: tuple[Path, ...], realm: str, no_events: bool, database_url: str | None) -> None:
    """Load vendor data from JSON files, all of it or nothing.

    A file holds {"TMF678": {"customerBill": [{...}, ...]}, ...}. Ids are kept, any state is
    taken, and what is there already is skipped.
    """
    settings = settings_of(database_url=database_url)
    program = build_program(settings)
    size = sum(path.stat().st_size for path in files)
    with told_in_a_line(". Nothing was loaded."):
        schema.prepare(program.database)
        with click.progressbar(length=size, label="Loading", file=sys.stderr) as bar:
            loaded = load_files(program, files, realm, bar.update, tell=not no_events)
    program.close()
    click.echo(f"{loaded.stored} documents loaded, {loaded.skipped} were there already")


@click.command()
@click.option("--reindex", is_flag=True, help="Index every document anew, not only where needed.")
@database_option
def migrate(reindex: bool, database_url: str | None) -> None:
    """Bring the database to this version of the program. No data is lost.

    Servers may go on meanwhile, and a run that is stopped is taken up by the next.
    """
    program = build_program(settings_of(database_url=database_url))
    with told_in_a_line():
        schema.migrate(
            program.database, lambda step: click.echo(f"  {step}"), _counted, again=reindex
        )
    program.close()
    click.echo("the database is up to date")


@contextmanager
def _counted(label: str, rows: int) -> Iterator[Callable[[int], None]]:
    """A progress bar over so many rows."""
    with click.progressbar(length=rows, label=f"  {label}", file=sys.stderr) as bar:
        yield bar.update
