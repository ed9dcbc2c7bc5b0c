"""Patches made to grow, to loop, to reach outside, or to cost far more than they are long."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.e2e.client import JSON_PATCH, JSON_PATCH_QUERY, MERGE, Client
from tests.e2e.hostile import check_refused, patch

pytestmark = pytest.mark.usefixtures("nothing_changes")

WELL_FORMED = {"op": "add", "path": "/name", "value": "changed"}
"""Stands before what is refused: it must not be kept either."""

MALFORMED: dict[str, Any] = {
    "an object": {"op": "add", "path": "/name", "value": "x"},
    "a text": "x",
    "null": None,
    "operations that are none": [WELL_FORMED, 1],
    "no op": [WELL_FORMED, {"path": "/name", "value": "x"}],
    "unknown op": [WELL_FORMED, {"op": "drop", "path": "/name"}],
    "op that is no text": [WELL_FORMED, {"op": ["add"], "path": "/name", "value": 1}],
    "op of an object": [WELL_FORMED, {"op": {}, "path": "/name", "value": 1}],
    "no path": [WELL_FORMED, {"op": "remove"}],
    "path that is no text": [WELL_FORMED, {"op": "remove", "path": ["note"]}],
    "path without slash": [WELL_FORMED, {"op": "remove", "path": "note"}],
    "no value": [WELL_FORMED, {"op": "add", "path": "/x"}],
    "no from": [WELL_FORMED, {"op": "copy", "path": "/x"}],
    "from of null": [WELL_FORMED, {"op": "move", "path": "/x", "from": None}],
    "bad escape": [WELL_FORMED, {"op": "remove", "path": "/a~2b"}],
    "escape at the end": [WELL_FORMED, {"op": "remove", "path": "/a~"}],
    "1,001 operations": [WELL_FORMED] * 1_001,
    "20,000 operations": [WELL_FORMED] * 20_000,
    "1,000 large texts": [{**WELL_FORMED, "value": "x" * 9_000}] * 1_000
    + [{"op": "copy", "from": "/name", "path": "/copy"}] * 1,
}


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_patch_is_refused(tmf: Client, victim: str, kind: str) -> None:
    body = json.dumps(MALFORMED[kind]).encode()
    for media_type in (JSON_PATCH, JSON_PATCH_QUERY):
        check_refused(patch(tmf.root, victim, body, media_type), 400, "invalidPatch")


def copies(path: str, count: int) -> list[dict[str, str]]:
    """Each copies all that is under the path into it: twice as much every time."""
    return [{"op": "copy", "from": path, "path": f"{path}/{n}"} for n in range(count)]


GROWING: dict[str, list[dict[str, Any]]] = {
    "the document into itself": copies("", 60),
    "an object into itself": [
        {"op": "add", "path": "/a", "value": {"x": [0] * 1_000}},
        *copies("/a", 60),
    ],
    "an array into itself": [{"op": "add", "path": "/a", "value": ["x" * 1_000] * 10}]
    + [{"op": "copy", "from": "/a", "path": "/a/-"}] * 900,
    "two arrays by turns": [{"op": "add", "path": "/a", "value": [[0]] * 500}]
    + [{"op": "copy", "from": f"/{'ab'[n % 2]}", "path": f"/{'ba'[n % 2]}"} for n in range(2)]
    + [{"op": "copy", "from": f"/{'ab'[n % 2]}", "path": f"/{'ba'[n % 2]}/0"} for n in range(900)],
    "empty arrays": [{"op": "add", "path": "/a", "value": [[]] * 45_000}]
    + [{"op": "copy", "from": "/a", "path": f"/a{n}"} for n in range(900)],
    "a long text": [{"op": "add", "path": "/a", "value": "x" * 1_000_000}]
    + [{"op": "copy", "from": "/a", "path": f"/a{n}"} for n in range(900)],
    "to and fro": [{"op": "add", "path": "/a", "value": list(range(80_000))}]
    + [{"op": "move", "from": f"/{'ab'[n % 2]}", "path": f"/{'ba'[n % 2]}"} for n in range(900)],
    "too deep": [{"op": "add", "path": "/a", "value": {}}]
    + [{"op": "add", "path": "/a" * n, "value": {}} for n in range(2, 65)],
    "too many values": [
        {"op": "add", "path": "/a", "value": [0] * 60_000},
        {"op": "copy", "from": "/a", "path": "/b"},
    ],
}


@pytest.mark.parametrize("kind", GROWING)
def test_a_patch_that_grows_without_end_is_refused(tmf: Client, victim: str, kind: str) -> None:
    body = json.dumps(GROWING[kind]).encode()
    for media_type in (JSON_PATCH, JSON_PATCH_QUERY):
        reply = patch(tmf.root, victim, body, media_type)
        check_refused(reply, 409, "patchNotApplicable")


def test_merge_patches_do_not_grow_a_document_without_end(tmf: Client, victim: str) -> None:
    created = tmf.create("TMF620/category", {"name": "x"})
    path = created["href"].removeprefix(tmf.root)

    for name in ("a", "b"):
        body = json.dumps({name: [0] * 60_000}).encode()
        reply = patch(tmf.root, path, body, MERGE)

    check_refused(reply, 409, "patchNotApplicable")
    assert tmf.read(path)["a"] == [0] * 60_000
    assert "b" not in tmf.read(path)
    assert tmf.delete(path).status_code == 204


NOT_APPLICABLE: dict[str, dict[str, Any]] = {
    "remove of all": {"op": "remove", "path": ""},
    "move of all": {"op": "move", "from": "", "path": "/a"},
    "replaced by a text": {"op": "replace", "path": "", "value": "x"},
    "replaced by null": {"op": "replace", "path": "", "value": None},
    "replaced by an array": {"op": "replace", "path": "", "value": [1]},
    "into itself": {"op": "move", "from": "/note", "path": "/note/0"},
    "into itself below": {"op": "move", "from": "/note/0", "path": "/note/0/text"},
    "nothing there": {"op": "remove", "path": "/nothing"},
    "nothing to move": {"op": "move", "from": "/nothing", "path": "/a"},
    "below a text": {"op": "add", "path": "/name/x", "value": 1},
    "below nothing": {"op": "add", "path": "/a/b/c", "value": 1},
    "element behind the end": {"op": "replace", "path": "/note/-", "value": {}},
    "remove behind the end": {"op": "remove", "path": "/note/-"},
    "index with a zero": {"op": "remove", "path": "/note/01"},
    "index of minus one": {"op": "remove", "path": "/note/-1"},
    "index of plus one": {"op": "remove", "path": "/note/+1"},
    "index of a billion": {"op": "add", "path": "/note/1000000000", "value": {}},
    "index by exponent": {"op": "add", "path": "/note/1e9", "value": {}},
    "index of 1,000 digits": {"op": "add", "path": "/note/" + "9" * 1_000, "value": {}},
    "index of arabic digits": {"op": "remove", "path": "/note/\u0661"},
    "index of blanks": {"op": "remove", "path": "/note/ 1"},
    "index of a name": {"op": "remove", "path": "/note/length"},
    "empty index": {"op": "remove", "path": "/note/"},
    "1,000 names": {"op": "add", "path": "/a" * 1_000, "value": 1},
    "1,000,000 characters": {"op": "remove", "path": "/" + "x" * 1_000_000},
    "python's own": {"op": "remove", "path": "/__class__"},
    "another value": {"op": "test", "path": "/name", "value": "other"},
    "true for one": {"op": "test", "path": "/version", "value": 1},
    "NUL-less twin": {"op": "test", "path": "/name", "value": "victim\u200b"},
}


@pytest.mark.parametrize("kind", NOT_APPLICABLE)
def test_a_patch_that_leads_nowhere_is_refused_whole(tmf: Client, victim: str, kind: str) -> None:
    body = json.dumps([WELL_FORMED, NOT_APPLICABLE[kind]]).encode()
    for media_type in (JSON_PATCH, JSON_PATCH_QUERY):
        reply = patch(tmf.root, victim, body, media_type)
        check_refused(reply, 409, "patchNotApplicable")


def test_tests_and_moves_onto_itself_change_nothing(tmf: Client, victim: str) -> None:
    before = tmf.get(victim)
    operations = [{"op": "move", "from": "/note/1", "path": "/note/1"}] * 500
    operations += [{"op": "test", "path": "/note/1/author", "value": "second"}] * 500

    answer = tmf.patch(victim, operations, JSON_PATCH)

    assert answer.status_code == 200
    assert answer.content == before.content
    assert answer.headers["ETag"] == before.headers["ETag"]


SELECTORS = {
    "no value": ("/note?author", 400),
    "no name": ("/note?=first", 400),
    "nothing": ("/note?", 400),
    "operator": ("/note?author>first", 400),
    "other operator": ("/note?author!=first", 400),
    "expression": ("/note?author*=.*", 400),
    "empty names": ("/note?a..b=1", 400),
    "nobody": ("/note?author=nobody", 409),
    "SQL": ("/note?author=' OR '1'='1", 409),
    "SQL as name": ("/note?'; DROP TABLE hub; --=1", 409),
    "two question marks": ("/note?author=first?text=x", 409),
    "65 criteria": ("/note?" + "&".join(["author=nobody"] * 65), 409),
    "100,000 criteria": ("/note?" + "&".join(["author=nobody"] * 100_000), 409),
    "65 selectors": ("/note?author=first" * 65, 409),
    "1,000 names": ("/note?" + ".".join("a" * 1_000) + "=1", 409),
    "1,000,000 characters": ("/note?author=" + "x" * 1_000_000, 409),
    "NUL": ("/note?author=%00", 409),
    "byte": ("/note?author=%FF", 409),
    "half a percent": ("/note?author=%", 409),
    "selector below a text": ("/name?a=1/b?c=2/d?e=3", 409),
    "nested selectors": ("/note?author=first" + "/note?author=first" * 60, 409),
    "bad escape": ("/note?author=~2", 400),
}


@pytest.mark.parametrize("kind", SELECTORS)
def test_a_hostile_selector_is_refused(tmf: Client, victim: str, kind: str) -> None:
    path, status = SELECTORS[kind]
    code = "invalidPatch" if status == 400 else "patchNotApplicable"
    for operation in (
        {"op": "remove", "path": path},
        {"op": "replace", "path": path, "value": {}},
        {"op": "copy", "from": path, "path": "/a"},
    ):
        body = json.dumps([WELL_FORMED, operation]).encode()
        check_refused(patch(tmf.root, victim, body, JSON_PATCH_QUERY), status, code)


def test_selectors_over_a_large_document_are_bounded(tmf: Client) -> None:
    notes = [{"author": "x", "text": str(number)} for number in range(10_000)]
    created = tmf.create("TMF620/category", {"name": "x", "note": notes})
    path = created["href"].removeprefix(tmf.root)
    operations = [{"op": "test", "path": "/note?text=9999/author", "value": "x"}] * 1_000

    reply = patch(tmf.root, path, json.dumps(operations).encode(), JSON_PATCH_QUERY)

    check_refused(reply, 409, "patchNotApplicable")
    assert tmf.delete(path).status_code == 204
