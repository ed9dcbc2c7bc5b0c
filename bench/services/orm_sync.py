"""Product offerings by FastAPI, pydantic and SQLAlchemy's ORM with a synchronous engine.

Sessions are opened in the endpoints: as a dependency with `yield` each would cost two more
changes of thread.
"""

from __future__ import annotations

import os
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import create_engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import sessionmaker

from bench.services.orm_queries import (
    created,
    new_row,
    only,
    page,
    tell_counts,
    total,
    with_href,
)
from bench.services.orm_shapes import ListQuery, Offering, OfferingCreate
from bench.services.orm_tables import ProductOffering
from bench.services.paths import COLLECTION

engine = create_engine(
    os.environ["BENCH_DATABASE_URL"], pool_size=int(os.environ["BENCH_POOL"]), max_overflow=0
)
sessions = sessionmaker(engine, expire_on_commit=False)
app = FastAPI(title="Product offerings")


@app.get(COLLECTION + "/{identity}", response_model=Offering, response_model_exclude_none=True)
def retrieve(
    identity: str, request: Request, fields: str | None = None
) -> ProductOffering | Response:
    with sessions() as session:
        row = session.get(ProductOffering, identity)
    if row is None:
        raise HTTPException(404, f"there is no product offering {identity}")
    with_href(row, request)
    return row if fields is None else JSONResponse(only(fields, row)[0])


@app.get(COLLECTION, response_model=list[Offering], response_model_exclude_none=True)
def list_offerings(
    query: Annotated[ListQuery, Query()], request: Request, response: Response
) -> list[ProductOffering] | Response:
    with sessions() as session:
        matches = session.scalar(total(query)) or 0
        rows = [with_href(row, request) for row in session.scalars(page(query))]
    tell_counts(response, query, len(rows), matches)
    if query.fields is None:
        return rows
    return JSONResponse(
        only(query.fields, *rows), response.status_code or 200, dict(response.headers)
    )


@app.post(COLLECTION, status_code=201, response_model=Offering, response_model_exclude_none=True)
def create(sent: OfferingCreate, request: Request, response: Response) -> ProductOffering:
    row = new_row(sent, request)
    with sessions() as session:
        session.add_all([row, created(row)])
        try:
            session.commit()
        except IntegrityError as error:
            raise HTTPException(409, f"there is a product offering {row.id}") from error
    response.headers["Location"] = row.href
    return row
