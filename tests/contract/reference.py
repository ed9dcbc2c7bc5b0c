"""A naive reading of the guideline: which documents a query finds, and in which order.

Written for plainness from the rules alone and sharing nothing with the program: plain criteria
are judged by trying every choice of one element from each array, JSONPath by walking its steps.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cmp_to_key
from itertools import product
from typing import Any, TypeAlias

from tests.contract.questions import Both, Expression, Is, Negated, Pair, Path, Question
from tests.contract.reference_values import compare, instant, number

KindAt: TypeAlias = Callable[[Path], str]


class RefusedError(Exception):
    """The query asks what cannot be asked: a 400."""


def answer(question: Question, documents: Iterable[Any], kind_at: KindAt) -> list[str]:
    """The ids of all documents found, in order. Raises RefusedError."""
    tests = _tests(question.pairs, kind_at)
    for asked in question.filters:
        _check(asked, (), kind_at)
    keys = [(path, _scalar_kind(path, kind_at), down) for path, down in question.sort]
    paths = [path for path, _ in tests]
    found = [
        document
        for document in documents
        if any(
            all(test(view[path]) for path, test in tests) for view in _views(document, (), paths)
        )
        and (
            not question.filters
            or any(_holds(asked, document, (), kind_at) for asked in question.filters)
        )
    ]
    return [document["id"] for document in sorted(found, key=cmp_to_key(_order(keys)))]


# Plain criteria


def _tests(pairs: Iterable[Pair], kind_at: KindAt) -> list[tuple[Path, Callable[[Any], bool]]]:
    """What must hold together, each of the node at a path."""
    repeated: dict[tuple[Path, str], list[str]] = {}
    tests: list[tuple[Path, Callable[[Any], bool]]] = []
    for pair in pairs:
        kind = _scalar_kind(pair.path, kind_at)
        texts: dict[str, list[str]] = {}
        for op, text in pair.alternatives:
            texts.setdefault(op, []).extend(_operands(op, kind, text))
        first = pair.alternatives[0][0]
        if len(pair.alternatives) > 1 and first in ("eq", "ne", "regex"):
            texts[first] += [pair.whole] if _possible(first, kind, pair.whole) else []
        if len(texts) > 1:
            tests.append((pair.path, _any_of(kind, texts)))
        else:
            for op, operands in texts.items():
                repeated.setdefault((pair.path, op), []).extend(operands)
    for (path, op), operands in repeated.items():
        tests.append((path, _any_of(_scalar_kind(path, kind_at), {op: operands})))
    return tests


def _any_of(kind: str, texts: Mapping[str, list[str]]) -> Callable[[Any], bool]:
    return lambda node: any(compare(op, kind, operands, node) for op, operands in texts.items())


def _operands(op: str, kind: str, text: str) -> list[str]:
    """The whole text or any part of a comma list."""
    whole, parts = _possible(op, kind, text), []
    if op in ("eq", "ne") and "," in text:
        parts = text.split(",")
    possible = [part for part in parts if _possible(op, kind, part)]
    if not whole and (not parts or possible != parts):
        raise RefusedError(text)
    return [text] * whole + possible


def _possible(op: str, kind: str, text: str) -> bool:
    if op == "regex" and kind in ("text", "open"):
        try:
            re.compile(text)
        except re.error:
            return False
        return True
    if op == "regex" or (kind == "boolean" and op not in ("eq", "ne")):
        raise RefusedError(op)
    return {
        "number": number(text) is not None,
        "instant": instant(text) is not None,
        "boolean": text in ("true", "false"),
    }.get(kind, True)


def _scalar_kind(path: Path, kind_at: KindAt) -> str:
    kind = kind_at(path)
    if kind == "object" or not path:
        raise RefusedError(".".join(path))
    return kind


def _views(node: Any, here: Path, paths: list[Path]) -> Iterator[dict[Path, Any]]:
    """The document as every choice of array elements shows it: what is at each path."""
    below = sorted({path[len(here)] for path in paths if len(path) > len(here)})
    choices = []
    for name in below:
        inner = (*here, name)
        asked = [path for path in paths if path[: len(inner)] == inner]
        elements = _children(node, name)
        choices.append([view for element in elements for view in _views(element, inner, asked)])
    for chosen in product(*choices):
        view = {here: node}
        for part in chosen:
            view.update(part)
        yield view


def _children(node: Any, name: str) -> list[Any]:
    """The elements of an array; else the one child; None stands for an absent one."""
    child = node.get(name) if isinstance(node, dict) else None
    return (child or [None]) if isinstance(child, list) else [child]


# JSONPath


def _check(expression: Expression, base: Path, kind_at: KindAt) -> None:
    if isinstance(expression, Both):
        for part in expression.parts:
            _check(part, base, kind_at)
    elif isinstance(expression, Negated):
        _check(expression.inner, base, kind_at)
    else:
        for step in expression.steps:
            if isinstance(step, str):
                if not step:
                    raise RefusedError("a path with an empty part")
                base = (*base, step)
            else:
                _check(step, base, kind_at)
        if (
            isinstance(expression, Is)
            and expression.text is not None
            and not _possible(expression.op, _scalar_kind(base, kind_at), expression.text)
        ):
            raise RefusedError(expression.text)


def _holds(expression: Expression, node: Any, base: Path, kind_at: KindAt) -> bool:
    if isinstance(expression, Both):
        found = [_holds(part, node, base, kind_at) for part in expression.parts]
        return all(found) if expression.word == "&&" else any(found)
    if isinstance(expression, Negated):
        return not _holds(expression.inner, node, base, kind_at)
    steps = expression.steps
    needed = len(steps)
    if isinstance(expression, Is):  # what comes after the last filter need not be there
        filters = [place + 1 for place, step in enumerate(steps) if not isinstance(step, str)]
        needed = max([0, *filters])
    nodes = [node]
    for place, step in enumerate(steps):
        if isinstance(step, str):
            base = (*base, step)
            nodes = [child for one in nodes for child in _children(one, step)]
            if place < needed:
                nodes = [child for child in nodes if child is not None]
        else:
            nodes = [one for one in nodes if _holds(step, one, base, kind_at)]
    if not isinstance(expression, Is):
        return any(one is not None for one in nodes)
    op, text = expression.op, expression.text
    if text is None:
        return any((one is None) == (op == "eq") for one in nodes)
    return any(compare(op, kind_at(base), [text], one) for one in nodes)


# Order


def _order(keys: list[tuple[Path, str, bool]]) -> Callable[[Any, Any], int]:
    def compared(left: Any, right: Any) -> int:
        for path, kind, descending in keys:
            first, second = (_sorted_by(document, path, kind) for document in (left, right))
            if first == second:
                continue
            if first is None or second is None:
                return 1 if first is None else -1
            return -1 if (first < second) != descending else 1
        return -1 if left["id"] < right["id"] else 1

    return compared


def _sorted_by(document: Any, path: Path, kind: str) -> Any:
    """What a document is placed by: the first scalar at the path, if it is of the kind."""
    nodes = [document]
    for name in path:
        nodes = [child for node in nodes for child in _children(node, name)]
    for node in nodes:
        if node is None or isinstance(node, (dict, list)):
            continue
        if isinstance(node, bool):
            return (3, node) if kind in ("boolean", "open") else None
        if isinstance(node, Fraction):
            return (1, node) if kind in ("number", "open") else None
        if kind == "instant":
            return instant(node)
        return (2, [*map(ord, node[:256])]) if kind in ("text", "open") else None
    return None
