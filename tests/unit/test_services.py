"""The harness: finding services, and empty databases for tests."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
import tomllib
from contextlib import ExitStack
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import create_engine, inspect, make_url, text

from tests import services
from tests.databases import Databases, Unavailable, connected, postgresql_databases, server_version
from tests.processes import reserve_port
from tests.services import (
    Means,
    Missing,
    Service,
    find_postgresql,
    find_rabbitmq,
    find_services,
    first_of,
    ran_over,
)

ROOT = Path(__file__).parents[2]

POSTGRESQL = Service("PostgreSQL", "15.19", "postgresql://x", "found at 127.0.0.1:5432")
NO_POSTGRESQL = Missing("PostgreSQL", "refused")
REFUSED = "no PostgreSQL could be reached, started or installed (refused)"


def unused_url(scheme: str = "postgresql") -> str:
    port, reservation = reserve_port()
    reservation.close()
    return f"{scheme}://nobody:nothing@127.0.0.1:{port}"


@pytest.mark.parametrize(
    ("ran", "services", "line"),
    [
        (["SQLite"], [POSTGRESQL], "SQLite"),
        (["PostgreSQL", "SQLite"], [POSTGRESQL], f"SQLite, {POSTGRESQL}"),
        (["SQLite"], [NO_POSTGRESQL], f"SQLite only - {REFUSED}"),
        ([], [NO_POSTGRESQL], f"no database - {REFUSED}"),
        ([], [POSTGRESQL], "no database"),
    ],
)
def test_the_last_line_claims_only_what_ran(ran, services, line):
    assert ran_over(ran, services) == f"ran over: {line}"


def test_a_service_says_how_it_was_found():
    assert str(POSTGRESQL) == "PostgreSQL 15.19 (found at 127.0.0.1:5432)"


def refuses(reason):
    def find(_: Means) -> Service:
        raise Unavailable(reason)

    return find


def test_the_first_finder_that_succeeds_counts():
    finders = [refuses("closed"), lambda _: POSTGRESQL, refuses("not reached")]
    assert first_of(finders, Means(ExitStack())) is POSTGRESQL


def test_every_reason_is_given_once_when_nothing_is_found():
    finders = [refuses("closed"), refuses("not installed"), refuses("closed")]
    with pytest.raises(Unavailable, match=r"^closed; not installed$"):
        first_of(finders, Means(ExitStack()))


def test_each_service_is_found_or_missing_by_itself():
    finders = {"Broker": refuses("closed"), "PostgreSQL": lambda _: POSTGRESQL}
    assert find_services(Means(ExitStack()), finders) == [Missing("Broker", "closed"), POSTGRESQL]


def test_a_named_server_is_the_only_one_tried(monkeypatch):
    monkeypatch.setenv("TMF_TEST_POSTGRESQL", unused_url())
    with pytest.raises(Unavailable, match="Connection refused"):
        find_postgresql(Means(ExitStack()))


def test_a_named_broker_is_the_only_one_tried(monkeypatch):
    monkeypatch.setenv("TMF_TEST_RABBITMQ", unused_url("amqp"))
    monkeypatch.setattr(services, "installed_servers", lambda: pytest.fail("looked for programs"))
    with pytest.raises(Unavailable):
        find_rabbitmq(Means(ExitStack()))


@pytest.fixture
def no_broker(monkeypatch):
    """No broker answers on this machine."""
    monkeypatch.delenv("TMF_TEST_RABBITMQ", raising=False)
    monkeypatch.setattr(services, "LOCAL", unused_url("amqp"))


def program(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.mark.usefixtures("no_broker")
def test_without_a_broker_its_programs_are_looked_for(monkeypatch):
    monkeypatch.setattr(services, "installed_servers", list)
    with pytest.raises(Unavailable, match="its programs are not installed"):
        find_rabbitmq(Means(ExitStack()))


@pytest.mark.usefixtures("no_broker")
def test_a_broker_that_does_not_start_is_missing_and_leaves_nothing(monkeypatch, tmp_path):
    bin_, temporary = tmp_path / "bin", tmp_path / "tmp"
    for folder in (bin_, temporary):
        folder.mkdir()
    program(bin_ / "epmd", f"echo $$ > {tmp_path}/epmd.pid; exec sleep 600")
    waits = f"until [ -s {tmp_path}/epmd.pid ]; do sleep 0.1; done"
    server = program(bin_ / "rabbitmq-server", f"{waits}; echo broken; exit 7")
    monkeypatch.setenv("PATH", f"{bin_}:{os.environ['PATH']}")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setattr(services, "installed_servers", lambda: [server])

    with pytest.raises(Unavailable, match=r"does not start: .*\(exit status 7\)"):
        find_rabbitmq(Means(ExitStack()))

    assert list(temporary.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "epmd.pid").read_text()), 0)


def test_a_missing_service_fails_a_run_that_requires_it():
    env = {**os.environ, "TMF_REQUIRE_SERVICES": "1", "TMF_TEST_POSTGRESQL": unused_url()}
    command = [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider", __file__]
    done = subprocess.run(  # noqa: S603
        command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "no PostgreSQL could be reached, started or installed" in done.stderr


def test_a_test_gets_an_empty_database(database_url):
    engine = create_engine(database_url)
    with engine.begin() as connection:
        assert inspect(connection).get_table_names() == []
        connection.execute(text("CREATE TABLE mark (place int)"))
    engine.dispose()


def test_the_next_test_gets_an_empty_database_again(database_url, module_database_url):
    assert database_url != module_database_url
    engine = create_engine(database_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


@pytest.mark.over("PostgreSQL")
def test_a_database_is_dropped_in_spite_of_connections(module_database_url):
    with connected(make_url(module_database_url).set(database="postgres")) as connection:
        databases = Databases(connection, f"dropping{secrets.token_hex(4)}")
        url = databases.create()
        other = psycopg2.connect(make_url(url).set(drivername="postgresql").render_as_string())
        databases.drop(url)
        other.close()
    assert not exists(url)


@pytest.mark.over("PostgreSQL")
def test_databases_of_ended_runs_are_dropped_and_no_others(module_database_url):
    server = str(make_url(module_database_url).set(database="postgres"))
    token = secrets.token_hex(4)  # other runs may be doing the same on this server
    with postgresql_databases(server, f"living{token}") as living:
        kept = living.create()
        with postgresql_databases(server, f"ended{token}") as ended:
            left = ended.create()
        deadline = time.monotonic() + 10  # the server notices a little later who is gone
        while exists(left) and time.monotonic() < deadline:
            with postgresql_databases(server, f"cleaning{token}") as cleaning:
                cleaning.drop_left_behind()
        assert not exists(left)
        assert exists(kept)
        living.drop(kept)


def exists(url: str) -> bool:
    try:
        return bool(server_version(url))
    except Unavailable as reason:
        assert "does not exist" in str(reason)  # noqa: PT017
        return False


def test_constraints_pin_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [*project["project"]["dependencies"], *project["build-system"]["requires"]]
    wanted += project["project"]["optional-dependencies"]["dev"]
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    names = {re.split(r"[^A-Za-z0-9._-]", each)[0] for each in wanted}
    canonical = {re.sub(r"[-_.]+", "-", name).lower() for name in pins}
    assert {re.sub(r"[-_.]+", "-", name).lower() for name in names} <= canonical
