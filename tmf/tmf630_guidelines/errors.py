"""The guideline's errors: one exception class, one place where every stable code is listed.

Source: TMF630 part 1, error representation; the `Error` schema of the v4 files.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# code -> (HTTP status, reason). A code, once published, never changes its meaning.
CODES: Mapping[str, tuple[int, str]] = {
    "invalidRequest": (400, "The request is not well-formed HTTP"),
    "invalidBody": (400, "The body is not well-formed JSON"),
    "invalidDocument": (400, "The document does not satisfy the schema"),
    "invalidPatch": (400, "The patch is not well-formed"),
    "invalidQuery": (400, "A query parameter cannot be understood"),
    "invalidHeader": (400, "A header of the request cannot be understood"),
    "unauthorized": (401, "The request carries no valid credentials"),
    "forbidden": (403, "The caller may not do this"),
    "notFound": (404, "There is no such resource"),
    "methodNotAllowed": (405, "The resource does not offer this method"),
    "notAcceptable": (406, "None of the accepted media types can be produced"),
    "requestTimeout": (408, "The request did not arrive in time"),
    "alreadyExists": (409, "The id is taken"),
    "idempotencyKeyReused": (409, "The key came with another request before"),
    "immutableAttribute": (409, "The attribute may not be changed"),
    "lifecycleRefused": (409, "The lifecycle does not allow this move"),
    "patchNotApplicable": (409, "The patch does not apply to the resource as it is"),
    "conflict": (409, "The state of the resource does not allow this"),
    "unknownOffering": (409, "The offering is not in the catalogue"),
    "offeringNotSellable": (409, "The offering cannot be bought in this way now"),
    "offeringNotInChannel": (409, "The offering is not sold in the channel"),
    "bundleRefused": (409, "The bundle may not be composed like this"),
    "characteristicRequired": (409, "The product needs a value that it is not given"),
    "characteristicRefused": (409, "The product may not have this value"),
    "itemRelationshipRefused": (409, "The items may not be related like this"),
    "quantityRefused": (409, "The quantity cannot be ordered"),
    "productRequired": (409, "The action needs a product that is installed"),
    "unknownProduct": (409, "The customer has no such product"),
    "productEnded": (409, "The product has ended and cannot be changed"),
    "preconditionFailed": (412, "The resource has changed since it was read"),
    "bodyTooLarge": (413, "The body is larger than the server accepts"),
    "uriTooLong": (414, "The address is longer than the server accepts"),
    "unsupportedMediaType": (415, "The media type of the body is not supported"),
    "tooManyRequests": (429, "The caller sends more requests than it may"),
    "headersTooLarge": (431, "The headers are larger than the server accepts"),
    "internalError": (500, "The server failed; the log has the cause under the request id"),
    "notImplemented": (501, "The server does not offer this"),
    "unavailable": (503, "The server cannot answer at the moment"),
    "queryTooExpensive": (503, "The query took longer than the server allows"),
}


class GuidelineError(Exception):
    """A refusal in the shape of the guideline's `Error`.

    `code` is a key of `CODES`; `message` says what was wrong in this very request, `path` where
    in its document (`productOrderItem[0].quantity`); `headers` are added to the answer (for
    instance `Allow` on a 405).
    """

    def __init__(
        self,
        code: str,
        message: str | None = None,
        *,
        path: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.status, self.reason = CODES[code]
        self.message = message
        self.path = path
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """The `Error` document: `code`, `reason`, `message?`, `path?`, `status`, `@type`."""
        document: dict[str, Any] = {"code": self.code, "reason": self.reason}
        if self.message:
            document["message"] = self.message
        if self.path:
            document["path"] = self.path
        document["status"] = str(self.status)
        document["@type"] = "Error"
        return document
