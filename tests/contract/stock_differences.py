"""Where the compiled path answers otherwise than stock Connexion, and why: the whole list.

Answers are compared after what differs between any two runs has been masked.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from structlog.testing import capture_logs

from tests.contract.asgi import Asked, Reply

_MASKS = (
    (re.compile("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"), "an id"),
    (re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), "a time"),
    (re.compile(r"\b\d{16}\b"), "a revision"),
    (re.compile("whsec_[A-Za-z0-9+/]{43}="), "a secret"),
)


def masked(reply: Reply) -> Reply:
    """The answer without the ids, times, revisions and secrets that a server makes."""
    headers = tuple((name, _masked(value)) for name, value in reply.headers)
    return Reply(reply.status, headers, _masked(reply.body.decode()).encode())


def _masked(text: str) -> str:
    for mask, name in _MASKS:
        text = mask.sub(name, text)
    return text


@dataclass(frozen=True, slots=True)
class Difference:
    """One way to differ. Where there is `again`, stock Connexion, asked that instead, must answer
    as the compiled path did.
    """

    name: str
    reason: str
    is_shown: Callable[[Asked, Reply, Reply], bool]
    again: Callable[[Asked], Asked] | None = None


def _code(reply: Reply) -> str:
    return str(json.loads(reply.body)["code"]) if reply.status >= 400 else ""


def _other_headers(reply: Reply, *but: str) -> list[tuple[str, str]]:
    return [pair for pair in reply.headers if pair[0] not in ("content-length", *but)]


def _in_other_words(_: Asked, ours: Reply, stock: Reply) -> bool:
    taken = {"invalidBody", "invalidDocument", "invalidPatch", "invalidQuery", "invalidHeader"}
    codes = {400: taken, 415: {"unsupportedMediaType"}}.get(ours.status, set())
    return (
        ours.status == stock.status
        and {_code(ours), _code(stock)} <= codes
        and _other_headers(ours, "accept-patch") == _other_headers(stock, "accept-patch")
    )


def _path(asked: Asked) -> str:
    return asked.target.partition("?")[0]


def _without_slash(asked: Asked) -> Asked:
    return asked._replace(target=_path(asked).rstrip("/"))


def _is_redirected(asked: Asked, _: Reply, stock: Reply) -> bool:
    location = f"http://server.example{_without_slash(asked).target}"
    return stock.status == 307 and stock.header("location") == location


def _is_missed(asked: Asked, ours: Reply, stock: Reply) -> bool:
    return asked.chunked and b"RequestBody is required" in stock.body


def _is_not_acceptable(_: Asked, ours: Reply, stock: Reply) -> bool:
    return _code(ours) == "notAcceptable" and stock.status < 500


def _names_one_route(_: Asked, ours: Reply, stock: Reply) -> bool:
    allowed = {reply.header("allow") for reply in (ours, stock)}
    dropped = ("allow", "accept-patch")
    return (
        ours.status == stock.status == 405
        and None not in allowed
        and _other_headers(ours, *dropped) == _other_headers(stock, *dropped)
    )


def _is_no_id(_: Asked, ours: Reply, stock: Reply) -> bool:
    return ours.status == stock.status == 404 and b"no resource has such an id" in ours.body


DIFFERENCES = (
    Difference(
        "words",
        "Connexion tells what is wrong in the words of jsonschema (the schema, the whole value), "
        "knows none of our codes, and no Accept-Patch on a 415.",
        _in_other_words,
    ),
    Difference(
        "slash",
        "A slash at a path's end: Connexion redirects to the path without it, and drops the query; "
        "the compiled path answers at once.",
        _is_redirected,
        _without_slash,
    ),
    Difference(
        "chunks",
        "A body in chunks tells no length, so Connexion takes it for missing.",
        _is_missed,
        lambda asked: asked._replace(chunked=False),
    ),
    Difference(
        "accept",
        "Connexion does not look at Accept; JSON is all there is to be had.",
        _is_not_acceptable,
    ),
    Difference(
        "allow",
        "Connexion's 405 names the methods of one route and HEAD; RFC 9110 asks for all methods of "
        "the path.",
        _names_one_route,
    ),
    Difference(
        "options",
        "Connexion answers OPTIONS only where it is declared.",
        lambda asked, ours, stock: (
            (asked.method, ours.status, stock.status) == ("OPTIONS", 204, 405)
        ),
    ),
    Difference(
        "head",
        "Connexion lets HEAD in wherever GET is declared, and sends the body with it; no document "
        "declares HEAD.",
        lambda asked, ours, stock: (asked.method, ours.status) == ("HEAD", 405),
    ),
    Difference(
        "ids",
        "What cannot be an id is not looked for in the database.",
        _is_no_id,
    ),
    Difference(
        "order",
        "Connexion judges the body before anybody looks for the resource; here it is looked for "
        "first, as the patched document is what counts.",
        lambda asked, ours, stock: (asked.method, ours.status, stock.status) == ("PATCH", 404, 400),
    ),
    Difference(
        "utf-8",
        "Bytes that are no UTF-8 bring Connexion down.",
        lambda asked, ours, stock: (
            b"\xff" in asked.body and (_code(ours), stock.status) == ("invalidBody", 500)
        ),
    ),
)


def _is_of_python(asked: Asked, ours: Reply, stock: Reply) -> bool:
    sent = unquote(asked.target.removeprefix("/made-up"))
    return (
        _code(ours) in ("invalidQuery", "notFound")
        and stock.status in (200, 500)
        and _SPELLINGS.search(sent) is not None
    )


_SPELLINGS = re.compile(r"[ +_A-Z\u0661]|nan|inf|\b0\d|\d\.(?!\d)|=\.\d")
"""What Python's int, float and Connexion's boolean read beyond JSON's spelling."""


def _is_repeated(asked: Asked, ours: Reply, stock: Reply) -> bool:
    return "&p" in asked.target and (_code(ours), stock.status) == ("invalidQuery", 200)


OF_PARAMETERS = (
    *(each for each in DIFFERENCES if each.name == "words"),
    Difference(
        "spelling",
        "Connexion reads numbers and booleans as Python does, so that 1_0 is 10 and NaN a number "
        "(or its downfall, where there are bounds); here they are spelt as in JSON.",
        _is_of_python,
    ),
    Difference(
        "repeated",
        "Of a parameter sent twice Connexion judges only the last; here each must be as declared, "
        "since readers differ about which one counts.",
        _is_repeated,
    ),
    Difference(
        "not in the path",
        "A text that cannot stand in a path is judged by Connexion as a bad parameter; here there "
        "is nothing under such a path.",
        lambda asked, ours, stock: ours.status == 404 and stock.status in (400, 404),
    ),
    Difference(
        "no id",
        "What cannot be an id does not reach the verb.",
        lambda asked, ours, stock: (
            b"no resource has such an id" in ours.body and stock.status == 200
        ),
    ),
)
"""Those that only parameters show which no bundled document has."""

Ask = Callable[[Asked], Awaitable[Reply]]


async def differing(
    requests: Iterable[Asked],
    compiled: Ask,
    stock: Ask,
    differences: Sequence[Difference] = DIFFERENCES,
) -> dict[str, list[str]]:
    """Each request that is not answered alike, under the name of the difference it shows.

    Under the empty name stand those that no listed difference explains, with both answers. What
    is logged is not kept: stock Connexion's faults would be the most of it.
    """
    logging.disable()
    try:
        with capture_logs():
            return await _differing(requests, compiled, stock, differences)
    finally:
        logging.disable(logging.NOTSET)


async def _differing(
    requests: Iterable[Asked], compiled: Ask, stock: Ask, differences: Sequence[Difference]
) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for asked in requests:
        ours, theirs = masked(await compiled(asked)), masked(await stock(asked))
        to_stock = asked
        while ours != theirs:
            shown = [each for each in differences if each.is_shown(to_stock, ours, theirs)]
            if not shown:
                found.setdefault("", []).append(f"{asked}\n  compiled: {ours}\n  stock: {theirs}")
                break
            found.setdefault(shown[0].name, []).append(str(asked))
            if shown[0].again is None:
                break
            to_stock = shown[0].again(to_stock)
            theirs = masked(await stock(to_stock))
    return found
