"""What the database knows of deliveries, read as an administrator might."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool


class Ledger:
    """Reads the tables of one database."""

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, poolclass=NullPool)

    def listener(self, identity: str) -> Any:
        """A listener's row."""
        return self._rows("SELECT * FROM hub WHERE id = :hub", identity)[0]

    def deliveries(self, identity: str) -> Sequence[Any]:
        """Those of a listener, by number."""
        return self._rows("SELECT * FROM delivery WHERE hub = :hub ORDER BY sequence", identity)

    def attempts(self, identity: str) -> Sequence[Any]:
        """Those at a listener, in order."""
        return self._rows(
            "SELECT attempt.*, delivery.sequence FROM attempt JOIN delivery ON delivery.id = "
            "attempt.delivery WHERE attempt.hub = :hub ORDER BY attempt.time, attempt.number",
            identity,
        )

    def states(self, identity: str) -> list[str]:
        """How far each delivery of a listener has come, by number."""
        return [str(one.state) for one in self.deliveries(identity)]

    def unpublished(self) -> int:
        """How many events have not been matched yet."""
        found = self._rows("SELECT count(*) FROM outbox WHERE published IS NULL")
        return int(found[0][0])

    def _rows(self, statement: str, identity: str = "") -> Sequence[Any]:
        with self._engine.connect() as connection:
            return connection.execute(text(statement), {"hub": identity}).all()
