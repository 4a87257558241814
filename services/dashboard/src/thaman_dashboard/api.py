"""The HTTP application: the pages, and which error is which problem."""

import sys
from functools import partial

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from thaman_dashboard.adapters.listening import Listener
from thaman_dashboard.adapters.owners_http import OwnersHttp
from thaman_dashboard.bootstrap import Container, build
from thaman_dashboard.desk import Desk
from thaman_dashboard.endpoints import (
    analytics,
    approvals,
    arrival,
    audit,
    audit_verify,
    calendar,
    embedded,
    entrance,
    installing,
    keys,
    licences,
    live,
    notifications,
    operator,
    overview,
    people,
    policies,
    policies_trying,
    products,
    products_links,
    products_matches,
    products_sheet,
    products_undo,
    products_why,
    records,
    runs,
    sessions,
    undo,
)
from thaman_dashboard.endpoints import settings as settings_page
from thaman_dashboard.errors import LastOwner, SpentInvitation, SpentLink, TooManyInquiries, UnknownPerson
from thaman_dashboard.owner_ports import OwnerAway, OwnerRefused, OwnerUnsure
from thaman_dashboard.permissions import NotAllowed
from thaman_dashboard.settings import DashboardSettings
from thaman_dashboard.sign_in import UnknownStore
from thaman_dashboard.wiring import build_desk, build_owners
from thaman_kit.errors import BadCursor, SettingsError
from thaman_kit.http import ErrorMap, create_api
from thaman_kit.periodic import Periodic
from thaman_kit.problems import Fault, Problem, conflict, invalid_request, not_found
from thaman_kit.process import EXIT_SETTINGS, Part, run_api

ANSWERS_EVERY_S = 0.5

MOST_BODY = products_sheet.MOST_BYTES + 100_000
"""A sheet with the form around it; other forms are far smaller."""

ERRORS: ErrorMap = {
    UnknownStore: lambda _: not_found("store", "GET /stores of onboarding lists all of them."),
    SpentLink: lambda _: Problem(
        404, "link_spent", "The link does not work any more", "It was used, has expired, or never was.", "Ask for one."
    ),
    SpentInvitation: lambda _: Problem(
        404,
        "invitation_spent",
        "The invitation does not work any more",
        "It was accepted, revoked, has expired, or never was.",
        "Ask for one.",
    ),
    UnknownPerson: lambda _: not_found("person"),
    LastOwner: lambda error: conflict("last_owner", f"{error}.", "Make somebody else an owner first."),
    TooManyInquiries: lambda error: Problem(
        503,
        "too_many_inquiries",
        "Not possible now",
        f"{error}.",
        "Try again in a minute.",
        headers={"Retry-After": "60"},
    ),
    NotAllowed: lambda error: Problem(
        403, "not_allowed", "Not permitted", f"{error}.", "Ask the store's owner for a link."
    ),
    BadCursor: lambda _: invalid_request(
        [Fault("is not a cursor that a page gave out", "bad_cursor", parameter="after")]
    ),
    OwnerRefused: lambda error: (
        not_found() if error.code == "not_found" else conflict(error.code, str(error), "Look at the page again.")
    ),
    OwnerAway: lambda _: Problem(
        503, "owner_away", "Not possible now", "The service in charge does not answer. Nothing was done.", "Try again."
    ),
    OwnerUnsure: lambda _: Problem(
        504,
        "owner_unsure",
        "Outcome unknown",
        "It was asked, but no answer came.",
        "Look at the page before you retry.",
    ),
}


def build_api(container: Container, desk: Desk) -> FastAPI:
    """The application with everything the kit adds."""
    pages = (
        overview,
        approvals,
        people,
        sessions,
        arrival,
        embedded,
        operator,
        products_links,
        products_matches,
        products_sheet,
        products_undo,
        products_why,
        products,
        records,
        policies,
        policies_trying,
        calendar,
        keys,
        licences,
        notifications,
        settings_page,
        audit_verify,
        audit,
        analytics,
        undo,
        live,
        installing,
        runs,
    )
    app = create_api(
        container.settings,
        "Thaman dashboard",
        [entrance.outside, operator.outside, entrance.router, *(page.router for page in pages)],
        {"database": container.check_database},
        ERRORS,
        max_body=MOST_BODY,
        api_keys=container.api_keys,
        html_problem=partial(_page, desk),
    )
    app.state.desk = desk
    return app


def run(settings: DashboardSettings) -> None:
    """Serve until told to stop; without an owners' key the process ends with a message and code 78."""
    container = build(settings)
    try:
        owners = _owners(container)
        try:
            desk = build_desk(container, owners)
            run_api(build_api(container, desk), settings, parts=parts_of(container, desk))
        finally:
            owners.close()
    finally:
        container.close()


def parts_of(container: Container, desk: Desk) -> dict[str, Part]:
    """What runs beside the pages: the line of news, answers on their way to their owner, and questions likewise."""
    listener = Listener(container.settings.database_url.get_secret_value(), desk.live.hub)
    answers = Periodic("answers", desk.approvals.sender.send_due, ANSWERS_EVERY_S)
    return {"live": listener.run, "answers": answers.run, "inquiries": desk.inquiries.asker.run}


def _owners(container: Container) -> OwnersHttp:
    try:
        return build_owners(container)
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(EXIT_SETTINGS)


def _page(desk: Desk, request: Request, problem: Problem) -> Response | None:
    return desk.pages.problem(request, problem)
