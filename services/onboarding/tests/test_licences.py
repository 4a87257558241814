"""Discount licences as a merchant keeps them: over HTTP and by the command, on a real PostgreSQL."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from thaman_cli.api import Api
from thaman_cli.main import main
from thaman_contracts.events.onboarding import PriceApplied, PriceWriteStarted
from thaman_contracts.events.optimizer import PriceDecided, PriceProposed
from thaman_kit.clock import ManualClock
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
    ({"ends_on": "9999-12-31"}, "/ends_on"),
    ({"starts_on": "1447-03-24"}, "/starts_on"),
    (
        {
            "categories": [f"{place:03}" + "عطر" * 65 for place in range(500)],
            "product_ids": [f"{place:019}" for place in range(5_000)],
        },
        "",
    ),
]


def test_a_licence_that_cannot_be_meant_is_refused(service: Any, store_id: str) -> None:
    operator = service.operator()
    for change, pointer in WRONG:
        answer = service.http.post(f"/stores/{store_id}/licences", json=LICENCE | change, headers=operator)
        assert answer.status_code == 422, answer.text
        assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert licence_topics(service, store_id) == []


def test_what_is_wrong_is_said_clearly(service: Any, store_id: str) -> None:
    operator, path = service.operator(), f"/stores/{store_id}/licences"

    def said(method: str, where: str, body: dict[str, Any]) -> str:
        answer = service.http.request(method, where, json=body, headers=operator)
        assert answer.status_code == 422, answer.text
        return str(answer.json()["errors"][0]["detail"])

    assert "the year has to be 2000 to 2199" in said("POST", path, LICENCE | {"ends_on": "9999-12-31"})
    many = [str(place) + "ع" * 190 for place in range(500)]
    numbers = [f"{place:019}" for place in range(5_000)]
    assert "name fewer" in said("POST", path, LICENCE | {"categories": many, "product_ids": numbers})
    made = service.http.post(path, json=LICENCE, headers=operator).json()
    far = {"reason": "x", "revoked_from": "9999-12-31"}
    assert "the year has to be" in said("POST", f"{path}/{made['licence_id']}/revoke", far)
    swollen = {"licence": LICENCE, "reason": "a@b.co " * 28}
    assert "masked it is longer than 200" in said("PUT", f"{path}/{made['licence_id']}", swollen)


def test_whose_digits_they_are_makes_no_second_licence(service: Any, store_id: str) -> None:
    operator, path = service.operator(), f"/stores/{store_id}/licences"
    made = service.http.post(path, json=LICENCE, headers=operator).json()
    assert made["number"] == LICENCE["number"], "as it was typed"
    for number in ("123-a", "۱۲۳-A", "１２３-Ａ"):
        again = service.http.post(path, json=LICENCE | {"number": number}, headers=operator)
        assert (again.status_code, again.json()["code"]) == (409, "licence_known")
        assert made["licence_id"] in again.json()["detail"]


def test_no_event_has_ways_to_reach_a_person(service: Any, store_id: str) -> None:
    operator, path = service.operator(), f"/stores/{store_id}/licences"
    canaries = ("umm.khalid@shop.example", "0551234567", "+966551234567")
    free = LICENCE | {"kind": f"seasonal {canaries[1]}", "document": f"ask {canaries[0]}"}
    made = service.http.post(path, json=free, headers=operator).json()
    assert made["kind"] == "seasonal [redacted]"
    assert service.http.post(path, json=free, headers=operator).json() == made, "said twice, recorded once"
    place = f"{path}/{made['licence_id']}"
    body = {"licence": free | {"document": canaries[2]}, "reason": f"said {canaries[1]}"}
    assert service.http.put(place, json=body, headers=operator).json()["document"] == "[redacted]"
    revoked = service.http.post(f"{place}/revoke", json={"reason": f"said {canaries[0]}"}, headers=operator).json()
    assert revoked["reason"] == "said [redacted]"
    told = b"".join(bytes(state) for (state,) in service.rows("SELECT state FROM onboarding_events"))
    assert [word for word in canaries if word.encode() in told] == []
    assert len(licence_topics(service, store_id)) == 3


def test_none_outlives_a_forgetting(start_service: Any, salla: Any) -> None:
    clock = ManualClock(datetime(2026, 9, 19, 22, 30, tzinfo=UTC))
    service = start_service(clock=clock)
    store_id = str(salla.new_store(name="Oud"))
    service.connect(store_id)
    operator, path = service.operator(), f"/stores/{store_id}/licences"
    made = [
        service.http.post(path, json=LICENCE | {"number": number}, headers=operator).json() for number in ("1", "2")
    ]
    one, two = (f"{path}/{licence['licence_id']}" for licence in made)
    service.http.post(f"{one}/revoke", json={"reason": "x", "revoked_from": "2026-09-17"}, headers=operator)
    done = service.http.post(f"/stores/{store_id}/forgetting", json={"now": True}, headers=operator)
    assert done.json()["state"] == "forgotten"
    assert {"licence.Revoked", "store.Forgotten"} <= set(service.events(store_id)[-3:])
    held = {licence["number"]: licence for licence in service.http.get(path, headers=operator).json()["items"]}
    # It is the 20th in Riyadh; what was sold on this day was sold under it.
    assert {number: licence["revoked_from"] for number, licence in held.items()} == {
        "1": "2026-09-17",
        "2": "2026-09-21",
    }
    assert held["2"]["reason"] == "the store was forgotten"
    correction = {"licence": LICENCE, "reason": "x"}
    for method, where, body in (
        ("POST", path, LICENCE),
        ("PUT", two, correction),
        ("POST", f"{two}/revoke", {"reason": "x"}),
    ):
        answer = service.http.request(method, where, json=body, headers=operator)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_connected")
        assert "was forgotten" in answer.json()["detail"]
    clock.advance(timedelta(minutes=1))
    service.connect(store_id)
    anew = service.http.post(path, json=LICENCE | {"number": "2"}, headers=operator)
    assert anew.status_code == 201 and anew.json()["licence_id"] not in {licence["licence_id"] for licence in made}


def test_nobody_elses(service: Any, salla: Any, store_id: str) -> None:
    path = f"/stores/{store_id}/licences"
    foreign = service.store_key("99")
    operator = service.operator()
    made = service.http.post(path, json=LICENCE, headers=operator).json()
    other_store = str(salla.new_store(name="Musk"))
    service.connect(other_store)
    other_key = service.store_key(other_store)
    correction = {"licence": LICENCE | {"kind": "liquidation"}, "reason": "not mine"}

    def every_way(place: str, key: dict[str, str]) -> list[tuple[int, str]]:
        """A correction and a revocation of the licence at a path; status and code."""
        tries = (("PUT", place, correction), ("POST", f"{place}/revoke", {"reason": "not mine"}))
        answers = [service.http.request(method, where, json=body, headers=key) for method, where, body in tries]
        return [(one.status_code, one.json()["detail"]) for one in answers]

    for stranger in (foreign, other_key):
        for answer in (
            service.http.get(path, headers=stranger),
            service.http.post(path, json=LICENCE, headers=stranger),
        ):
            assert (answer.status_code, answer.json()["detail"]) == (404, "There is no such store.")
        assert every_way(f"{path}/{made['licence_id']}", stranger) == [(404, "There is no such store.")] * 2
    # The store is the caller's own, the licence is not.
    beside = f"/stores/{other_store}/licences/{made['licence_id']}"
    assert every_way(beside, other_key) == every_way(beside, operator) == [(404, "There is no such licence.")] * 2
    assert service.http.get(path, headers=operator).json()["items"] == [made]
    assert (licence_topics(service, store_id), licence_topics(service, other_store)) == (["licence.Recorded"], [])
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
    monkeypatch.setenv("COLUMNS", "300")
    with pytest.raises(SystemExit):
        main(["licences", "list", store_id])
    shown = capsys.readouterr()
    assert made["licence_id"] in shown.out and "2026-09-20" in shown.out


def test_nothing_that_thaman_says_of_a_price_has_room_for_a_sale_price() -> None:
    """So no decision and no write can carry one, licence or not; what is sent is looked at in test_write_faults.py."""
    for event in (PriceProposed, PriceDecided, PriceWriteStarted, PriceApplied):
        assert [name for name in event.model_fields if "sale" in name] == []
