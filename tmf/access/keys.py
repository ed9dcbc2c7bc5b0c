"""Access keys, and the file that lists them: hashes only, so that reading it opens nothing.

A key is 256 random bits, so one round of SHA-256 is enough: there is no dictionary to try, and
a slow hash would have to be paid on every request.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from tmf.access.callers import REALM_PATTERN, Caller, Role

PREFIX = "tmf_"
"""What every key starts with: scanners for leaked secrets can look for it."""

_ID_BYTES = 6
_SECRET_BYTES = 32

Id = Annotated[str, Meta(pattern=r"^[0-9a-f]{12}\Z")]
Digest = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
Realm = Annotated[str, Meta(pattern=REALM_PATTERN)]
Party = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]{1,256}\Z")]
Name = Annotated[str, Meta(pattern=r"^[^\x00-\x1f\x7f]{0,256}\Z")]


class KeyFileError(Exception):
    """The file of keys cannot be used; the message says why."""


class Key(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One line of the file; `created` is RFC 3339. The key itself is nowhere kept."""

    id: Id
    sha256: Digest
    realm: Realm
    role: Role
    created: str
    party: Party | None = None
    name: Name = ""

    def caller(self) -> Caller:
        """Whom the key stands for."""
        return Caller(self.realm, self.role, self.party, self.id, self.name)


class _File(msgspec.Struct, forbid_unknown_fields=True):
    keys: list[Key]


def digest_of(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def new_key(
    *, realm: str, role: str, created: str, party: str | None = None, name: str = ""
) -> tuple[str, Key]:
    """A key, to be shown once, and what is kept of it; KeyFileError if it cannot be."""
    identity = secrets.token_hex(_ID_BYTES)
    key = f"{PREFIX}{identity}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    stated = {
        "id": identity,
        "sha256": digest_of(key),
        "realm": realm,
        "role": role,
        "created": created,
        "party": party,
        "name": name,
    }
    try:
        kept = msgspec.convert(stated, Key)
    except msgspec.ValidationError as error:
        raise KeyFileError(str(error)) from error
    if not _party_fits(kept):
        raise KeyFileError(_PARTY)
    return key, kept


def parse_keys(text: bytes) -> tuple[Key, ...]:
    """The keys of a file; KeyFileError if it is not as `tmf keys` writes it."""
    try:
        keys = msgspec.json.decode(text, type=_File).keys
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise KeyFileError(str(error)) from error
    for key in keys:
        if not _party_fits(key):
            raise KeyFileError(f"key {key.id}: {_PARTY}")
    for attribute in ("id", "sha256"):
        if len({getattr(key, attribute) for key in keys}) < len(keys):
            raise KeyFileError(f"two keys have the same {attribute}")
    return tuple(keys)


def format_keys(keys: Sequence[Key]) -> bytes:
    """The text of a file, a key on each line."""
    lines = b",\n".join(msgspec.json.encode(key) for key in keys)
    return b'{"keys":[\n' + lines + b"\n]}\n"


_PARTY = "a partner has a party, and no other role has one"


def _party_fits(key: Key) -> bool:
    return (key.role == "partner") == (key.party is not None)
