"""The command line: help, the documents it prints, and what it says of wrong settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e import commands
from tests.e2e.client import PATHS, Client


def test_the_help_names_every_command(tmp_path: Path) -> None:
    done = commands.tmf("--help", folder=tmp_path)

    assert done.returncode == 0
    for command in ("serve", "load", "openapi", "migrate", "demo"):
        assert f"\n  {command} " in done.stdout


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("serve", ["--host", "--port", "--workers", "--database-url"]),
        ("load", ["FILES", "--realm", "--database-url"]),
        ("openapi", ["API"]),
        ("migrate", ["--database-url"]),
        ("demo", ["--port"]),
    ],
)
def test_every_command_explains_itself(tmp_path: Path, command: str, names: list[str]) -> None:
    done = commands.tmf(command, "--help", folder=tmp_path)

    assert done.returncode == 0
    assert f"tmf {command}" in done.stdout
    for name in names:
        assert name in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_the_version_is_told(tmp_path: Path) -> None:
    done = commands.tmf("--version", folder=tmp_path)

    assert done.returncode == 0
    assert done.stdout.startswith("tmf, version ")


@pytest.mark.over("SQLite")
@pytest.mark.parametrize("api", ["TMF622", "TMF678", "tmf642"])
def test_the_printed_document_is_the_served_one(tmf: Client, tmp_path: Path, api: str) -> None:
    done = commands.tmf("openapi", api, folder=tmp_path)

    assert done.returncode == 0
    assert json.loads(done.stdout) == tmf.read(f"{api.upper()}/openapi.json")


@pytest.mark.over("SQLite")
@pytest.mark.parametrize("api", PATHS)
def test_every_document_is_served_where_its_servers_say(tmf: Client, api: str) -> None:
    answer = tmf.get(f"{api}/openapi.json")

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    document = answer.json()
    assert document["openapi"] == "3.0.3"
    assert document["servers"][0]["url"] == PATHS[api]


def test_an_unknown_api_is_an_error_that_names_the_known_ones(tmp_path: Path) -> None:
    done = commands.tmf("openapi", "TMF999", folder=tmp_path)

    assert done.returncode == 1
    assert "TMF999" in done.stderr
    assert all(api in done.stderr for api in PATHS)


@pytest.mark.parametrize(
    ("settings", "arguments", "said"),
    [
        ({"TMF_PORT": "eighty"}, [], "TMF_PORT"),
        ({}, ["--port", "99999"], "TMF_PORT"),
        ({"TMF_WORKERS": "0"}, [], "TMF_WORKERS"),
        ({"TMF_CLOCK": "noon"}, [], "TMF_CLOCK"),
        ({"TMF_LOG_FORMAT": "xml"}, [], "TMF_LOG_FORMAT"),
        ({"TMF_DEFAULT_LIMIT": "50", "TMF_MAX_LIMIT": "10"}, [], "TMF_DEFAULT_LIMIT"),
        ({"TMF_CLOCK": "2030-01-01T00:00:00Z"}, ["--workers", "2"], "TMF_CLOCK"),
        ({"TMF_DATABASE_URL": "mysql://localhost/tmf"}, [], "TMF_DATABASE_URL"),
        ({"TMF_DATABASE_URL": "not a url"}, [], "TMF_DATABASE_URL"),
        ({"TMF_DATABASE_URL": "postgresql+psycopg2://nobody@127.0.0.1:9/none"}, [], "127.0.0.1"),
        ({"TMF_DATABASE_URL": "sqlite:///no/such/folder/tmf.db"}, [], "unable to open"),
    ],
)
def test_a_setting_that_cannot_be_is_named_in_one_line(
    tmp_path: Path, settings: dict[str, str], arguments: list[str], said: str
) -> None:
    done = commands.tmf("serve", *arguments, folder=tmp_path, **settings)

    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
