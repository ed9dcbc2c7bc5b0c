"""`pool`: gives each service a number or an address of its own, and takes it back in the end."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from tmf.driver import Done, Failed, Outcome, Tools


class Pool:
    """Options: `pool`, its name; `ranges`, a list of networks (`198.51.100.0/24`), spans of
    addresses or numbers (`+353209100000-+353209100999`), or single ones; `characteristic`, the
    name under which the service has what it was given (default: `address`).
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._name = str(options["pool"])
        if not 1 <= len(self._name) <= 40:
            raise ValueError("the name of a pool has 1 to 40 characters")
        self._characteristic = str(options.get("characteristic", "address"))
        self._ranges = [_range_of(str(one)) for one in options["ranges"]]
        self._size = sum(size for size, _ in self._ranges)

    def activate(self, service: Mapping[str, Any], tools: Tools) -> Outcome:
        """Assign what is free; a failure if nothing is."""
        value = tools.assign(self._name, self._values(), self._size)
        if value is None:
            return Failed(f"the pool {self._name} is used up")
        return Done({self._characteristic: value})

    def modify(self, service: Mapping[str, Any], tools: Tools) -> Outcome:
        """It keeps what it has."""
        return self.activate(service, tools)

    def deactivate(self, service: Mapping[str, Any], tools: Tools) -> Outcome:
        """Give it back."""
        tools.release(self._name)
        return Done()

    def _values(self) -> Iterator[str]:
        return itertools.chain.from_iterable(_each(one) for _, one in self._ranges)


def _range_of(text: str) -> tuple[int, tuple[str, int, int]]:
    """How many there are, and: how to write them, the first and how many follow."""
    if "/" in text:
        network = ipaddress.ip_network(text)
        # Not the network's own address, and not the one for all.
        outer = 1 if network.version == 4 and network.prefixlen < 31 else 0
        first = int(network.network_address) + outer
        size = network.num_addresses - 2 * outer
        return size, (f"v{network.version}", first, size)
    start, dash, end = text.partition("-")
    start, end = start.strip(), end.strip() if dash else start.strip()
    if "." in start or ":" in start:
        first_address, last = ipaddress.ip_address(start), ipaddress.ip_address(end)
        size = int(last) - int(first_address) + 1
        written = f"v{first_address.version}"
        first = int(first_address)
    else:
        first = int(start.removeprefix("+"))
        size = int(end.removeprefix("+")) - first + 1
        sign = "+" if start.startswith("+") else ""
        written = f"{sign}{len(start.removeprefix('+'))}"
    if size < 1:
        raise ValueError(f"{text} ends before it begins")
    return size, (written, first, size)


def _each(one: tuple[str, int, int]) -> Iterator[str]:
    written, first, size = one
    for number in range(first, first + size):
        if written == "v4":
            yield str(ipaddress.IPv4Address(number))
        elif written == "v6":
            yield str(ipaddress.IPv6Address(number))
        else:
            sign, digits = ("+", written[1:]) if written.startswith("+") else ("", written)
            yield f"{sign}{number:0{int(digits)}d}"
