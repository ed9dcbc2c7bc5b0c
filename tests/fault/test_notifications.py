"""A lost connection to the database disturbs no other: numbers of sockets are used again."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import psycopg2
import pytest
import uvloop

from tmf.store.notifications import Notifications


class Dying:
    """A connection that is lost when it is first looked at: as libpq does, it closes its socket,
    whose number another connection gets.
    """

    def __init__(self) -> None:
        self._socket, other = socket.socketpair()
        other.close()
        self.number = self._socket.fileno()
        self.successor: socket.socket | None = None
        self.peer: socket.socket | None = None

    def fileno(self) -> int:
        return self.number

    def poll(self) -> None:
        self._socket.close()
        self.successor, self.peer = socket.socketpair()
        raise psycopg2.OperationalError("the server has closed the connection")

    def close(self) -> None:
        """It is closed already."""


async def _is_heard(connection: Dying) -> bool:
    """Whether the successor's reader is called for what comes."""
    loop = asyncio.get_running_loop()
    listening = asyncio.create_task(_listen(connection))
    while connection.successor is None:
        await asyncio.sleep(0)
    assert connection.peer is not None
    assert connection.successor.fileno() == connection.number
    heard = asyncio.Event()
    loop.add_reader(connection.successor.fileno(), heard.set)
    await listening
    connection.peer.send(b"x")
    try:
        async with asyncio.timeout(5):
            await heard.wait()
    except TimeoutError:
        return False
    finally:
        loop.remove_reader(connection.successor.fileno())
        connection.successor.close()
        connection.peer.close()
    return True


async def _listen(connection: Any) -> None:
    await Notifications({}, "events", lambda: None)._listen(connection)


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_lost_connection_takes_nothing_from_the_one_that_gets_its_number(loop: Any) -> None:
    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(_is_heard(Dying()))
