"""The parts of a criterion: its path, operator and operands, and how much of each is taken.

The query string and JSONPath share what is here. Every refusal is a 400 `invalidQuery` that
names the parameter. Source: TMF630 part 1, filtering.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

import re2

from tmf.tmf630_guidelines.criteria import Compare, Node, Operator, walk
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.matching import compile_regex
from tmf.tmf630_guidelines.values import Kind, parse_instant, parse_number

KindOf = Callable[[tuple[str, ...]], Kind | None]
"""An attribute's kind by its path through arrays; None where the schema does not know it."""

MAX_CRITERIA = 64
MAX_NODES = 512
"""Nodes and operands of a whole tree: what one document costs to judge, and SQL to say."""
MAX_TEXT = 4096
"""Characters of one value after decoding."""
MAX_NAME = 1024
MAX_REGEX = 1024
MAX_PATH = 32
"""Names in one path, counted from the document."""

SOFT_PLUS = "\ud800"
"""Stands for an unescaped `+` until the attribute's kind says whether it is a plus or a
space. A lone surrogate: no UTF-8 text can hold it."""

_KEPT = 256
"""Characters of the longest pair that is remembered: `limit=20` and its like come again."""

_LITERAL_OPERATOR = re.compile(r">=|<=|==|!=|\*=|=~|=|>|<")
_SIGNS = ("<", ">", "=")
_FIRST_HALVES = ("!", "*", "~")


def refuse(parameter: str, why: str) -> GuidelineError:
    """The 400 for a query parameter; long names are cut."""
    return GuidelineError("invalidQuery", f"{shown(parameter)}: {why.replace(SOFT_PLUS, '+')}")


def shown(text: str) -> str:
    """The text as a message quotes it: not too long, and with its pluses."""
    text = text.replace(SOFT_PLUS, "+")
    return text if len(text) <= 80 else f"{text[:80]}…"


class Pair(NamedTuple):
    """One pair, decoded, at its literal operator; texts may hold SOFT_PLUS.

    `encoded` says that the value's first character is certainly not part of the operator.
    """

    name: str
    symbol: str
    value: str
    encoded: bool = False

    def check_operator(self) -> None:
        """Refuse signs that are no operator, such as `<>`, `=>` or `===`."""
        misread = self.value.startswith(_SIGNS) and not self.encoded
        if misread or self.name.endswith(_FIRST_HALVES):
            before = self.name[-1:] if self.name.endswith(_FIRST_HALVES) else ""
            signs = before + self.symbol + (self.value[0] if misread else "")
            name = self.name.removesuffix(before)
            raise refuse(name, f"{signs} is no operator (a value like that: {shown(name)}.eq=…)")


def read_pair(raw: str) -> Pair:
    """One pair of a query string, still encoded.

    The operator is the first one found in the decoded text. A sign that is encoded after an
    operator that is not belongs to the value: forms send `name=%3Ex` for the text `>x`. Name
    and value may hold SOFT_PLUS. A `%` that no two hexadecimal digits follow is a percent sign.
    """
    return _read_kept(raw) if len(raw) <= _KEPT else _read_pair(raw)


def _read_pair(raw: str) -> Pair:
    pair = _encoded_pair(raw) or split_operator(_decode(raw))
    if pair is None:
        raise refuse(_decode(raw), "no operator (write name=value)")
    if len(pair.name) > MAX_NAME or len(pair.value) > MAX_TEXT:
        raise refuse(pair.name, f"longer than {MAX_TEXT} characters (a name: {MAX_NAME})")
    return pair


_read_kept = lru_cache(maxsize=4096)(_read_pair)


def _encoded_pair(raw: str) -> Pair | None:
    """The pair, if its value begins with an encoded character; None if not, or who knows."""
    found = _LITERAL_OPERATOR.search(raw)
    if found is None or not raw.startswith("%", found.end()):
        return None
    name, value = _decode(raw[: found.start()]), _decode(raw[found.end() :])
    # An encoded operator comes first, or a part of one: `price%3E=%35`.
    misread = _LITERAL_OPERATOR.search(name) or name.endswith(_FIRST_HALVES)
    return None if misread else Pair(name, found.group(), value, encoded=True)


def split_operator(text: str) -> Pair | None:
    """Decoded text at its first literal operator, or None without one."""
    found = _LITERAL_OPERATOR.search(text)
    if found is None:
        return None
    return Pair(text[: found.start()], found.group(), text[found.end() :])


def _decode(raw: str) -> str:
    if raw.isascii() and "%" not in raw and "\0" not in raw:
        return raw.replace("+", SOFT_PLUS)
    try:
        # surrogateescape: the bytes of a server that decoded its query string that way
        parts = [part.encode("utf-8", "surrogateescape") for part in raw.split("+")]
        text = SOFT_PLUS.join(unquote_to_bytes(part).decode("utf-8") for part in parts)
    except UnicodeError as error:
        raise GuidelineError("invalidQuery", "the query string is not UTF-8") from error
    if "\0" in text:
        raise refuse(text.split("\0")[0], "holds a NUL character")
    return text


def settle(text: str, kind: Kind) -> str:
    """The text with each unescaped `+` decided: a plus in an instant or number, else a space."""
    if SOFT_PLUS not in text:
        return text
    plus = text.replace(SOFT_PLUS, "+")
    if kind in ("instant", "number") or (kind == "open" and parse_instant(plus) is not None):
        return plus
    return text.replace(SOFT_PLUS, " ")


def attribute_path(name: str, parameter: str) -> tuple[str, ...]:
    """A dotted name as a path; no part may be empty."""
    path = tuple(name.replace(SOFT_PLUS, " ").split("."))
    if "" in path:
        raise refuse(parameter or "query", "the attribute's path has an empty part")
    check_length(path, parameter)
    return path


def check_length(path: tuple[str, ...], parameter: str) -> None:
    """Refuse a path of more than MAX_PATH names."""
    if len(path) > MAX_PATH:
        raise refuse(parameter, f"the path is longer than {MAX_PATH} names")


def scalar_kind(path: tuple[str, ...], kind_of: KindOf, parameter: str) -> Kind:
    """The kind to compare or sort by at the path (`open` if unknown); an object is refused."""
    kind = (kind_of(path) or "open") if path else "object"
    if kind == "object":
        name = shown(".".join(path)) or "the document"
        raise refuse(parameter, f"{name} is an object: name a path below it")
    return kind


def is_valid(kind: Kind, text: str) -> bool:
    """Whether the text can be a value of the kind."""
    match kind:
        case "number":
            return parse_number(text) is not None
        case "instant":
            return parse_instant(text) is not None
        case "boolean":
            return text in ("true", "false")
        case _:
            return True


def operand(op: Operator, kind: Kind, text: str, parameter: str) -> str:
    """The text as one operand, taken whole."""
    return _valid_operands(op, kind, [text], parameter)[0]


def operands(op: Operator, kind: Kind, text: str, parameter: str) -> tuple[str, ...]:
    """The alternatives in a value: for `eq` and `ne` the whole of it and each comma part.

    Alternatives that cannot be of the kind are dropped, if the whole or else all parts can.
    """
    split = op in ("eq", "ne") and "," in text
    return _valid_operands(op, kind, [text, *text.split(",")] if split else [text], parameter)


def _valid_operands(op: Operator, kind: Kind, texts: list[str], parameter: str) -> tuple[str, ...]:
    _check_operator(op, kind, parameter)
    whole, *parts = [settle(text, kind) for text in texts]
    if op == "regex":
        _check_regex(whole, parameter)
    if is_valid(kind, whole):
        parts = [part for part in parts if is_valid(kind, part)]
        return tuple(dict.fromkeys([whole, *parts]))
    if parts and all(is_valid(kind, part) for part in parts):
        return tuple(dict.fromkeys(parts))
    raise refuse(parameter, f"{shown(whole)!r} is not {_NAMES[kind]}")


_NAMES = {
    "number": "a number",
    "boolean": "true or false",
    "instant": "a date-time",
}


def _check_operator(op: Operator, kind: Kind, parameter: str) -> None:
    if op == "regex" and kind not in ("text", "open"):
        raise refuse(parameter, f"a regular expression cannot be asked of {_NAMES[kind]}")
    if kind == "boolean" and op not in ("eq", "ne"):
        raise refuse(parameter, "true and false have no order: only eq and ne apply")


def _check_regex(pattern: str, parameter: str) -> None:
    if len(pattern) > MAX_REGEX:
        raise refuse(parameter, f"the regular expression exceeds {MAX_REGEX} characters")
    try:
        compile_regex(pattern)
    except re2.error as error:
        raise refuse(parameter, f"not a regular expression (RE2): {_cause(error)}") from None


def _cause(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return shown(said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said))


def check_size(node: Node, parameter: str) -> Node:
    """The node, unless its tree (operands counted) is larger than MAX_NODES."""
    size = 0
    for part in walk(node):
        size += len(part.operands) if isinstance(part, Compare) else 1
        if size > MAX_NODES:
            raise refuse(parameter, f"more than {MAX_NODES} conditions in all")
    return node
