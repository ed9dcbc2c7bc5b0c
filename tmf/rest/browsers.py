"""Browsers: pages of other origins may ask if the operator lists them (CORS)."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from tmf.rest.exchange import JSON, error_answer
from tmf.tmf630_guidelines.errors import GuidelineError

_METHODS = ("GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS")
_SENT = (
    "Authorization",
    "X-API-Key",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Content-Type",
    "X-Request-Id",
)
_TOLD = (
    "Link",
    "Location",
    "ETag",
    "X-Total-Count",
    "X-Total-Count-Estimated",
    "X-Result-Count",
    "X-Request-Id",
    "Retry-After",
    "Accept-Patch",
    "Allow",
    "Idempotent-Replayed",
)


class CrossOrigin(CORSMiddleware):
    """Starlette's answers to browsers, with the refusals in the guideline's shape.

    Credentials are not allowed: keys travel in headers that the page itself sets.
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        super().__init__(
            app,
            allow_origins=origins,
            allow_methods=_METHODS,
            allow_headers=_SENT,
            expose_headers=_TOLD,
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        """What a browser may ask from a page of that origin; 403 if not this."""
        response = super().preflight_response(request_headers)
        if response.status_code == 200:
            return response
        reason = bytes(response.body).decode()
        answer = error_answer(GuidelineError("forbidden", reason))
        told = {
            name: value
            for name, value in response.headers.items()
            if not name.startswith("content-")
        }
        return Response(answer.body, answer.status, told, media_type=JSON)
