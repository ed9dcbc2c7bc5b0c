"""`tmf openapi` and `tmf asyncapi`: what is served, as documents."""

from __future__ import annotations

import json

import click

from tmf.program import events_document, load_apis
from tmf.surroundings import settings_of


@click.command()
@click.argument("api", metavar="API")
def openapi(api: str) -> None:
    """Print the plain OpenAPI document of an API, such as TMF622."""
    apis = {known.name: known for known in load_apis(settings_of())}
    known = apis.get(api.upper())
    if known is None:
        raise click.ClickException(f"no API {api}; there are: {', '.join(apis)}")
    click.echo(json.dumps(known.document, indent=2, ensure_ascii=False))


@click.command()
def asyncapi() -> None:
    """Print the AsyncAPI document of the events of all APIs."""
    settings = settings_of()
    document = events_document(settings, load_apis(settings))
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))
