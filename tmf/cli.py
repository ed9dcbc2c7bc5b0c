"""The command line, as in `tmf serve`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click

import tmf

_COMMANDS = {
    "asyncapi": "document_commands",
    "bill-run": "billing_commands",
    "demo": "demonstration",
    "events": "event_commands",
    "hub": "hub_commands",
    "impact": "alarm_commands",
    "keys": "key_commands",
    "listen": "listening",
    "load": "data_commands",
    "migrate": "data_commands",
    "openapi": "document_commands",
    "report": "report_commands",
    "serve": "serving_commands",
    "work": "serving_commands",
}
"""Where each command is: what it needs is only imported if it is run."""


class _Commands(click.Group):
    """Tells in a line what is wrong with the surroundings, rather than in a traceback."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by its name."""
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"tmf.{_COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except Exception as error:
            told = _told(error)
            if told is None:
                raise
            raise click.ClickException(told) from error


def _told(error: Exception) -> str | None:
    """What is wrong with the surroundings; None if that is not what the error says."""
    # Loaded long ago if it can be one of theirs.
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 (see above)

    from tmf.store.schema import OutdatedError  # noqa: PLC0415 (see above)

    if isinstance(error, SQLAlchemyError):
        return f"database: {str(error).splitlines()[0]}"
    return str(error) if isinstance(error, (OutdatedError, ImportError, OSError)) else None


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(tmf.__version__, prog_name="tmf")
def main() -> None:
    """TM Forum Open APIs: catalogue, ordering, customers, inventory, alarms and bills.

    Every setting is a TMF_* environment variable; the README lists them.
    """
