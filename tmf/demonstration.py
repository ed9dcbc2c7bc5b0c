"""`tmf demo`: everything at once, to try out: a catalogue, a story played upon it, and a listener
that prints events.
"""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import click

from tmf.demo.loader import load_catalogue
from tmf.demo.outage import CARD, Outage
from tmf.demo.portal import DemoError, Portal
from tmf.demo.story import Story
from tmf.listening import Listener, Message, line_of
from tmf.program import load_apis
from tmf.server import serve
from tmf.settings import Settings
from tmf.surroundings import settings_of

FOLDER = Path("var/demo")

TOLD = {
    "TMF622": "eventType=ProductOrderCreateEvent,ProductOrderStateChangeEvent,"
    "ProductOrderInformationRequiredEvent,CancelProductOrderStateChangeEvent",
    "TMF637": "eventType=ProductStateChangeEvent",
    "TMF638": "eventType=ServiceCreateEvent,ServiceStateChangeEvent,ServiceDeleteEvent",
    "TMF642": "eventType=AlarmCreateEvent,AlarmStateChangeEvent"
    f"&event.alarm.alarmedObject.id={CARD}",
    "TMF678": "eventType=CustomerBillCreateEvent,CustomerBillStateChangeEvent",
}
"""What the demo's listeners want to hear of, by API."""


@click.command()
@click.option("--port", type=int, help="Port to listen on (default 8080); 0 takes a free one.")
def demo(port: int | None) -> None:
    """Serve all APIs with a demo catalogue, and play a story upon it over the public APIs.

    An order is provisioned and billed, another one falls out and is repaired, a third is cancelled;
    then a line card fails, and the customers behind it are known, and get some money back.
    Listeners print what they are sent of it. Uses a database of its own in var/demo, made anew on
    each run.
    """
    settings = settings_of(
        port=port,
        host="127.0.0.1",
        workers=1,
        database_url=f"sqlite:///{FOLDER}/demo.db",
        export_dir=FOLDER / "export",
        log_level="warning",
        hub_allow_private_callbacks=True,
    )
    # Shown without a key or a worker, with drivers of every kind and a month that passes at once.
    own = {"api_keys": None, "broker_url": None, "serve_work": True, "clock": datetime.now(UTC)}
    settings = settings.model_copy(update={**own, "provisioning": _provisioning()})
    _check_free(settings)  # before the folder goes that a running demo may be using
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    serve(
        settings,
        lambda port: threading.Thread(target=_fill, args=(settings, port), daemon=True).start(),
    )


def _check_free(settings: Settings) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise click.ClickException(
                f"port {settings.port} is taken: stop what runs there, or choose another (--port)"
            ) from error


def _provisioning() -> Path:
    return Path(str(files("tmf.demo") / "provisioning.json"))


def _fill(settings: Settings, port: int) -> None:
    base = f"http://127.0.0.1:{port}"
    paths = {api.name: api.base_path for api in load_apis(settings)}
    try:
        with click.progressbar(length=0, label="Loading the demo catalogue") as bar:
            count = load_catalogue(base, paths, lambda *_: bar.update(1))
        click.echo(f"\n{count} documents loaded over the public APIs.\n")
        with Portal(base) as portal:
            callback = _listen(portal, paths)
            Story(portal, paths, _told).play()
            Outage(portal, paths, _told).play()
    except (DemoError, OSError) as error:
        click.echo(f"The demo could not be played: {error}", err=True)
        return
    click.echo(
        f"\n  Start here      {base}/\n"
        f"  Try the APIs    {base}/docs\n"
        f"  All offerings   {base}{paths['TMF620']}/productOffering\n"
        f"  Anna's order    {base}{paths['TMF622']}/productOrder/story-order\n"
        f"  Her services    {base}{paths['TMF638']}/service?relatedParty.id=party-story\n"
        f"  Her bills       {base}{paths['TMF678']}/customerBill?billingAccount.id=story\n"
        f"  Listeners       {base}{paths['TMF622']}/hub\n\n"
        f"Listeners at {callback} print each change of orders, products, services and bills below\n"
        "as it arrives. Stop with Ctrl-C."
    )


def _heard(message: Message) -> None:
    """An event, in a line. What came late or early tells nothing here: four listeners are one."""
    click.echo(line_of(message._replace(oddity="")))


def _told(line: str) -> None:
    click.echo(click.style(line, bold=not line.startswith(" ")))


def _listen(portal: Portal, paths: Mapping[str, str]) -> str:
    """Start a listener on a free port and register it as any client would; its address."""
    listener = Listener(("127.0.0.1", 0), _heard, [])
    for api, query in TOLD.items():
        sent = {"callback": f"{listener.url}/{api.lower()}", "query": query}
        registered = portal.ask("POST", f"{paths[api]}/hub", sent)
        listener.secrets.append(registered["secret"])
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    return f"{listener.url}/"
