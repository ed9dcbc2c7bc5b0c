"""Random paths, operators and operands that suit given documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from tests.contract.generators import Draw, Pool, one_of, places, spelling
from tests.contract.questions import Path
from tests.contract.reference_values import instant, number

OPERATORS = {
    "text": ("eq", "eq", "eq", "ne", "gt", "gte", "lt", "lte", "regex"),
    "number": ("eq", "eq", "ne", "gt", "gte", "lt", "lte"),
    "boolean": ("eq", "ne"),
}


_NUMBER = re.compile(r"([+-]?)([0-9]+)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


class Operands:
    """Draws what is asked of the attributes of one example's documents.

    Mostly it `aims`: all is taken from one document, so that together it is often true of it.
    """

    def __init__(self, draw: Draw, pool: Pool, documents: list[dict[str, Any]]) -> None:
        self.draw = draw
        self.count = len(documents)
        self._pool = pool
        self._all = _texts_at({"name": None, "item": {"action": None}}, *documents)
        self._targets = [*map(_texts_at, documents), *map(_texts_at, documents), self._all]
        self._target = self._all

    def aim(self) -> None:
        """Take another document as target, or seldom all of them."""
        self._target = self.one_of(self._targets)

    @property
    def paths(self) -> list[Path]:
        """All paths in the target, in order."""
        return list(self._target)

    def one_of(self, options: Sequence[Any]) -> Any:
        """One of the options."""
        return one_of(self.draw, options)

    def yes(self) -> bool:
        """True or false."""
        return bool(self.one_of((True, False)))

    def test(self, path: Path, kind: str) -> tuple[str, str]:
        """An operator and an operand for the path."""
        op = self.one_of(OPERATORS.get(kind, OPERATORS["text" if kind == "open" else "number"]))
        return op, self._pattern(path) if op == "regex" else self.operand(path, kind)

    def operand(self, path: Path, kind: str) -> str:
        """A value that occurs at the path, or might."""
        likely = self._target.get(path, []) * 4 + _spelt(self._pool.of_kind(kind))
        if self.one_of(range(40)) < 39:  # the rest may be refused
            likely = [text for text in likely if _is_of(kind, text)]
        text: str = self.one_of(likely)
        if self.one_of(range(4)) and (kind == "number" or (kind == "open" and self.yes())):
            return self._respelt(text)
        return text

    def _respelt(self, text: str) -> str:
        """Another spelling of the same number; another text as it is."""
        found = _NUMBER.fullmatch(text)
        if found is None:
            return text
        sign, whole, fraction, exponent = (part or "" for part in found.groups())
        spellings = [f"{sign}0{whole}{fraction}{exponent}", f"{sign}00{whole}{fraction}{exponent}"]
        spellings.append(f"{sign}{whole}{fraction or '.'}00{exponent}")
        spellings.append(f"{sign}{whole}{fraction}{exponent.upper() or 'E+0'}")
        if not sign:
            spellings.append(f"+{text}")
        if sign or not (whole + fraction[1:]).strip("0"):
            spellings.append(f"-{text.lstrip('+-')}")
        if not fraction and not exponent:
            spellings.append(f"{sign}{whole}0E-1")
        return str(self.one_of(spellings))

    def _pattern(self, path: Path) -> str:
        """A regular expression that Python and RE2 read alike, but for a `$` at its end."""
        text = self.one_of([*self._target.get(path, []) * 4, *self._pool.text])[:40]
        start, end = re.escape(text[:2]), re.escape(text[2:])
        forms = [f"^{start}", f"{end}$", start + end, f"^{start}.*{end}$", f"(?i){start}", "^$"]
        return str(self.one_of([*forms, f"{start}|^b", f"[{re.escape(text[:3])}x]", ".."]))


def _texts_at(*documents: dict[str, Any]) -> dict[Path, list[str]]:
    """The paths in the documents, in order, with the spellings of the scalars there."""
    found: dict[Path, list[str]] = {("id",): []}
    for document in documents:
        for path, node in places(document):
            found.setdefault(path, []).extend(_spelt([node]))
    return dict(sorted(found.items()))


def _spelt(nodes: Iterable[Any]) -> list[str]:
    return [text for text in map(spelling, nodes) if text is not None]


def _is_of(kind: str, text: str) -> bool:
    if kind == "number":
        return number(text) is not None
    if kind == "instant":
        return instant(text) is not None
    return kind != "boolean" or text in ("true", "false")
