"""The relational model of the FastAPI + SQLAlchemy service: scalars in columns, parts in JSONB."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, Index, MetaData, String, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bench.services.ids import new_id

SCHEMA = "orm"

Parts = list[dict[str, Any]] | None
Part = dict[str, Any] | None


class Base(DeclarativeBase):
    metadata = MetaData(schema=SCHEMA)
    type_annotation_map = {  # noqa: RUF012 (read by SQLAlchemy)
        datetime: DateTime(timezone=True),
        Parts: JSONB(none_as_null=True),
        Part: JSONB(none_as_null=True),
    }


class ProductOffering(Base):
    __tablename__ = "product_offering"

    id: Mapped[str] = mapped_column(String(128), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    lifecycle_status: Mapped[str] = mapped_column(Text, default="In study")
    status_reason: Mapped[str | None] = mapped_column(Text)
    version: Mapped[str | None] = mapped_column(Text)
    is_bundle: Mapped[bool | None]
    is_sellable: Mapped[bool | None]
    last_update: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))
    type: Mapped[str] = mapped_column("type", Text, default="ProductOffering")
    base_type: Mapped[str | None] = mapped_column(Text)
    schema_location: Mapped[str | None] = mapped_column(Text)
    valid_for: Mapped[Part]
    attachment: Mapped[Parts]
    bundled_product_offering: Mapped[Parts]
    category: Mapped[Parts]
    channel: Mapped[Parts]
    market_segment: Mapped[Parts]
    place: Mapped[Parts]
    prod_spec_char_value_use: Mapped[Parts]
    product_offering_price: Mapped[Parts]
    product_offering_relationship: Mapped[Parts]
    product_offering_term: Mapped[Parts]
    product_specification: Mapped[Part]
    service_level_agreement: Mapped[Part]

    href = ""  # not a column: set for output

    __table_args__ = (
        Index("offering_name", "name", "id"),
        Index("offering_status", "lifecycle_status", "id"),
        Index("offering_version", "version", "id"),
        Index("offering_updated", "last_update", "id"),
        *(
            Index(
                f"offering_{name}",
                name,
                postgresql_using="gin",
                postgresql_ops={name: "jsonb_path_ops"},
            )
            for name in ("category", "channel", "market_segment", "place", "product_specification")
        ),
    )


class Event(Base):
    """What listeners are to be told, written in the transaction of the change."""

    __tablename__ = "event"

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    event_type: Mapped[str] = mapped_column(Text)
    event_time: Mapped[datetime]
    resource_id: Mapped[str] = mapped_column(String(128))
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
