"""Paths and ids made to lead elsewhere: slashes, dots, encodings, length, other resources."""

from __future__ import annotations

import pytest

from tests.e2e.client import JSON, MERGE, PATHS, Client
from tests.e2e.hostile import CATEGORY, check_refused, check_too_long, request, send

pytestmark = pytest.mark.usefixtures("nothing_changes")

NOBODY = {
    "slash": "a/b",
    "encoded slash": "a%2Fb",
    "encoded slash in lower case": "a%2fb",
    "twice encoded slash": "a%252Fb",
    "encoded backslash": "a%5Cb",
    "backslash": "a\\b",
    "two dots": "..",
    "encoded dots": "%2e%2e",
    "half encoded dots": ".%2e",
    "overlong dots": "%c0%ae%c0%ae",
    "way up": "../../../../etc/passwd",
    "encoded way up": "..%2f..%2f..%2fetc%2fpasswd",
    "backslash way up": "..%5c..%5cetc",
    "one dot": ".",
    "NUL": "%00",
    "NUL behind": "a%00",
    "NUL and suffix": "a%00.json",
    "newline": "a%0Ab",
    "header": "a%0D%0AX-Header:%201",
    "blank": "%20",
    "tab": "%09",
    "escape": "%1b[31m",
    "delete": "%7f",
    "accent": "%C3%A9",
    "emoji": "%F0%9F%92%A3",
    "right to left": "%E2%80%AEdi",
    "zero width": "a%E2%80%8B",
    "fullwidth dots": "%EF%BC%8E%EF%BC%8E",
    "byte": "%FF",
    "surrogate": "%ED%A0%80",
    "overlong slash": "a%C0%AFb",
    "percent": "%",
    "half a percent": "%4",
    "no hexadecimal": "%zz",
    "%u": "%u0041",
    "quotes": "%22",
    "angle brackets": "%3Cscript%3E",
    "braces": "{id}",
    "template": "%7Bid%7D",
    "129 characters": "x" * 129,
    "10,000 characters": "x" * 10_000,
    "10,000 encoded characters": "%78" * 10_000,
    "parameters": ";jsessionid=1",
    "wildcard": "*",
    "stars": "%25",
    "null": "null",
    "undefined": "undefined",
    "SQL": "'%20OR%20'1'='1",
    "SQL comment": "1'--",
    "LIKE": "_",
    "number": "1e309",
    "minus": "-1",
    "collection": "category",
    "hub": "hub",
    "specification": "openapi.json",
}
"""Ids under which there is nothing, as they stand in a request line."""

METHODS = [("GET", b""), ("PATCH", b'{"name":"changed"}'), ("DELETE", b"")]


@pytest.mark.parametrize("kind", NOBODY)
def test_nothing_is_found_under_a_hostile_id(tmf: Client, kind: str) -> None:
    for method, body in METHODS:
        target = f"{CATEGORY}/{NOBODY[kind]}"
        reply = send(tmf.root, request(method, target, body, [("Content-Type", MERGE)]))
        check_refused(reply, 404, "notFound")


@pytest.mark.parametrize("kind", NOBODY)
def test_nor_among_listeners_jobs_and_files(tmf: Client, kind: str) -> None:
    base = PATHS["TMF620"]
    for collection in (f"{base}/hub", f"{base}/importJob", "/files/export", "/docs/static"):
        reply = send(tmf.root, request("GET", f"{collection}/{NOBODY[kind]}"))
        check_refused(reply, 404, "notFound")


@pytest.mark.parametrize(
    "target", ["/é".encode(), b"/\xff", b"/\xc0\xaf", b"/\0", b"/a b", b"/\x7f", b"/\t"]
)
def test_a_path_of_other_bytes_is_no_http(tmf: Client, target: bytes) -> None:
    check_refused(send(tmf.root, request("GET", CATEGORY.encode() + target)), 400, "invalidRequest")


ELSEWHERE = {
    "nothing": "//",
    "no base": "/category",
    "other case": CATEGORY.upper(),
    "dots in the path": f"{PATHS['TMF620']}/x/../category",
    "encoded dots in the path": f"{PATHS['TMF620']}/x/%2e%2e/category",
    "encoded slash in the path": CATEGORY.replace("/v4/", "%2Fv4%2F"),
    "two slashes": CATEGORY.replace("/v4/", "/v4//"),
    "slash in front": f"/{CATEGORY}",
    "NUL": f"{CATEGORY}%00",
    "semicolon": f"{CATEGORY};x=1",
    "suffix": f"{CATEGORY}.json",
    "deep": "/a" * 10_000,
    "dots": "/.." * 5_000,
    "admin": "/admin",
    "git": "/.git/config",
    "environment": "/.env",
    "passwords": "/etc/passwd",
    "database": "/tmf.db",
    "static": "/docs/static/../../../../etc/passwd",
    "encoded static": "/docs/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "absolute static": "/docs/static//etc/passwd",
    "python static": "/docs/static/..%5c..%5c__init__.py",
    "export": "/files/export/../../tmf.db",
    "encoded export": "/files/export/%2e%2e%2ftmf.db",
    "export of no JSON": "/files/export/x.part",
}


@pytest.mark.parametrize("kind", ELSEWHERE)
def test_nothing_is_found_elsewhere(tmf: Client, kind: str) -> None:
    check_refused(send(tmf.root, request("GET", ELSEWHERE[kind])), 404, "notFound")


def test_a_path_without_end_is_refused(tmf: Client) -> None:
    reply = send(tmf.root, request("GET", CATEGORY + "/x" * 100_000))

    check_too_long(reply)


ODD = ["!$&'()*+,;=:@-._~", "1';DROP--", "...", "x" * 128, "--", "=", "@type", "0", "%41"]


@pytest.mark.parametrize("identity", ODD)
def test_an_odd_id_within_the_rules_leads_to_its_own_resource(tmf: Client, identity: str) -> None:
    meant = identity.replace("%41", "A")
    created = tmf.create("TMF620/category", {"id": meant, "name": "x"})
    target = f"{CATEGORY}/{identity}"

    reply = send(tmf.root, request("GET", target))

    assert reply.status == 200
    assert reply.json()["id"] == created["id"] == meant
    assert reply.json()["href"].endswith(f"/{meant}")
    gone = send(tmf.root, request("DELETE", target, headers=[("Content-Type", JSON)]))
    assert gone.status == 204
