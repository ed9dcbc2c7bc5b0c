"""Callers: realm, role and party; what each role may do stands in the documents' `x-roles`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Role: TypeAlias = Literal["reader", "writer", "partner", "operator"]

REALM_PATTERN = r"^[a-z0-9-]{1,64}\Z"
"""Realms stand in routing keys and in folder names: neither dots nor slashes."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: `key` is the key's id, `name` what the operator calls it.

    A partner is bound to a `party`; for all others it is None.
    """

    realm: str
    role: Role
    party: str | None = None
    key: str = ""
    name: str = ""


ANYBODY = Caller(realm="default", role="operator")
"""Whoever calls a server without keys."""
