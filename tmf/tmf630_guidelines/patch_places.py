"""The places in a document that a path of a JSON patch leads to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from tmf.tmf630_guidelines.criteria import Node
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.json_patch_query import INDEX, Path, shorten
from tmf.tmf630_guidelines.matching import ABSENT, matches

_LONGEST_INDEX = 9
_NO_ELEMENT = object()


class Location(NamedTuple):
    """A place in a document: a member or an element, there or not, `level` below the root."""

    parent: Any
    key: Any
    level: int

    @property
    def exists(self) -> bool:
        """Whether there is a value (null is one)."""
        if isinstance(self.parent, dict):
            return self.key in self.parent
        return bool(self.key < len(self.parent))

    @property
    def value(self) -> Any:
        """The value there; ABSENT if there is none."""
        return self.parent[self.key] if self.exists else ABSENT

    def below(self, token: str) -> Location | None:
        """The place that a token of a pointer leads to from here, if it can lead anywhere."""
        value = self.value
        if isinstance(value, dict):
            return Location(value, token, self.level + 1)
        if isinstance(value, list) and INDEX.fullmatch(token):
            return Location(value, _index(token, len(value)), self.level + 1)
        return None


def _index(text: str, length: int) -> int:
    """The index in an array of this length; `-` and absurd ones are past its end."""
    if text == "-":
        return length
    return int(text) if len(text) <= _LONGEST_INDEX else length + 1


def locate(root: Location, path: Path, *, adding: bool = False) -> list[Location]:
    """Every place the path leads to, at least one; the last member need not be there.

    `adding` refuses a selector that ends on elements, for it does not say what to add.
    Errors: patchNotApplicable if the path leads nowhere or selects nothing.
    """
    found = list(_Walk(path, adding).onward(-1, root, _NO_ELEMENT))
    if not found:
        raise GuidelineError("patchNotApplicable", f"{path} selects nothing")
    return found


@dataclass(frozen=True, slots=True)
class _Walk:
    path: Path
    adding: bool

    def onward(self, at: int, location: Location, element: Any) -> Iterator[Location]:
        """Where the path goes from the location that step `at` led to.

        `element` is the element of the last array on the way.
        """
        following = at + 1
        if following == len(self.path.steps):
            yield location
            return
        place = location.below(self.path.steps[following].token)
        if place is not None:
            picks = isinstance(place.parent, list) and place.exists
            yield from self._arrive(following, place, place.value if picks else element)
        elif following > self.path.last_condition:
            way = "".join(f"/{step.token}" for step in self.path.steps[: following + 1])
            raise GuidelineError("patchNotApplicable", f"there is no {shorten(way)}")

    def _arrive(self, at: int, location: Location, element: Any) -> Iterator[Location]:
        step, value = self.path.steps[at], location.value
        if step.crosses and isinstance(value, list):
            if self.adding and at + 1 == len(self.path.steps):
                raise GuidelineError("patchNotApplicable", f"{self.path} does not say where to add")
            for index, inner in enumerate(value):
                if _holds(step.condition, inner) and _holds(step.relative, inner):
                    yield from self.onward(at, Location(value, index, location.level + 1), inner)
            return
        if step.relative is not None and element is _NO_ELEMENT:
            raise GuidelineError("patchNotApplicable", f"{self.path} has no array to select from")
        if _holds(step.condition, value) and _holds(step.relative, element):
            yield from self.onward(at, location, element)


def _holds(condition: Node | None, value: Any) -> bool:
    return condition is None or matches(condition, value)
