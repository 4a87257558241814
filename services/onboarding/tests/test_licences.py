"""Discount licences as a merchant keeps them: over HTTP and by the command, on a real PostgreSQL."""

import json
from typing import Any
from uuid import uuid4

import pytest

from thaman_cli.api import Api
from thaman_cli.main import main
from thaman_contracts.events.onboarding import PriceApplied, PriceWriteStarted
from thaman_contracts.events.optimizer import PriceDecided, PriceProposed
from thaman_onboarding.domain.licences import LicenceBook

LICENCE = {
    "number": "١٢٣-A",
    "authority": "وزارة التجارة",
    "kind": "seasonal",
    "starts_on": "2026-09-16",
    "ends_on": "2026-09-30",
    "product_ids": [],
    "categories": ["عطور"],
    "min_discount_bp": 1_000,
    "max_discount_bp": 3_000,
    "document": "ملف 7/2026",
}


@pytest.fixture
def store_id(service: Any, salla: Any) -> str:
    """A connected store."""
    store = str(salla.new_store(name="Oud"))
    service.connect(store)
    return store


def licence_topics(service: Any, store_id: str) -> list[str]:
    return [topic for topic in service.events(store_id) if topic.startswith("licence.")]


def test_a_licence_from_its_record_to_its_end(service: Any, store_id: str) -> None:
    key, path = service.store_key(store_id), f"/stores/{store_id}/licences"
    assert service.http.get(path, headers=key).json() == {"items": [], "next": None}
    made = service.http.post(path, json=LICENCE, headers=key)
    assert made.status_code == 201, made.text
    assert made.json() | LICENCE == made.json()
    place = f"{path}/{made.json()['licence_id']}"
    assert service.http.post(path, json=LICENCE, headers=key).json() == made.json(), "said twice, recorded once"
    other = service.http.post(path, json=LICENCE | {"ends_on": "2026-10-01"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "licence_known")
    assert other.json()["next_step"].startswith("Correct that one")

    longer = {"licence": LICENCE | {"ends_on": "2026-10-02"}, "reason": "مُدّدت"}
    corrected = service.http.put(place, json=longer, headers=key)
    assert (corrected.status_code, corrected.json()["ends_on"]) == (200, "2026-10-02")
    assert service.http.put(place, json=longer, headers=key).json() == corrected.json()

    revoked = {"reason": "withdrawn", "revoked_from": "2026-09-20"}
    for _ in range(2):
        assert service.http.post(f"{place}/revoke", json=revoked, headers=key).json()["revoked_from"] == "2026-09-20"
    for method, where, body in (("PUT", place, longer), ("POST", f"{place}/revoke", {"reason": "again"})):
        late = service.http.request(method, where, json=body, headers=key)
        assert (late.status_code, late.json()["code"]) == (409, "licence_revoked")
    again = service.http.post(path, json=LICENCE, headers=key).json()
    assert again["licence_id"] != made.json()["licence_id"], "a revoked number may be recorded anew"
    assert licence_topics(service, store_id) == [
        "licence.Recorded", "licence.Corrected", "licence.Revoked", "licence.Recorded",
    ]  # fmt: skip
    book = service.container.app.get(LicenceBook, LicenceBook.id_of(store_id))
    assert [one.licence.document for one in book.held.values()] == ["ملف 7/2026"] * 2


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"ends_on": "2026-09-15"}, ""),
    ({"max_discount_bp": 900}, ""),
    ({"number": " "}, "/number"),
    ({"max_discount_bp": 10_001}, "/max_discount_bp"),
    ({"product_ids": ["all"]}, "/product_ids/0"),
    ({"from": "2026-09-16"}, "/from"),
]


def test_a_licence_that_cannot_be_meant_is_refused(service: Any, store_id: str) -> None:
    operator = service.operator()
    for change, pointer in WRONG:
        answer = service.http.post(f"/stores/{store_id}/licences", json=LICENCE | change, headers=operator)
        assert answer.status_code == 422, answer.text
        assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert licence_topics(service, store_id) == []


def test_nobody_elses(service: Any, store_id: str) -> None:
    path = f"/stores/{store_id}/licences"
    foreign = service.store_key("99")
    assert service.http.get(path, headers=foreign).status_code in (403, 404)
    assert service.http.post(path, json=LICENCE, headers=foreign).status_code in (403, 404)
    operator = service.operator()
    nowhere = service.http.post("/stores/99/licences", json=LICENCE, headers=operator)
    assert (nowhere.status_code, "store" in nowhere.json()["detail"]) == (404, True)
    gone = service.http.post(f"{path}/{uuid4()}/revoke", json={"reason": "x"}, headers=operator)
    assert (gone.status_code, gone.json()["code"]) == (404, "not_found")


def test_the_command_keeps_them(
    service: Any, store_id: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key = service.operator()["Authorization"].removeprefix("Bearer ")
    monkeypatch.setattr(Api, "of", lambda _home: Api({"onboarding": service.url}, key))

    def run(*arguments: str) -> Any:
        with pytest.raises(SystemExit) as caught:
            main(["licences", *arguments, "--json"])
        out = capsys.readouterr().out
        return (caught.value.code, json.loads(out)) if out else (caught.value.code, None)

    what = ("--number", "7", "--authority", "MC", "--from", "2026-09-16", "--to", "2026-09-30", "--product", "1")
    code, made = run("record", store_id, *what, "--product", "2", "--max-percent", "12.5")
    assert (code, made["product_ids"], made["max_discount_bp"]) == (0, ["1", "2"], 1_250)
    code, said = run("correct", store_id, made["licence_id"], *what, "--reason", "one product only")
    assert (code, said["product_ids"], said["max_discount_bp"]) == (0, ["1"], None)
    code, said = run("revoke", store_id, made["licence_id"], "--reason", "withdrawn", "--from", "2026-09-20")
    assert (code, said["revoked_from"]) == (0, "2026-09-20")
    code, said = run("list", store_id)
    assert (code, [one["licence_id"] for one in said["items"]]) == (0, [made["licence_id"]])
    assert run("record", store_id, *what, "--max-percent", "much")[0] == 2
    with pytest.raises(SystemExit):
        main(["licences", "list", store_id])
    assert "withdrawn" not in capsys.readouterr().err


def test_nothing_that_thaman_says_of_a_price_has_room_for_a_sale_price() -> None:
    """So no decision and no write can carry one, licence or not; what is sent is looked at in test_write_faults.py."""
    for event in (PriceProposed, PriceDecided, PriceWriteStarted, PriceApplied):
        assert [name for name in event.model_fields if "sale" in name] == []
