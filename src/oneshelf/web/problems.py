"""Every error as problem details (RFC 9457): one place maps codes to HTTP statuses."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Literal

import msgspec
import structlog
from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from oneshelf.base.errors import Code, OneshelfError
from oneshelf.orders.answers import PromisedLine, RefusalReason, Refused

LOG = structlog.get_logger()
MEDIA = "application/problem+json"
RETRY_AFTER_S = 1

STATUS: Mapping[Code, int] = {
    "bad_request": 400,
    "bad_value": 422,
    "busy": 409,
    "conflict": 409,
    "database_unavailable": 503,
    "forbidden": 403,
    "illegal_transition": 409,
    "import_refused": 422,
    "key_reused": 422,
    "method_not_allowed": 405,
    "not_found": 404,
    "overloaded": 503,
    "policy_refused": 422,
    "refused": 409,
    "schema_outdated": 503,
    "server_failed": 500,
    "too_large": 413,
    "too_many_requests": 429,
    "unauthenticated": 401,
    "unsupported_media": 415,
    "version_changed": 412,
}
TITLES: Mapping[Code, str] = {
    "bad_request": "The request cannot be read",
    "bad_value": "A value is not acceptable",
    "busy": "Somebody else is changing the same thing",
    "conflict": "This does not fit what stands already",
    "database_unavailable": "The database does not answer",
    "forbidden": "This key may not do that",
    "illegal_transition": "That cannot follow from where it stands",
    "import_refused": "The file was not taken",
    "key_reused": "The key belongs to another request",
    "method_not_allowed": "This door has no such method",
    "not_found": "There is nothing here",
    "overloaded": "Too many requests wait already",
    "policy_refused": "The policy makes no sense",
    "refused": "The order was refused",
    "schema_outdated": "Database and program do not fit",
    "server_failed": "The server failed",
    "too_large": "The request is too large",
    "too_many_requests": "Too many requests from one place",
    "unauthenticated": "Who are you?",
    "unsupported_media": "This content type is not understood",
    "version_changed": "It has changed since you read it",
}
RETRIED: frozenset[Code] = frozenset(
    {"busy", "database_unavailable", "overloaded", "too_many_requests"}
)
CODES_OF_STATUS: Mapping[int, Code] = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media",
    429: "too_many_requests",
}
HINTS: Mapping[Code, str] = {
    "not_found": "/openapi.json lists every door.",
    "method_not_allowed": "/openapi.json lists the methods of every door.",
    "too_large": "Send it in smaller parts.",
}


class Fault(msgspec.Struct, frozen=True):
    """One thing that is wrong with a request. at: where, as a path from the body's root ($)."""

    at: str
    detail: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What went wrong, for people and programs alike.

    code: stable, from a closed list. hint: what to do next. request_id: also in the log.
    reason, short: of a refused order, why and which units nobody could send.
    """

    type: str
    title: str
    status: int
    code: Code
    detail: str
    request_id: str
    hint: str = ""
    faults: tuple[Fault, ...] = ()
    reason: RefusalReason | None = None
    short: tuple[PromisedLine, ...] = ()


class FaultyError(OneshelfError):
    """A request with faults at known places."""

    def __init__(
        self, code: Literal["bad_request", "bad_value", "import_refused"], faults: tuple[Fault, ...]
    ) -> None:
        """Name every place."""
        super().__init__(
            code,
            "; ".join(f"{fault.at}: {fault.detail}" for fault in faults),
            "Correct it and send the request again; /openapi.json says what is expected.",
        )
        self.faults = faults


def problem_of(error: OneshelfError, request_id: str) -> Problem:
    """Return an error as problem details."""
    return Problem(
        type=f"urn:oneshelf:problem:{error.code}",
        title=TITLES[error.code],
        status=STATUS[error.code],
        code=error.code,
        detail=error.message,
        hint=error.hint,
        request_id=request_id,
        faults=error.faults if isinstance(error, FaultyError) else (),
    )


def refused_problem(problem: Problem, refusal: Refused) -> Problem:
    """Return the problem with the reason of a refusal and what was short."""
    return msgspec.structs.replace(problem, reason=refusal.reason, short=refusal.short)


def respond(problem: Problem) -> Response[bytes]:
    """Return problem details as a response."""
    headers: dict[str, str] = {}
    if problem.code in RETRIED:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    if problem.code == "unauthenticated":
        headers["WWW-Authenticate"] = 'Bearer realm="oneshelf"'
    return Response(
        msgspec.json.encode(problem),
        status_code=problem.status,
        media_type=MEDIA,
        headers=headers,
    )


def answer_error(request: Request[object, object, State], error: Exception) -> Response[bytes]:
    """Turn whatever was raised behind a door into problem details; log what is our defect."""
    request_id = request_id_of(request.scope)
    ours = translate(error)
    if ours.code == "server_failed":
        LOG.error("a door failed", request_id=request_id, exc_info=error)
    response = respond(problem_of(ours, request_id))
    if isinstance(error, HTTPException):
        allow = {name: value for name, value in (error.headers or {}).items() if name == "Allow"}
        response.headers.update(allow)
    return response


def translate(error: Exception) -> OneshelfError:
    """Return any error as one of ours."""
    if isinstance(error, OneshelfError):
        return error
    if isinstance(error, HTTPException) and error.status_code in CODES_OF_STATUS:
        code = CODES_OF_STATUS[error.status_code]
        return OneshelfError(code, f"{_sentence(error)}.", HINTS.get(code, ""))
    return OneshelfError(
        "server_failed",
        "The server failed on this request.",
        "This is a defect of ours: please report it with the request id.",
    )


def _sentence(error: HTTPException) -> str:
    detail = error.detail or HTTPStatus(error.status_code).phrase
    return re.sub(r"\s+", " ", detail).rstrip(".")


def request_id_of(scope: object) -> str:
    """Return the request's id; the outermost layer gave it."""
    found = scope.get("oneshelf.request_id") if isinstance(scope, Mapping) else None
    return found if isinstance(found, str) else "unknown"
