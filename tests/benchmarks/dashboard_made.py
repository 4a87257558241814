"""What pages show and no event of the history tells: a sheet, an invitation, links to sign in, a licence, an undo."""

import re

import httpx

from tests.benchmarks.dashboard_events import STORE
from tests.benchmarks.dashboard_owners import Owners
from tests.benchmarks.dashboard_served import SAME_SITE, Visitor
from tests.benchmarks.errors import BenchError
from thaman_contracts.events.optimizer import UndoScope
from thaman_contracts.ids import derived_id
from thaman_dashboard.adapters.owners_http import OwnersHttp
from thaman_dashboard.testing_pages import House
from thaman_dashboard.views import Role

UNDO_KEY = "bench"


def made(
    house: House, owners: Owners, visitor: Visitor, http: OwnersHttp, key_id: str, decisions: list[str]
) -> dict[str, list[str]]:
    """Make one of each; ids and secrets by the name that addresses have for them."""
    desk = house.desk
    return {
        "sheet_id": [_sheet(visitor)],
        "invitation": [_invitation(visitor)],
        "sign_in": [desk.sign_in.make_link(STORE, Role.VIEWER).token],
        "operator_sign_in": [desk.operators.make_link(key_id).token],
        "licence_id": [str(one.licence_id) for one in owners.onboarding.licences.all(STORE)],
        "undo_id": [_undo(http, decisions)],
        "stylesheet": [desk.pages.assets.address("style.css")],
    }


def queue_form(visitor: Visitor) -> dict[str, str | list[str]]:
    """What the approvals' page sends to preview all that it shows."""
    page = visitor.http.get("/approvals").text
    digests = dict(re.findall(r'name="(digest\.[0-9a-f-]{36})" value="([^"]*)"', page))
    return digests | {"approve": "shown", "shown": [name.removeprefix("digest.") for name in digests]}


def _sheet(visitor: Visitor) -> str:
    """All products as they were downloaded, brought back."""
    file = visitor.http.get("/products/sheet/products.csv").content
    answer = visitor.http.post(
        "/products/sheet", data={"csrf": visitor.csrf}, files={"sheet": ("products.csv", file)}, headers=SAME_SITE
    )
    if answer.status_code != 303:
        raise BenchError(f"the sheet was not taken: {answer.status_code} {answer.text[:500]}")
    return answer.headers["location"].rpartition("/")[2]


def _invitation(visitor: Visitor) -> str:
    answer = visitor.http.post(
        "/people/invitations", data={"csrf": visitor.csrf, "role": "viewer", "name": "x"}, headers=SAME_SITE
    )
    return _one(r'/invitations/([\w-]{20,})"', answer)


def _undo(http: OwnersHttp, decisions: list[str]) -> str:
    """The prices of some decisions put back; the same undo, however often this runs."""
    body = {"scope": UndoScope.DECISIONS.value, "decision_ids": decisions}
    shown = http.ask("optimizer", "POST", f"/stores/{STORE}/undo/preview", json=body).json()
    headers, body["shown_digest"] = {"Idempotency-Key": UNDO_KEY}, shown["digest"]
    http.ask("optimizer", "POST", f"/stores/{STORE}/undo", json=body, headers=headers)
    return str(derived_id("undo", STORE, UNDO_KEY))


def _one(pattern: str, answer: httpx.Response) -> str:
    found = re.search(pattern, answer.text)
    if found is None:
        raise BenchError(f"{answer.request.url} has no {pattern}: {answer.status_code}")
    return found.group(1)
