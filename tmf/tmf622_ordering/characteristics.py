"""The values that a product may have: what its specification and its offering say together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tmf.declare import Document, amount_of, fits_pattern, parse_number
from tmf.tmf622_ordering.catalogue import Catalogue
from tmf.tmf622_ordering.items import Item

Values = Mapping[str, Sequence[Any]]
"""Values by the name of their characteristic."""

PLACE = "product.productCharacteristic"

_KINDS = {
    "number": lambda value: _as_number(value) is not None,
    "integer": lambda value: (number := _as_number(value)) is not None and number % 1 == 0,
    "boolean": lambda value: _as_text(value) in ("true", "false"),
    "string": lambda value: not isinstance(value, (dict, list)),
}


@dataclass(frozen=True, slots=True)
class Characteristic:
    """How many values a product has of one kind, and which."""

    name: str
    least: int
    most: int | None
    configurable: bool
    extensible: bool
    kind: str | None
    pattern: str | None
    permitted: tuple[Document, ...]

    @property
    def defaults(self) -> list[Any]:
        """What holds if nobody chooses: the default, or the only value there is."""
        marked = [one["value"] for one in self.permitted if one.get("isDefault") and "value" in one]
        single = [one["value"] for one in self.permitted if "value" in one]
        return marked[:1] or (single if len(self.permitted) == 1 and self.least > 0 else [])

    def why_not(self, value: Any) -> str | None:
        """What speaks against a value, or None."""
        if self.permitted and not self.extensible and not permits(self.permitted, value):
            return f"{self.name} may not be {_shown(value)}"
        if not self.configurable and not permits(self.permitted, value):
            return f"{self.name} is not for the customer to choose"
        if self.kind in _KINDS and not _KINDS[self.kind](value):
            return f"{self.name} is not a {self.kind}"
        if self.pattern is not None and not fits_pattern(self.pattern, _as_text(value)):
            return f"{self.name} does not fit {self.pattern}"
        return None


@dataclass(frozen=True, slots=True)
class Definitions:
    """The characteristics of a product; if `complete`, there are no others."""

    by_name: Mapping[str, Characteristic]
    complete: bool


def definitions(
    offering: Document, specification: Document | None, is_current: Callable[[Document], bool]
) -> Definitions:
    """What the specification allows, as far as the offering sells it."""
    specified = (specification or {}).get("productSpecCharacteristic") or ()
    narrowed = {
        use["name"]: use
        for use in offering.get("prodSpecCharValueUse") or ()
        if isinstance(use.get("name"), str) and is_current(use)
    }
    merged = {
        one["name"]: _merged(one, narrowed.get(one["name"], {}), is_current)
        for one in specified
        if isinstance(one.get("name"), str) and is_current(one)
    }
    for name, use in narrowed.items():
        merged.setdefault(name, _merged({}, use, is_current))
    complete = bool(specified) and not (specification or {}).get("isBundle")
    return Definitions(merged, complete)


def _merged(
    specified: Document, use: Document, is_current: Callable[[Document], bool]
) -> Characteristic:
    def first(attribute: str) -> Any:
        value = use.get(attribute)
        return specified.get(attribute) if value is None else value

    values = first("productSpecCharacteristicValue") or ()
    return Characteristic(
        name=first("name"),
        least=first("minCardinality") or 0,
        most=first("maxCardinality"),
        configurable=specified.get("configurable") is not False,
        extensible=specified.get("extensible") is True,
        kind=str(first("valueType") or "").lower() or None,
        pattern=specified.get("regex"),
        permitted=tuple(one for one in values if is_current(one)),
    )


def check_characteristics(item: Item, known: Definitions) -> None:
    """The values of the item's product are permitted, and a new product has all that it needs."""
    counted: dict[str, int] = defaultdict(int)
    for position, chosen in enumerate(item.product.get("productCharacteristic") or ()):
        place = f"{PLACE}[{position}]"
        characteristic = known.by_name.get(chosen["name"])
        if characteristic is None:
            if known.complete:
                why = f"the product has no characteristic {chosen['name']}"
                raise item.refusal("characteristicRefused", why, f"{place}.name")
            continue
        for value in _each(chosen["value"], characteristic):
            counted[chosen["name"]] += 1
            if (why_not := characteristic.why_not(value)) is not None:
                raise item.refusal("characteristicRefused", why_not, f"{place}.value")
    for name, one in known.by_name.items():
        if one.most is not None and counted[name] > one.most:
            why = f"at most {one.most} values of {name}, not {counted[name]}"
            raise item.refusal("characteristicRefused", why, PLACE)
        chosen_or_default = counted[name] or len(one.defaults)
        needed = one.configurable and (item.action == "add" or counted[name] > 0)
        if needed and chosen_or_default < one.least:
            why = f"at least {one.least} values of {name}, not {counted[name]}"
            raise item.refusal("characteristicRequired", why, PLACE)


def values_of(item: Item, known: Definitions, installed: Document | None) -> Values:
    """The values that the product is going to have: chosen, kept, or by default."""
    values: dict[str, Sequence[Any]] = {name: one.defaults for name, one in known.by_name.items()}
    for source in (installed or {}, item.product):
        stated: dict[str, list[Any]] = defaultdict(list)
        for chosen in source.get("productCharacteristic") or ():
            stated[chosen["name"]] += _each(chosen["value"], known.by_name.get(chosen["name"]))
        values.update(stated)
    return values


def product_values(offering: Document, catalogue: Catalogue) -> Definitions:
    """The characteristics of what the item orders."""
    return definitions(offering, catalogue.specification_of(offering), catalogue.is_current)


def permits(permitted: Iterable[Document], value: Any) -> bool:
    """Whether one of the values, ranges and patterns of a catalogue includes a value."""
    return any(_permits(one, value) for one in permitted)


def _permits(one: Document, value: Any) -> bool:
    if "value" in one:
        return _same(one["value"], value)
    if "valueFrom" in one or "valueTo" in one:
        return _in_range(one, value)
    pattern = one.get("regex")
    return isinstance(pattern, str) and fits_pattern(pattern, _as_text(value))


def _in_range(one: Document, value: Any) -> bool:
    number = _as_number(value)
    if number is None:
        return False
    interval = one.get("rangeInterval")
    bottom, top = one.get("valueFrom"), one.get("valueTo")
    above = (
        bottom is None
        or number > bottom
        or (number == bottom and interval not in ("open", "closedTop"))
    )
    below = (
        top is None or number < top or (number == top and interval not in ("open", "closedBottom"))
    )
    return above and below


def _same(one: Any, other: Any) -> bool:
    """Equal as numbers if both can be read as such, else as text; structures as a whole."""
    if isinstance(one, (dict, list)) or isinstance(other, (dict, list)):
        return bool(one == other)
    number = _as_number(one)
    if number is not None and number == _as_number(other):
        return True
    return _as_text(one) == _as_text(other)


def _as_number(value: Any) -> Decimal | None:
    return amount_of(parse_number(value) if isinstance(value, str) else value)


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _shown(value: Any) -> str:
    text = _as_text(value)
    return text if len(text) <= 100 else text[:100] + "…"


def _each(value: Any, characteristic: Characteristic | None) -> list[Any]:
    """A list stands for several values, unless it is one itself."""
    several = characteristic is not None and characteristic.kind not in ("array", "object")
    return value if several and isinstance(value, list) else [value]
