"""The tables, in Markdown that is readable as it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.figures import Cost, Growth, Measured, Spread, spread
from bench.options import Options
from bench.rivals import Service
from bench.works import Work

CEILING = ("d", "d2")
"""Two ways to write the ceiling: the faster one counts."""

_GROWTH_GOAL = 2.0


def tables(
    options: Options,
    measured: Measured,
    growth: Sequence[Growth],
    costs: Sequence[Cost],
    notes: Sequence[str],
) -> str:
    """Everything that one run has found."""
    works = [
        work for work in options.works if (options.services[0].letter, work.key) in measured.rounds
    ]
    rivals = [one for one in options.services[1:] if one.letter not in CEILING[1:]]
    parts = [
        f"Given by `{options.command}`: {options.rows:,} product offerings, {options.connections} "
        f"connections, {options.rounds} rounds of {options.seconds:g} s, one worker process each. "
        "Medians of the rounds, the least and the most in brackets.",
        "\n".join(f"- {note}" for note in notes),
        "\n".join(f"- ({one.letter}) {one.title}" for one in options.services),
    ]
    if works:
        parts += [
            "### How many times as fast as (b1), (b2), (c), (d)",
            "Of each round, then over the rounds; (d) is the faster one of the ceilings. All give "
            "the same documents and counts; past 1,000 matches (b1) and (b2) go on counting and "
            "the others estimate.",
            _ratios(rivals, works, measured),
            "### Answers a second",
            _rates(options.services, works, measured),
            "### p50 / p99 in milliseconds",
            _times(options.services, works, measured),
            "### Processor time of the worker for one answer, in milliseconds",
            "What else runs on the machine disturbs this figure least.",
            _used(options.services, works, measured),
        ]
    if growth:
        parts += ["### The cost of growth (tmf, one connection)", _growth(growth, options)]
    if costs:
        parts += ["### Start-up and memory of a worker", _costs(costs)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _ratios(rivals: Sequence[Service], works: Sequence[Work], measured: Measured) -> str:
    header = ["work", *(f"times ({one.letter})" for one in rivals)]
    rows = []
    for work in works:
        cells = []
        for rival in rivals:
            to = rival.letter
            if to in CEILING:
                to = measured.faster(CEILING, work.key)
            goal = work.goals.get(rival.letter)
            ratio = shown(measured.ratio("a", to, work.key), 2)
            cells.append(ratio + (f" goal {goal:g}" if goal else ""))
        rows.append([work.title, *cells])
    return table(header, rows)


def _rates(services: Sequence[Service], works: Sequence[Work], measured: Measured) -> str:
    header = ["work", *(f"({one.letter})" for one in services)]
    rows = [
        [work.title, *(shown(measured.rate(one.letter, work.key), 0) for one in services)]
        for work in works
    ]
    return table(header, rows)


def _times(services: Sequence[Service], works: Sequence[Work], measured: Measured) -> str:
    header = ["work", *(f"({one.letter})" for one in services)]
    rows = []
    for work in works:
        pairs = (measured.times(one.letter, work.key) for one in services)
        rows.append([work.title, *(f"{p50:.1f} / {p99:.1f}" for p50, p99 in pairs)])
    return table(header, rows)


def _used(services: Sequence[Service], works: Sequence[Work], measured: Measured) -> str:
    header = ["work", *(f"({one.letter})" for one in services)]
    rows = []
    for work in works:
        used = (spread(measured.used[one.letter, work.key]) for one in services)
        rows.append([work.title, *(shown(figure, 2) for figure in used)])
    return table(header, rows)


def _growth(growth: Iterable[Growth], options: Options) -> str:
    header = ["first page of 20", f"{options.small_rows:,} rows", f"{options.rows:,} rows", "times"]
    rows = [
        [
            one.title,
            f"{one.before:.2f} ms" + (" (page 1)" if one.title.startswith("page") else ""),
            f"{one.after:.2f} ms",
            f"{one.ratio:.2f}" + (" (over 2)" if one.ratio > _GROWTH_GOAL else ""),
        ]
        for one in growth
    ]
    return table(header, rows)


def _costs(costs: Iterable[Cost]) -> str:
    header = ["service", "seconds to the first answer", "MB idle", "MB after all work"]
    rows = [
        [one.title, shown(one.start, 2), f"{one.idle:.0f}", f"{one.worked:.0f}"] for one in costs
    ]
    return table(header, rows)


def shown(figure: Spread, digits: int) -> str:
    """The median, and the least and the most in brackets."""
    middle, least, most = (
        f"{value:,.{digits}f}" for value in (figure.middle, figure.least, figure.most)
    )
    return f"{middle} ({least}-{most})"


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table with columns of one width."""
    widths = [max(len(row[place]) for row in (header, *rows)) for place in range(len(header))]

    def line(cells: Iterable[str]) -> str:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
        return f"| {' | '.join(padded)} |"

    return "\n".join([line(header), line("-" * width for width in widths), *map(line, rows)])


def write_part(file: Path, part: str, text: str) -> None:
    """Put the text between the marks of that part; what else stands in the file stays."""
    begin, end = f"<!-- {part}: written by bench -->", f"<!-- {part}: end -->"
    old = file.read_text() if file.exists() else "# Benchmarks\n"
    if begin not in old:
        old = f"{old.rstrip()}\n\n{begin}\n{end}\n"
    head, _, rest = old.partition(begin)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{head}{begin}\n\n{text}\n{end}{rest.partition(end)[2]}")
