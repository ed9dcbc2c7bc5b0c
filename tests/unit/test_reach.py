"""Which addresses only this machine can reach."""

from __future__ import annotations

import pytest

from tmf.access.reach import OpenServerError, check_reach, is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.255.0.9", "::1", "localhost", "LOCALHOST"])
def test_loopback_is_served_without_keys(host: str) -> None:
    assert is_loopback(host)
    check_reach(host, keys=False, insecure=False)


@pytest.mark.parametrize(
    "host",
    ["0.0.0.0", "::", "", "128.0.0.1", "10.0.0.1", "fe80::1", "localhost.example", "127.1"],  # noqa: S104
)
def test_nothing_else_is_unless_it_is_meant(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(OpenServerError, match="TMF_API_KEYS"):
        check_reach(host, keys=False, insecure=False)
    check_reach(host, keys=False, insecure=True)
    check_reach(host, keys=True, insecure=False)
