"""The address guard: which addresses a listener may not be at.

Judged where a connection is made, by the address it goes to: so neither a name that resolves to
something else the second time (DNS rebinding) nor an address spelt oddly gets past it.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from aiohttp.connector import AddrInfoType

Address = IPv4Address | IPv6Address

# Global by the register, or by an older one that the interpreter may have, and not for strangers.
_REFUSED = tuple(
    map(
        ip_network,
        (
            "168.63.129.16/32",  # a cloud's metadata service
            "192.0.0.0/24",  # protocol assignments, another cloud's metadata among them
            "192.88.99.0/24",  # relays of 6to4
            "64:ff9b:1::/48",  # translation to IPv4 within a network
            "fec0::/10",  # site-local, as it once was
            "::/96",  # IPv4-compatible, as it once was
        ),
    )
)
_NAT64 = ip_network("64:ff9b::/96")


class RefusedAddressError(OSError):
    """A connection to an address that listeners may not be at."""


def check(address: str) -> None:
    """RefusedAddressError unless the address is one of the public internet."""
    known = ip_address(address)
    if why := _why_refused(known):
        raise RefusedAddressError(
            f"the address {known} is refused: it is {why} (TMF_HUB_ALLOW_PRIVATE_CALLBACKS)"
        )


def guarded_socket(where: AddrInfoType) -> socket.socket:
    """A socket for a connection to there; RefusedAddressError if that may not be."""
    family, kind, protocol, _, address = where
    check(str(address[0]))
    return socket.socket(family, kind, protocol)


def _why_refused(address: Address) -> str | None:
    if isinstance(address, IPv6Address) and (inner := _translated(address)) is not None:
        return _why_refused(inner)
    for what, holds in (
        ("unspecified", address.is_unspecified),
        ("loopback", address.is_loopback),
        ("link-local", address.is_link_local),
        ("multicast", address.is_multicast),
        ("reserved", any(address in known for known in _REFUSED)),
        ("private", address.is_private),
        ("reserved", not address.is_global),
    ):
        if holds:
            return what
    return None


def _translated(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to an IPv6 address end up at."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
