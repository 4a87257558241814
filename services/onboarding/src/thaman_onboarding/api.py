"""The HTTP application: endpoints, and which error is which problem."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import NoReturn

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from thaman_kit.auth import ApiKeys
from thaman_kit.http import ErrorMap, create_api
from thaman_kit.problems import Fault, Problem, invalid_request, not_found
from thaman_kit.process import load_settings, run_api
from thaman_onboarding import wiring
from thaman_onboarding.bootstrap import Container, build_container
from thaman_onboarding.endpoints import forgetting, keys, licences, oauth, stores, system, webhooks
from thaman_onboarding.errors import (
    ClientMisconfigured,
    CodeRefused,
    ConsentDenied,
    ForeignToken,
    InstallError,
    InstallInterrupted,
    InvalidChange,
    LicenceGone,
    LicenceKnown,
    NotConnected,
    NothingToCallOff,
    SallaBusy,
    SallaError,
    ScopeMissing,
    SettingsConflict,
    StaleInstall,
    StateRefused,
    UnknownKey,
    UnknownLicence,
    UnknownStore,
    WebhookForged,
    WebhookMalformed,
    WebhookTooOld,
)
from thaman_onboarding.settings import Settings

_AGAIN = "Open /oauth/authorize in a browser and connect the store again."


def build_api(container: Container) -> FastAPI:
    """The application on top of a container, which it closes at its end."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        container.close()

    app = create_api(
        container.settings,
        "Thaman onboarding",
        [
            *(part.router for part in (oauth, webhooks, stores, forgetting, licences, keys, system)),
            wiring.api_router,
        ],
        readiness={"database": container.check_database},
        error_map=ERRORS,
        api_keys=ApiKeys(container.app.database, container.settings.api_key_pepper, clock=container.clock),
        html_problem=partial(_page, container),
        lifespan=lifespan,
    )
    app.state.container = container
    return app


def main() -> NoReturn:
    """Serve until told to stop."""
    settings = load_settings(Settings)
    run_api(build_api(build_container(settings)), settings)


def _page(container: Container, request: Request, problem: Problem) -> Response | None:
    return container.pages.problem(request, problem)


class _Maker:
    """Makes the problem of an error whose message may be shown."""

    def __init__(self, status: int, code: str, title: str, next_step: str = _AGAIN) -> None:
        self._status, self._code, self._title, self._next_step = status, code, title, next_step

    def __call__(self, error: Exception) -> Problem:
        detail = str(error)
        return Problem(self._status, self._code, self._title, detail[:1].upper() + detail[1:] + ".", self._next_step)


def _invalid(error: InvalidChange) -> Problem:
    return invalid_request(
        [Fault(message, "invalid_value", pointer=f"/{field.replace('.', '/')}") for field, message in error.problems]
    )


def _changed(error: SettingsConflict) -> Problem:
    return Problem(
        412,
        "settings_changed",
        "The settings changed meanwhile",
        f"Version {error.expected} was expected, version {error.found} is in force.",
        "Read the settings again, apply your change to them, and send the new version in If-Match.",
    )


def _busy(error: SallaError) -> Problem:
    wait = int(error.retry_after) + 1 if isinstance(error, SallaBusy) else 60
    return Problem(
        503,
        "salla_unavailable",
        "Salla does not answer",
        "Salla cannot be asked at this moment; nothing was changed.",
        f"Try again in {wait} seconds.",
        headers={"Retry-After": str(wait)},
    )


ERRORS: ErrorMap = {
    UnknownStore: lambda _: not_found("store"),
    UnknownKey: lambda _: not_found("API key", "GET /keys lists all of them."),
    UnknownLicence: lambda _: not_found("licence", "GET /stores/{id}/licences lists all of them."),
    LicenceKnown: _Maker(
        409, "licence_known", "The licence is on record already", "Correct that one, or revoke it and record it anew."
    ),
    LicenceGone: _Maker(409, "licence_revoked", "The licence was revoked", "Record it anew if it counts again."),
    NotConnected: _Maker(409, "not_connected", "The store is not connected"),
    NothingToCallOff: _Maker(409, "nothing_to_call_off", "Nothing to call off", "GET it to see how it stands."),
    SettingsConflict: _changed,
    InvalidChange: _invalid,
    StateRefused: _Maker(400, "login_expired", "The login is not valid any more"),
    ConsentDenied: _Maker(403, "consent_denied", "Consent was not given"),
    CodeRefused: _Maker(400, "code_refused", "The code was not accepted"),
    InstallInterrupted: _Maker(409, "install_interrupted", "Connecting was interrupted"),
    ScopeMissing: _Maker(403, "scope_missing", "Too few permissions"),
    ForeignToken: _Maker(409, "foreign_token", "The tokens are of another store"),
    StaleInstall: _Maker(409, "stale_install", "A newer connection is known"),
    InstallError: _Maker(400, "install_failed", "The store could not be connected"),
    SallaError: _busy,
    ClientMisconfigured: _Maker(
        502,
        "client_misconfigured",
        "Salla does not know this app",
        "Check THAMAN_SALLA_CLIENT_ID and THAMAN_SALLA_CLIENT_SECRET against Salla's partner portal.",
    ),
    WebhookForged: _Maker(
        401,
        "webhook_forged",
        "The webhook's proof is not valid",
        "Check strategy and secret in Salla's partner portal.",
    ),
    WebhookMalformed: _Maker(400, "webhook_malformed", "Not a Salla event", "It was kept among the dead letters."),
    WebhookTooOld: _Maker(400, "webhook_too_old", "The webhook is too old", "Nothing to do: sweeps find what it told."),
}
