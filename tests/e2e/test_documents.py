"""Documents come back as they were sent.

The documents are files `<API>/<resource>/<n>.<kind>.json`: a `post` is POSTed, a `resource`
(as a server would answer it) is loaded with `tmf load`, a `patch` is applied to a resource made
for it. Those in `documents/` have the shapes that published examples have. TMF_EXAMPLES_DIR
names a folder with more of them: TM Forum's own examples, which may not be passed on, for
instance.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import commands, still
from tests.e2e.client import JSON, JSON_PATCH, PATHS, Client, Number, holds, spelt, unique
from tests.e2e.minimal import CREATED, LOADED

FOLDERS = [Path(__file__).parent / "documents"]
if given := os.environ.get("TMF_EXAMPLES_DIR"):
    FOLDERS.append(Path(given))

SERVER_SET = ("href", "lastUpdate", "lastModified", "orderDate")
"""Attributes at the top that are the server's whatever is sent (in an answer to a POST)."""


tmf, session_database_url = still.tmf, still.session_database_url


def documents(kind: str) -> pytest.MarkDecorator:
    """Every document of a kind, by place and file."""
    files = [
        (f"{file.parts[-3]}/{file.parts[-2]}", file)
        for folder in FOLDERS
        for file in sorted(folder.glob(f"TMF*/*/*.{kind}.json"))
    ]
    ids = ["/".join(file.parts[-3:]) for _, file in files]
    return pytest.mark.parametrize(("place", "file"), files, ids=ids)


def without(document: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in names}


@documents("post")
def test_what_is_posted_comes_back_as_it_was_sent(tmf: Client, place: str, file: Path) -> None:
    sent = spelt(file.read_text())
    tmf.delete(f"{place}/{sent.get('id', 'none')}")

    answer = tmf.ask("POST", place, file.read_bytes(), Content_Type=JSON)

    assert answer.status_code == 201, answer.text
    created = spelt(answer.text)
    # An order of 2013 is placed today; an installed product was ordered when its sender says.
    kept = without(sent, SERVER_SET if place == "TMF622/productOrder" else SERVER_SET[:3])
    assert holds(created, kept)
    assert spelt(tmf.get(answer.headers["Location"]).text) == created
    assert spelt(tmf.get(f"{place}?id={created['id']}").text) == [created]
    for name in kept:
        selected = tmf.get(f"{answer.headers['Location']}?fields={name}").text
        assert spelt(selected).get(name) == created[name]


@documents("resource")
def test_what_is_loaded_comes_back_as_it_was_in_the_file(
    tmf: Client, session_database_url: str, tmp_path: Path, place: str, file: Path
) -> None:
    api, resource = place.split("/")
    sent = spelt(file.read_text())

    text = f'{{"{api}": {{"{resource}": [{file.read_text()}]}}}}'
    commands.loaded(text, session_database_url, tmp_path)

    answer = tmf.get(f"{place}/{sent['id']}")
    assert answer.status_code == 200
    assert holds(spelt(answer.text), without(sent, ("href",)))
    assert answer.json()["href"] == tmf.url(f"{place}/{sent['id']}")


@documents("patch")
def test_what_is_patched_comes_back_as_it_was_sent(
    tmf: Client, session_database_url: str, tmp_path: Path, place: str, file: Path
) -> None:
    before = made(tmf, place, session_database_url, tmp_path)
    patch = spelt(file.read_text())

    answer = tmf.ask("PATCH", f"{place}/{before['id']}", file.read_bytes(), Content_Type=JSON)

    assert answer.status_code == 200, answer.text
    assert holds(spelt(answer.text), patch)
    assert spelt(tmf.get(f"{place}/{before['id']}").text) == spelt(answer.text)


def made(tmf: Client, place: str, database_url: str, folder: Path) -> Any:
    """A new minimal resource, by whichever way leads to one."""
    if place in CREATED:
        return tmf.create(place, CREATED[place])
    api, resource = place.split("/")
    document = {"id": unique("patched"), **LOADED[place]}
    commands.loaded({api: {resource: [document]}}, database_url, folder)
    return document


def test_every_api_has_a_document_of_our_own() -> None:
    assert {folder.name for folder in FOLDERS[0].iterdir()} == PATHS.keys()


# --- Numbers ---

SPELLINGS = [
    "10.00",
    "1e5",
    "1E+2",
    "1.50e-3",
    "-0.0",
    "0.0000001",
    "-0.0000000",
    "0.10",
    "100",
    "12345678901234567890123",
    "0.1234567890123456789012345",
    "1e400",
]


@pytest.fixture
def priced(tmf: Client) -> str:
    """The place of a price that has a number of every spelling, twice."""
    numbers = ", ".join(SPELLINGS)
    document = f'{{"name": "x", "numbers": [{numbers}], "deep": {{"er": [{{"n": [{numbers}]}}]}}}}'
    answer = tmf.post("TMF620/productOfferingPrice", document)
    assert answer.status_code == 201, answer.text
    return f"TMF620/productOfferingPrice/{answer.json()['id']}"


def numbers_of(text: str) -> list[str]:
    """The spellings in an answer; both places must agree."""
    document = spelt(text)
    document = document[0] if isinstance(document, list) else document
    flat, deep = document["numbers"], document["deep"]["er"][0]["n"]
    assert flat == deep
    assert all(isinstance(number, Number) for number in flat)
    return [number.spelling for number in flat]


@pytest.mark.parametrize("query", ["", "?fields=numbers,deep", "?fields=numbers,deep.er.n"])
def test_numbers_keep_their_spelling_in_every_answer(tmf: Client, priced: str, query: str) -> None:
    identity = priced.rpartition("/")[2]

    assert numbers_of(tmf.get(priced + query).text) == SPELLINGS
    listed = f"TMF620/productOfferingPrice?id={identity}" + query.replace("?", "&")
    assert numbers_of(tmf.get(listed).text) == SPELLINGS


@pytest.mark.parametrize(
    ("media_type", "patch"),
    [
        (JSON, '{"name": "y", "other": 3.140}'),
        (
            JSON_PATCH,
            '[{"op": "replace", "path": "/name", "value": "y"},'
            ' {"op": "add", "path": "/other", "value": 3.140}]',
        ),
    ],
    ids=["merge", "json-patch"],
)
def test_numbers_keep_their_spelling_through_a_patch(
    tmf: Client, priced: str, media_type: str, patch: str
) -> None:
    answer = tmf.ask("PATCH", priced, patch, Content_Type=media_type)

    assert numbers_of(answer.text) == SPELLINGS
    assert spelt(answer.text)["other"] == Number("3.140")
    assert numbers_of(tmf.get(priced).text) == SPELLINGS


# --- Times, texts, names ---


@pytest.mark.parametrize(
    "asked",
    [
        "validFor.startDateTime=2017-08-23T00:00",
        "validFor.startDateTime=2017-08-23T00:00:00Z",
        "validFor.startDateTime=2017-08-23T02:00:00.000+02:00",
        "validFor.startDateTime.lt=2017-08-23T00:01",
        "validFor.startDateTime=2017-08-23",
    ],
)
def test_a_time_without_seconds_or_zone_is_kept_and_found_as_utc(tmf: Client, asked: str) -> None:
    name = unique("time")
    period = {"startDateTime": "2017-08-23T00:00"}
    created = tmf.create("TMF620/category", {"name": name, "validFor": period})

    assert created["validFor"] == period
    assert tmf.ids(f"TMF620/category?name={name}&{asked}") == [created["id"]]


def test_texts_of_all_scripts_and_unknown_attributes_are_kept(tmf: Client) -> None:
    document = {
        "name": 'quote " backslash \\ slash / tab \t line \n \x7f \u2028',
        "description": "Größe 港湾 ⚓ \U0001f6a2 e\u0301",
        "@type": "Harbour",
        "größe ⚓": {"": "empty name", "a.b": 1, "$": [[], {}, [[{}]]], "null": None},
    }

    created = tmf.create("TMF620/category", document)

    assert created.items() >= document.items()
    assert list(created["größe ⚓"]) == list(document["größe ⚓"])
    assert tmf.read(created["href"]) == created


def test_a_large_document_is_kept_whole(tmf: Client) -> None:
    document = {"name": unique("large"), "notes": [f"{n} " + "x" * 1000 for n in range(2000)]}

    created = tmf.create("TMF620/category", document)

    assert tmf.read(created["href"])["notes"] == document["notes"]


# --- What no document may be ---


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "invalidBody"),
        ("{", "invalidBody"),
        ('{"name": "x",}', "invalidBody"),
        ('{"name": "x"} {}', "invalidBody"),
        ('{"name": NaN}', "invalidBody"),
        ('{"name": "a\\u0000b"}', "invalidBody"),
        ('{"name": "x", "a\\u0000": 1}', "invalidBody"),
        ('{"name": "\\ud800"}', "invalidBody"),
        (b'{"name": "\xff"}', "invalidBody"),
        (json.dumps({"name": "x", "deep": eval("[" * 70 + "]" * 70)}), "invalidBody"),  # noqa: S307
        ("[" * 100_000, "invalidBody"),
        ("[]", "invalidDocument"),
        ("null", "invalidDocument"),
        ('"name"', "invalidDocument"),
        ("{}", "invalidDocument"),
        ('{"name": 7}', "invalidDocument"),
        ('{"name": null}', "invalidDocument"),
        ('{"name": "x", "id": "a/b"}', "invalidDocument"),
        ('{"name": "x", "id": ".."}', "invalidDocument"),
        ('{"name": "x", "id": ""}', "invalidDocument"),
        ('{"name": "x", "validFor": {"startDateTime": "yesterday"}}', "invalidDocument"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_cannot_be_kept_is_400_and_says_why(tmf: Client, body: str, code: str) -> None:
    answer = tmf.ask("POST", "TMF620/category", body, Content_Type=JSON)

    assert answer.status_code == 400
    assert answer.json()["code"] == code
    assert answer.json()["message"]
