"""Access keys: what they look like, and what is kept of them."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest

from tmf.access.callers import Caller
from tmf.access.keys import KeyFileError, digest_of, format_keys, new_key, parse_keys

CREATED = "2030-01-01T00:00:00+00:00"
LISTED: dict[str, Any] = {
    "id": "0123456789ab",
    "sha256": "0" * 64,
    "realm": "default",
    "role": "reader",
    "created": CREATED,
}


def file_of(*keys: dict[str, Any]) -> bytes:
    return json.dumps({"keys": keys}).encode()


def test_a_key_can_be_recognised_and_holds_256_random_bits() -> None:
    made = [new_key(realm="default", role="reader", created=CREATED) for _ in range(50)]

    for key, kept in made:
        assert re.fullmatch(rf"tmf_{kept.id}_[A-Za-z0-9_-]{{43}}", key)
    assert len({key.split("_", 2)[2] for key, _ in made}) == 50


def test_only_the_hash_of_a_key_is_kept() -> None:
    key, kept = new_key(realm="r-1", role="partner", created=CREATED, party="p", name="Ann")
    text = format_keys([kept])

    assert kept.sha256 == hashlib.sha256(key.encode()).hexdigest() == digest_of(key)
    assert key.encode() not in text
    assert key.split("_", 2)[2].encode() not in text
    assert kept.caller() == Caller("r-1", "partner", "p", kept.id, "Ann")


def test_keys_are_read_as_they_were_written() -> None:
    kept = [
        new_key(realm="default", role="operator", created=CREATED)[1],
        new_key(realm="b", role="partner", created=CREATED, party='"ä, 1', name="Zoë")[1],
    ]

    assert list(parse_keys(format_keys(kept))) == kept
    assert parse_keys(format_keys([])) == ()


@pytest.mark.parametrize("realm", ["", "a.b", "A", "a/b", "..", "a b", "a\n", "x" * 65, "é"])
def test_a_realm_is_a_plain_name(realm: str) -> None:
    with pytest.raises(KeyFileError, match="realm"):
        new_key(realm=realm, role="reader", created=CREATED)
    with pytest.raises(KeyFileError, match="realm"):
        parse_keys(file_of({**LISTED, "realm": realm}))


@pytest.mark.parametrize(
    ("role", "party"), [("partner", None), ("reader", "p"), ("writer", "p"), ("operator", "p")]
)
def test_partners_have_a_party_and_nobody_else_has(role: str, party: str | None) -> None:
    with pytest.raises(KeyFileError, match="party"):
        new_key(realm="default", role=role, created=CREATED, party=party)
    with pytest.raises(KeyFileError, match=r"0123456789ab.*party"):
        parse_keys(file_of({**LISTED, "role": role, **({"party": party} if party else {})}))


@pytest.mark.parametrize("text", ["", "x\ny", "x\n", "\x7f", "x" * 257])
def test_a_party_is_a_line_of_text(text: str) -> None:
    with pytest.raises(KeyFileError, match="party"):
        new_key(realm="default", role="partner", created=CREATED, party=text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "truncated"),
        (b"{", "truncated"),
        (b"\xff", "malformed"),
        (b"[]", "object"),
        (b"{}", "keys"),
        (b'{"keys": 1}', "array"),
        (b'{"keys": [], "more": 1}', "more"),
        (file_of({**LISTED, "role": "root"}), "root"),
        (file_of({**LISTED, "sha256": "F" * 64}), "sha256"),
        (file_of({**LISTED, "id": "x"}), "id"),
        (file_of({**LISTED, "secret": "x"}), "secret"),
        (file_of({name: LISTED[name] for name in LISTED if name != "realm"}), "realm"),
        (file_of(LISTED, {**LISTED, "sha256": "1" * 64}), "same id"),
        (file_of(LISTED, {**LISTED, "id": "a" * 12}), "same sha256"),
    ],
)
def test_a_file_that_is_not_as_it_should_be_is_refused(text: bytes, message: str) -> None:
    with pytest.raises(KeyFileError, match=message):
        parse_keys(text)
