"""What one run measures, from the command line."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.rivals import SERVICES, TMF, Service
from bench.works import WORKS, Work

SMALL = 100_000
FULL = 1_000_000

PARTS = {"figures": "times beside the rivals'", "profile": "where tmf's time goes"}

_DEFAULTS = {"rounds": 5, "seconds": 3.0, "connections": 64}


@dataclass(frozen=True, slots=True)
class Options:
    """`rows` offerings; `small_rows` in the catalogue that growth is judged by; `rounds` of
    `seconds` each over `connections`; `keep` leaves the loaded catalogue for the next run; `write`
    names the file for the tables; `command` gives the same run again.
    """

    rows: int
    small_rows: int
    rounds: int
    seconds: float
    connections: int
    services: tuple[Service, ...]
    works: tuple[Work, ...]
    growth: bool
    parts: tuple[str, ...]
    keep: bool
    postgresql: str | None
    write: Path | None
    command: str


def parse(arguments: Sequence[str] | None = None) -> Options:
    """The options; ends the program with a message if they make no sense."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=_DESCRIPTION)
    parser.add_argument("--rows", type=int, help=f"product offerings (default {SMALL:,})")
    parser.add_argument("--full", action="store_true", help=f"the same as --rows {FULL}")
    parser.add_argument("--rounds", type=int, help="rounds (default 5)")
    parser.add_argument("--seconds", type=float, help="length of a run (default 3)")
    parser.add_argument("--connections", type=int, help="connections at once (default 64)")
    parser.set_defaults(**_DEFAULTS)
    _add_choice(parser, "services", {one.letter: one.title for one in SERVICES})
    _add_choice(parser, "works", {one.key: one.title for one in WORKS})
    _add_choice(parser, "parts", PARTS)
    parser.add_argument("--no-growth", action="store_true", help="leave the cost of growth out")
    parser.add_argument(
        "--keep",
        action="store_true",
        help="leave the loaded database to the next run with this option",
    )
    parser.add_argument(
        "--postgresql", metavar="URL", help="server (default: as the tests find it)"
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the tables there")
    given = parser.parse_args(arguments)
    rows = FULL if given.full else given.rows or SMALL
    if rows < 2000 or given.rounds < 1 or given.connections < 1:
        parser.error("at least 2000 rows, one round and one connection are needed")
    return Options(
        rows=rows,
        small_rows=min(10_000, rows // 10),
        rounds=given.rounds,
        seconds=max(1.0, given.seconds),
        connections=given.connections,
        services=tuple(one for one in SERVICES if one.letter in {*given.services, TMF.letter}),
        works=tuple(one for one in WORKS if one.key in given.works),
        growth=not given.no_growth,
        parts=tuple(one for one in PARTS if one in given.parts),
        keep=given.keep,
        postgresql=given.postgresql,
        write=given.write,
        command=_command(given),
    )


def _command(given: argparse.Namespace) -> str:
    words = ["python -m bench"]
    words += ["--full"] if given.full else []
    words += [f"--rows {given.rows}"] if given.rows and not given.full else []
    for name in ("rounds", "seconds", "connections"):
        value = getattr(given, name)
        words += [f"--{name} {value:g}"] if value != _DEFAULTS[name] else []
    return " ".join(words)


def _add_choice(parser: argparse.ArgumentParser, name: str, known: dict[str, str]) -> None:
    listed = "; ".join(f"{key}: {title}" for key, title in known.items())

    def chosen(text: str) -> list[str]:
        keys = text.split(",")
        if unknown := set(keys) - known.keys():
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
        return keys

    parser.add_argument(
        f"--{name}", type=chosen, default=list(known), metavar="A,B", help=f"some of {listed}"
    )


_DESCRIPTION = """\
Measures tmf side by side with other ways to write the same service, over PostgreSQL: one worker
process each, the same documents, the same answers. Makes a database of its own and drops it."""
