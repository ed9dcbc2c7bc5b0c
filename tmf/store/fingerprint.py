"""What the stored tokens and index columns of a resource depend on, as one short text.

Attributes that the schema describes as anything but prose or date-times make the same tokens as
those it does not know, so that adding them makes nothing stale.
"""

from __future__ import annotations

from hashlib import sha256

from tmf.spec.attributes import Attribute
from tmf.spec.model import Resource
from tmf.tmf630_guidelines.documents import encode

_SCHEME = 1
"""Of `tokens` and `statements.index_values`: count on when they come to make others."""


def fingerprint(resource: Resource) -> str:
    """The same text as long as documents have the same tokens and index columns."""
    columns = [[name, resource.kind_of((name,))] for name in sorted(resource.indexed)]
    facts = [_SCHEME, columns, _graph(resource.attributes)]
    return sha256(encode(facts)).hexdigest()[:32]


def _graph(root: Attribute) -> list[list[object]]:
    """The attributes from which something special is reached, each with those below it.

    The graph may go round in circles: attributes are named by the order of a walk.
    """
    telling = _telling(root)
    numbers = {id(root): 0}
    found: list[list[object]] = []
    walk = [root]
    for attribute in walk:
        below = []
        for name, child in sorted(attribute.children.items()):
            if id(child) not in telling:
                continue
            if id(child) not in numbers:
                numbers[id(child)] = len(walk)
                walk.append(child)
            below.append([name, numbers[id(child)]])
        found.append([_special(attribute), below])
    return found


def _telling(root: Attribute) -> set[int]:
    """The attributes that are special or lead to a special one."""
    above: dict[int, list[Attribute]] = {}
    walk, seen = [root], {id(root)}
    for attribute in walk:
        for child in attribute.children.values():
            above.setdefault(id(child), []).append(attribute)
            if id(child) not in seen:
                seen.add(id(child))
                walk.append(child)
    reached = [attribute for attribute in walk if _special(attribute)]
    telling = {id(attribute) for attribute in reached}
    for attribute in reached:
        for parent in above.get(id(attribute), ()):
            if id(parent) not in telling:
                telling.add(id(parent))
                reached.append(parent)
    return telling


def _special(attribute: Attribute) -> str:
    """How its tokens differ from those of an attribute that the schema does not know."""
    if attribute.free_text:
        return "prose"
    return "instant" if attribute.kind == "instant" else ""
