"""The criteria tree and sort keys as SQL over a `jsonb` value (PostgreSQL).

The SQL gives what `tmf630_guidelines.matching` gives; a property test holds the two together.
Names and operands travel as bind parameters only. Regular expressions are not judged here:
PostgreSQL's differ from RE2.
"""

from __future__ import annotations

import json
from typing import Any

from tmf.store.keyset import Term
from tmf.store.resource_tables import PREFIX
from tmf.tmf630_guidelines.criteria import All, Compare, Field, Node, Not, Present, Some
from tmf.tmf630_guidelines.sorting import SortKey
from tmf.tmf630_guidelines.values import parse_instant, parse_number

_ORDER = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}

FUNCTIONS = (
    # The same reading of a date-time as values.parse_instant, in microseconds since 1970.
    r"""
    CREATE OR REPLACE FUNCTION tmf_instant(value text) RETURNS bigint
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE STRICT AS $$
    DECLARE
      y int; m int; d int; last int;
      rest text; after text;
      seconds int := 0;
      micros int := 0;
    BEGIN
      -- Without groups: capturing them takes PostgreSQL ten times as long.
      IF value !~ ('^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ]([01][0-9]|2[0-3]):[0-5][0-9]'
        || '(:([0-5][0-9]|60)([.][0-9]+)?)?([Zz]|[+-]([01][0-9]|2[0-3]):?[0-5][0-9])?)?$')
        OR value LIKE E'%\n' THEN RETURN NULL; END IF;
      y := substr(value, 1, 4); m := substr(value, 6, 2); d := substr(value, 9, 2);
      last := CASE WHEN m IN (4, 6, 9, 11) THEN 30 WHEN m <> 2 THEN 31
        WHEN y % 4 = 0 AND (y % 100 <> 0 OR y % 400 = 0) THEN 29 ELSE 28 END;
      IF y = 0 OR m NOT BETWEEN 1 AND 12 OR d NOT BETWEEN 1 AND last THEN RETURN NULL; END IF;
      IF length(value) > 10 THEN
        seconds := substr(value, 12, 2)::int * 3600 + substr(value, 15, 2)::int * 60;
        rest := substr(value, 17);
        IF rest LIKE ':%' THEN
          seconds := seconds + substr(rest, 2, 2)::int;
          rest := substr(rest, 4);
          IF rest LIKE '.%' THEN
            after := ltrim(substr(rest, 2), '0123456789');
            micros := rpad(substr(rest, 2, least(6, length(rest) - 1 - length(after))), 6, '0');
            rest := after;
          END IF;
        END IF;
        IF rest LIKE '+%' OR rest LIKE '-%' THEN
          seconds := seconds - (left(rest, 1) || '1')::int
            * (substr(rest, 2, 2)::int * 3600 + right(rest, 2)::int * 60);
        END IF;
      END IF;
      RETURN ((make_date(y, m, d) - date '1970-01-01')::bigint * 86400 + seconds) * 1000000
        + micros;
    END $$
    """,
)


class JsonbCriteria:
    """Writes one condition; `parameters` collects the bind values as it goes."""

    def __init__(self) -> None:
        self.parameters: dict[str, Any] = {}
        self._depth = 0

    def condition(self, node: Node, value: str) -> str:
        """A boolean SQL expression over the jsonb expression `value` (never NULL)."""
        match node:
            case All(parts):
                return self._joined(parts, value, " AND ", "TRUE")
            case Some(parts):
                return self._joined(parts, value, " OR ", "FALSE")
            case Not(inner):
                return f"(NOT {self.condition(inner, value)})"
            case Present():
                return _present(value)
            case Field():
                return self._field(node, value)
            case Compare():
                return self._compare(node, value)

    def bind(self, operand: Any) -> str:
        """A new bind parameter holding the operand."""
        name = f"c{len(self.parameters)}"
        self.parameters[name] = operand
        return f":{name}"

    def _joined(self, parts: tuple[Node, ...], value: str, word: str, empty: str) -> str:
        if not parts:
            return empty
        return f"({word.join(self.condition(part, value) for part in parts)})"

    def _field(self, node: Field, value: str) -> str:
        self._depth += 1
        element = f"e{self._depth}"
        child = f"({value} -> CAST({self.bind(node.name)} AS text))"
        if not node.strict:
            # An absent child and an empty array are asked once, as null.
            child = f"coalesce(nullif({child}, CAST('[]' AS jsonb)), CAST('null' AS jsonb))"
        inner = self.condition(node.inner, f"{element}.v")
        present = f"{_present(f'{element}.v')} AND " if node.strict else ""
        self._depth -= 1
        return (
            f"EXISTS (SELECT 1 FROM jsonb_path_query({child}, '$[*]') AS {element}(v) "
            f"WHERE {present}{inner})"
        )

    def _compare(self, test: Compare, value: str) -> str:
        if test.op in ("eq", "ne"):
            equal = " OR ".join(self._equal(test.kind, operand, value) for operand in test.operands)
            return f"(NOT ({equal}))" if test.op == "ne" else f"({equal})"
        if test.op == "regex":
            raise ValueError("regular expressions are judged in memory")
        sign = _ORDER[test.op]
        return (
            "("
            + " OR ".join(
                self._ordered(sign, test.kind, operand, value) for operand in test.operands
            )
            + ")"
        )

    def _equal(self, kind: str, operand: str, value: str) -> str:
        if kind == "instant":
            return self._instant("=", operand, value)
        ways = []
        if kind in ("text", "open"):
            ways.append(self._same(json.dumps(operand), value))
        if kind in ("number", "open") and (number := parse_number(operand)) is not None:
            ways.append(self._same(f"{number:f}", value))
        if kind in ("boolean", "open") and operand in ("true", "false"):
            ways.append(self._same(operand, value))
        return f"({' OR '.join(ways)})" if ways else "FALSE"

    def _same(self, literal: str, value: str) -> str:
        return f"coalesce({value} = CAST({self.bind(literal)} AS jsonb), FALSE)"

    def _ordered(self, sign: str, kind: str, operand: str, value: str) -> str:
        if kind == "instant":
            return self._instant(sign, operand, value)
        cases = ""
        if kind in ("text", "open"):
            cases += (
                f" WHEN 'string' THEN ({value} #>> '{{}}') COLLATE \"C\" {sign}"
                f" CAST({self.bind(operand)} AS text)"
            )
        if kind in ("number", "open") and (number := parse_number(operand)) is not None:
            bound = self.bind(number)
            cases += f" WHEN 'number' THEN CAST({value} AS numeric) {sign} CAST({bound} AS numeric)"
        return f"(CASE jsonb_typeof({value}){cases} ELSE FALSE END)" if cases else "FALSE"

    def _instant(self, sign: str, operand: str, value: str) -> str:
        moment = self.bind(parse_instant(operand))
        return (
            f"(CASE jsonb_typeof({value}) WHEN 'string' THEN "
            f"coalesce(tmf_instant({value} #>> '{{}}') {sign} CAST({moment} AS bigint), FALSE) "
            "ELSE FALSE END)"
        )


def _present(value: str) -> str:
    return f"(coalesce(jsonb_typeof({value}), 'null') <> 'null')"


def sort_terms(key: SortKey, body: str, bind: JsonbCriteria) -> list[Term]:
    """The terms of one sort key over a jsonb document: the first scalar on the path."""
    # Lax mode goes through one array before each step and before the filter, and no deeper: as
    # the criteria do. (`[*]` before the filter would open an array in an array.)
    steps = "".join(f".{json.dumps(name)}" for name in key.path)
    path = f'${steps} ? (@.type() == "string" || @.type() == "number" || @.type() == "boolean")'
    scalar = f"jsonb_path_query_first({body}, CAST({bind.bind(path)} AS jsonpath))"
    return [Term(sql, kind, key.descending) for sql, kind in _sort_values(key.kind, scalar)]


def _sort_values(kind: str, scalar: str) -> list[tuple[str, str]]:
    def typed(json_type: str, expression: str) -> str:
        return f"(CASE jsonb_typeof({scalar}) WHEN '{json_type}' THEN {expression} END)"

    text = typed("string", f"left({scalar} #>> '{{}}', {PREFIX})") + ' COLLATE "C"'
    number = typed("number", f"CAST({scalar} AS numeric)")
    boolean = typed("boolean", f"CAST({scalar} AS boolean)")
    match kind:
        case "instant":
            return [(typed("string", f"tmf_instant({scalar} #>> '{{}}')"), "bigint")]
        case "number":
            return [(number, "numeric")]
        case "boolean":
            return [(boolean, "boolean")]
        case "text":
            return [(text, "text")]
    rank = (
        f"(CASE jsonb_typeof({scalar}) WHEN 'number' THEN 0 "
        "WHEN 'string' THEN 1 WHEN 'boolean' THEN 2 END)"
    )
    return [(rank, "bigint"), (number, "numeric"), (text, "text"), (boolean, "boolean")]
