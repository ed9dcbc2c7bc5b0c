"""SQL in every place that takes text: kept as it is, found as it is, and never run."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
import requests

from tests.e2e.client import JSON_PATCH, JSON_PATCH_QUERY, Client
from tests.e2e.test_refusals import check_error

pytestmark = pytest.mark.usefixtures("nothing_changes")

CATEGORY = "TMF620/category"

SQL = [
    "'; DROP TABLE tmf620_category; --",
    "' OR '1'='1",
    "x'); DELETE FROM tmf620_category; --",
    '"; DROP TABLE hub; --',
    "' UNION SELECT body FROM tmf620_category --",
    "'||(SELECT pg_sleep(30))||'",
    "1; SELECT pg_sleep(30)",
    "$$; DROP TABLE hub; $$",
    "\\'; DROP TABLE hub; --",
    "%' OR body LIKE '%",
    "':c0",
    "%(realm)s",
    ":realm",
    "?",
    "{0}%s%n",
    '$.a ? (@ like_regex ".*")',
    "a\".\"b' -> 'c",
    "/* */ COMMIT; --",
]


def quoted(text: str) -> str:
    return quote(text, safe="")


def as_jsonpath(text: str) -> str:
    """The text as a literal of JSONPath."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@pytest.mark.parametrize("sql", SQL)
def test_sql_in_a_document_is_kept_and_found(tmf: Client, sql: str) -> None:
    """As a value, as an attribute's name, and as both below others."""
    dotless = sql.replace(".", "")
    document: dict[str, Any] = {"name": sql, "description": sql, dotless: sql}
    document["deep"] = [{dotless: {dotless: sql}}]
    created = tmf.create(CATEGORY, document)

    assert {name: created[name] for name in document} == document
    value, name = quoted(sql), quoted(dotless)
    for criteria in (f"name={value}", f"filter={quoted(f'$[?(@.name=={as_jsonpath(sql)})]')}"):
        assert tmf.ids(f"{CATEGORY}?{criteria}") == [created["id"]]
    assert tmf.ids(f"{CATEGORY}?name.gte={value}&name.lte={value}") == [created["id"]]
    if not set(dotless) & set("=<>!*"):
        for criteria in (f"{name}={value}", f"deep.{name}.{name}={value}", f"{name}.gte={value}"):
            assert tmf.ids(f"{CATEGORY}?{criteria}") == [created["id"]]
        assert tmf.ids(f"{CATEGORY}?{name}.ne={value}&name={value}") == []
    assert tmf.delete(created["href"]).status_code == 204


def harmless(answer: requests.Response) -> None:
    """Answered with nothing, or refused as what cannot be understood."""
    if answer.status_code == 200:
        assert answer.json() == []
    else:
        check_error(answer, 400, "invalidQuery")


@pytest.mark.parametrize("sql", SQL)
def test_sql_in_a_query_is_only_text(tmf: Client, sql: str) -> None:
    text = quoted(sql)
    for query in (
        f"name={text}",
        f"name.gt={text}&name.lt={text}",
        f"lastUpdate.gt={text}",
        f"isRoot={text}",
        f"version=none&name.regex={text}",
        f"{text}=1",
        f"note.{text}={text}",
        f"name=nobody&sort={text}",
        f"name=nobody&fields={text}",
        f"id={text}",
        f"href={text}",
        f"filter={text}",
        f"filter=$[?(@.name=={text})]",
        f"filter=$[?(@['{text}']=='x')]",
        f"name=nobody&cursor={text}",
    ):
        harmless(tmf.get(f"{CATEGORY}?{query}"))


@pytest.mark.parametrize("sql", SQL)
def test_sql_in_place_of_a_number_or_an_id_is_refused(tmf: Client, sql: str) -> None:
    text = quoted(sql)
    for query in (f"limit={text}", f"offset={text}", f"limit=1&offset=0{text}"):
        check_error(tmf.get(f"{CATEGORY}?{query}"), 400, "invalidQuery")
    for method in ("GET", "DELETE"):
        check_error(tmf.ask(method, f"{CATEGORY}/{text}"), 404, "notFound")
        check_error(tmf.ask(method, f"TMF620/hub/{text}"), 404, "notFound")


@pytest.mark.parametrize("sql", SQL)
def test_sql_in_headers_is_only_text(tmf: Client, victim: str, sql: str) -> None:
    named = sql.encode("latin-1").decode("latin-1")
    check_error(tmf.patch(victim, {"name": "x"}, If_Match=named), 412, "preconditionFailed")
    assert tmf.get(victim, If_None_Match=named).status_code == 200
    assert tmf.get(victim, X_Request_Id=named).headers["X-Request-Id"] != named


@pytest.mark.parametrize("sql", SQL)
def test_sql_in_a_patch_is_kept_or_leads_nowhere(tmf: Client, sql: str) -> None:
    created = tmf.create(CATEGORY, {"name": "x", "note": [{"text": "first"}]})
    token = sql.replace("~", "~0").replace("/", "~1")
    place = created["href"]

    merged = tmf.patch(place, {"description": sql, sql: {sql: sql}})
    assert merged.json()[sql] == {sql: sql}
    patched = tmf.patch(place, [{"op": "copy", "from": f"/{token}", "path": "/copy"}], JSON_PATCH)
    assert patched.json()["copy"] == {sql: sql}
    selected = [{"op": "remove", "path": f"/note?text={quoted(sql).replace('/', '~1')}"}]
    answer = tmf.patch(place, selected, JSON_PATCH_QUERY)
    check_error(answer, 409, "patchNotApplicable")

    assert tmf.delete(place).status_code == 204


@pytest.mark.parametrize("sql", SQL)
def test_sql_in_a_listener_is_kept_or_refused(tmf: Client, sql: str) -> None:
    callback = {"callback": f"http://127.0.0.1:9/{quoted(sql)}"}
    listener = tmf.create("TMF620/hub", {**callback, "query": f"eventType={quoted(sql)}"})
    assert listener["callback"] == callback["callback"]
    assert tmf.delete(f"TMF620/hub/{listener['id']}").status_code == 204

    check_error(tmf.post("TMF620/hub", {"callback": sql}), 400, "invalidDocument")
    check_error(tmf.post("TMF620/hub", {"callback": f"http://{sql}/"}), 400, "invalidDocument")
    check_error(tmf.post("TMF620/hub", {**callback, "query": [sql]}), 400, "invalidDocument")


@pytest.mark.parametrize(
    "callback",
    [
        "", "http://", "http:///x", "//host/x", "host", "file:///etc/passwd", "ftp://host/x",
        "javascript:alert(1)", "gopher://host/", "http://[", "http://]", "http://[::1", "http://[zz]/",
        "http://[:::]/", "http://host:port/", "http://host:123456/", "http://ho st/",
        "http://host/a b", "http://host/\r\nX-Header: 1", "http://host\n/", "http://\u2100/",
        "http://\u00e9/", "http://a@b/",
        "http://user:password@host/", "http://host\\@other/", "http://" + "x" * 2000, " http://host/",
    ],
)  # fmt: skip
def test_an_address_that_cannot_be_called_is_refused(tmf: Client, callback: str) -> None:
    check_error(tmf.post("TMF620/hub", {"callback": callback}), 400, "invalidDocument")


@pytest.mark.parametrize(
    "callback", ["http://[::1]:80/x", "https://[2001:db8::7]", "http://xn--bcher-kva.example/x?y#z"]
)
def test_an_odd_address_that_can_be_called_is_taken(tmf: Client, callback: str) -> None:
    listener = tmf.create("TMF620/hub", {"callback": callback})

    assert listener["callback"] == callback
    assert tmf.delete(f"TMF620/hub/{listener['id']}").status_code == 204
