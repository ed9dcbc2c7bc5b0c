"""The command line: `tmf serve | work | events | hub | load | keys | openapi | migrate | demo`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

import tmf
from tmf.alarm_commands import impact
from tmf.billing_commands import bill_run
from tmf.demonstration import demo
from tmf.event_commands import events
from tmf.hub_commands import hub
from tmf.key_commands import keys
from tmf.listening import listen
from tmf.loading import load_files
from tmf.program import build_program, events_document, load_apis
from tmf.report_commands import report
from tmf.server import serve as run_server
from tmf.store import schema
from tmf.surroundings import checked_realm, settings_of, told_in_a_line
from tmf.working import work as run_work

_database_option = click.option(
    "--database-url", metavar="URL", help="Overrides TMF_DATABASE_URL (default sqlite:///tmf.db)."
)


class _Commands(click.Group):
    """Tells in a line what is wrong with the surroundings, rather than in a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (schema.OutdatedError, ImportError, OSError) as error:
            raise click.ClickException(str(error)) from error
        except SQLAlchemyError as error:
            raise click.ClickException(f"database: {str(error).splitlines()[0]}") from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(tmf.__version__, prog_name="tmf")
def main() -> None:
    """TM Forum Open APIs: catalogue, ordering, customers, inventory, alarms and bills.

    Every setting is a TMF_* environment variable; the README lists them.
    """


@main.command()
@click.option("--host", help="Address to listen on (default 127.0.0.1).")
@click.option("--port", type=int, help="Port to listen on (default 8080); 0 takes a free one.")
@click.option("--workers", type=int, help="Server processes (default 1).")
@click.option(
    "--insecure",
    is_flag=True,
    default=None,
    help="Listen beyond loopback even without access keys (TMF_API_KEYS).",
)
@_database_option
def serve(**options: Any) -> None:
    """Serve all APIs. An empty database is set up first.

    Without access keys (TMF_API_KEYS) only this machine is served.
    """
    settings = settings_of(**options)
    if settings.clock is not None and settings.workers > 1:
        raise click.ClickException("TMF_CLOCK moves one process's clock: use one worker with it")
    with told_in_a_line():
        run_server(
            settings,
            lambda bound: click.echo(
                f"tmf is serving on http://{settings.host}:{bound}/", err=True
            ),
        )


@main.command()
@_database_option
def work(database_url: str | None) -> None:
    """Do the work behind the requests: publish events, react to them, deliver them to listeners.

    Any number may run, beside any number of servers.
    """
    settings = settings_of(database_url=database_url)
    if settings.clock is not None:
        raise click.ClickException("TMF_CLOCK moves the clock of the process that serves only")
    with told_in_a_line():
        run_work(settings, lambda: click.echo("tmf is working", err=True))


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option(
    "--realm",
    default="default",
    show_default=True,
    callback=checked_realm,
    help="Whose data it is.",
)
@click.option("--no-events", is_flag=True, help="Do not tell listeners of what is loaded.")
@_database_option
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


main.add_command(bill_run)
main.add_command(impact)
main.add_command(demo)
main.add_command(events)
main.add_command(hub)
main.add_command(keys)
main.add_command(listen)
main.add_command(report)


@main.command()
@click.argument("api", metavar="API")
def openapi(api: str) -> None:
    """Print the plain OpenAPI document of an API, such as TMF622."""
    apis = {known.name: known for known in load_apis(settings_of())}
    known = apis.get(api.upper())
    if known is None:
        raise click.ClickException(f"no API {api}; there are: {', '.join(apis)}")
    click.echo(json.dumps(known.document, indent=2, ensure_ascii=False))


@main.command()
def asyncapi() -> None:
    """Print the AsyncAPI document of the events of all APIs."""
    settings = settings_of()
    document = events_document(settings, load_apis(settings))
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


@main.command()
@click.option("--reindex", is_flag=True, help="Index every document anew, not only where needed.")
@_database_option
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
