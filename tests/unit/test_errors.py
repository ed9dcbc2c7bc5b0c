"""The guideline's errors, and what frameworks' refusals become."""

from __future__ import annotations

import json
import warnings

import pytest

from tmf.rest.exchange import error_answer, request_id
from tmf.spec.operations import error_responses
from tmf.tmf630_guidelines.errors import CODES, GuidelineError

with warnings.catch_warnings():
    # Connexion imports what its libraries deprecate.
    warnings.simplefilter("ignore")
    from tmf.rest.faults import http_error

NEVER_CHANGES = {
    "invalidBody": 400,
    "invalidDocument": 400,
    "invalidPatch": 400,
    "invalidQuery": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "notFound": 404,
    "methodNotAllowed": 405,
    "notAcceptable": 406,
    "alreadyExists": 409,
    "immutableAttribute": 409,
    "lifecycleRefused": 409,
    "patchNotApplicable": 409,
    "conflict": 409,
    "preconditionFailed": 412,
    "bodyTooLarge": 413,
    "unsupportedMediaType": 415,
    "internalError": 500,
    "notImplemented": 501,
    "unavailable": 503,
    "queryTooExpensive": 503,
    "invalidHeader": 400,
    "requestTimeout": 408,
    "idempotencyKeyReused": 409,
    "uriTooLong": 414,
    "tooManyRequests": 429,
    "headersTooLarge": 431,
}
"""Clients have these in their code: one that goes missing here breaks them."""


def test_published_codes_keep_their_meaning() -> None:
    assert {code: status for code, (status, _) in CODES.items()}.items() >= NEVER_CHANGES.items()


def test_every_code_is_a_name_with_a_reason_of_its_own() -> None:
    reasons = [reason for _, reason in CODES.values()]

    assert all(code.isalpha() and code[0].islower() for code in CODES)
    assert all(len(reason.split()) > 3 for reason in reasons)
    assert len(set(reasons)) == len(reasons)


def test_every_status_that_an_operation_gives_is_declared() -> None:
    """501 comes from the framework alone: what is described is implemented. 408, 414 and 431 are
    the connection's answers to what never became a request; 429 is declared where it can happen.
    """
    declared = {int(status) for status in error_responses()}

    undeclared = {status for status, _ in CODES.values()} - declared
    assert undeclared == {408, 414, 429, 431, 501}


def test_an_error_says_what_and_why() -> None:
    error = GuidelineError("notFound", "there is no order 7")

    assert error.body() == {
        "code": "notFound",
        "reason": "There is no such resource",
        "message": "there is no order 7",
        "status": "404",
        "@type": "Error",
    }
    assert (error.status, str(error)) == (404, "notFound: there is no order 7")


def test_without_a_message_there_is_none() -> None:
    error = GuidelineError("internalError")

    assert "message" not in error.body()
    assert str(error) == "internalError"


def test_headers_are_the_errors_own() -> None:
    headers = {"Allow": "GET"}
    error = GuidelineError("methodNotAllowed", headers=headers)
    headers["Allow"] = "nothing"

    assert error.headers == {"Allow": "GET"}
    assert GuidelineError("notFound").headers == {}


def test_an_unlisted_code_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        GuidelineError("noSuchCode")


def test_an_answer_names_the_request() -> None:
    token = request_id.set("r-1")
    try:
        answer = error_answer(GuidelineError("methodNotAllowed", "no", headers={"Allow": "GET"}))
    finally:
        request_id.reset(token)

    assert answer.status == 405
    assert answer.headers == {"Allow": "GET"}
    assert json.loads(answer.body)["requestId"] == "r-1"


def test_outside_a_request_there_is_nothing_to_name() -> None:
    assert "requestId" not in json.loads(error_answer(GuidelineError("notFound")).body)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 406, 413, 415, 500, 501, 503])
def test_a_frameworks_refusal_keeps_its_status(status: int) -> None:
    error = http_error(status, "said by the framework", {"Allow": "GET"})

    assert error.status == status
    assert error.message == "said by the framework"
    assert error.headers == {"Allow": "GET"}


@pytest.mark.parametrize(("status", "ours"), [(418, 400), (422, 400), (502, 500), (599, 500)])
def test_a_status_that_is_not_used_becomes_one_that_is(status: int, ours: int) -> None:
    assert http_error(status, None, None).status == ours
