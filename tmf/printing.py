"""What commands print: tables and documents for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click

from tmf.tmf630_guidelines.documents import encode


def print_table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table whose columns are as wide as what is in them; None is a dash."""
    lines = [tuple(head), *(tuple(map(_cell, row)) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        click.echo("  ".join(map(str.ljust, line, widths)).rstrip())


def print_pairs(pairs: Iterable[tuple[str, object]]) -> None:
    """Names and values, one pair a line; those without a value are left out."""
    present = [(name, value) for name, value in pairs if value is not None]
    width = max((len(name) for name, _ in present), default=0)
    for name, value in present:
        click.echo(f"{name.ljust(width)}  {_cell(value)}")


def print_json(document: Any) -> None:
    """The document as JSON, indented."""
    click.echo(json.dumps(json.loads(encode(document)), indent=2))


def printable(text: str) -> str:
    """The text without what would move a terminal's cursor or change its colours."""
    return "".join(one if one.isprintable() else "?" for one in text)


def _cell(value: object) -> str:
    return "-" if value is None else printable(str(value))
