"""Whom a server without keys may reach: this machine only."""

from __future__ import annotations

import ipaddress


class OpenServerError(Exception):
    """Strangers could reach a server that asks nobody who is calling; the message says so."""


def check_reach(host: str, *, keys: bool, insecure: bool) -> None:
    """Refuse an address beyond loopback without keys, unless it is said that this is meant."""
    if not (keys or insecure or is_loopback(host)):
        raise OpenServerError(
            "without access keys (TMF_API_KEYS) the server listens on loopback only, not on "
            f"{host or 'every address'}: add keys with 'tmf keys add', or say --insecure"
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address: 127.0.0.0/8, ::1 or localhost."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
