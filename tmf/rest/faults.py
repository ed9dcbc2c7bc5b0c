"""What goes wrong outside the verbs, as the guideline's `Error`: Connexion's hooks for it."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from connexion.exceptions import ProblemException
from connexion.lifecycle import ConnexionRequest, ConnexionResponse
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from tmf.rest.exchange import JSON, error_answer
from tmf.tmf630_guidelines.errors import GuidelineError

log = structlog.get_logger("tmf.rest")

_CODES = {
    400: "invalidBody",
    401: "unauthorized",
    403: "forbidden",
    404: "notFound",
    405: "methodNotAllowed",
    406: "notAcceptable",
    413: "bodyTooLarge",
    415: "unsupportedMediaType",
    501: "notImplemented",
    503: "unavailable",
}


def told(path: str, error: Exception) -> GuidelineError:
    """What a client is told of anything that was raised; logged where it is not the client's."""
    match error:
        case GuidelineError():
            return error
        case ProblemException():  # a refusal by Connexion itself
            return http_error(error.status, error.detail, error.headers)
        case HTTPException():  # by Starlette: an unknown path, a method that a page does not offer
            return http_error(error.status_code, error.detail, error.headers)
        case OperationalError() | PoolTimeoutError():  # the client may try again
            log.error("database unavailable", path=path, error=str(error))
            again = {"Retry-After": "5"}
            return GuidelineError("unavailable", "the database does not answer", headers=again)
    log.error("request failed", path=path, exc_info=error)
    return GuidelineError("internalError")


def answer_fault(request: ConnexionRequest, error: Exception) -> ConnexionResponse:
    """The same as an answer, for Connexion's hooks."""
    return _response(told(str(request.url.path), error))


HANDLERS = tuple(
    (kind, answer_fault)
    for kind in (
        GuidelineError,
        ProblemException,
        HTTPException,
        OperationalError,
        PoolTimeoutError,
        Exception,
    )
)


def http_error(
    status: int, detail: str | None, headers: Mapping[str, str] | None
) -> GuidelineError:
    """The guideline's error for an HTTP status that a framework has chosen."""
    code = _CODES.get(status, "invalidBody" if status < 500 else "internalError")
    return GuidelineError(code, detail, headers=headers)


def _response(error: GuidelineError) -> ConnexionResponse:
    answer = error_answer(error)
    return ConnexionResponse(
        status_code=answer.status, content_type=JSON, body=answer.body, headers=answer.headers
    )
