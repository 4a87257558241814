"""What a hostile page, a forged form and a small role can do: nothing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from thaman_dashboard import api
from thaman_dashboard.endpoints import (
    analytics,
    approvals,
    audit,
    entrance,
    overview,
    products,
    records,
    settings,
    undo,
)
from thaman_dashboard.permissions import Deed, may
from thaman_dashboard.testing_events import Run, authorized, item, observed
from thaman_dashboard.testing_pages import House, owners_at, standing_house
from thaman_dashboard.views import Role
from thaman_kit.embedded.databases import Databases

RUN = Run("77")
ANSWER = {"approve": str(RUN.proposal("1")), f"digest.{RUN.proposal('1')}": "d"}
COMMANDS: dict[str, tuple[Deed, dict[str, str]]] = {
    "/approvals": (Deed.ANSWER, ANSWER),
    "/pause": (Deed.PAUSE, {}),
    "/resume": (Deed.RESUME, {}),
    "/runs": (Deed.RUN, {"key": "k"}),
    "/settings": (Deed.SETTINGS, {"mode": "manual", "margin": "10", "tolerance": "low", "version": "1"}),
    "/undo": (
        Deed.UNDO,
        {"scope": "as_of", "at": "2026-11-24T12:00", "run": "", "version": "", "digest": "d", "key": "k"},
    ),
    "/products/1": (Deed.LIMITS, {"lowest": "10", "highest": "", "locked": "yes"}),
}

KEPT: dict[str, tuple[Deed, dict[str, str]]] = {
    "/approvals/preview": (Deed.ANSWER, {}),
    "/approvals/take-back": (Deed.ANSWER, {"batch": str(UUID(int=1))}),
    "/approvals/seen": (Deed.ANSWER, {}),
}
"""Commands about what the dashboard itself keeps; no owner is asked."""

FOREIGN: tuple[dict[str, str], ...] = (
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8080"},
    {"Origin": "https://evil.example"},
    {"Origin": "http://127.0.0.1:8081"},
    {"Origin": "null"},
    {},
)


@pytest.fixture(scope="module")
def house(postgres_server: Databases) -> Iterator[House]:
    """The application over two stores, one with a proposal; its owners are away."""
    with standing_house(postgres_server) as standing:
        standing.streams.deliver(
            authorized("77"), observed("77", 1, item("1", 1_000)), RUN.asked(1), RUN.proposed(2, "1", 1_000, 900),
            authorized("78"),
        )  # fmt: skip
        yield standing


def test_every_command_is_in_the_list_above(house: House) -> None:
    """So that a new one is tested with the others."""
    posts = {
        route.path.replace("{item_key:path}", "1")
        for router in _routers()
        for route in router.routes
        if isinstance(route, APIRoute) and "POST" in route.methods
    }
    assert posts == {*COMMANDS, *KEPT, "/sign-in/{token}", "/sign-out"}


def _routers() -> list[APIRouter]:
    parts = (analytics, approvals, audit, entrance, overview, products, records, settings, undo)
    return [part.router for part in parts]


def test_no_other_origin_commands_anything(house: House) -> None:
    browser = house.browser("77")
    browser.get("/settings")
    link = house.desk.sign_in.make_link("77", Role.OWNER)
    for headers in FOREIGN:
        for path, (_, fields) in (COMMANDS | KEPT).items():
            answer = browser.post(path, fields, headers=headers)
            assert answer.status_code == 403, (path, headers)
            assert "did not come from our pages" in answer.text
        assert browser.post(f"/sign-in/{link.token}", csrf=None, headers=headers).status_code == 403, headers
    assert house.desk.sign_in.look(link.token) is not None


def test_an_old_browser_is_known_by_its_origin(house: House) -> None:
    browser = house.browser("77")
    answer = browser.post("/pause", headers={"Origin": "http://127.0.0.1:8080"})
    assert answer.status_code == 503, "it went through, and onboarding is away"


def test_a_form_of_another_session_or_of_none_does_nothing(house: House) -> None:
    noted = house.desk.approvals.answers.given("77", RUN.proposal("1"))
    browser, other = house.browser("77"), house.browser("78")
    other.get("/settings")
    for path, (_, fields) in (COMMANDS | KEPT).items():
        for token in (other._csrf, "", None, "é"):
            assert browser.post(path, fields | {"x": ""}, csrf=token).status_code == 403, (path, token)
        assert house.browser().post(path, fields, csrf="x").status_code == 401, path
        json = browser.request("POST", path, json=fields, headers={"Sec-Fetch-Site": "same-origin"})
        assert json.status_code == 415, path
    assert house.desk.approvals.answers.given("77", RUN.proposal("1")) == noted


@pytest.mark.parametrize("role", list(Role))
def test_a_role_can_do_what_it_may_and_no_more(house: House, role: Role) -> None:
    browser = house.browser("77", role)
    for path, (deed, fields) in COMMANDS.items():
        answer = browser.post(path, fields)
        # What is allowed reaches its owner, who is away.
        assert answer.status_code == (503 if may(role, deed) else 403), path
        assert "Nothing was done." in answer.text, path
    for path, (deed, fields) in KEPT.items():
        assert browser.post(path, fields).status_code == (303 if may(role, deed) else 403), path
    allowed = {Role.VIEWER: 1, Role.APPROVER: 4, Role.OWNER: len(Deed)}
    assert sum(may(role, deed) for deed in Deed) == allowed[role]


def test_pages_keep_a_browser_careful(house: House) -> None:
    browser = house.browser("77")
    for path in ("/", "/nowhere", "/approvals"):
        headers = browser.get(path).headers
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'")
        assert "unsafe" not in policy
        for part in (
            "script-src 'self'",
            "connect-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ):
            assert part in policy
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
    [style] = [given["href"] for tag, given in browser.page("/").tags if given.get("rel") == "stylesheet"]
    kept = browser.get(str(style)).headers
    assert "immutable" in kept["cache-control"]
    assert kept["content-type"].startswith("text/css")
    assert browser.get("/static/style.css").status_code == 404
    assert browser.get("/static/..%2fpages%2frender.py").status_code == 404


def test_an_address_of_another_site_is_never_linked_from_a_problem(house: House) -> None:
    page = house.browser().get("//evil.example/x")
    assert page.status_code == 404
    assert 'href="//' not in page.text


def test_an_owner_that_hangs_up_leaves_it_uncertain(house: House) -> None:
    with _hanging_up() as address:
        owners = owners_at(onboarding=address)
        answer = House(house.container, owners).browser("77").post("/pause")
        owners.close()
    assert answer.status_code == 504
    assert "Nobody knows yet whether it was done" in answer.text


@contextmanager
def _hanging_up() -> Iterator[str]:
    """A server that reads a request and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def test_without_an_owners_key_the_api_does_not_begin(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    given = house.container.settings
    unset = type(given).model_validate(given.model_dump() | {"dashboard_api_key": ""})  # as Compose passes it on
    with pytest.raises(SystemExit) as ended:
        api.run(unset)
    assert ended.value.code == 78
    assert "THAMAN_DASHBOARD_API_KEY is not set" in capsys.readouterr().err
