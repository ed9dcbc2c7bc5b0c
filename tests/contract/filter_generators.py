"""Random JSONPath filters: what they ask, and one of the ways to write it."""

from __future__ import annotations

import json
import re

from tests.contract.operand_generators import Operands
from tests.contract.questions import Both, Expression, Has, Is, Negated, Path
from tests.contract.sample_api import kind_at

_SIGNS = {"eq": "==", "ne": "!=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<=", "regex": "=~"}
_FLIPPED = {"==": "==", "!=": "!=", ">": "<", ">=": "<=", "<": ">", "<=": ">="}
_PLAIN_NAME = re.compile(r"@?[^\W\d][\w-]*")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


class Filters:
    """Draws filters."""

    def __init__(self, operands: Operands) -> None:
        self._operands = operands
        self._one_of = operands.one_of
        self._yes = operands.yes

    def filter(self) -> tuple[Has, str]:
        """A filter of whole documents."""
        steps, texts = self._steps((), most=2, depth=0)
        start = self._one_of(("$", "$", ""))
        if not start and texts and texts[0].startswith("."):
            texts[0] = texts[0][1:]
        return Has(steps), (start if texts else "$") + "".join(texts)

    def _steps(
        self, base: Path, *, most: int, depth: int
    ) -> tuple[tuple[str | Expression, ...], list[str]]:
        """Steps down to something in the documents; of `most` places one has a filter."""
        below = [path for path in self._operands.paths if path[: len(base)] == base != path]
        target = self._one_of([*below, base])
        rest = target[len(base) :]
        steps: list[str | Expression] = []
        texts: list[str] = []
        for place in range(len(rest) + 1):
            if depth < 2 and self._one_of(range(most)) == 0:
                inner, text = self._expression((*base, *rest[:place]), depth + 1)
                steps.append(inner)
                text = f"({text})" if self._yes() else text
                texts.append(f"[?{self._blank()}{text}{self._blank()}]")
            if place < len(rest):
                steps.append(rest[place])
                texts.append(self._step(rest[place]) + self._one_of(("", "", "", "[*]")))
        return tuple(steps), texts

    def _step(self, name: str) -> str:
        if _PLAIN_NAME.fullmatch(name) and self._one_of(range(3)):
            return f".{name}"
        return f"[{self._quoted(name)}]"

    def _expression(self, base: Path, depth: int) -> tuple[Expression, str]:
        form = self._one_of("cccch!&|(" if depth < 3 else "ch")
        if form in "ch":
            return self._asked(base, form == "h", depth)
        if form in "&|":
            return self._joined(base, form * 2, depth)
        inner, text = self._expression(base, depth + 1)
        if form == "(":
            return inner, f"({text})"
        if isinstance(inner, Both) or self._yes():
            text = f"({text})"
        return Negated(inner), f"!{self._blank()}{text}"

    def _joined(self, base: Path, word: str, depth: int) -> tuple[Expression, str]:
        parts: list[Expression] = []
        texts: list[str] = []
        for _ in range(self._one_of((2, 2, 3))):
            part, text = self._expression(base, depth + 1)
            binds_less = isinstance(part, Both) and not (part.word == "&&" and word == "||")
            parts.append(part)
            texts.append(f"({text})" if binds_less or self._yes() else text)
        return Both(word, tuple(parts)), f"{self._blank()}{word}{self._blank()}".join(texts)

    def _asked(self, base: Path, exists: bool, depth: int) -> tuple[Expression, str]:
        steps, texts = self._steps(base, most=7, depth=depth)
        written = "@" + "".join(texts)
        path = (*base, *(step for step in steps if isinstance(step, str)))
        kind = kind_at(path)
        if exists or kind == "object" or not path:
            return Has(steps), written
        if self._one_of(range(5)) == 4:
            op = self._one_of(("eq", "ne"))
            return Is(steps, op, None), f"{written}{_SIGNS[op]}null"
        op, text = self._operands.test(path, kind)
        literal, sign = self._literal(op, text), _SIGNS[op]
        if sign in _FLIPPED and self._yes():
            literal, sign, written = written, _FLIPPED[sign], literal
        return Is(steps, op, text), f"{written}{self._blank()}{sign}{self._blank()}{literal}"

    def _literal(self, op: str, text: str) -> str:
        if op == "regex" and self._yes():
            return "/" + text.replace("/", "\\/") + "/"
        bare = op != "regex" and (_NUMBER.fullmatch(text) or text in ("true", "false"))
        return text if bare and self._yes() else self._quoted(text)

    def _quoted(self, text: str) -> str:
        way = self._one_of(("single", "double", "ascii"))
        if way == "single":
            return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
        return json.dumps(text, ensure_ascii=way == "ascii")

    def _blank(self) -> str:
        return str(self._one_of(("", " ")))
