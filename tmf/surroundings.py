"""What every command needs: settings, the program on its database, and errors told in a line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError

from tmf.access.callers import REALM_PATTERN
from tmf.access.keys import KeyFileError
from tmf.access.reach import OpenServerError
from tmf.loading import LoadError
from tmf.log import set_up_logging
from tmf.program import Program, UnusableSettingError, build_program
from tmf.settings import Settings
from tmf.store import schema

database_option = click.option(
    "--database-url", metavar="URL", help="Overrides TMF_DATABASE_URL (default sqlite:///tmf.db)."
)


def checked_realm(_context: click.Context, _option: click.Parameter, realm: str) -> str:
    """The value of an option `--realm`, if it can be a realm's name."""
    if re.search(REALM_PATTERN, realm) is None:
        raise click.BadParameter("1 to 64 of a-z, 0-9 and -")
    return realm


def settings_of(**given: Any) -> Settings:
    """Settings from the environment, options of the command line first."""
    chosen = {name: value for name, value in given.items() if value is not None}
    try:
        settings = Settings(**chosen)
    except ValidationError as error:
        problems = "; ".join(
            ": ".join([*(f"TMF_{name}".upper() for name in problem["loc"]), problem["msg"]])
            for problem in error.errors()
        )
        raise click.ClickException(problems) from error
    set_up_logging(settings.log_level, settings.log_format)
    return settings


@contextmanager
def told_in_a_line(end: str = "") -> Iterator[None]:
    """What the user can put right, as a message instead of a traceback."""
    try:
        yield
    except (LoadError, OpenServerError, schema.OutdatedError, UnusableSettingError) as error:
        raise click.ClickException(f"{error}{end}") from error
    except OperationalError as error:
        raise click.ClickException(f"TMF_DATABASE_URL: {error.orig}{end}") from error
    except KeyFileError as error:
        raise click.ClickException(f"TMF_API_KEYS: {error}{end}") from error


@contextmanager
def opened_program(**given: Any) -> Iterator[Program]:
    """The program on a database that fits it, closed afterwards; an empty one is set up."""
    with told_in_a_line():
        program = build_program(settings_of(**given))
    try:
        with told_in_a_line():
            schema.prepare(program.database)
            yield program
    finally:
        program.close()
