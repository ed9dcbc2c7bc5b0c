"""`tmf demo`: everything at once, to try out: a catalogue, and a listener that prints events."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Mapping
from http.client import HTTPConnection
from pathlib import Path

import click

from tmf.demo.loader import TIMEOUT, DemoError, load_catalogue
from tmf.listening import Listener, line_of
from tmf.program import load_apis
from tmf.server import serve
from tmf.settings import Settings
from tmf.surroundings import settings_of
from tmf.tmf630_guidelines.documents import decode, encode

FOLDER = Path("var/demo")

QUERY = "eventType=ProductOrderStateChangeEvent"
"""What the demo's listener wants to hear of."""


@click.command()
@click.option("--port", type=int, help="Port to listen on (default 8080); 0 takes a free one.")
def demo(port: int | None) -> None:
    """Serve all APIs with a demo catalogue, loaded over the public API.

    A listener is registered for changes of orders' states, and prints what it is sent. Uses a
    database of its own in var/demo, made anew on each run.
    """
    settings = settings_of(
        port=port,
        host="127.0.0.1",
        workers=1,
        database_url=f"sqlite:///{FOLDER}/demo.db",
        export_dir=FOLDER / "export",
        log_level="warning",
        hub_allow_private_callbacks=True,
    ).model_copy(update={"api_keys": None, "broker_url": None})  # shown without a key or a worker
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


def _fill(settings: Settings, port: int) -> None:
    base = f"http://127.0.0.1:{port}"
    paths = {api.name: api.base_path for api in load_apis(settings)}
    try:
        with click.progressbar(length=0, label="Loading the demo catalogue") as bar:
            count = load_catalogue(base, paths, lambda *_: bar.update(1))
        callback = _listen(port, f"{paths['TMF622']}/hub")
    except (DemoError, OSError) as error:
        click.echo(f"The demo could not be loaded: {error}", err=True)
        return
    click.echo(
        f"\n{count} documents loaded over the public APIs.\n\n"
        f"  Start here      {base}/\n"
        f"  Try the APIs    {base}/docs\n"
        f"  All offerings   {base}{paths['TMF620']}/productOffering\n"
        f"  Listeners       {base}{paths['TMF622']}/hub\n\n"
        f"A listener at {callback} prints each {QUERY.partition('=')[2]} below as it arrives.\n"
        "Stop with Ctrl-C."
    )


def _listen(port: int, hub: str) -> str:
    """Start a listener on a free port and register it as any client would; its address."""
    listener = Listener(("127.0.0.1", 0), lambda message: click.echo(line_of(message)), [])
    callback = f"{listener.url}/orders"
    registered = _register(port, hub, {"callback": callback, "query": QUERY})
    listener.secrets.append(registered["secret"])
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    return callback


def _register(port: int, hub: str, sent: Mapping[str, str]) -> Mapping[str, str]:
    """The listener as registered, with its secret."""
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request("POST", hub, encode(sent), {"Content-Type": "application/json"})
        with connection.getresponse() as response:
            answer = response.read()
    finally:
        connection.close()
    if response.status != 201:
        raise DemoError(f"POST {hub} was answered {response.status} {answer.decode()}")
    registered: Mapping[str, str] = decode(answer)
    return registered
