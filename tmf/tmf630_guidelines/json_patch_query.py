"""The paths of a JSON patch: JSON Pointers, and pointers with selectors.

Sources: RFC 6901; TMF630 part 5 (arrays in patches) and the IANA registration of
`application/json-patch-query+json`. There, a token of the pointer may carry a selector,
`?name=value&name=value`, which ends at the next `/` or with the path:

    /relatedParty?role=vendor                                 the vendors
    /productOrderItem?id=3/state                              the state of item 3
    /productOrderItem/state?productOrderItem.id=3             the same, TMF630's own style
    /productOrderItem/note/text?productOrderItem.id=3&productOrderItem.note.author=Jean

Names are dotted. A name that begins with the pointer's first member name is *absolute*: it is
judged where it parts from the pointer, on the very element that the path goes through there.
Any other name is *relative*: to the element of the last array on the way to the selector. So
all criteria of an array hold of the same element; through arrays beside the path a name means
some element. An array that the pointer gives no index for is crossed by every element while
a selector is still to come; past the last selector, an array is what it is.

Only equality is offered: as text, or as numbers where the document has a number. In the pointer
and in a selector `~1` and `~0` stand for `/` and `~`; in a selector `%XX` is decoded as well
(`%26` for `&`, `%2E` for a dot within a name), and `+` is a plus. A member with a question mark
in its name is out of reach here; a plain JSON patch reaches it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from tmf.tmf630_guidelines.criteria import All, Compare, Field, Node
from tmf.tmf630_guidelines.documents import MAX_DEPTH
from tmf.tmf630_guidelines.errors import GuidelineError

INDEX = re.compile("-|0|[1-9][0-9]*")
"""A token that may be an array's index; `-` is the place after its last element."""
_BAD_ESCAPE = re.compile("~(?![01])")
_NOT_EQUAL = re.compile("[<>!*]")
"""Characters of other operators: no part of a name, unless encoded."""

MAX_CRITERIA = 64
"""In the selectors of one path."""

Criterion = tuple[tuple[str, ...], str]
"""A dotted name, split, and the text it must equal."""


@dataclass(frozen=True, slots=True)
class Step:
    """One token; what is asked where it leads to; whether an array there is crossed."""

    token: str
    condition: Node | None = None
    relative: Node | None = None
    crosses: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """A parsed path. `last_condition` is the last step that asks anything, or -1."""

    text: str
    steps: tuple[Step, ...]
    last_condition: int = -1

    def __str__(self) -> str:
        return shorten(self.text)

    @property
    def selects(self) -> bool:
        """Whether the path has a selector."""
        return self.last_condition >= 0


def shorten(text: str) -> str:
    """A client's text, for a message."""
    return text if len(text) <= 200 else text[:200] + "…"


def parse_path(text: str, *, selectors: bool) -> Path:
    """A pointer, with or without selectors; invalidPatch if it is malformed, and
    patchNotApplicable if it leads deeper than any document nests.

    Without `selectors`, a question mark is a character like any other (RFC 6901).
    """
    if not text:
        return Path(text, ())
    if not text.startswith("/"):
        raise GuidelineError("invalidPatch", f"the path {shorten(text)} does not begin with /")
    if _BAD_ESCAPE.search(text):
        raise GuidelineError("invalidPatch", f"a ~ in {shorten(text)} is not ~0 or ~1")
    tokens: list[str] = []
    criteria: list[tuple[int, Criterion]] = []
    for position, part in enumerate(text[1:].split("/", MAX_DEPTH)):
        token, mark, selector = part.partition("?") if selectors else (part, "", "")
        tokens.append(_unescape(token))
        if mark:
            criteria.extend((position, one) for one in _parse_selector(selector))
            if len(criteria) > MAX_CRITERIA:
                raise GuidelineError(
                    "patchNotApplicable", f"{shorten(text)} has more than {MAX_CRITERIA} criteria"
                )
    _check_depth(len(tokens), text)
    return _compile(text, tokens, criteria)


def _check_depth(names: int, text: str) -> None:
    """Nothing lies so deep in any document."""
    if names > MAX_DEPTH:
        raise GuidelineError("patchNotApplicable", f"there is no {shorten(text)}")


def _unescape(text: str) -> str:
    return text.replace("~1", "/").replace("~0", "~")


def _parse_selector(text: str) -> list[Criterion]:
    criteria: list[Criterion] = []
    for criterion in text.split("&", MAX_CRITERIA):
        dotted, equals, value = criterion.partition("=")
        names = tuple(unquote(_unescape(name)) for name in dotted.split("."))
        if not equals or "" in names or _NOT_EQUAL.search(dotted):
            raise GuidelineError("invalidPatch", f"{shorten(criterion)!r} is not name=value")
        _check_depth(len(names), text)
        criteria.append((names, unquote(_unescape(value))))
    return criteria


def _compile(text: str, tokens: list[str], criteria: list[tuple[int, Criterion]]) -> Path:
    """Each criterion at the step where it can be judged."""
    absolute: dict[int, list[Criterion]] = {}
    relative: dict[int, list[Criterion]] = {}
    named = [at for at, token in enumerate(tokens) if not INDEX.fullmatch(token)]
    for position, (names, operand) in criteria:
        shared = _shared(names, [at for at in named if at <= position], tokens)
        if shared:
            at = _past_indexes(named[shared - 1], position, tokens)
            absolute.setdefault(at, []).append((names[shared:], operand))
        else:
            relative.setdefault(position, []).append((names, operand))
    last_selector = max((position for position, _ in criteria), default=-1)
    steps = tuple(
        Step(
            token,
            condition=_condition(absolute.get(at)),
            relative=_condition(relative.get(at)),
            crosses=at in absolute
            or at in relative
            or (at < last_selector and not INDEX.fullmatch(tokens[at + 1])),
        )
        for at, token in enumerate(tokens)
    )
    return Path(text, steps, max([*absolute, *relative], default=-1))


def _shared(names: tuple[str, ...], named: list[int], tokens: list[str]) -> int:
    """How many names lead the same way as the pointer's member names."""
    count = 0
    for name, at in zip(names, named, strict=False):
        if name != tokens[at]:
            break
        count += 1
    return count


def _past_indexes(at: int, position: int, tokens: list[str]) -> int:
    """With an index in the pointer, the element it picks is asked, and not the array."""
    while at < position and INDEX.fullmatch(tokens[at + 1]):
        at += 1
    return at


def _condition(criteria: list[Criterion] | None) -> Node | None:
    """One question for all criteria; common first names are asked of the same element."""
    if not criteria:
        return None
    parts: list[Node] = []
    below: dict[str, list[Criterion]] = {}
    for names, operand in criteria:
        if names:
            below.setdefault(names[0], []).append((names[1:], operand))
        else:
            parts.append(Compare("eq", "open", (operand,)))
    for name, inner in below.items():
        node = _condition(inner)
        if node is not None:
            parts.append(Field(name, node))
    return All(tuple(parts))
