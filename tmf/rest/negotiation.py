"""Media types: what a client accepts, what it sends, and what is answered when neither fits."""

from __future__ import annotations

from functools import lru_cache

from tmf.rest.exchange import Request
from tmf.tmf630_guidelines.errors import GuidelineError
from tmf.tmf630_guidelines.patch import ACCEPT_PATCH

_UTF_8 = frozenset({"", "utf-8", "utf8"})


def check_accept(request: Request) -> None:
    """406 unless JSON is acceptable (RFC 9110, 12.5.1)."""
    accept = request.header(b"accept")
    if accept is not None and accept != "*/*" and not _accepts_json(accept):
        raise GuidelineError("notAcceptable", "answers are application/json")


@lru_cache(maxsize=256)
def _accepts_json(accept: str) -> bool:
    if not accept.strip():
        return True
    best: tuple[int, float] = (-1, 0.0)
    for part in accept.lower().split(","):
        media, *parameters = (piece.strip() for piece in part.split(";"))
        if media in _JSON_RANGES:
            best = max(best, (_JSON_RANGES[media], _quality(parameters)))
    return best[1] > 0


# How precisely a range names JSON: the most precise one decides.
_JSON_RANGES = {"*/*": 0, "application/*": 1, "application/json": 2}


def _quality(parameters: list[str]) -> float:
    try:
        return float(next(iter(_values(parameters, "q")), 1))
    except ValueError:
        return 0.0


def _values(parameters: list[str], wanted: str) -> list[str]:
    """The values of a media type's parameter; no sane client gives it twice."""
    pairs = [parameter.partition("=") for parameter in parameters]
    return [value.strip().strip('"') for name, _, value in pairs if name.strip() == wanted]


def sent_media_type(request: Request, taken: frozenset[str]) -> str:
    """The body's media type, of those the operation takes; 415 for any other.

    A body without a type is read as JSON. `Accept-Patch` tells what a PATCH takes (RFC 5789).
    """
    media_type = request.media_type() or "application/json"
    stated = (request.header(b"content-type") or "").lower().split(";")
    charsets = set(_values(stated[1:], "charset"))
    encoding = (request.header(b"content-encoding") or "identity").lower()
    if media_type in taken and charsets <= _UTF_8 and encoding == "identity":
        return media_type
    headers = {"Accept-Patch": ACCEPT_PATCH} if request.scope["method"] == "PATCH" else {}
    raise GuidelineError(
        "unsupportedMediaType",
        f"taken here: {', '.join(sorted(taken))} in UTF-8, not compressed",
        headers=headers,
    )
