"""An installation for each test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import RUN
from tests.fault.houses import House


@pytest.fixture
def house(
    database_url: str, bus: str, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[House]:
    """An installation over each bus and database, with nothing started yet."""
    broker = request.config.stash[RUN].service("RabbitMQ") if bus == "RabbitMQ" else None
    with House(database_url, broker.url if broker else None, tmp_path) as house:
        yield house
