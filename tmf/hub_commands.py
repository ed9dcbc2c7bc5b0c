"""`tmf hub`: how listeners are doing, and what an operator can do about them."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from tmf.hub.oversight import Oversight
from tmf.overseeing import oversight_of
from tmf.printing import print_json, print_pairs, print_table
from tmf.program import Program
from tmf.surroundings import checked_realm, opened_program
from tmf.tmf630_guidelines.documents import Document
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.values import parse_instant

T = TypeVar("T")

_MOST = 10_000
_AGO = re.compile(r"([0-9]{1,6})([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

_realm_option = click.option(
    "--realm",
    default="default",
    show_default=True,
    callback=checked_realm,
    help="Whose listeners.",
)
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_id_argument = click.argument("identity", metavar="ID")


class _Moment(click.ParamType[int]):
    """A point in time, as microseconds since 1970."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """From a date-time, a date, or how long ago it is."""
        if ago := _AGO.fullmatch(value):
            return time.time_ns() // 1000 - int(ago[1]) * _SECONDS[ago[2]] * 1_000_000
        moment = parse_instant(value)
        if moment is None:
            self.fail(f"{value} is neither a date-time nor like 90s, 30m, 12h, 7d", param, ctx)
        return moment


@click.group()
def hub() -> None:
    """Look after listeners: those registered at the APIs' hubs.

    IDs are what their registration answered, and what `tmf hub list` shows.
    """


@hub.command("list")
@click.option("--api", help="Only those of one API, such as TMF622.")
@_realm_option
@_json_option
def list_listeners(api: str | None, realm: str, as_json: bool) -> None:
    """Show listeners, whether they are well, and what waits for them."""
    with _oversight() as (_, oversight):
        found, total = _run(oversight.listeners(realm, api.upper() if api else None, limit=_MOST))
    if as_json:
        print_json(found)
        return
    head = ("ID", "API", "STATE", "WAITING", "PARKED", "LAST ATTEMPT", "CALLBACK", "QUERY")
    print_table(head, map(_row, found))
    if total > len(found):
        click.echo(f"These are the first {len(found)} of {total}.", err=True)


def _row(listener: Document) -> tuple[object, ...]:
    return (
        *(listener[name] for name in ("id", "api", "state", "waiting", "parked")),
        _last_attempt(listener),
        listener["callback"],
        listener.get("query"),
    )


@hub.command()
@_id_argument
@_realm_option
@_json_option
def show(identity: str, realm: str, as_json: bool) -> None:
    """Show all about one listener, but for its secret."""
    with _oversight() as (_, oversight):
        listener = _run(oversight.listener(realm, identity))
    _print_listener(listener, as_json)


@hub.command()
@_id_argument
@click.option("--failed", is_flag=True, help="Only those that failed.")
@click.option(
    "--limit", type=click.IntRange(1, _MOST), default=20, show_default=True, help="How many."
)
@_realm_option
@_json_option
def attempts(identity: str, failed: bool, limit: int, realm: str, as_json: bool) -> None:
    """Show the last attempts to tell a listener, the latest first."""
    with _oversight() as (_, oversight):
        made = _run(oversight.attempts(realm, identity, failed=failed, limit=limit))
    if as_json:
        print_json(made)
        return
    print_table(
        ("TIME", "NUMBER", "EVENT", "RESOURCE", "TRY", "STATUS", "MS", "NOW", "ANSWER"),
        (
            (
                one["time"],
                f"#{one['sequence']}",
                one["eventType"],
                f"{one['resource']} {one['resourceId']}",
                one["number"],
                one.get("status"),
                one["milliseconds"],
                one["delivery"],
                (one.get("error") or one.get("answer", ""))[:80],
            )
            for one in made
        ),
    )


@hub.command()
@_id_argument
@click.option(
    "--since",
    type=_Moment(),
    required=True,
    help="From when on: a date-time, a date, or how long ago (90s, 30m, 12h, 7d).",
)
@click.option("--until", type=_Moment(), help="Up to when; now if left out.")
@click.option("--parked", is_flag=True, help="Only what was given up.")
@click.option("--delivered", is_flag=True, help="What was delivered once more, too.")
@_realm_option
@_json_option
def resend(
    identity: str,
    since: int,
    until: int | None,
    parked: bool,
    delivered: bool,
    realm: str,
    as_json: bool,
) -> None:
    """Send a listener what it missed in a range of time.

    Deliveries that wait or were given up start anew. Events that were never kept for it, because
    it was disabled, are sent too, as far as they are still kept.
    """
    with _oversight(acting=True) as (program, oversight):
        resent = _run(
            oversight.resend(realm, identity, since, until, parked=parked, delivered=delivered)
        )
        _tell(program, "resend", realm, identity, **resent)
    if as_json:
        print_json(resent)
        return
    click.echo(
        f"{resent['sentAgain']} deliveries start anew and {resent['sentFirst']} events are sent "
        f"for the first time, of {resent['since']} to {resent['until']}"
    )


@hub.command()
@_id_argument
@_realm_option
@_json_option
def disable(identity: str, realm: str, as_json: bool) -> None:
    """Send a listener nothing more, and keep no events for it."""
    with _oversight(acting=True) as (program, oversight):
        listener = _run(oversight.disable(realm, identity))
        _tell(program, "disable", realm, identity)
    _print_listener(listener, as_json)


@hub.command()
@_id_argument
@_realm_option
@_json_option
def enable(identity: str, realm: str, as_json: bool) -> None:
    """Send to a disabled listener again. What waits for it is due at once."""
    with _oversight(acting=True) as (program, oversight):
        since = _run(oversight.listener(realm, identity)).get("disabledSince")
        listener = _run(oversight.enable(realm, identity))
        _tell(program, "enable", realm, identity)
    _print_listener(listener, as_json)
    if since is not None:
        click.echo(
            f"Events since {since} were not kept for it. "
            f"To send them: tmf hub resend {identity} --realm {realm} --since {since}",
            err=True,
        )


@hub.command()
@_id_argument
@_realm_option
@_json_option
def test(identity: str, realm: str, as_json: bool) -> None:
    """Send a listener a signed test event, once, and show what became of it.

    A disabled listener can be tested too. The exit status is 1 unless it answered 2xx.
    """
    with _oversight(acting=True) as (program, oversight):
        outcome = _run(oversight.test(realm, identity))
        _tell(program, "test", realm, identity, delivered=outcome["delivered"])
    if as_json:
        print_json(outcome)
    else:
        print_pairs((name, outcome.get(name)) for name in _OUTCOME)
    if not outcome["delivered"]:
        raise SystemExit(1)


_OUTCOME = ("delivered", "status", "milliseconds", "error", "answer", "eventId")


@hub.command()
@_id_argument
@click.option("--at-once", is_flag=True, help="The secret so far stops at once: it leaked.")
@_realm_option
@_json_option
def rotate(identity: str, at_once: bool, realm: str, as_json: bool) -> None:
    """Give a listener a new secret and print it, once.

    The secret so far signs beside it for a day, so that the listener has time to change over.
    """
    with _oversight(acting=True) as (program, oversight):
        rotated = _run(oversight.rotate(realm, identity, at_once=at_once))
        _tell(program, "rotate", realm, identity)
    if as_json:
        print_json(rotated)
        return
    click.echo(rotated["secret"])
    until = rotated.get("previousSecretUntil")
    click.echo(
        "The secret so far signs no more." if until is None else f"Both sign until {until}.",
        err=True,
    )


@contextmanager
def _oversight(*, acting: bool = False) -> Iterator[tuple[Program, Oversight]]:
    """The program and its oversight; refusals are told in a line."""
    with opened_program() as program:
        if acting and program.settings.clock is not None:
            raise click.ClickException("TMF_CLOCK moves the server's clock: use /admin/v1/hub")
        try:
            clock = program.changes.clock
            yield program, oversight_of(program.settings, program.database, clock, program.apis)
        except GuidelineError as error:
            raise click.ClickException(error.message or error.reason) from error


def _run(work: Awaitable[T]) -> T:
    async def waited() -> T:
        return await work

    return asyncio.run(waited())


def _tell(program: Program, operation: str, realm: str, identity: str, **further: Any) -> None:
    program.audit(operation, "command-line", realm, "admin.hub", identity, **further)


def _print_listener(listener: Document, as_json: bool) -> None:
    if as_json:
        print_json(listener)
        return
    print_pairs(
        (name, _last_attempt(listener) if name == "lastAttempt" else value)
        for name, value in listener.items()
    )


def _last_attempt(listener: Document) -> str | None:
    last = listener.get("lastAttempt")
    return last and f"{last['time']} {last.get('error') or last.get('status')}"
