"""`tmf impact`: whom an alarm hurts."""

from __future__ import annotations

import json
from typing import Any

import click

from tmf.declare import GuidelineError, encode
from tmf.surroundings import opened_program, settings_of
from tmf.tmf642_alarm.impact import impact as impact_of
from tmf.tmf642_alarm.rulebook import SETTING, rulebook


@click.command()
@click.argument("alarm", required=False)
@click.option("--limit", default=20, show_default=True, help="Services and parties to list.")
@click.option("--json", "as_json", is_flag=True, help="Print it all as JSON.")
@click.option("--rules", is_flag=True, help="Print the rules in force (TMF_ALARM_RULES) instead.")
@click.option("--realm", default="default", show_default=True, help="Realm of the alarm.")
def impact(alarm: str | None, limit: int, as_json: bool, rules: bool, realm: str) -> None:
    """Show which services and customers an ALARM hurts: by the inventory as it is now, or, once
    the alarm is cleared, as is on record.
    """
    if rules:
        stated = rulebook({SETTING: settings_of().alarm_rules}).stated
        click.echo(json.dumps(stated, indent=2))
        return
    if alarm is None:
        raise click.UsageError("which ALARM? Its id is needed.")
    given = {"limit": str(limit)}
    with opened_program() as program:
        try:
            found = program.within(
                "TMF642", realm, lambda context: impact_of(context, alarm, given)
            )
        except GuidelineError as error:
            raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(encode(found).decode())
    else:
        _tell(found, limit)


def _tell(found: Any, limit: int) -> None:
    alarm = found["alarm"]
    named = (alarm.get("alarmedObject") or {}).get("id", "no object")
    click.echo(
        f"{alarm.get('perceivedSeverity')} {alarm.get('probableCause')} at {named}, "
        f"{alarm.get('state')}, since {alarm.get('alarmRaisedTime')}"
    )
    when = "hurts" if found["live"] else "hurt"
    click.echo(
        f"It {when} {found['serviceCount']} services ({found['effect'] or 'no effect'}) "
        f"of {found['partyCount']} parties."
    )
    for party in found["parties"]:
        offers = ", ".join(party["offers"]) or "no offer known"
        click.echo(
            f"  {party.get('name', party['id'])} ({party.get('role', 'no role')}): "
            f"{party['services']} services, {offers}"
        )
    _and_more(found["partyCount"], limit)
    for service in found["services"]:
        told = f"{service['steps']} steps" if "steps" in service else _span(service)
        click.echo(f"  service {service['id']} {service.get('name', '')}: {told}")
    _and_more(found["serviceCount"], limit)


def _span(service: Any) -> str:
    return f"{service.get('startTime')} to {service.get('endTime', 'now')}"


def _and_more(count: int, limit: int) -> None:
    if count > limit:
        click.echo(f"  ... and {count - limit} more (--limit)")
