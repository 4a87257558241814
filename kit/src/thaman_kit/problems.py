"""Errors as HTTP answers: RFC 9457 ``application/problem+json``, for our own errors and the framework's alike.

A service's domain errors know nothing of HTTP; its ``api.py`` maps them in one table
``{StoreNotFound: lambda error: not_found("store", ...), ...}`` that :func:`thaman_kit.http.create_api` takes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from thaman_kit.errors import KitError

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a request.

    ``pointer`` is a JSON pointer into the body; ``parameter`` a query, path or header name (one of the two is given).
    """

    detail: str
    code: str
    pointer: str | None = None
    parameter: str | None = None

    def document(self) -> dict[str, str]:
        """As JSON."""
        place = {"pointer": self.pointer} if self.pointer is not None else {"parameter": self.parameter}
        return {"detail": self.detail, "code": self.code} | {k: v for k, v in place.items() if v is not None}


class Problem(KitError):
    """An answer to the client that says what happened (``title``, ``detail``), and what to do (``next_step``).

    ``code`` is stable and in snake_case; the document's ``type`` is ``urn:thaman:problem:<code>``.
    """

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str,
        next_step: str | None = None,
        *,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.next_step = next_step
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def document(self, instance: str, request_id: str | None) -> dict[str, Any]:
        """The problem as JSON, about the request to the path ``instance``."""
        document: dict[str, Any] = {
            "type": f"urn:thaman:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "code": self.code,
            "next_step": self.next_step,
            "errors": [fault.document() for fault in self.errors] or None,
            "request_id": request_id,
        }
        return {name: value for name, value in document.items() if value is not None}


def not_found(what: str = "resource", next_step: str | None = None) -> Problem:
    """404: it does not exist, or not for this caller (nobody learns which)."""
    step = next_step or "Check the id, and that your key belongs to this store."
    return Problem(404, "not_found", "Not found", f"There is no such {what}.", step)


def conflict(code: str, detail: str, next_step: str) -> Problem:
    """409: the request does not fit the present state."""
    return Problem(409, code, "Conflict with the present state", detail, next_step)


def unprocessable(code: str, detail: str, next_step: str | None = None, errors: Sequence[Fault] = ()) -> Problem:
    """422: understood, but not acceptable."""
    return Problem(422, code, "The request is not valid", detail, next_step, errors=errors)


def invalid_request(errors: Sequence[Fault]) -> Problem:
    """422: fields are missing or wrong, each named in ``errors``."""
    detail = f"{len(errors)} field(s) are missing or wrong." if len(errors) != 1 else "One field is missing or wrong."
    return unprocessable("invalid_request", detail, "Correct the fields listed in errors and send it again.", errors)


def unavailable(retry_after: int = 5) -> Problem:
    """503: a part we depend on does not answer at the moment; nothing was done."""
    return Problem(
        503,
        "temporarily_unavailable",
        "Temporarily unavailable",
        "A part this service depends on does not answer at the moment.",
        f"Try again in {retry_after} seconds.",
        headers={"Retry-After": str(retry_after)},
    )


def internal() -> Problem:
    """500: our mistake; the details are in our log under the request id, not in the answer."""
    return Problem(
        500,
        "internal_error",
        "Internal error",
        "Something went wrong on our side.",
        "Try again; if it stays, report the request_id.",
    )


_OF_STATUS: Mapping[int, tuple[str, str, str]] = {
    400: ("bad_request", "The request could not be read.", "Check the request's form and send it again."),
    401: ("unauthenticated", "The request carries no valid key.", "Send Authorization: Bearer <API key>."),
    403: ("forbidden", "The key does not permit this.", "Use a key with the scope this needs."),
    404: ("not_found", "There is nothing at this address.", "Check the path; /openapi.json lists all of them."),
    405: ("method_not_allowed", "This address does not take this method.", "Use a method of the Allow header."),
    406: ("not_acceptable", "None of the accepted forms is available.", "Accept application/json."),
    413: ("body_too_large", "The request's body is too large.", "Send less at once."),
    415: ("unsupported_media_type", "The body's type is not supported.", "Send application/json."),
    429: ("too_many_requests", "Too many requests.", "Wait as Retry-After says."),
}


def of_status(status: int, headers: Mapping[str, str] | None = None) -> Problem:
    """The problem for a bare HTTP status, as the framework raises it."""
    if status in _OF_STATUS:
        code, detail, next_step = _OF_STATUS[status]
        return Problem(status, code, HTTPStatus(status).phrase, detail, next_step, headers=headers)
    if status >= 500:
        return internal()
    phrase = HTTPStatus(status).phrase if status in HTTPStatus.__members__.values() else "Refused"
    return Problem(status, "refused", phrase, "The request was refused.", headers=headers)


def pointer(location: Sequence[str | int]) -> str:
    """A JSON pointer (RFC 6901) to ``location``."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)
