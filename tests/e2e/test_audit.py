"""An audit line for every change that was committed, and for nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import commands
from tests.e2e.client import Client, unique
from tests.e2e.waiting import until
from tests.processes import SERVE, Server, start_server

PLACE = "TMF620/category"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("audit") / "audit.jsonl"


@pytest.fixture(scope="module")
def server(module_database_url: str, file: Path) -> Iterator[Server]:
    """Two processes that share a file, in a log of JSON."""
    settings = {
        "TMF_AUDIT_FILE": str(file),
        "TMF_LOG_FORMAT": "json",
        "TMF_IMPORT_DIR": str(file.parent),
        "TMF_MAX_LIMIT": "2000",
    }
    command = (*SERVE, "--workers", "2")
    with start_server(module_database_url, file.parent, command=command, **settings) as server:
        yield server


@pytest.fixture
def tmf(server: Server) -> Iterator[Client]:
    with Client(server.url) as client:
        yield client


def audit(file: Path, **facts: object) -> list[dict[str, Any]]:
    """The lines of which these facts are true."""
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [line for line in lines if facts.items() <= line.items()]


def test_every_change_of_a_resource_is_a_line(tmf: Client, file: Path) -> None:
    created = tmf.post(PLACE, {"name": "x"}, X_Request_Id="first")
    href, identity = created.headers["Location"], created.json()["id"]
    patched = tmf.patch(href, {"name": "y"}, X_Request_Id="second")
    tmf.delete(href, X_Request_Id="third")

    revisions = [int(answer.headers["ETag"].strip('"')) for answer in (created, patched)]
    lines = audit(file, id=identity)
    assert [(line["event"], line["revision"], line["request_id"]) for line in lines] == [
        ("create", revisions[0], "first"),
        ("patch", revisions[1], "second"),
        ("delete", revisions[1], "third"),
    ]
    for line in lines:
        assert line["who"] == "anonymous"
        assert line["realm"] == "default"
        assert line["resource"] == "TMF620.category"


def test_a_line_of_the_file_is_in_the_log_too(tmf: Client, server: Server, file: Path) -> None:
    identity = tmf.create(PLACE, {"name": "x"})["id"]

    (line,) = audit(file, id=identity)
    logged = [json.loads(one) for one in server.log().splitlines() if identity in one]
    assert line in logged


def test_what_is_refused_or_changes_nothing_is_no_line(tmf: Client, file: Path) -> None:
    created = tmf.create(PLACE, {"name": "x"})
    before = len(audit(file))

    answers = [
        tmf.post(PLACE, {"id": created["id"], "name": "x"}),
        tmf.post(PLACE, {"name": 1}),
        tmf.post(PLACE, "{"),
        tmf.patch(created["href"], {"name": 1}),
        tmf.patch(created["href"], {"name": "y"}, If_Match='"1"'),
        tmf.patch(created["href"], {"name": "x"}),
        tmf.patch(f"{PLACE}/nobody", {"name": "x"}),
        tmf.delete(f"{PLACE}/nobody"),
        tmf.delete("TMF620/hub/nobody"),
        tmf.post("TMF620/hub", {"callback": "nowhere"}),
        tmf.get(created["href"]),
        tmf.get(PLACE),
    ]

    statuses = [answer.status_code for answer in answers]
    assert statuses[:-2] == [409, 400, 400, 400, 412, 200, 404, 404, 404, 400]
    assert len(audit(file)) == before


def test_an_idempotent_retry_is_no_second_line(tmf: Client, file: Path) -> None:
    key = unique("key")
    answers = [tmf.post(PLACE, {"name": "x"}, Idempotency_Key=key) for _ in range(3)]
    sent = {"callback": "http://127.0.0.1:9/"}
    listeners = [tmf.post("TMF620/hub", sent, Idempotency_Key=unique(key)) for _ in range(2)]

    assert [line["event"] for line in audit(file, id=answers[0].json()["id"])] == ["create"]
    for listener in listeners:
        assert len(audit(file, id=listener.json()["id"])) == 1


def test_listeners_come_and_go_with_a_line(tmf: Client, file: Path) -> None:
    listener = tmf.create("TMF642/hub", {"callback": "http://127.0.0.1:9/"})["id"]
    tmf.delete(f"TMF642/hub/{listener}")

    lines = audit(file, id=listener, resource="TMF642.hub")
    assert [line["event"] for line in lines] == ["register", "unregister"]


def test_a_job_and_what_it_imports_are_lines(tmf: Client, file: Path) -> None:
    name = unique("imported")
    data = {"TMF620": {"category": [{"id": f"{name}-{number}", "name": name} for number in (1, 2)]}}
    (file.parent / "data.json").write_text(json.dumps(data))

    job = tmf.create("TMF620/importJob", {"url": "./data.json"})
    until(lambda: tmf.read(job["href"])["status"] == "Succeeded", "the end of the job")

    lines = until(
        lambda: len(found := audit(file, id=job["id"])) == 3 and found, "the job's last line"
    )
    told = [(line["event"], line["who"]) for line in lines]
    assert told == [("create", "anonymous"), ("patch", "server"), ("patch", "server")]
    by = f"TMF620.importJob/{job['id']}"
    imported = audit(file, event="import", who=by, resource="TMF620.category")
    assert [line["id"] for line in imported] == [f"{name}-1", f"{name}-2"]
    assert all(line["revision"] for line in imported)


def test_lines_of_two_processes_stay_whole(server: Server, tmf: Client, file: Path) -> None:
    kind = unique("kind")

    def create(number: int) -> str:
        with Client(server.url) as client:
            return str(client.create(PLACE, {"name": str(number), "kind": kind})["id"])

    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(create, range(100)))

    created = {line["id"] for line in audit(file, event="create")}
    assert set(ids) <= created


# --- Other doors ---


def load(documents: Any, database_url: str, file: Path) -> int:
    """`tmf load` with an audit; its exit status."""
    (file.parent / "data.json").write_text(json.dumps(documents))
    settings = {"TMF_DATABASE_URL": database_url, "TMF_AUDIT_FILE": str(file)}
    return commands.tmf("load", "data.json", folder=file.parent, **settings).returncode


def test_a_load_is_a_line_for_each_kind_of_resource(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    categories = [{"id": str(number), "name": "x"} for number in range(3)]
    catalogs = [{"id": "1", "name": "x"}]
    data = {"TMF620": {"category": categories, "catalog": catalogs}}

    load(data, database_url, file)

    told = [
        (line["event"], line["who"], line["resource"], line["documents"]) for line in audit(file)
    ]
    assert told == [
        ("load", "command-line", "TMF620.category", 3),
        ("load", "command-line", "TMF620.catalog", 1),
    ]
    load(data, database_url, file)
    assert len(audit(file)) == 2  # all of it was there already


def test_a_load_that_fails_is_no_line(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    documents = [{"id": "1", "name": "x"}, {"id": "2", "name": 2}]

    status = load({"TMF620": {"category": documents}}, database_url, file)

    assert status == 1
    assert audit(file) == []


def test_a_moved_clock_is_a_line(database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    settings = {"TMF_CLOCK": "2030-01-01T00:00:00Z", "TMF_AUDIT_FILE": str(file)}
    with start_server(database_url, tmp_path, **settings) as server, Client(server.url) as tmf:
        tmf.post("/admin/v1/clock", {"now": "2029-01-01T00:00:00Z"})
        tmf.read("/admin/v1/clock")
        moved = tmf.post("/admin/v1/clock", {"now": "2031-01-01T00:00:00Z"})

    (line,) = audit(file, event="move")
    assert line["resource"] == "admin.clock"
    assert line["now"] == moved.json()["now"]
    assert line["timestamp"] < "2030"  # when it was done, by the machine's clock
