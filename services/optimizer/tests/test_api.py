"""The HTTP API with keys, problems and pages."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.support.asking import Api, issue

from thaman_contracts.ids import run_id

SOME_ID = UUID("0c4f7c2e-3c55-4c0e-9a0b-1f6f6a2f9b11")
"""Of nothing; fixed, so that test names are the same in every process."""


def test_run_now_is_accepted_once_for_one_key(api: Api, world: Any) -> None:
    first = api.post("/stores/1/runs", headers={"Idempotency-Key": "abc"})
    assert first.status_code == 202
    assert api.post("/stores/1/runs", headers={"Idempotency-Key": "abc"}).json() == first.json()
    assert first.json()["run_id"] == str(run_id("1", first.json()["request_id"]))
    assert len(world.events("request.RunRequested")) == 1


def test_runs_are_listed_in_pages_and_shown_with_hold_reasons(api: Api, world: Any) -> None:
    world.stock(1, rivals=())
    for _ in range(5):
        world.run()
        world.clock.advance(timedelta(hours=1))
    seen, cursor = [], None
    while True:
        page = api.get("/stores/1/runs", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [row["run_id"] for row in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 5
    one = api.get(f"/stores/1/runs/{seen[0]}").json()
    assert one["statistics"]["held"] == 1
    assert one["hold_reasons"] == {"data_fitness/no_reference": 1}
    assert api.get(f"/stores/1/runs/{SOME_ID}").json()["code"] == "not_found"


def test_proposals_are_filtered_approved_and_become_decisions(api: Api, world: Any) -> None:
    world.stock(3)
    run = world.run()
    page = api.get("/stores/1/proposals", params={"state": "pending", "risk": "low", "run_id": str(run)}).json()
    assert len(page["items"]) == 3
    one = page["items"][0]
    assert one["document"]["reason_ar"]
    assert one["document"]["trail"][0]["guard"] == "stop_fence"
    assert api.get("/stores/1/proposals", params={"risk": "high"}).json()["items"] == []
    digest = one["document"]["input_digest"]
    done = api.post(f"/stores/1/proposals/{one['proposal_id']}/approve", json={"shown_digest": digest})
    assert done.status_code == 200
    assert done.json()["state"] == "decided"
    again = api.post(f"/stores/1/proposals/{one['proposal_id']}/approve")
    assert (again.status_code, again.json()["code"]) == (409, "proposal_closed")
    refused = api.post(f"/stores/1/proposals/{page['items'][1]['proposal_id']}/reject", json={"reason": "no"})
    assert refused.json()["close_reason"] == "no"
    (decision,) = api.get("/stores/1/decisions", params={"state": "decided"}).json()["items"]
    assert decision["document"]["base_price"] == 9_700
    assert api.get(f"/stores/1/proposals/{one['proposal_id']}").json()["state"] == "decided"


def test_a_bulk_answer_judges_each_for_itself(api: Api, world: Any, item_of: Callable[..., Any]) -> None:
    world.stock(3)
    world.run()
    ids = [row["proposal_id"] for row in api.get("/stores/1/proposals").json()["items"]]
    changed = api.get(f"/stores/1/proposals/{ids[0]}").json()["item"]
    world.observe(item_of(changed, base_price=10_050, shelf_price=10_050))
    stranger = str(uuid4())
    body = {"ids": [*ids, stranger], "shown_digests": {ids[1]: "0" * 64}}
    results = {row["proposal_id"]: row for row in api.post("/stores/1/proposals/approve", json=body).json()["items"]}
    assert results[ids[0]]["code"] == "inputs_changed"
    assert results[ids[1]]["code"] == "shown_something_else"
    assert results[ids[2]]["outcome"] == "approved"
    assert results[stranger]["code"] == "not_found"


def test_a_bulk_answer_by_filter(api: Api, world: Any) -> None:
    world.stock(3)
    run = world.run()
    answer = api.post(
        "/stores/1/proposals/reject", json={"risk": "low", "run_id": str(run), "reason": "not now"}
    ).json()
    assert [row["outcome"] for row in answer["items"]] == ["rejected"] * 3
    assert answer["more"] is False
    both = api.post("/stores/1/proposals/reject", json={"risk": "low", "ids": [str(uuid4())]})
    assert both.status_code == 422


def test_links_and_offers(api: Api, world: Any, item_of: Callable[..., Any]) -> None:
    world.observe(item_of("1"), item_of("2", variant_id="5"))
    links = [{"competitor": "النخبة", "url": "https://rival.example/1"}]
    body = {"items": [{"product_id": "1", "links": links}, {"product_id": "2", "variant_id": "5", "links": links}]}
    world.pages.prices["https://rival.example/1"] = 9_500
    assert api.put("/stores/1/competitor-links", json=body).status_code == 200
    listed = api.get("/stores/1/competitor-links").json()["items"]
    assert [(row["product_id"], row["variant_id"]) for row in listed] == [("1", None), ("2", "5")]
    one = api.get("/stores/1/competitor-links", params={"item": "2/5"}).json()["items"]
    assert [(row["product_id"], row["variant_id"]) for row in one] == [("2", "5")]
    world.run()
    first = api.get("/stores/1/offers", params={"limit": 1}).json()
    second = api.get("/stores/1/offers", params={"limit": 1, "cursor": first["next"]}).json()
    assert [page["items"][0]["item"] for page in (first, second)] == ["1", "2/5"]
    assert second["next"] is None
    assert first["items"][0]["price"] == 9_500
    refused = api.put(
        "/stores/1/competitor-links",
        json={"items": [{"product_id": "1", "links": [{"competitor": "x", "url": "file:///etc/passwd"}]}]},
    )
    assert (refused.status_code, refused.json()["code"]) == (422, "link_refused")
    unknown = api.put("/stores/1/competitor-links", json={"items": [{"product_id": "3", "links": []}]})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "items_unknown")
    twice = api.put("/stores/1/competitor-links", json={"items": [{"product_id": "1", "links": []}] * 2})
    assert twice.status_code == 422


PATHS = [
    ("GET", "/runs"),
    ("POST", "/runs"),
    ("GET", f"/runs/{SOME_ID}"),
    ("GET", "/proposals"),
    ("GET", f"/proposals/{SOME_ID}"),
    ("POST", f"/proposals/{SOME_ID}/approve"),
    ("POST", f"/proposals/{SOME_ID}/reject"),
    ("POST", "/proposals/approve"),
    ("POST", "/proposals/reject"),
    ("GET", "/decisions"),
    ("GET", "/competitor-links"),
    ("PUT", "/competitor-links"),
    ("GET", "/offers"),
    ("GET", "/sources"),
    ("PUT", "/sources"),
    ("POST", "/sources/web/look"),
    ("GET", "/matches"),
    ("GET", f"/matches/{SOME_ID}"),
    ("POST", f"/matches/{SOME_ID}/confirm"),
    ("POST", f"/matches/{SOME_ID}/reject"),
    ("POST", "/matches/confirm"),
    ("POST", "/matches/reject"),
    ("GET", "/policies"),
    ("POST", "/policies"),
    ("GET", "/policies/1"),
    ("PUT", "/policies/1/stage"),
    ("GET", "/policies/1/shadow"),
    ("POST", "/policies/1/what-if"),
    ("POST", "/undo/preview"),
    ("POST", "/undo"),
    ("GET", f"/undo/{SOME_ID}"),
    ("POST", "/settings/preview"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_no_key_is_401_and_another_stores_key_sees_nothing(method: str, path: str, api: Api, world: Any) -> None:
    world.connect("2")
    own = api.headers.pop("Authorization")
    assert api.request(method, f"/stores/1{path}", json={}).status_code == 401
    foreign = api.request(method, f"/stores/2{path}", json={}, headers={"Authorization": own})
    assert foreign.status_code == 404
    operator = {"Authorization": f"Bearer {issue(world, None)}"}
    assert api.request(method, f"/stores/2{path}", json={}, headers=operator).status_code != 401


def test_every_endpoint_is_in_the_list_above(api: Api) -> None:
    paths = api.get("/openapi.json").json()["paths"]
    served = {(method.upper(), path) for path, methods in paths.items() for method in methods if "{store_id}" in path}
    assert len(served) == len(PATHS)


@pytest.mark.parametrize(
    "params",
    [
        {"cursor": "x"},
        {"cursor": "ÿ"},
        {"cursor": "YQpi"},
        {"limit": 0},
        {"limit": 101},
        {"limit": "x"},
        {"state": "odd"},
        {"typo": 1},
    ],
)
def test_bad_parameters_are_named(params: dict[str, Any], api: Api) -> None:
    answer = api.get("/stores/1/proposals", params=params)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_a_stopped_store_refuses_a_run(api: Api, world: Any) -> None:
    world.stop_all()
    answer = api.post("/stores/1/runs")
    assert (answer.status_code, answer.json()["code"]) == (409, "store_not_priced")
    assert "operator" in answer.json()["detail"]


def test_health(api: Api) -> None:
    assert api.get("/health").json() == {"status": "ok"}
    assert api.get("/readyz").status_code == 200
