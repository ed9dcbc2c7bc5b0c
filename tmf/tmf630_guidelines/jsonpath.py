"""JSONPath filters: `filter=$.note[?(@.author=='Jean')]` as a criteria tree.

    document   = ["$"] step*                 the first name may stand without its dot
    step       = "." name | "['" name "']" | "[*]" | "[?" any "]"
    any        = each ("||" each)*
    each       = one ("&&" one)*
    one        = "!" one | "(" any ")" | path [operator literal] | literal operator path
    path       = "@" step*                   "@" is the element the filter is asked of

Arrays are gone through by themselves, so `[*]` says nothing new. A path without operator asks
for existence. Steps outside a filter, and up to a path's own filter, must find something;
those of a comparison need not, so that `!=` is true of an absent attribute.

Source: TMF630 part 6, JSONPath extension.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tmf.tmf630_guidelines.criteria import All, Compare, Field, Node, Not, Operator, Present, Some
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.jsonpath_tokens import Token, literal_text, tokens
from tmf.tmf630_guidelines.operands import (
    MAX_TEXT,
    KindOf,
    check_length,
    check_size,
    operand,
    refuse,
    scalar_kind,
    settle,
    shown,
)

MAX_NESTING = 16
"""How deep filters, parentheses and `!` may stand in each other."""

_OPERATORS: dict[str, Operator] = {
    "==": "eq",
    "!=": "ne",
    ">": "gt",
    ">=": "gte",
    "<": "lt",
    "<=": "lte",
    "=~": "regex",
}
_FLIPPED = {"==": "==", "!=": "!=", ">": "<", ">=": "<=", "<": ">", "<=": ">="}
_CONSTANTS = frozenset({"true", "false", "null"})


class _Path(NamedTuple):
    """Steps, each a name or what a filter asks; and their names counted from the document."""

    steps: tuple[str | Node, ...]
    absolute: tuple[str, ...]


def parse_filter(text: str, kind_of: KindOf) -> Node:
    """The criteria that a JSONPath filter means of a document.

    The text may hold `operands.SOFT_PLUS`. Raises 400 `invalidQuery` for bad syntax, for what
    is not supported (`..`, indexes, slices, unions, functions), for a literal that cannot be
    of its attribute's kind, and for sizes beyond the limits.
    """
    if len(text) > MAX_TEXT:
        raise refuse("filter", f"longer than {MAX_TEXT} characters")
    return check_size(_Parser(tokens(text), kind_of).document(), "filter")


class _Parser:
    def __init__(self, parsed: list[Token], kind_of: KindOf) -> None:
        self._tokens = parsed
        self._next = 0
        self._depth = 0
        self._kind_of = kind_of

    def document(self) -> Node:
        self._require(self._at("$", ".", "[", "..", kind="name"))
        if self._take("$") is None and self._peek().kind == "name":
            first = self._advance().text
            path = self._steps((first,), [first])
        else:
            path = self._steps((), [])
        self._require(self._peek().kind == "end")
        return _under(path.steps, None)

    # Tokens

    def _peek(self) -> Token:
        return self._tokens[self._next]

    def _advance(self) -> Token:
        token = self._tokens[self._next]
        self._next += 1
        return token

    def _at(self, *marks: str, kind: str | None = None) -> bool:
        token = self._peek()
        return token.kind == kind or (token.kind == "mark" and token.text in marks)

    def _at_literal(self) -> bool:
        token = self._peek()
        return token.kind in ("string", "number", "regex") or token.text in _CONSTANTS

    def _take(self, *marks: str) -> Token | None:
        return self._advance() if self._at(*marks) else None

    def _require(self, expected: bool) -> None:
        """Refuse the next token unless it was expected."""
        if not expected:
            raise self._unexpected()

    def _unexpected(self) -> GuidelineError:
        token = self._peek()
        if token.kind == "end":
            return refuse("filter", "ends too early (in a URL, && is written %26%26)")
        return refuse(
            "filter", f"{shown(token.text)!r} at character {token.start + 1} is not expected"
        )

    def _expect(self, mark: str) -> None:
        self._require(self._take(mark) is not None)

    # Paths

    def _steps(self, absolute: tuple[str, ...], steps: list[str | Node]) -> _Path:
        while True:
            step: str | Node | None
            if self._at("..", "*"):
                raise _unsupported(self._peek().text)
            if self._take("."):
                if self._at("*"):
                    raise _unsupported(".*")
                self._require(self._at(kind="name"))
                step = self._advance().text
            elif self._take("["):
                step = self._bracket(absolute)
            elif self._at("(") and steps:
                raise _unsupported("a function")
            else:
                return _Path(tuple(steps), absolute)
            if isinstance(step, str):
                absolute = (*absolute, step)
                check_length(absolute, "filter")
            if step is not None:
                steps.append(step)

    def _bracket(self, absolute: tuple[str, ...]) -> str | Node | None:
        """What stands between brackets; None for `[*]`."""
        step: str | Node | None = None
        if self._take("?"):
            step = self._nested(lambda: self._any(absolute))
        elif self._at(kind="string"):
            step = settle(literal_text(self._advance()), "text")
            if not step:
                raise refuse("filter", "the attribute's path has an empty part")
        elif self._at(":", kind="number"):
            raise _unsupported("an index or slice")
        else:
            self._expect("*")
        if self._at(","):
            raise _unsupported("a union of steps")
        self._expect("]")
        return step

    # Expressions

    def _nested(self, parse: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > MAX_NESTING:
            raise refuse("filter", f"nests deeper than {MAX_NESTING}")
        node = parse()
        self._depth -= 1
        return node

    def _any(self, base: tuple[str, ...]) -> Node:
        parts = [self._each(base)]
        while self._take("||"):
            parts.append(self._each(base))
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def _each(self, base: tuple[str, ...]) -> Node:
        parts = [self._one(base)]
        while self._take("&&"):
            parts.append(self._one(base))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self, base: tuple[str, ...]) -> Node:
        if self._take("!"):
            return Not(self._nested(lambda: self._one(base)))
        if self._take("("):
            node = self._nested(lambda: self._any(base))
            self._expect(")")
            return node
        if self._at_literal():
            return self._flipped(self._advance(), base)
        path = self._path(base)
        symbol = self._take(*_OPERATORS)
        if symbol is None:
            return _under(path.steps, None)
        if self._at("@", "$"):
            raise _unsupported("comparing two attributes")
        self._require(self._at_literal())
        return self._comparison(path, symbol.text, self._advance())

    def _flipped(self, literal: Token, base: tuple[str, ...]) -> Node:
        self._require(self._at(*_FLIPPED))
        symbol = _FLIPPED[self._advance().text]
        return self._comparison(self._path(base), symbol, literal)

    def _path(self, base: tuple[str, ...]) -> _Path:
        if self._at("$"):
            raise _unsupported("$ inside a filter")
        self._expect("@")
        return self._steps(base, [])

    def _comparison(self, path: _Path, symbol: str, literal: Token) -> Node:
        return _under(path.steps, self._test(path.absolute, symbol, literal))

    def _test(self, path: tuple[str, ...], symbol: str, literal: Token) -> Node:
        if literal.kind == "name" and literal.text == "null":
            if symbol not in ("==", "!="):
                raise refuse("filter", "null can only be asked with == and !=")
            return Not(Present()) if symbol == "==" else Present()
        if (symbol == "=~" and literal.kind not in ("string", "regex")) or (
            symbol != "=~" and literal.kind == "regex"
        ):
            raise refuse("filter", f"{symbol} cannot be asked with {shown(literal.text)}")
        op, parameter = _OPERATORS[symbol], "filter"
        kind = scalar_kind(path, self._kind_of, parameter)
        return Compare(op, kind, (operand(op, kind, literal_text(literal), parameter),))


def _under(steps: tuple[str | Node, ...], test: Node | None) -> Node:
    """The test asked at the end of the steps; without one, that there is something."""
    node, strict = test, test is None
    for step in reversed(steps):
        if isinstance(step, str):
            node = Field(step, node or Present(), strict)
        else:
            node, strict = step if node is None else All((step, node)), True
    return node or Present()


def _unsupported(what: str) -> GuidelineError:
    return refuse("filter", f"{what} is not supported")
