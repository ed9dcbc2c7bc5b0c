"""The tokens of a JSONPath filter, and what its literals say.

Kinds: `string` and `regex` (quotes and slashes kept), `number`, `name`, `mark` (operators and
punctuation) and one `end`. `true`, `false` and `null` are names until they stand where a
literal may.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from tmf.tmf630_guidelines.operands import SOFT_PLUS, refuse

_TOKEN = re.compile(
    r"""(?P<blank>[ \t\r\n\ud800]+)
    |(?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    |(?P<regex>/(?:[^/\\]|\\.)*/\w*)
    |(?P<number>[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![\w.]))
    |(?P<name>@?[^\W\d][\w-]*)
    |(?P<mark>\|\||&&|==|!=|>=|<=|=~|\.\.|[$@.\[\]()*?!<>,:])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\((?:u[0-9A-Fa-f]{4})(?:\\u[0-9A-Fa-f]{4})*|.)", re.DOTALL)
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"} | {c: c for c in "\\/'\""}


class Token(NamedTuple):
    """One token, and where it starts (characters from 0)."""

    kind: str
    text: str
    start: int


def tokens(text: str) -> list[Token]:
    """The tokens of the text, with an `end` after the last; 400 where there is none."""
    _check_text(text.replace(SOFT_PLUS, ""))
    found = []
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            shown = text[place].replace(SOFT_PLUS, "+")
            raise refuse("filter", f"{shown!r} at character {place + 1} is not understood")
        if match.lastgroup and match.lastgroup != "blank":
            found.append(Token(match.lastgroup, match.group(), place))
        place = match.end()
    return [*found, Token("end", "", place)]


def literal_text(token: Token) -> str:
    """What a literal says: a string without quotes and escapes, a regex as RE2 writes it."""
    if token.kind == "string":
        return _ESCAPE.sub(_unescaped, token.text[1:-1])
    if token.kind == "regex":
        return _pattern(token.text)
    return token.text


def _unescaped(match: re.Match[str]) -> str:
    escaped = match[1]
    if len(escaped) == 1:
        if escaped not in _ESCAPED:
            raise refuse("filter", rf"\{escaped} is no escape (a backslash is written \\)")
        return _ESCAPED[escaped]
    try:
        text = bytes.fromhex(escaped.replace("u", "").replace("\\", "")).decode("utf-16-be")
    except UnicodeDecodeError:
        raise refuse("filter", f"\\{escaped} is half a character") from None
    _check_text(text)
    return text


def _pattern(text: str) -> str:
    body, _, flags = text[1:].rpartition("/")
    if flags not in ("", "i"):
        raise refuse("filter", f"the flag {flags} of a regular expression is not supported")
    plain = re.sub(r"\\(.)", lambda pair: "/" if pair[1] == "/" else pair[0], body, flags=re.DOTALL)
    return f"(?i){plain}" if flags else plain


def _check_text(text: str) -> None:
    if "\0" in text:
        raise refuse("filter", "holds a NUL character")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise refuse("filter", "holds half a character") from None
