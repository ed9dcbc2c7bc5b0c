"""Realms are isolated: every operation of every document, asked from one against another's data.

Everything in the realm AWAY is marked; a key of the realm HOME, though an operator's, never gets
to see the mark, and afterwards the data are the same to the byte.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, Text, cast, create_engine, select, text
from sqlalchemy.pool import NullPool

from tests.e2e import commands
from tests.e2e.client import PATHS, Client
from tests.e2e.closed import AWAY, Closed, closed_server
from tests.e2e.minimal import CREATED, LOADED
from tests.e2e.waiting import until
from tmf.spec.sources import read

MARK = "belongs-to-the-realm-away"
IDENTITY = "the-same-everywhere"
CALLBACK = f"https://listener.example/{MARK}"


@pytest.fixture(scope="module")
def closed(module_database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    """A server with keys that soon gives a delivery up, so that afterwards nothing moves."""
    folder = tmp_path_factory.mktemp("closed")
    with closed_server(module_database_url, folder, TMF_HUB_RETRY_SCHEDULE="0.01") as closed:
        yield closed


@pytest.fixture(scope="module")
def away(
    closed: Closed, module_database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Something of everything in the realm AWAY: an id by place (`TMF620/category`, `TMF620/hub`).

    Resources have an id that the other realm is going to use as well.
    """
    documents: dict[str, dict[str, list[Any]]] = {}
    for place, least in {**CREATED, **LOADED}.items():
        api, name = place.split("/")
        marked = {**least, "id": IDENTITY, "@mark": MARK}
        if name.endswith("Job"):
            marked["status"] = "Succeeded"
        documents.setdefault(api, {})[name] = [marked]
    folder = tmp_path_factory.mktemp("away")
    commands.loaded(documents, module_database_url, folder, "--realm", AWAY)
    ids = dict.fromkeys((*CREATED, *LOADED), IDENTITY)
    for api in PATHS:
        ids[f"{api}/hub"] = closed["operator away"].create(f"{api}/hub", {"callback": CALLBACK})[
            "id"
        ]
    wait_until_nothing_moves(module_database_url)
    return ids


def wait_until_nothing_moves(database_url: str) -> None:
    """Return once all that has happened was told, or given up, and nothing is left to do soon."""
    waiting = (
        "SELECT (SELECT count(*) FROM outbox WHERE published IS NULL)"
        " + (SELECT count(*) FROM deferred)"
        " + (SELECT count(*) FROM delivery WHERE state = 'waiting')"
        " + (SELECT count(*) FROM work WHERE due < :soon)"
    )
    soon = (time.time_ns() + 3600 * 10**9) // 1000
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        until(
            lambda: connection.execute(text(waiting), {"soon": soon}).scalar() == 0,
            "all to be told",
        )
    engine.dispose()


def rows(database_url: str, realm: str) -> dict[str, list[Any]]:
    """All that the database holds of a realm, by table."""
    engine = create_engine(database_url, poolclass=NullPool)
    tables = MetaData()
    tables.reflect(engine)
    found: dict[str, list[Any]] = {}
    with engine.connect() as connection:
        for table in tables.sorted_tables:
            if "realm" in table.c:
                columns = [cast(column, Text) for column in table.c]
                lines = connection.execute(select(*columns).where(table.c.realm == realm))
                found[table.name] = sorted(map(repr, lines))
    engine.dispose()
    return found


def operations(api: str, closed: Closed) -> Iterator[tuple[str, str]]:
    """Every method and path of an API's published document; those that create come last."""
    paths = closed.stranger.read(f"{api}/openapi.json")["paths"]
    found = [(method, path) for path, methods in paths.items() for method in methods]
    yield from (one for one in found if one[0] not in ("parameters", "post"))
    yield from (one for one in found if one[0] == "post")


@pytest.mark.parametrize("api", PATHS)
def test_no_operation_reaches_into_another_realm(
    closed: Closed, away: dict[str, str], module_database_url: str, api: str
) -> None:
    before = rows(module_database_url, AWAY)
    asked = 0

    for method, path in operations(api, closed):
        place = f"{api}/{path.split('/')[1]}"
        ask(closed["operator"], method, place, away[place], single=path.endswith("{id}"))
        asked += 1

    assert asked > 5
    assert rows(module_database_url, AWAY) == before
    assert sum(map(len, before.values())) > len(away)


def ask(client: Client, method: str, place: str, identity: str, *, single: bool) -> None:
    """One operation from the realm HOME, which has nothing of that resource yet."""
    one = f"{place}/{identity}"
    if single:
        if method == "patch":
            answer = client.patch(one, {"name": "taken over"}, If_Match="*")
        else:
            answer = client.ask(method, one)
        assert answer.status_code == 404, (method, one)
    elif method == "get":
        for query in ("", f"?@mark={MARK}", f"?id={identity}", "?limit=0", "?@mark.regex=."):
            answer = client.get(place + query)
            assert (answer.status_code, answer.json()) == (200, [])
            assert answer.headers["X-Total-Count"] == "0"
            assert MARK not in answer.text
    elif place.endswith("/hub"):
        made = client.create(place, {"callback": "https://listener.example/"})
        assert client.ids(place) == [made["id"]]
        assert client.delete(f"{place}/{made['id']}").status_code == 204
    else:
        assert method == "post"
        made = client.create(place, {**CREATED[place], "id": identity})
        assert made["id"] == identity
        assert MARK not in client.get(one).text
        assert client.ids(place) == [identity]
        assert client.patch(one, {"@mark": "other"}).status_code in (200, 405)
        assert client.delete(one).status_code in (204, 405)


def test_the_operators_interface_tells_nothing_of_another_realm(
    closed: Closed, away: dict[str, str], module_database_url: str
) -> None:
    before = rows(module_database_url, AWAY)

    paths = {**read("admin.yaml")["paths"], **read("impact.yaml")["paths"]}
    for path, methods in paths.items():
        for method in methods:
            if method == "parameters":
                continue
            place = "/admin/v1" + path
            for identity in away.values():
                answer = closed["operator"].ask(method, place.replace("{id}", identity))
                assert MARK not in answer.text
                assert answer.status_code not in (401, 403)

    assert rows(module_database_url, AWAY) == before


def test_an_exported_file_is_served_to_its_realm_only(closed: Closed) -> None:
    own, other = closed["operator away"], closed["operator"]
    place = "TMF620/exportJob"
    own.create("TMF620/category", {"name": "x", "@mark": MARK})
    other.create("TMF620/category", {"name": "y"})

    made = [one.create(place, {"url": "/", "id": "export"}) for one in (own, other)]
    assert [job["id"] for job in made] == ["export", "export"]
    files = []
    for one in (own, other):
        job = until(
            lambda one=one: "path" in one.read(f"{place}/export") and one.read(f"{place}/export"),
            "the end of the export",
        )
        files.append(one.get(job["path"]))

    assert [file.status_code for file in files] == [200, 200]
    assert MARK in files[0].text
    assert MARK not in files[1].text
    assert other.delete(f"{place}/export").status_code == 204

    made_here = own.create(place, {"url": "/"})["id"]
    path = f"/files/export/{made_here}.json"
    until(lambda: own.get(path).status_code == 200, "the file")
    assert other.get(path).status_code == 404
    inside = f"{AWAY}/{made_here}.json"
    for away_path in (
        f"/files/export/{inside}",
        f"/files/export/..%2F{inside.replace('/', '%2F')}",
    ):
        assert other.get(away_path).status_code == 404
    assert closed.stranger.get(path).status_code == 401
    assert closed["partner away"].get(path).status_code == 403


def test_an_import_stays_in_the_realm_of_its_job(database_url: str, tmp_path: Path) -> None:
    documents = {"TMF620": {"category": [{"id": "imported", "name": "x"}]}}
    (tmp_path / "catalogue.json").write_text(json.dumps(documents))
    with closed_server(database_url, tmp_path, TMF_IMPORT_DIR=str(tmp_path)) as closed:
        own, other = closed["operator away"], closed["operator"]
        sent = {"url": PATHS["TMF620"], "path": "catalogue.json"}
        job = own.create("TMF620/importJob", sent)["id"]
        done = until(
            lambda: (
                "completionDate" in own.read(f"TMF620/importJob/{job}")
                and own.read(f"TMF620/importJob/{job}")
            ),
            "the end of the import",
        )
        assert done["status"] == "Succeeded", done
        assert own.ids("TMF620/category") == ["imported"]
        assert other.ids("TMF620/category") == []
        assert other.get(f"TMF620/importJob/{job}").status_code == 404
