"""Fixtures for a file whose tests ask a server where nobody reacts.

Every resource stays there as the requests leave it. A file takes them over by
`tmf, session_database_url = still.tmf, still.session_database_url`.
"""

from __future__ import annotations

import pytest

from tests.e2e.client import Client


@pytest.fixture(scope="module")
def tmf(still: Client) -> Client:
    """A client of that server."""
    return still


@pytest.fixture(scope="module")
def session_database_url(still_database_url: str) -> str:
    """The URL of its database."""
    return still_database_url
