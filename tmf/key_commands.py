"""`tmf keys`: who may call the server. Running servers notice each change within a second."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import click

from tmf.access.callers import Role
from tmf.access.key_file import add_key, read_keys, revoke_key
from tmf.access.keys import Key, KeyFileError, new_key
from tmf.printing import print_table
from tmf.surroundings import checked_realm


class _Group(click.Group):
    def invoke(self, ctx: click.Context) -> Any:
        """Tell in a line what is wrong with the file or with what is to go into it."""
        try:
            return super().invoke(ctx)
        except KeyFileError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Group)
def keys() -> None:
    """Add, list and revoke access keys.

    They are kept in the file that TMF_API_KEYS names, as hashes.
    """


def _named(_context: click.Context, _option: click.Parameter, path: Path | None) -> Path:
    if path is None:
        raise click.UsageError("say where the keys are: TMF_API_KEYS or --file")
    return path


_file_option = click.option(
    "--file",
    "path",
    envvar="TMF_API_KEYS",
    callback=_named,
    type=click.Path(path_type=Path, dir_okay=False),
    help="The file of keys (else TMF_API_KEYS).",
)


@keys.command()
@click.option(
    "--realm", default="default", show_default=True, callback=checked_realm, help="Whose data."
)
@click.option("--role", required=True, type=click.Choice(get_args(Role)), help="What it may do.")
@click.option("--party", help="A partner's party: the id by which resources name it.")
@click.option("--name", default="", help="Whom the key is for, as you will know it again.")
@_file_option
def add(path: Path, realm: str, role: str, party: str | None, name: str) -> None:
    """Make a key and print it, once: only its hash is kept."""
    created = datetime.now(UTC).isoformat(timespec="seconds")
    key, kept = new_key(realm=realm, role=role, party=party, name=name, created=created)
    add_key(path, kept)
    click.echo(key)
    click.echo(f"Key {kept.id} is in {path}. It is not shown again.", err=True)


@keys.command("list")
@_file_option
def list_keys(path: Path) -> None:
    """Show who has a key; the keys themselves are not known here."""
    print_table(("ID", "REALM", "ROLE", "PARTY", "CREATED", "NAME"), map(_row, read_keys(path)))


@keys.command()
@click.argument("identity", metavar="ID")
@_file_option
def revoke(path: Path, identity: str) -> None:
    """Take a key back, by the id that `tmf keys list` shows."""
    key = revoke_key(path, identity)
    click.echo(f"key {key.id} ({key.role} in {key.realm}) is revoked")


def _row(key: Key) -> tuple[str | None, ...]:
    return key.id, key.realm, key.role, key.party, key.created, key.name
