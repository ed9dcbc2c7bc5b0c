"""The tables of resources, as the specifications state them; they have no migrations.

A resource's table holds the whole document as text (without `id` and `href`), and beside it
only what finding needs: the search tokens and a column per attribute marked `indexed`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import UserDefinedType

from tmf.spec.model import Resource
from tmf.store.tables import ORDERED

PREFIX = 256
"""Characters of a text that are indexed for ranges and sorting."""


class JsonText(UserDefinedType[str]):
    """PostgreSQL's `json`, handed over and taken back as the text that it keeps."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """The type's name in DDL."""
        return "json"


_BODY = Text().with_variant(JsonText(), "postgresql")
_TOKENS = LargeBinary().with_variant(postgresql.ARRAY(BigInteger), "postgresql")


def resource_table(resource: Resource, metadata: MetaData) -> Table:
    """The table of one resource, as in `tmf622_product_order`."""
    name = table_name(resource)
    return Table(
        name,
        metadata,
        Column("realm", String(64), nullable=False),
        Column("id", ORDERED, nullable=False),
        Column("revision", BigInteger, nullable=False),
        Column("created", BigInteger, nullable=False),
        Column("updated", BigInteger, nullable=False),
        Column("body", _BODY, nullable=False),
        Column("tokens", _TOKENS),
        *(Column(index_column(attribute), ORDERED) for attribute in resource.indexed),
        PrimaryKeyConstraint("realm", "id"),
        *(
            Index(f"{name}_{index_column(attribute)}", "realm", index_column(attribute), "id")
            for attribute in resource.indexed
        ),
    )


def token_table(resource: Resource, metadata: MetaData) -> Table:
    """SQLite's side table of search tokens (PostgreSQL keeps them in the row)."""
    return Table(
        f"{table_name(resource)}_token",
        metadata,
        Column("realm", String(64), nullable=False),
        Column("token", BigInteger, nullable=False),
        Column("id", Text, nullable=False),
        PrimaryKeyConstraint("token", "realm", "id"),
        Index(f"{table_name(resource)}_token_id", "realm", "id"),
        sqlite_with_rowid=False,
    )


def resource_metadata(resources: Iterable[Resource], dialect: str) -> MetaData:
    """The tables of all resources, as that database needs them."""
    metadata = MetaData()
    for resource in resources:
        table = resource_table(resource, metadata)
        if dialect == "postgresql":
            Index(
                f"{table.name}_tokens",
                table.c.tokens,
                postgresql_using="gin",
                postgresql_with={"fastupdate": "on", "gin_pending_list_limit": 128},
            )
        else:
            token_table(resource, metadata)
    return metadata


def table_name(resource: Resource) -> str:
    """`tmf622_product_order` for TMF622.productOrder."""
    return f"{resource.api.lower()}_{_snake(resource.name)}"


def index_column(attribute: str) -> str:
    """The column of an indexed attribute: `x_order_date` for orderDate."""
    return f"x_{_snake(attribute)}"


@lru_cache(maxsize=1024)
def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
