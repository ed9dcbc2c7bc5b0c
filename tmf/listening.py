"""`tmf listen`: a listener for this machine, which prints each event as it arrives."""

from __future__ import annotations

import base64
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

import click

from tmf.hub.receiving import Gaps, Verdict, verdict
from tmf.hub.signing import PREFIX
from tmf.printing import printable
from tmf.tmf630_guidelines.documents import decode

LARGEST = 2**26
"""Bytes of the largest event that is read."""

_TIMEOUT = 30.0
_STATES = ("state", "status", "lifecycleStatus")
_COLOURS: Mapping[Verdict, str] = {"ok": "green", "not checked": "yellow"}


class Message(NamedTuple):
    """What arrived at a path. `headers` have names in lower case; `event` is None if no object."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    event: dict[str, Any] | None
    verdict: Verdict
    oddity: str


class Listener(ThreadingHTTPServer):
    """Takes events over HTTP, each path being a listener of its own.

    `tell` is called with one message at a time. `secrets` may be added to while it runs. With
    `answer` every message is answered with that status, as a listener in trouble would.
    """

    daemon_threads = True

    def __init__(
        self,
        address: tuple[str, int],
        tell: Callable[[Message], None],
        secrets: list[str],
        answer: int | None = None,
    ) -> None:
        super().__init__(address, _Handler)
        self.secrets = secrets
        self._tell = tell
        self._answer = answer
        self._gaps: defaultdict[str, Gaps] = defaultdict(Gaps)
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        """Judge and tell of a message; the status to answer with."""
        judged = verdict(headers, body, self.secrets, time.time())
        event = _event(body)
        sequence = headers.get("webhook-sequence", "")
        with self._lock:
            odd = ""
            if judged in ("ok", "not checked") and sequence.isdecimal() and int(sequence[:18]):
                odd = self._gaps[path].note(int(sequence[:18]))
            self._tell(Message(path, headers, body, event, judged, odd))
        if self._answer is not None:
            return self._answer
        if judged not in ("ok", "not checked"):
            return 401
        return 400 if event is None else 204


class _Handler(BaseHTTPRequestHandler):
    server: Listener
    protocol_version = "HTTP/1.1"
    timeout = _TIMEOUT

    def do_POST(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        length = headers.get("content-length", "")
        if not length.isdecimal() or int(length) > LARGEST:
            self.close_connection = True
            self._reply(413 if length.isdecimal() else 411)
            return
        body = self.rfile.read(int(length))
        if len(body) == int(length):
            self._reply(self.server.take(self.path, headers, body))

    def _reply(self, status: int) -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Nothing: each message is told of by the listener."""


def _event(body: bytes) -> dict[str, Any] | None:
    try:
        event = decode(body)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None


def line_of(message: Message) -> str:
    """A message in a line: time, event, resource, state, sequence, signature, what is odd."""
    event = message.event or {}
    kind = str(event.get("eventType", "no event"))
    parts = [f"{datetime.now():%H:%M:%S.%f}"[:12], kind.ljust(34)]
    for name, resource in _resources(event):
        parts.append(f"{name} {resource.get('id', '')}")
        parts += [str(resource[state]) for state in _STATES if state in resource][:1]
    if (sequence := message.headers.get("webhook-sequence")) is not None:
        parts.append(f"#{sequence}")
    colour = _COLOURS.get(message.verdict, "red")
    said = [click.style(f"signature {message.verdict}", fg=colour)]
    if message.oddity:
        said.append(click.style(message.oddity, fg="yellow"))
    return "  ".join([*map(printable, parts), *said])


def _resources(event: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    held = event.get("event")
    found = held.items() if isinstance(held, dict) else ()
    return [(name, resource) for name, resource in found if isinstance(resource, dict)]


def _checked_secrets(
    _context: click.Context, _option: click.Parameter, secrets: tuple[str, ...]
) -> list[str]:
    for secret in secrets:
        try:
            base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except ValueError as error:
            raise click.BadParameter(f"a secret is {PREFIX} and base64") from error
    return list(secrets)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, default=8090, show_default=True, help="0 takes a free one.")
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    callback=_checked_secrets,
    metavar="whsec_…",
    help="Secret of a listener, as its registration answered it; may be given several times.",
)
@click.option(
    "--answer",
    type=click.IntRange(200, 599),
    help="Answer everything with this status, to see what the server does then.",
)
@click.option("--body", is_flag=True, help="Print the events themselves too.")
def listen(host: str, port: int, secrets: list[str], answer: int | None, body: bool) -> None:
    """Take events on this machine and print each as it arrives.

    Register it as a callback: {"callback": "http://127.0.0.1:8090/mine"}. Each path counts its
    own sequence, so several listeners can be told apart. The server has to allow callbacks on
    private addresses: TMF_HUB_ALLOW_PRIVATE_CALLBACKS=true.
    """

    def tell(message: Message) -> None:
        click.echo(line_of(message))
        if body:
            click.echo(f"  {printable(message.body.decode('utf-8', 'replace'))}")

    with Listener((host, port), tell, secrets, answer) as listener:
        click.echo(f"Listening on {listener.url}/ (stop with Ctrl-C)", err=True)
        if not secrets:
            click.echo("Without --secret no signature is checked.", err=True)
        try:
            listener.serve_forever()
        except KeyboardInterrupt:
            click.echo("", err=True)
