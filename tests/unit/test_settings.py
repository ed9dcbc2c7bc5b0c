"""Settings that are refused before anything starts."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tmf.settings import Settings, split_list


@pytest.mark.parametrize(
    "origins",
    [
        "",
        "*",
        "https://portal.example.net",
        "http://localhost:3000, https://portal.example.net",
        "http://[::1]:8080",
        "capacitor://localhost",
    ],
)
def test_origins_are_taken(origins: str) -> None:
    assert Settings(cors_origins=origins).cors_origins == origins


@pytest.mark.parametrize(
    "origins",
    [
        "https://portal.example.net/",
        "portal.example.net",
        "https://*.example.net",
        "https://portal.example.net/app, *",
        "https://portal.example.net http://localhost",
        "null",
    ],
)
def test_what_no_browser_would_send_as_an_origin_is_refused(origins: str) -> None:
    with pytest.raises(ValidationError, match="nor an origin such as"):
        Settings(cors_origins=origins)


def test_lists_may_be_spaced_and_end_in_commas() -> None:
    assert split_list(" a, b ,,c,") == ["a", "b", "c"]
    assert split_list("") == []
