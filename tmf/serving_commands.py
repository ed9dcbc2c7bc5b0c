"""`tmf serve` and `tmf work`."""

from __future__ import annotations

from typing import Any

import click

from tmf.server import serve as run_server
from tmf.surroundings import database_option, settings_of, told_in_a_line
from tmf.working import work as run_work


@click.command()
@click.option("--host", help="Address to listen on (default 127.0.0.1).")
@click.option("--port", type=int, help="Port to listen on (default 8080); 0 takes a free one.")
@click.option("--workers", type=int, help="Server processes (default 1).")
@click.option(
    "--insecure",
    is_flag=True,
    default=None,
    help="Listen beyond loopback even without access keys (TMF_API_KEYS).",
)
@database_option
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


@click.command()
@database_option
def work(database_url: str | None) -> None:
    """Do the work behind the requests: publish events, react to them, deliver them to listeners.

    Any number may run, beside any number of servers.
    """
    settings = settings_of(database_url=database_url)
    if settings.clock is not None:
        raise click.ClickException("TMF_CLOCK moves the clock of the process that serves only")
    with told_in_a_line():
        run_work(settings, lambda: click.echo("tmf is working", err=True))
