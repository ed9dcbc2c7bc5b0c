"""A server that asks who is calling, and clients with keys of every kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.e2e.client import Client
from tests.processes import Server, start_server
from tmf.access.key_file import add_key
from tmf.access.keys import new_key

HARBOUR, QUAY = "harbour-trading", "quay-goods"
"""Two partners' parties."""

HOME, AWAY = "home", "away"
"""Two realms; the roles have keys in both, partners in the first."""

KEYS: dict[str, dict[str, str]] = {
    "reader": {"realm": HOME, "role": "reader"},
    "writer": {"realm": HOME, "role": "writer"},
    "operator": {"realm": HOME, "role": "operator"},
    "partner": {"realm": HOME, "role": "partner", "party": HARBOUR},
    "other partner": {"realm": HOME, "role": "partner", "party": QUAY},
    "operator away": {"realm": AWAY, "role": "operator"},
    "partner away": {"realm": AWAY, "role": "partner", "party": HARBOUR},
}


class Closed:
    """The server, its file of keys, and a client for each name in KEYS."""

    def __init__(self, server: Server, keys: dict[str, str], stack: ExitStack) -> None:
        self.server = server
        self.keys = keys
        self.stranger = stack.enter_context(Client(server.url))
        self._clients = {
            name: stack.enter_context(Client(server.url, key)) for name, key in keys.items()
        }

    def __getitem__(self, name: str) -> Client:
        return self._clients[name]


def made_key(file: Path, **stated: str) -> str:
    """A new key that the file lists."""
    key, kept = new_key(created="2030-01-01T00:00:00+00:00", **stated)  # type: ignore[arg-type]
    add_key(file, kept)
    return key


@contextmanager
def closed_server(database_url: str, folder: Path, **settings: str) -> Iterator[Closed]:
    """Such a server, running."""
    file = folder / "keys.json"
    keys = {name: made_key(file, **stated) for name, stated in KEYS.items()}
    with ExitStack() as stack:
        server = stack.enter_context(
            start_server(database_url, folder, TMF_API_KEYS=str(file), **settings)
        )
        yield Closed(server, keys, stack)
