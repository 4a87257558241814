"""Approving, rejecting, expiring: what a person may let through, and when it lapses instead."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import UUID, uuid4

import pytest

from thaman_contracts.events import onboarding
from thaman_contracts.events.breaker import BreakerLimits
from thaman_contracts.events.onboarding import CatalogItem
from thaman_contracts.events.optimizer import CompetitorLink, CompetitorLinks
from thaman_contracts.events.settings import StoreSettings
from thaman_optimizer import errors


@pytest.fixture
def asked(world: Any) -> Any:
    """A store in manual mode with two pending proposals."""
    world.connect(settings={"mode": "manual"})
    world.stock(2)
    world.run()
    return world


def pending(world: Any) -> list[UUID]:
    return [row["proposal_id"] for row in world.proposals(states=["pending"])]


def test_an_approval_decides(asked: Any) -> None:
    wanted = pending(asked)[0]
    digest = asked.container.views.proposal("1", wanted)["document"]["input_digest"]
    asked.container.optimizer.approve("1", wanted, "key_1", digest)
    row = asked.container.views.proposal("1", wanted)
    assert (row["state"], row["closed_by"]) == ("decided", "key_1")
    (decision,) = asked.decisions()
    document = decision["document"]
    assert document["decided_by"] == "key_1"
    assert document["max_step_bp"] == 1_000
    assert [event["topic"] for event in asked.events()[-2:]] == ["proposal.Approved", "proposal.Decided"]


def test_answering_twice_is_refused(asked: Any) -> None:
    first, second = pending(asked)
    asked.container.optimizer.approve("1", first, "key_1")
    asked.container.optimizer.reject("1", second, "key_1", "too low")
    for wanted in (first, second):
        with pytest.raises(errors.ProposalClosed):
            asked.container.optimizer.approve("1", wanted, "key_2")
        with pytest.raises(errors.ProposalClosed):
            asked.container.optimizer.reject("1", wanted, "key_2")
    assert asked.container.views.proposal("1", second)["close_reason"] == "too low"
    assert len(asked.decisions()) == 1


def test_many_people_approving_at_once_decide_once(asked: Any) -> None:
    wanted = pending(asked)[0]
    gate, outcomes = Barrier(4), []

    def approve(number: int) -> None:
        gate.wait()
        try:
            asked.container.optimizer.approve("1", wanted, f"key_{number}")
            outcomes.append("approved")
        except errors.ProposalClosed:
            outcomes.append("closed")
        except errors.WriteInFlight:
            outcomes.append("in flight")

    threads = [Thread(target=approve, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("approved") == 1
    assert len(outcomes) == 4
    assert len(asked.events("proposal.Decided")) == 1


def test_the_wrong_digest_is_refused_and_nothing_happens(asked: Any) -> None:
    wanted = pending(asked)[0]
    with pytest.raises(errors.ShownSomethingElse):
        asked.container.optimizer.approve("1", wanted, "key_1", "0" * 64)
    assert wanted in pending(asked)


def change_price(world: Any, item_of: Callable[..., CatalogItem]) -> None:
    world.observe(item_of("1", base_price=10_001, shelf_price=10_001))


def change_cost(world: Any, item_of: Callable[..., CatalogItem]) -> None:
    world.observe(item_of("1", cost=5_001))


def start_sale(world: Any, item_of: Callable[..., CatalogItem]) -> None:
    world.observe(item_of("1", sale_running=True, sale_price=9_000))


def remove(world: Any, item_of: Callable[..., CatalogItem]) -> None:
    world.tell(onboarding.CatalogItemsRemoved(store_id="1", occurred_at=world.clock.now(), keys=("1",)))


def change_settings(world: Any, item_of: Callable[..., CatalogItem]) -> None:
    world.tell(
        onboarding.StoreSettingsChanged(
            store_id="1",
            occurred_at=world.clock.now(),
            settings_version=2,
            settings=StoreSettings(),
            changed_by="me",
        )
    )


def pause_and_resume(world: Any, item_of: Callable[..., CatalogItem]) -> None:
    now = world.clock.now()
    world.tell(onboarding.StorePaused(store_id="1", occurred_at=now, fence=1, reason="x", paused_by="me"))
    world.tell(onboarding.StoreResumed(store_id="1", occurred_at=now, fence=1, resumed_by="me"))


def _rule(world: Any, **limits: Any) -> None:
    rule = {"product_id": "1"} | limits
    world.tell(onboarding.ItemRulesChanged(store_id="1", occurred_at=world.clock.now(), rules=(rule,), changed_by="me"))


def lock(world: Any, item_of: Callable[..., CatalogItem]) -> None:
    _rule(world, locked=True)


def raise_minimum(world: Any, item_of: Callable[..., CatalogItem]) -> None:
    _rule(world, min_price=9_900)


@pytest.mark.parametrize(
    "change",
    [change_price, change_cost, start_sale, remove, change_settings, pause_and_resume, lock, raise_minimum],
)
def test_a_proposal_whose_inputs_changed_lapses_instead(
    change: Callable[..., None], asked: Any, item_of: Callable[..., CatalogItem]
) -> None:
    wanted = next(row["proposal_id"] for row in asked.proposals(states=["pending"]) if row["item_key"] == "1")
    change(asked, item_of)
    with pytest.raises(errors.InputsChanged):
        asked.container.optimizer.approve("1", wanted, "key_1")
    row = asked.container.views.proposal("1", wanted)
    assert (row["state"], row["close_reason"]) == ("expired", "inputs_changed")
    assert asked.decisions() == []


def test_a_change_of_the_breaker_leaves_what_waits_for_approval_alone(asked: Any) -> None:
    wanted = next(row["proposal_id"] for row in asked.proposals(states=["pending"]) if row["item_key"] == "1")
    in_force = asked.container.facts.store("1", asked.clock.now()).settings
    asked.tell(
        onboarding.StoreSettingsChanged(
            store_id="1",
            occurred_at=asked.clock.now(),
            settings_version=2,
            settings=in_force.model_copy(update={"breaker": BreakerLimits(edits=3)}),
            changed_by="key_1",
        )
    )
    asked.container.optimizer.approve("1", wanted, "key_1")
    assert len(asked.decisions()) == 1


def test_nothing_is_approved_while_all_is_stopped_and_what_was_asked_before_lapses(asked: Any) -> None:
    wanted = pending(asked)[0]
    asked.stop_all()
    with pytest.raises(errors.StoreNotPriced):
        asked.container.optimizer.approve("1", wanted, "key_1")
    asked.stop_all(stopped=False)
    with pytest.raises(errors.InputsChanged, match="stopped"):
        asked.container.optimizer.approve("1", wanted, "key_1")
    assert asked.decisions() == []


@pytest.mark.parametrize(
    ("status", "days", "priced"), [("expired", None, False), ("active", 0, True), ("trial", -1, False)]
)
def test_entitlement_ends_with_its_day_in_riyadh(status: str, days: int | None, priced: bool, asked: Any) -> None:
    ends_on = None if days is None else (asked.clock.now() + timedelta(days=days)).date()
    asked.tell(
        onboarding.EntitlementChanged(store_id="1", occurred_at=asked.clock.now(), status=status, ends_on=ends_on)
    )
    assert asked.container.facts.store("1", asked.clock.now()).entitled is priced


def test_another_stores_proposal_does_not_exist(asked: Any) -> None:
    asked.connect("2")
    for wanted in (pending(asked)[0], uuid4()):
        with pytest.raises(errors.ProposalUnknown):
            asked.container.optimizer.approve("2", wanted, "key_2")
        with pytest.raises(errors.ProposalUnknown):
            asked.container.optimizer.reject("2", wanted, "key_2")


def test_a_write_in_flight_makes_the_next_approval_wait(asked: Any) -> None:
    wanted = next(row for row in asked.proposals(states=["pending"]) if row["item_key"] == "1")
    asked.container.optimizer.approve("1", wanted["proposal_id"], "key_1")
    asked.clock.advance(timedelta(hours=1))
    row = asked.container.views.run("1", asked.run())
    assert row["hold_reasons"] == {"lock/write_in_flight": 1}


def test_a_break_of_the_step_that_a_person_approved_may_be_written(
    world: Any, item_of: Callable[..., CatalogItem]
) -> None:
    world.connect()
    world.observe(item_of("1", cost=12_000))
    world.run()
    (wanted,) = world.proposals(states=["pending"])
    assert wanted["risk"] == "high"
    world.container.optimizer.approve("1", wanted["proposal_id"], "key_1")
    (decision,) = world.decisions()
    document = decision["document"]
    assert document["base_price"] == document["floor"] == 15_334
    assert document["max_step_bp"] == 5_334


def test_unanswered_proposals_expire_once_in_any_number_of_replicas(asked: Any) -> None:
    assert asked.container.optimizer.expire_due() == 0
    asked.clock.advance(timedelta(hours=48))
    gate, expired = Barrier(3), []

    def expire() -> None:
        gate.wait()
        expired.append(asked.container.optimizer.expire_due())

    threads = [Thread(target=expire) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(expired) == 2
    assert len(asked.events("proposal.Expired")) == 2
    with pytest.raises(errors.ProposalClosed):
        asked.container.optimizer.approve("1", asked.proposals()[0]["proposal_id"], "key_1")


def test_a_proposal_past_its_time_cannot_be_approved_even_before_the_expiry_ran(asked: Any) -> None:
    wanted = pending(asked)[0]
    asked.clock.advance(timedelta(hours=48))
    with pytest.raises(errors.ProposalClosed):
        asked.container.optimizer.approve("1", wanted, "key_1")


def test_an_approval_while_a_run_supersedes_gives_one_outcome(asked: Any) -> None:
    wanted = next(row["proposal_id"] for row in asked.proposals(states=["pending"]) if row["item_key"] == "1")
    asked.clock.advance(timedelta(minutes=1))
    outcomes: list[str] = []

    def approve() -> None:
        try:
            asked.container.optimizer.approve("1", wanted, "key_1")
            outcomes.append("approved")
        except errors.ProposalError:
            outcomes.append("refused")

    thread = Thread(target=approve)
    thread.start()
    asked.run()
    thread.join()
    closing = [
        event["topic"]
        for event in asked.events()
        if event["originator_id"] == wanted and event["originator_version"] == 2
    ]
    assert closing == [{"approved": "proposal.Approved", "refused": "proposal.Expired"}[outcomes[0]]]


def test_a_run_request_is_one_request_for_one_key(world: Any) -> None:
    world.connect()
    first = world.container.optimizer.request_run("1", "key_1", "same")
    assert world.container.optimizer.request_run("1", "key_1", "same") == first
    assert world.container.optimizer.request_run("1", "key_1") != first
    assert len(world.events("request.RunRequested")) == 2
    with pytest.raises(errors.StoreUnknown):
        world.container.optimizer.request_run("2", "key_1")
    world.stop_all()
    with pytest.raises(errors.StoreNotPriced):
        world.container.optimizer.request_run("1", "key_1")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://rival.example/p",
        "javascript:alert(1)",
        "https:///p",
        "https://user:secret@rival.example/p",
        "https://rival.example:0/p",
        "https://rival.example/a b",
        "https://[::1/p",
        "http://rival.example/\x00",
    ],
)
def test_links_that_are_no_plain_web_address_are_refused(url: str, world: Any) -> None:
    world.connect()
    world.stock(1)
    links = (CompetitorLink(competitor="x", url=url),)
    with pytest.raises(errors.LinkRefused):
        world.container.optimizer.set_links("1", [CompetitorLinks(product_id="1", links=links)], "key_1")


def test_links_of_unknown_items_are_refused_and_an_empty_list_removes(world: Any) -> None:
    world.connect()
    world.stock(1)
    with pytest.raises(errors.ItemsUnknown, match="404"):
        world.container.optimizer.set_links("1", [CompetitorLinks(product_id="404", links=())], "key_1")
    world.container.optimizer.set_links("1", [CompetitorLinks(product_id="1", links=())], "key_1")
    assert world.container.views.links("1") == []
