"""What both FastAPI + SQLAlchemy services do: queries, new rows, what goes out."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, func, select

from bench.services.ids import new_id
from bench.services.orm_shapes import ListQuery, Offering, OfferingCreate
from bench.services.orm_tables import Event, ProductOffering
from bench.services.paths import COLLECTION

_PLAIN = ("name", "lifecycle_status", "version", "is_bundle", "is_sellable")
_IN_ARRAY = ("category", "channel", "market_segment", "place")


def conditions(query: ListQuery) -> list[ColumnElement[bool]]:
    """The WHERE clause: columns for scalars, containment for what is nested."""
    asked = query.model_dump(exclude_none=True)
    found = [getattr(ProductOffering, name) == asked[name] for name in _PLAIN if name in asked]
    found += [
        getattr(ProductOffering, name).contains([{"id": asked[f"{name}_id"]}])
        for name in _IN_ARRAY
        if f"{name}_id" in asked
    ]
    if query.product_specification_id is not None:
        wanted = {"id": query.product_specification_id}
        found.append(ProductOffering.product_specification.contains(wanted))
    return found


def page(query: ListQuery) -> Select[ProductOffering]:
    """The rows of the page."""
    rows = select(ProductOffering).where(*conditions(query))
    return rows.order_by(ProductOffering.id).offset(query.offset).limit(query.limit)


def total(query: ListQuery) -> Select[int]:
    """How many match."""
    return select(func.count()).select_from(ProductOffering).where(*conditions(query))


def with_href(row: ProductOffering, request: Request) -> ProductOffering:
    """The row, ready for output."""
    row.href = f"{str(request.base_url).rstrip('/')}{COLLECTION}/{row.id}"
    return row


def tell_counts(response: Response, query: ListQuery, count: int, matches: int) -> None:
    """The headers of a page; 206 if it leaves matches out."""
    response.headers["X-Total-Count"] = str(matches)
    response.headers["X-Result-Count"] = str(count)
    if query.limit and count < matches:
        response.status_code = 206


def only(fields: str, *rows: ProductOffering) -> list[dict[str, Any]]:
    """The resources cut down to the attributes that `fields` names."""
    names = {"id", "href", *fields.split(",")}
    return [{name: one[name] for name in one if name in names} for one in map(document, rows)]


def document(row: ProductOffering) -> dict[str, Any]:
    """The resource as clients see it."""
    offering = Offering.model_validate(row)
    return offering.model_dump(mode="json", by_alias=True, exclude_none=True)


def new_row(sent: OfferingCreate, request: Request) -> ProductOffering:
    """The row of a new offering."""
    values = {name: _stored(getattr(sent, name)) for name in OfferingCreate.model_fields}
    identity = values.pop("id") or new_id()
    row = ProductOffering(id=identity, last_update=datetime.now(UTC), **values)
    return with_href(row, request)


def _stored(value: Any) -> Any:
    """Nested parts are stored under the names that clients use, as they are searched by them."""
    if isinstance(value, list):
        return [_stored(part) for part in value]
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_none=True)
    return value


def created(row: ProductOffering) -> Event:
    """The event of a new offering, with the offering whole."""
    now = datetime.now(UTC)
    identity = new_id()
    payload = {
        "eventId": identity,
        "eventTime": now.isoformat(),
        "eventType": "ProductOfferingCreateEvent",
        "event": {"productOffering": document(row)},
    }
    return Event(
        id=identity,
        event_type="ProductOfferingCreateEvent",
        event_time=now,
        resource_id=row.id,
        payload=payload,
    )
