"""Signatures on what is sent to listeners, by the Standard Webhooks scheme (HMAC-SHA256, `v1`)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

PREFIX = "whsec_"
"""How secrets start; what follows is 32 random bytes in base64."""


def new_secret() -> str:
    """A secret of 256 random bits, as `whsec_…`."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def signatures(secrets_: Iterable[str], identity: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` header: one signature for each secret, separated by blanks.

    `timestamp` is in seconds since 1970, as in `webhook-timestamp`.
    """
    signed = f"{identity}.{timestamp}.".encode() + body
    return " ".join(_signature(secret, signed) for secret in secrets_)


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"
