"""Policies: how they are written down, which way they may go, and that two people at once do not break it."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Barrier, Thread
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thaman_contracts.events import onboarding
from thaman_contracts.events.policies import PolicyStage, PricePolicy
from thaman_contracts.events.settings import Strategy
from thaman_optimizer import errors
from thaman_optimizer.domain.events import PolicyStaged
from thaman_optimizer.domain.floor import Limits, limits_of
from thaman_optimizer.domain.policies import MOST_BYTES, MOST_POLICIES, ON_TRIAL, PolicyBook, Standing

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DRAFT, SHADOW, CANARY, LIVE, RETIRED = PolicyStage
POLICY = PricePolicy(title="ربيع")


def book_of(*stages: PolicyStage) -> PolicyBook:
    """A book with a policy in each of the stages."""
    book = PolicyBook.of("1")
    for version, stage in enumerate(stages, 1):
        assert book.draft(POLICY, "key_1", NOW) == version
        if stage is not DRAFT:
            go(book, version, stage)
    book.collect_events()
    return book


def go(book: PolicyBook, version: int, stage: PolicyStage, share_bp: int = 500) -> None:
    book.stage(version, stage, share_bp if stage is CANARY else None, "key_2", NOW)


def stages(book: PolicyBook) -> list[PolicyStage]:
    return [standing.stage for standing in book.standings]


def test_versions_count_from_one() -> None:
    assert stages(book_of(DRAFT, DRAFT, DRAFT)) == [DRAFT] * 3


WAYS = {
    DRAFT: (SHADOW, CANARY, LIVE, RETIRED),
    SHADOW: (DRAFT, CANARY, LIVE, RETIRED),
    CANARY: (DRAFT, LIVE, RETIRED),
    LIVE: (RETIRED,),
    RETIRED: (),
}


@pytest.mark.parametrize("present", PolicyStage)
@pytest.mark.parametrize("wanted", PolicyStage)
def test_forwards_over_any_step_back_to_draft_from_trial_and_no_other_way(
    present: PolicyStage, wanted: PolicyStage
) -> None:
    book = book_of(present)
    if wanted is present:
        go(book, 1, wanted)
        assert not book.has_pending, "it is there already"
    elif wanted in WAYS[present]:
        go(book, 1, wanted)
        assert stages(book) == [wanted]
    else:
        with pytest.raises(errors.PolicyStageRefused, match=r"policy 1 is .*(again|retire it|first)"):
            go(book, 1, wanted)
        assert not book.has_pending


def test_a_policy_that_went_back_to_draft_can_be_tried_again() -> None:
    book = book_of(SHADOW)
    for stage in (DRAFT, CANARY, DRAFT, SHADOW, LIVE):
        go(book, 1, stage)
    assert stages(book) == [LIVE]


def test_a_new_live_policy_retires_the_old_one_before_it_takes_its_place() -> None:
    book = book_of(LIVE, CANARY)
    go(book, 2, LIVE)
    assert stages(book) == [RETIRED, LIVE]
    staged = [event for event in book.collect_events() if isinstance(event, PolicyStaged)]
    assert [(event.policy_version, event.stage, event.share_bp) for event in staged] == [
        (1, RETIRED, None),
        (2, LIVE, None),
    ]
    assert {event.staged_by for event in staged} == {"key_2"}


@pytest.mark.parametrize("first", (SHADOW, CANARY))
@pytest.mark.parametrize("second", (SHADOW, CANARY))
def test_a_second_trial_sends_the_first_back_to_draft(first: PolicyStage, second: PolicyStage) -> None:
    book = book_of(LIVE, first, DRAFT)
    go(book, 3, second)
    assert stages(book) == [LIVE, DRAFT, second]
    assert [event.policy_version for event in book.collect_events() if isinstance(event, PolicyStaged)] == [2, 3]


def test_a_policy_that_goes_live_leaves_another_on_trial_alone() -> None:
    book = book_of(LIVE, SHADOW, DRAFT)
    go(book, 3, LIVE)
    assert stages(book) == [RETIRED, SHADOW, LIVE]


def test_a_running_canary_may_change_its_share() -> None:
    book = book_of(CANARY)
    go(book, 1, CANARY, 500)
    assert not book.has_pending
    go(book, 1, CANARY, 2_000)
    assert book.standings == [Standing(CANARY, 2_000)]
    go(book, 1, LIVE)
    assert book.standings == [Standing(LIVE)]


@pytest.mark.parametrize("share_bp", (None, -1, 0, 10_000))
def test_a_canary_needs_a_share_of_the_products(share_bp: int | None) -> None:
    with pytest.raises(errors.PolicyShareWrong, match="from 1 to 9999"):
        book_of(DRAFT).stage(1, CANARY, share_bp, "key_1", NOW)


@pytest.mark.parametrize("stage", (DRAFT, SHADOW, LIVE, RETIRED))
def test_other_stages_have_no_share(stage: PolicyStage) -> None:
    with pytest.raises(errors.PolicyShareWrong, match=f"leave share_bp out for {stage.value}"):
        book_of(DRAFT).stage(1, stage, 500, "key_1", NOW)


@pytest.mark.parametrize("version", (-1, 0, 2))
def test_unknown_versions_are_named(version: int) -> None:
    with pytest.raises(errors.PolicyUnknown, match=f"no policy {version}$"):
        go(book_of(DRAFT), version, LIVE)


def test_the_same_request_drafts_once_and_never_another_policy() -> None:
    book, request = PolicyBook.of("1"), uuid4()
    assert [book.draft(POLICY, "key_1", NOW, request) for _ in range(3)] == [1, 1, 1]
    assert book.draft(POLICY, "key_1", NOW) == 2
    with pytest.raises(errors.IdempotencyKeyReused, match="drafted policy 1"):
        book.draft(PricePolicy(title="another"), "key_1", NOW, request)
    again = PolicyBook.fold(book.id, iter(book.collect_events()))
    assert again is not None
    assert again.draft(POLICY, "key_1", NOW, request) == 1


def test_a_store_has_so_many_policies_and_no_more() -> None:
    book, request = PolicyBook.of("1"), uuid4()
    book.draft(POLICY, "key_1", NOW, request)
    for _ in range(1, MOST_POLICIES):
        book.draft(POLICY, "key_1", NOW)
    with pytest.raises(errors.PolicyBookFull, match=str(MOST_POLICIES)):
        book.draft(POLICY, "key_1", NOW)
    assert book.draft(POLICY, "key_1", NOW, request) == 1, "asked for before it was full"
    go(book, MOST_POLICIES, LIVE)


def test_what_cannot_be_stored_or_sent_is_refused() -> None:
    def named(count: int) -> PricePolicy:
        products = [f"{number:010}" for number in range(5_000)]
        return PricePolicy.model_validate(
            {"title": "t", "strategies": [{"kind": "hold", "scope": {"products": products}}] * count}
        )

    book = PolicyBook.of("1")
    assert book.draft(named(3), "key_1", NOW) == 1
    with pytest.raises(errors.PolicyRefused, match=f"at most {MOST_BYTES}"):
        book.draft(named(4), "key_1", NOW)
    with pytest.raises(errors.PolicyRefused, match=r"U\+0000"):
        book.draft(
            PricePolicy.model_validate({"title": "t", "strategies": [{"kind": "hold", "scope": {"brands": ["\0"]}}]}),
            "key_1",
            NOW,
        )
    assert len(book.standings) == 1


steps = st.lists(
    st.one_of(
        st.none(),
        st.tuples(st.integers(1, 5), st.sampled_from(PolicyStage), st.sampled_from((None, 0, 1, 500, 9_999, 10_000))),
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(steps)
def test_whatever_is_asked_at_most_one_is_live_and_one_on_trial_after_every_event(asked: list[Any]) -> None:
    book, history = PolicyBook.of("1"), []
    for step in asked:
        before = list(book.standings)
        try:
            book.draft(POLICY, "key_1", NOW) if step is None else book.stage(*step, "key_1", NOW)
        except errors.OptimizerError:
            assert book.standings == before and not book.has_pending, "refused whole"
        history += book.collect_events()
        retired = {version for version, standing in enumerate(before) if standing.stage is RETIRED}
        assert all(book.standings[version].stage is RETIRED for version in retired), "retired is final"
    for length in range(1, len(history) + 1):
        folded = PolicyBook.fold(book.id, iter(history[:length]))
        assert folded is not None
        found = Counter(stages(folded))
        assert found[LIVE] <= 1 and sum(found[stage] for stage in ON_TRIAL) <= 1
        assert all((one.share_bp is not None) == (one.stage is CANARY) for one in folded.standings)
    assert not history or folded.standings == book.standings


# -- Stored --------------------------------------------------------------------------------------------------------


def test_what_was_drafted_and_staged_is_what_runs_are_told(world: Any) -> None:
    world.connect()
    commands, facts = world.container.policies, world.container.facts
    tight = PricePolicy.model_validate(
        {"title": "tight", "min_margin_bp": 2_500, "strategies": [{"kind": "fixed", "price": 9_900, "starts_at": NOW}]}
    )
    assert commands.draft("1", POLICY, "key_1") == 1
    assert commands.draft("1", tight, "key_1") == 2
    store = facts.store("1", NOW)
    assert (store.policy, store.trial) == (None, None), "a draft decides nothing"
    commands.stage("1", 1, LIVE, None, "key_1")
    commands.stage("1", 2, CANARY, 250, "key_1")
    store = facts.store("1", NOW)
    assert (store.policy.version, store.policy.stage, store.policy.share_bp, store.policy.policy) == (
        1,
        LIVE,
        None,
        POLICY,
    )
    assert (store.trial.version, store.trial.stage, store.trial.share_bp, store.trial.policy) == (2, CANARY, 250, tight)
    commands.stage("1", 2, LIVE, None, "key_1")
    store = facts.store("1", NOW)
    assert (store.policy.version, store.trial) == (2, None)
    commands.stage("1", 2, RETIRED, None, "key_1")
    assert facts.store("1", NOW).policy is None


def test_stores_and_policies_that_are_not_there(world: Any) -> None:
    with pytest.raises(errors.StoreUnknown):
        world.container.policies.draft("9", POLICY, "key_1")
    with pytest.raises(errors.StoreUnknown):
        world.container.policies.stage("9", 1, LIVE, None, "key_1")
    world.connect()
    with pytest.raises(errors.PolicyUnknown):
        world.container.policies.stage("1", 1, LIVE, None, "key_1")


def test_each_store_counts_its_own_policies(world: Any) -> None:
    world.connect("1")
    world.connect("2")
    commands = world.container.policies
    assert [commands.draft(store_id, POLICY, "key_1", "same key") for store_id in ("1", "1", "2")] == [1, 1, 1]
    commands.stage("2", 1, LIVE, None, "key_1")
    assert world.container.facts.store("1", NOW).policy is None
    assert world.container.views.policies("1", None, 10)[0]["stage"] == "draft"


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """The results of ``work(0)``, ``work(1)``, ... begun in the same moment, in the order they ended."""
    gate, results = Barrier(count), []

    def one(number: int) -> None:
        gate.wait(10)
        results.append(work(number))

    threads = [Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_people_who_draft_at_once_all_draft(world: Any) -> None:
    world.connect()
    draft = world.container.policies.draft
    versions = at_once(4, lambda number: draft("1", PricePolicy(title=f"{number}"), f"key_{number}"))
    assert sorted(versions) == [1, 2, 3, 4]
    rows = world.container.views.policies("1", None, 10)
    assert {row["drafted_by"] for row in rows} == {f"key_{row['title']}" for row in rows}
    assert len({row["title"] for row in rows}) == 4


def test_one_request_sent_many_times_at_once_drafts_once(world: Any) -> None:
    world.connect()
    assert at_once(4, lambda _: world.container.policies.draft("1", POLICY, "key_1", "once")) == [1] * 4
    assert len(world.events("policy.Drafted")) == 1


def test_people_who_stage_at_once_leave_one_live(world: Any) -> None:
    world.connect()
    commands = world.container.policies
    for _ in range(4):
        commands.draft("1", POLICY, "key_1")
    at_once(4, lambda number: commands.stage("1", number + 1, LIVE, None, "key_1"))
    found = Counter(row["stage"] for row in world.container.views.policies("1", None, 10))
    assert found == {"live": 1, "retired": 3}
    book = world.container.application.get(PolicyBook, PolicyBook.id_of("1"))
    assert Counter(stage.value for stage in stages(book)) == found


def test_a_season_s_end_is_kept_with_its_item(world: Any, item_of: Callable[..., Any]) -> None:
    world.connect()
    world.observe(item_of("1"), item_of("2"))
    rule = {"product_id": "1", "season_ends_on": "2026-04-01", "salvage": 700}
    for rules in ((rule,), ({"product_id": "1"},)):
        world.tell(onboarding.ItemRulesChanged(store_id="1", occurred_at=NOW, rules=rules, changed_by="me"))
        items = {item.product_id: item for item in world.container.facts.items("1", NOW).items}
        known = (items["1"].season_ends_on and items["1"].season_ends_on.isoformat(), items["1"].salvage)
        assert known == (rules[0].get("season_ends_on"), rules[0].get("salvage"))
        assert (items["2"].season_ends_on, items["2"].salvage) == (None, None)


def test_a_cost_of_the_merchants_own_holds_in_place_of_sallas(world: Any, item_of: Callable[..., Any]) -> None:
    world.connect(settings={"mode": "full_auto"})
    world.observe(item_of("1", cost=None), item_of("2", cost=5_000))
    own = ({"product_id": "1", "cost": 4_000, "mode": "manual"}, {"product_id": "2", "cost": 6_000})
    for rules, costs in ((own, [4_000, 6_000]), (({"product_id": "1"}, {"product_id": "2"}), [None, 5_000])):
        world.tell(onboarding.ItemRulesChanged(store_id="1", occurred_at=NOW, rules=rules, changed_by="me"))
        items = world.container.facts.items("1", NOW).items
        assert [item.cost for item in items] == costs
        assert [item.mode for item in items] == [rules[0].get("mode"), None]
        # Where Salla has no cost the floor is the own one's, and without any there is no price at all.
        store = world.container.facts.store("1", NOW)
        assert [isinstance(limits_of(store, item), Limits) for item in items] == [costs[0] is not None, True]


def test_runs_of_a_store_with_policies_record_them(world: Any) -> None:
    world.connect()
    world.stock(1)
    world.container.policies.draft("1", PricePolicy(title="t", strategy=Strategy.HOLD), "key_1")
    world.container.policies.stage("1", 1, SHADOW, None, "key_1")
    world.run()
    (started,) = world.events("run.Started")
    assert "policy" not in started["state"]["store_inputs"]
    recorded = started["state"]["store_inputs"]["trial"]
    assert (recorded["version"], recorded["stage"], recorded["policy"]["strategy"]) == (1, "shadow", "hold")
