"""`tmf events`: what the bus could not deliver within the house, and how it gets another chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click
from sqlalchemy.engine import Connection

from tmf.events.intake import machine_micros
from tmf.printing import print_pairs, print_table
from tmf.store import deferred
from tmf.store.deferred import Deferred
from tmf.surroundings import opened_program
from tmf.tmf630_guidelines.values import instant

_MOST = 1000


@click.group()
def events() -> None:
    """Look after events on their way from a change to those who take them."""


@events.group()
def dead() -> None:
    """Events that somebody within the house could not take, however often it was tried."""


@dead.command("list")
def list_dead() -> None:
    """Show parked events, the first parked first."""
    with _database() as connection:
        letters = deferred.parked(connection, _MOST)
    head = ("ID", "PARKED", "TAKER", "TRIES", "EVENT", "RESOURCE", "ERROR")
    print_table(head, map(_row, letters))
    if len(letters) == _MOST:
        click.echo(f"These are the first {_MOST}.", err=True)


@dead.command()
@click.argument("identity", metavar="ID", type=int)
def show(identity: int) -> None:
    """Show a parked event whole, with the error that it ended in."""
    with _database() as connection:
        letter = deferred.parked_one(connection, identity)
    if letter is None:
        raise click.ClickException(f"no event is parked under {identity}")
    print_pairs(
        (
            ("taker", letter.taker),
            ("realm", letter.event.realm),
            ("parked", f"{instant(letter.parked)}, after {letter.attempts} tries"),
            ("error", " ".join((letter.error or "").split())),
        )
    )
    click.echo(letter.event.body)


@dead.command()
@click.argument("identities", metavar="ID...", type=int, nargs=-1, required=True)
def redrive(identities: Sequence[int]) -> None:
    """Let parked events be tried again, once what was wrong is put right.

    Later events of the same resource may have been taken meanwhile; newer ones wait for it again.
    """
    with _database() as connection:
        driven = deferred.redrive(connection, identities, machine_micros())
    for identity in sorted(set(identities) - set(driven)):
        click.echo(f"no event is parked under {identity}", err=True)
    click.echo(f"{len(driven)} events are tried again")
    if len(driven) < len(set(identities)):
        raise SystemExit(1)


@contextmanager
def _database() -> Iterator[Connection]:
    with opened_program() as program, program.database.session(write=True) as session:
        yield session.connection


def _row(letter: Deferred) -> tuple[object, ...]:
    event = letter.event
    about = f"{event.realm} {event.api}.{event.resource}/{event.subject}"
    error = (letter.error or "").splitlines()[0][:100]
    return (
        letter.id,
        instant(letter.parked),
        letter.taker,
        letter.attempts,
        event.type,
        about,
        error,
    )
