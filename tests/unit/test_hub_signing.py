"""Signatures, judged by the library that the scheme's authors publish."""

from __future__ import annotations

import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tmf.hub.signing import new_secret, signatures

BODY = '{"name":"Łódź"}'.encode()


def headers(*secrets: str, identity: str = "e1", moment: float | None = None) -> dict[str, str]:
    timestamp = int(time.time() if moment is None else moment)
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signatures(secrets, identity, timestamp, BODY),
    }


def test_a_signature_is_verified_by_the_secret_and_no_other() -> None:
    secret, other = new_secret(), new_secret()

    assert Webhook(secret).verify(BODY, headers(secret)) == {"name": "Łódź"}
    with pytest.raises(WebhookVerificationError):
        Webhook(other).verify(BODY, headers(secret))


def test_while_a_secret_is_rotated_both_verify() -> None:
    new, old = new_secret(), new_secret()
    sent = headers(new, old)

    assert len(sent["webhook-signature"].split()) == 2
    for secret in (new, old):
        Webhook(secret).verify(BODY, sent)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp"])
def test_id_and_time_are_signed_too(name: str) -> None:
    secret = new_secret()
    sent = headers(secret)
    sent[name] = {"webhook-id": "e2", "webhook-timestamp": str(int(time.time()) + 1)}[name]

    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY, sent)
