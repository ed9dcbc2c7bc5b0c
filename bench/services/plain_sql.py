"""The tables and statements of the hand-tuned services: a document's text beside what finds it.

The first-level attributes that are searched most have columns; everything else is found by
`tokens`, one 64-bit hash per `path=value`.
"""

# ruff: noqa: S608 (nothing here comes from a request)

from __future__ import annotations

SCHEMA = "plain"

COUNT_LIMIT = 1000
"""Matches are counted exactly up to here; past it the planner's estimate is told."""

COLUMNS = {"name": "name", "lifecycleStatus": "lifecycle_status", "lastUpdate": "last_update"}
"""Attributes with a column of their own."""

TABLES = (
    f"CREATE SCHEMA {SCHEMA}",
    f"""
    CREATE TABLE {SCHEMA}.offering (
      id text COLLATE "C" PRIMARY KEY,
      body text NOT NULL,
      name text COLLATE "C",
      lifecycle_status text COLLATE "C",
      last_update text COLLATE "C",
      tokens bigint[] NOT NULL)
    """,
    f"ALTER TABLE {SCHEMA}.offering ALTER COLUMN tokens SET STATISTICS 2000",
    f"ALTER TABLE {SCHEMA}.offering ALTER COLUMN body SET COMPRESSION lz4",
    f"""
    CREATE TABLE {SCHEMA}.event (
      id text COLLATE "C" PRIMARY KEY,
      type text NOT NULL,
      resource_id text NOT NULL,
      body text NOT NULL)
    """,
    # EXPLAIN takes no parameters, so a function puts them in.
    f"""
    CREATE FUNCTION {SCHEMA}.estimate(condition text) RETURNS bigint LANGUAGE plpgsql AS $$
    DECLARE plan json;
    BEGIN
      EXECUTE 'EXPLAIN (FORMAT JSON) SELECT FROM {SCHEMA}.offering WHERE ' || condition INTO plan;
      RETURN (plan -> 0 -> 'Plan' ->> 'Plan Rows')::bigint;
    END $$
    """,
)

INDEXES = (
    *(
        f"CREATE INDEX ON {SCHEMA}.offering ({column}, id)"  # the page comes in order
        for column in COLUMNS.values()
    ),
    f"CREATE INDEX ON {SCHEMA}.offering USING gin (tokens) "
    "WITH (fastupdate = on, gin_pending_list_limit = 128)",
)


def _by_column(column: str) -> str:
    return f"""
    SELECT id, body, (SELECT count(*) FROM
      (SELECT FROM offering WHERE {column} = $1 LIMIT {COUNT_LIMIT + 1}) AS counted)
    FROM offering WHERE {column} = $1 ORDER BY id LIMIT $2 OFFSET $3
    """


STATEMENTS: dict[str, tuple[tuple[str, ...], str]] = {
    "get": (("text",), "SELECT body FROM offering WHERE id = $1"),
    **{
        f"by {column}": (("text", "bigint", "bigint"), _by_column(column))
        for column in COLUMNS.values()
    },
    # Where it is known that there are many.
    **{
        f"page {column}": (
            ("text", "bigint", "bigint"),
            f"SELECT id, body FROM offering WHERE {column} = $1 ORDER BY id LIMIT $2 OFFSET $3",
        )
        for column in COLUMNS.values()
    },
    # One look into the index serves page and count, where there are few matches ...
    "by tokens": (
        ("bigint[]", "bigint", "bigint"),
        f"""
        WITH found AS MATERIALIZED (
          SELECT id FROM offering WHERE tokens @> $1 LIMIT {COUNT_LIMIT + 1}
        ), page AS (SELECT id FROM found ORDER BY id LIMIT $2 OFFSET $3)
        SELECT id, body, (SELECT count(*) FROM found) FROM page JOIN offering USING (id) ORDER BY id
        """,
    ),
    # ... and where there are many, the first of them are soon met in the order of ids
    # (coalesce keeps the planner from the index).
    "walk tokens": (
        ("bigint[]", "bigint", "bigint"),
        f"""
        SELECT id, body, {COUNT_LIMIT + 1}::bigint FROM offering
        WHERE coalesce(tokens) @> $1 ORDER BY id LIMIT $2 OFFSET $3
        """,
    ),
    "all": (
        ("bigint", "bigint"),
        f"""
        SELECT id, body, (SELECT count(*) FROM
          (SELECT FROM offering LIMIT {COUNT_LIMIT + 1}) AS counted)
        FROM offering ORDER BY id LIMIT $1 OFFSET $2
        """,
    ),
    "estimate column": (
        ("text", "text"),
        "SELECT estimate(format('%I = %L', $1::text, $2::text))",
    ),
    "estimate tokens": (
        ("bigint[]",),
        "SELECT estimate(format('tokens @> %L', $1::bigint[]))",
    ),
    "estimate all": ((), "SELECT estimate('true')"),
    "insert": (
        ("text", "text", "text", "text", "text", "bigint[]", "text", "text"),
        """
        WITH stored AS (
          INSERT INTO offering (id, body, name, lifecycle_status, last_update, tokens)
          VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
        )
        INSERT INTO event (id, type, resource_id, body)
        SELECT $7, 'ProductOfferingCreateEvent', id, $8 FROM stored
        """,
    ),
}
"""Each statement's parameter types and its text, by name."""
