"""Query strings made to break the parser, the database or the patience of other clients."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.e2e.client import JSON, Client
from tests.e2e.hostile import CATEGORY, Reply, check_refused, check_too_long, post, request, send

pytestmark = pytest.mark.usefixtures("nothing_changes")


def listed(root: str, query: str | bytes) -> Reply:
    """The answer to a list with that query string, as it stands."""
    encoded = query.encode() if isinstance(query, str) else query
    return send(root, request("GET", CATEGORY.encode() + b"?" + encoded))


def jsonpath(text: str) -> str:
    """A `filter` that holds the text."""
    return f"filter={quote(text, safe='')}"


NUMBERS = {
    "negative": "-1",
    "fraction": "1.0",
    "exponent": "1e3",
    "plus": "%2B1",
    "blank": "%201",
    "2^63": str(2**63),
    "-2^63": str(-(2**63)),
    "2^64": str(2**64),
    "10^400": "1" + "0" * 400,
    "10^5000": "1" + "0" * 5000,
    "hexadecimal": "0x10",
    "underscore": "1_0",
    "arabic": quote("\u0661\u0660"),
    "fullwidth": quote("\uff11\uff10"),
    "superscript": quote("²"),
    "text": "ten",
    "NaN": "NaN",
    "empty": "",
    "list": "1,2",
    "NUL": "1%00",
    "newline": "1%0A",
    "zeros": "0" * 5000 + "1",
    "SQL": quote("1; DROP TABLE tmf620_category"),
}


@pytest.mark.parametrize("name", ["limit", "offset"])
@pytest.mark.parametrize("number", NUMBERS)
def test_what_is_no_number_of_resources_is_refused(tmf: Client, name: str, number: str) -> None:
    check_refused(listed(tmf.root, f"{name}={NUMBERS[number]}"), 400, "invalidQuery")


@pytest.mark.parametrize("query", ["limit=1&limit=1", "offset=0&offset=0", "sort=id&sort=name"])
def test_what_is_given_twice_is_refused(tmf: Client, query: str) -> None:
    check_refused(listed(tmf.root, query), 400, "invalidQuery")


REFUSED = {
    "limit past the largest": "limit=1001",
    "huge limit": "limit=999999999999999999",
    "huge offset": f"offset={2**53}",
    "65 criteria": "&".join(f"a{number}=1" for number in range(65)),
    "5,000 criteria": "&".join(f"a{number}=1" for number in range(5_000)),
    "5,000 equal criteria": "&".join(["name=x"] * 5_000),
    "alternatives by repetition": "&".join(f"name={number}" for number in range(100)),
    "alternatives by semicolon": ";".join(f"name={number}" for number in range(100)),
    "alternatives by comma": "name=" + ",".join(str(number) for number in range(800)),
    "alternatives of many": "&".join(f"a{n}=" + "1,2,3,4,5,6,7,8,9" for n in range(60)),
    "long value": "name=" + "x" * 4097,
    "long name": "x" * 1025 + "=1",
    "long query": "&".join(["fields=name"] * 4_000),
    "path of 33 names": ".".join("a" * 33) + "=1",
    "path of 500 names": ".".join("a" * 500) + "=1",
    "empty name in a path": "note..text=x",
    "path that begins with a dot": ".name=x",
    "path that ends with a dot": "name.=x",
    "only an operator": "=x",
    "no operator": "name",
    "two operators": "version.gt%3E=1",
    "two suffixes": "version.gt.lt=1",
    "not equal of another language": "name%3C%3Ex",
    "misspelt suffix": "name.like=x",
    "unknown reserved": "limit%3E=1",
    "object": "validFor=x",
    "date": "lastUpdate.gt=soon",
    "boolean": "isRoot=perhaps",
    "order of booleans": "isRoot.gt=true",
    "regex of a boolean": "isRoot.regex=t",
    "NUL in a value": "name=a%00b",
    "NUL in a name": "a%00b=1",
    "NUL in sort": "sort=na%00me",
    "NUL in fields": "fields=na%00me",
    "NUL in filter": "filter=$[?(@.name=='a%00b')]",
    "escaped NUL in filter": "filter=$[?(@.name=='a\\u0000b')]",
    "half a character in filter": "filter=$[?(@.name=='\\ud800')]",
    "byte": "name=%FF",
    "byte in a name": "%FF=1",
    "overlong": "name=%C0%AF",
    "overlong NUL": "name=%C0%80",
    "surrogate": "name=%ED%A0%80",
    "surrogate in sort": "sort=%ED%A0%80",
    "cut character": "name=%E2%82",
    "fields too long": "fields=" + "a," * 2_500,
    "9 sort keys": "sort=" + ",".join(f"a{number}" for number in range(9)),
    "1,000 sort keys": "sort=" + ",".join(f"a{number}" for number in range(1_000)),
    "sort key twice": "sort=name,-name",
    "empty sort key": "sort=name,,version",
    "two signs": "sort=--name",
    "sort by an object": "sort=validFor",
    "deep sort": "sort=" + ".".join("a" * 33),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_query_that_cannot_be_understood_is_refused(tmf: Client, kind: str) -> None:
    query = quote(REFUSED[kind], safe="%&=.,;-:+?@$()[]'\\")
    check_refused(listed(tmf.root, query), 400, "invalidQuery")


def test_a_query_of_100_000_fields_is_refused(tmf: Client) -> None:
    reply = listed(tmf.root, "fields=" + ",".join(f"a{number}" for number in range(100_000)))

    check_too_long(reply)


PATTERNS = {
    "unclosed": "(a",
    "backtracking reference": r"(a)\1",
    "lookahead": "(?=a)",
    "possessive": "a++b*+",
    "huge repetition": "a{1001}",
    "repetition of repetitions": "((a{1000}){1000}){1000}",
    "hundred": "((a{100}){100}){100}",
    "unknown class": r"\p{Nothing}",
    "1,025 characters": "a" * 1025,
    "4,097 characters": "a" * 4097,
    "nested groups": "(" * 1100 + ")" * 1100,
}


@pytest.mark.parametrize("kind", PATTERNS)
def test_a_regular_expression_that_is_none_or_too_large_is_refused(tmf: Client, kind: str) -> None:
    pattern = quote(PATTERNS[kind], safe="")
    check_refused(listed(tmf.root, f"name.regex={pattern}"), 400, "invalidQuery")
    check_refused(listed(tmf.root, f"name%2A={pattern}"), 400, "invalidQuery")
    check_refused(
        listed(tmf.root, jsonpath(f"$[?(@.name=~'{PATTERNS[kind]}')]")), 400, "invalidQuery"
    )


def test_a_regular_expression_of_a_million_characters_is_refused(tmf: Client) -> None:
    reply = listed(tmf.root, "name.regex=" + "a" * 1_000_000)

    check_too_long(reply)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$",
        "(a|aa)+$",
        "(a|a)*b",
        "((a*)*)*b",
        "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)x",
        "(a?){500}a{500}b",
        "(x+x+)+y",
        "[a-z]{1,300}[a-z]{1,300}0",
        "(" * 200 + "a" + ")*" * 200 + "b",
    ],
)
def test_a_regular_expression_made_to_backtrack_finds_nothing_in_time(
    tmf: Client, pattern: str
) -> None:
    created = post(tmf.root, b'{"name":"%s!"}' % (b"a" * 50_000)).json()
    criteria = f"id={created['id']}&name.regex={quote(pattern, safe='')}"

    reply = listed(tmf.root, criteria)

    assert tmf.delete(f"TMF620/category/{created['id']}").status_code == 204
    if reply.status == 400:  # larger, compiled, than is taken
        check_refused(reply, 400, "invalidQuery")
    else:
        assert (reply.status, reply.body) == (200, b"[]")


BOMBS = {
    "parentheses": "$[?(" + "(" * 1_000 + "@.name=='x'" + ")" * 1_000 + ")]",
    "unclosed parentheses": "$[?(" + "(" * 4_000,
    "brackets": "$" + "[?(@" * 500 + ".a" + ")]" * 500,
    "opening brackets": "$" + "[" * 4_000,
    "negations": "$[?(" + "!" * 4_000 + "@.name)]",
    "conjunctions": "$[?(" + "&&".join(["@.a==1"] * 480) + ")]",
    "disjunctions": "$[?(" + "||".join(["@.a==1"] * 480) + ")]",
    "steps": "$" + ".a" * 2_000,
    "bracketed steps": "$" + "['a']" * 800,
    "unclosed quote": "$[?(@.name=='x)]",
    "quote and backslashes": "$[?(@.name=='" + "\\" * 4_000,
    "huge text": "$[?(@.name=='" + "x" * 5_000 + "')]",
    "number of 10,000 digits": "$[?(@.a==1" + "0" * 10_000 + ")]",
    "descendants": "$..*..*..*..*",
    "wildcards": "$.*.*.*.*.*",
    "slice": "$.note[0:9999999999:1]",
    "index": "$.note[99999999999999999999]",
    "union": "$['a','b']",
    "script": "$[(@.length-1)]",
    "function": "$[?(@.name.length()>1)]",
    "python": "$[?(__import__('os').system('id'))]",
    "two attributes": "$[?(@.name==@.version)]",
    "root inside": "$[?($.name=='x')]",
    "regex": "$[?(@.name=~/(a/)]",
    "flags": "$[?(@.name=~/a/xyz)]",
    "nothing": "$[?()]",
    "empty": "",
    "dollar twice": "$$",
    "half": "$[?(@.name==",
    "emoji": "\U0001f4a3",
    "control": "$[?(@.name\x01=='x')]",
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_jsonpath_bomb_is_refused(tmf: Client, kind: str) -> None:
    check_refused(listed(tmf.root, jsonpath(BOMBS[kind])), 400, "invalidQuery")


HARMLESS = {
    "most criteria": "&".join(f"a{number}=1" for number in range(64)),
    "most alternatives": "a=" + ",".join(str(number) for number in range(500)),
    "longest path": ".".join("a" * 32) + "=1",
    "most conditions": jsonpath("$[?(" + "||".join(["@.a==1"] * 200) + ")]"),
    "deepest parentheses": jsonpath("$[?(" + "(" * 14 + "@.nothing==1" + ")" * 14 + ")]"),
    "number of 4,000 digits": jsonpath("$[?(@.nothing==1" + "0" * 4_000 + ")]"),
    "even negations": jsonpath("$[?(" + "!" * 14 + "@.a)]"),
    "many under arrays": "&".join(f"a.b.c.d{number}.regex=x" for number in range(60)),
    "largest offset": f"name=nobody&offset={2**53 - 1}",
    "operators in values": "name=%3E%3D%3C*=~!",
    "percent signs": "name=%25%&%zz=1",
    "ampersands": "&&&&name=nobody&&&&",
    "format": "name=%25s%25(x)s{0}%24{jndi:ldap://x}",
}


@pytest.mark.parametrize("kind", HARMLESS)
def test_a_query_at_the_bounds_is_answered(tmf: Client, kind: str) -> None:
    reply = listed(tmf.root, HARMLESS[kind])

    assert (reply.status, reply.body) == (200, b"[]")


@pytest.mark.parametrize(
    "query", ["fields=%00", "fields=%FF", "fields=" + "a" * 5_000, "x=" * 200_000]
)
def test_fields_of_a_single_resource_are_judged_too(tmf: Client, victim: str, query: str) -> None:
    for method, target in (("GET", victim), ("POST", CATEGORY), ("PATCH", victim)):
        body = b"" if method == "GET" else b'{"name":"changed"}'
        reply = send(tmf.root, request(method, f"{target}?{query}", body, [("Content-Type", JSON)]))
        check_too_long(reply)
