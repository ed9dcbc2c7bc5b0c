"""`tmf load`: vendor data comes in whole or not at all, with its own ids and states."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import commands
from tests.e2e.client import PATHS, Client, unique
from tests.e2e.minimal import CREATED, LOADED
from tests.processes import start_server

LONG = os.environ.get("TMF_LONG") == "1"
MANY = 100_000 if LONG else 20_000
ROOM = 48 * 1024
"""Kilobytes that a load of many documents may take beyond a load of one."""


def categories(*documents: dict[str, Any]) -> dict[str, Any]:
    return {"TMF620": {"category": list(documents)}}


def total(tmf: Client, place: str) -> str:
    return tmf.get(f"{place}?limit=0").headers["X-Total-Count"]


# --- What is stored ---


def test_documents_of_several_apis_and_files_are_served_with_their_ids(
    tmf: Client, session_database_url: str, tmp_path: Path
) -> None:
    one, two, three = unique("one"), unique("two"), unique("three")
    customer = {"id": two, "name": "Pilot", "engagedParty": {"id": "1"}}
    files = {
        "first.json": {
            **categories({"id": one, "name": "x", "colour": "red"}),
            "TMF629": {"customer": [customer], "unused": []},
        },
        "second.json": {"TMF678": {"customerBill": [{"id": three, "state": "settled"}]}},
    }
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))

    done = commands.tmf("load", *files, folder=tmp_path, TMF_DATABASE_URL=session_database_url)

    assert done.returncode == 0, done.stderr
    assert done.stdout == "3 documents loaded, 0 were there already\n"
    assert tmf.read(f"TMF629/customer/{two}").items() >= customer.items()
    assert tmf.read(f"TMF678/customerBill/{three}")["state"] == "settled"
    # As after a POST: found by their attributes, changeable, with what every resource states.
    assert tmf.ids(f"TMF620/category?colour=red&id={one}") == [one]
    stored = tmf.read(f"TMF620/category/{one}")
    assert (stored["@type"], stored["lifecycleStatus"]) == ("Category", "In study")
    assert stored["lastUpdate"]
    assert tmf.patch(f"TMF620/category/{one}", {"colour": "blue"}).status_code == 200
    assert tmf.ids(f"TMF620/category?colour=blue&id={one}") == [one]


def test_what_is_there_already_and_equal_is_skipped(
    tmf: Client, session_database_url: str, tmp_path: Path
) -> None:
    known = {"id": unique("known"), "name": "x", "price": {"value": 10.0}}
    commands.loaded(categories(known), session_database_url, tmp_path)
    before = tmf.get(f"TMF620/category/{known['id']}")

    new = {"id": unique("new"), "name": "y"}
    said = commands.loaded(categories(known, new), session_database_url, tmp_path)

    assert said == "1 documents loaded, 1 were there already\n"
    after = tmf.get(f"TMF620/category/{known['id']}")
    assert (after.text, after.headers["ETag"]) == (before.text, before.headers["ETag"])


def test_what_is_there_but_different_is_an_error(
    tmf: Client, session_database_url: str, tmp_path: Path
) -> None:
    known = {"id": unique("known"), "name": "x", "price": {"value": 10.0}}
    new = {"id": unique("new"), "name": "z"}
    commands.loaded(categories(known), session_database_url, tmp_path)
    before = tmf.read(f"TMF620/category/{known['id']}")

    for change in ({"name": "y"}, {"more": 1}, {"price": {"value": 10.01}}):
        documents = categories(new, {**known, **change})
        done = commands.load(documents, session_database_url, tmp_path)

        assert done.returncode == 1
        assert "vendor.json" in done.stderr
        assert "TMF620.category[1]" in done.stderr
        assert known["id"] in done.stderr
        assert tmf.get(f"TMF620/category/{new['id']}").status_code == 404
        assert tmf.read(f"TMF620/category/{known['id']}") == before


def lifecycle_states() -> Iterator[tuple[str, str, str]]:
    """Place, attribute and state, for every state that a specification knows."""
    for place in (*CREATED, *LOADED):
        api, _, resource = place.partition("/")
        done = STATES.get(f"{api}.{resource}")
        if done:
            attribute, states = done
            for state in states:
                yield place, attribute, state


STATES = {
    "TMF620.category": ("lifecycleStatus", ("Rejected", "Obsolete", "whatever")),
    "TMF620.importJob": ("status", ("Not Started", "Running", "Succeeded", "Failed")),
    "TMF622.productOrder": (
        "state",
        ("inProgress", "assessingCancellation", "rejected", "cancelled", "completed", "partial"),
    ),
    "TMF622.cancelProductOrder": ("state", ("inProgress", "done", "terminatedWithError")),
    "TMF635.usage": ("status", ("received", "recycled", "rerated", "billed")),
    "TMF637.product": ("status", ("cancelled", "aborted", "aborted ", "terminated")),
    "TMF638.service": ("state", ("feasibilityChecked", "designed", "terminated")),
    "TMF642.alarm": ("state", ("raised", "updated", "cleared")),
    "TMF676.payment": ("status", ("pendingAuthorization", "captured", "denied")),
    "TMF676.refund": ("status", ("failed", "canceled")),
    "TMF678.customerBill": ("state", ("onHold", "sent", "partiallyPaid", "settled")),
}
"""States by resource, many of which nothing may start in over HTTP."""


def test_every_state_is_taken(tmf: Client, session_database_url: str, tmp_path: Path) -> None:
    expected: dict[str, tuple[str, str]] = {}
    documents: dict[str, dict[str, list[Any]]] = {}
    for place, attribute, state in lifecycle_states():
        api, _, resource = place.partition("/")
        identity = unique("state")
        minimal = (CREATED | LOADED)[place]
        document = {**minimal, "id": identity, attribute: state}
        documents.setdefault(api, {}).setdefault(resource, []).append(document)
        expected[f"{place}/{identity}"] = (attribute, state)

    commands.loaded(documents, session_database_url, tmp_path)

    assert len(expected) > 20
    for place, (attribute, state) in expected.items():
        assert tmf.read(place)[attribute] == state


def test_another_realm_is_not_seen(tmf: Client, session_database_url: str, tmp_path: Path) -> None:
    document = {"id": unique("realm"), "name": "x"}
    (tmp_path / "vendor.json").write_text(json.dumps(categories(document)))

    done = commands.tmf(
        "load", "--realm", "other", "--database-url", session_database_url, "vendor.json",
        folder=tmp_path,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert tmf.get(f"TMF620/category/{document['id']}").status_code == 404
    said = commands.loaded(categories(document), session_database_url, tmp_path)
    assert said.startswith("1 documents loaded")


# --- What is refused ---

GOOD = '{"id": "{good}", "name": "good"}'
WRONG: dict[str, tuple[str, str]] = {
    "schema": ('{"TMF620": {"category": [GOOD, {"id": "x", "name": 7}]}}', "TMF620.category[1]"),
    "no id": ('{"TMF620": {"category": [GOOD, {"name": "x"}]}}', "TMF620.category[1]"),
    "bad id": ('{"TMF620": {"category": [GOOD, {"id": "a/b", "name": "x"}]}}', "category[1]"),
    "no object": ('{"TMF620": {"category": [GOOD, 7]}}', "TMF620.category[1]"),
    "twice": (
        '{"TMF620": {"category": [GOOD, {"id": "t", "name": "x"}, {"id": "t", "name": "y"}]}}',
        "TMF620.category[2]",
    ),
    "resource": ('{"TMF620": {"category": [GOOD], "unknown": [{"id": "1"}]}}', "TMF620.unknown[0]"),
    "api": ('{"TMF620": {"category": [GOOD]}, "TMF999": {"x": [{"id": "1"}]}}', "TMF999.x[0]"),
    "cut off": ('{"TMF620": {"category": [GOOD, {"id": "x", ', "not JSON"),
    "not json": ("id;name\n1;x\n", "not JSON"),
    "no list": ('{"TMF620": {"category": {"id": "x", "name": "x"}}}', "a list under"),
    "nul": ('{"TMF620": {"category": [GOOD, {"id": "x", "name": "a\\u0000"}]}}', "NUL"),
    "empty": ("", "not JSON"),
}


@pytest.mark.over("SQLite")
@pytest.mark.parametrize("what", WRONG)
def test_a_bad_file_is_named_with_the_place(
    tmf: Client, session_database_url: str, tmp_path: Path, what: str
) -> None:
    check_refused(tmf, session_database_url, tmp_path, *WRONG[what])


@pytest.mark.over("PostgreSQL")
@pytest.mark.parametrize("what", ["twice", "cut off"])
def test_a_bad_file_leaves_nothing_on_any_database(
    tmf: Client, session_database_url: str, tmp_path: Path, what: str
) -> None:
    check_refused(tmf, session_database_url, tmp_path, *WRONG[what])


def check_refused(
    tmf: Client, session_database_url: str, folder: Path, text: str, place: str
) -> None:
    """Neither this file nor a good one before it leaves anything; the message names the place."""
    first, second = unique("first"), unique("second")
    (folder / "good.json").write_text(json.dumps(categories({"id": first, "name": "x"})))
    (folder / "bad.json").write_text(text.replace("GOOD", GOOD.replace("{good}", second)))
    before = total(tmf, "TMF620/category")

    done = commands.tmf(
        "load", "good.json", "bad.json", folder=folder, TMF_DATABASE_URL=session_database_url
    )

    assert done.returncode == 1
    assert "bad.json" in done.stderr
    assert place in done.stderr
    assert "Nothing was loaded" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert total(tmf, "TMF620/category") == before
    assert tmf.get(f"TMF620/category/{first}").status_code == 404
    assert tmf.get(f"TMF620/category/{second}").status_code == 404


@pytest.mark.parametrize("arguments", [[], ["none.json"], ["."]])
def test_without_a_file_the_command_says_so(tmp_path: Path, arguments: list[str]) -> None:
    done = commands.tmf("load", *arguments, folder=tmp_path)

    assert done.returncode in (1, 2)
    assert "Error" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "tmf.db").exists() or arguments == ["."]


# --- Much ---


def write_services(file: Path, count: int) -> None:
    """A file of that many services of about a kilobyte each."""
    with file.open("w") as text:
        text.write('{"TMF638": {"service": [')
        for number in range(count):
            document = {
                "id": f"service-{number}",
                "name": f"Line {number}",
                "description": "A line of the harbour's network. " * 15,
                "state": "active",
                "serviceSpecification": {"id": "4711", "name": "Fibre", "version": "1.0"},
                "serviceCharacteristic": [{"name": "vlan", "value": number % 4096}],
                "relatedParty": [
                    {"id": str(number % 97), "role": "user", "@referredType": "Individual"}
                ],
            }
            text.write(",\n" * (number > 0) + json.dumps(document))
        text.write("]}}")


def load_on_a_terminal(file: Path, database_url: str) -> tuple[int, str, int]:
    """Exit status, what is seen, and the most memory taken, in kilobytes."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(  # noqa: S603
        [*commands.TMF, "load", file.name],
        cwd=file.parent,
        env=commands.environment(TMF_DATABASE_URL=database_url, TERM="xterm", COLUMNS="80"),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    seen = bytearray()

    def watch() -> None:
        while True:
            try:
                part = os.read(ours, 4096)
            except OSError:  # the other end is closed
                return
            seen.extend(part)

    watching = threading.Thread(target=watch)
    watching.start()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    watching.join()
    os.close(ours)
    return process.returncode, seen.decode(), usage.ru_maxrss


def test_much_is_loaded_in_one_go_without_holding_it_in_memory(
    database_url: str, tmp_path: Path
) -> None:
    write_services(tmp_path / "one.json", 1)
    write_services(tmp_path / "many.json", MANY)

    _, _, least = load_on_a_terminal(tmp_path / "one.json", database_url)
    status, seen, most = load_on_a_terminal(tmp_path / "many.json", database_url)

    assert status == 0, seen
    assert f"{MANY - 1} documents loaded, 1 were there already" in seen
    assert "Loading" in seen
    assert "50%" in seen
    assert "100%" in seen
    assert most - least < ROOM, f"{most} kB, and {least} kB for one document"
    with start_server(database_url, tmp_path) as server:
        tmf = Client(server.url)
        found = tmf.get("TMF638/service?serviceCharacteristic.value=7&limit=1000")
        last = tmf.read(f"TMF638/service/service-{MANY - 1}")
        tmf.close()
    assert found.headers["X-Total-Count"] == str(len(range(7, MANY, 4096)))
    assert last["name"] == f"Line {MANY - 1}"


def test_all_apis_can_be_loaded(database_url: str, tmp_path: Path) -> None:
    documents: dict[str, dict[str, list[Any]]] = {}
    for place, minimal in (CREATED | LOADED).items():
        api, _, resource = place.partition("/")
        documents.setdefault(api, {})[resource] = [{**minimal, "id": "loaded"}]

    said = commands.loaded(documents, database_url, tmp_path)

    assert documents.keys() == PATHS.keys()
    assert said == f"{len(CREATED) + len(LOADED)} documents loaded, 0 were there already\n"
