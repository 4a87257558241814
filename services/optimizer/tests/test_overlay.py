"""A policy laid over the settings loosens nothing; a canary's share is stable; recorded facts read back are equal."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.priced_cases import all_cases, stores

from thaman_contracts.envelope import encode
from thaman_contracts.events.policies import Against, PolicyStage, PricePolicy, Season, VariantPricing
from thaman_contracts.events.settings import AutomationMode, Ending, RiskTolerance, Strategy
from thaman_contracts.money import BP_ONE
from thaman_optimizer.domain.facts import InputDigester, ItemFacts, PolicyFacts, StoreFacts, item_inputs, store_inputs
from thaman_optimizer.domain.floor import floor_of
from thaman_optimizer.domain.overlay import in_canary, under
from thaman_optimizer.domain.replay import item_from, store_from

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

names = st.sampled_from(("عود", "Oud House", "x"))
instants = st.integers(0, 10**6).map(lambda minutes: NOW + timedelta(minutes=minutes))
store_wide = st.sampled_from([one for one in Strategy if one.is_store_wide])
times = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))


@st.composite
def strategies(draw: st.DrawFn) -> dict[str, Any]:
    """One scoped strategy."""
    starts = draw(st.none() | instants)
    return {
        "kind": draw(st.sampled_from(Strategy)),
        "scope": {
            "products": draw(st.lists(st.sampled_from(("1", "2", "2/7")), max_size=2)),
            "brands": draw(st.lists(names, max_size=2)),
        },
        "priority": draw(st.integers(-10_000, 10_000)),
        "against": draw(st.sampled_from(Against)),
        "rank": draw(st.integers(1, 1_000)),
        "by_bp": draw(st.integers(-9_999, 100_000)),
        "by": draw(st.integers(-(10**6), 10**6)),
        "price": draw(st.integers(1, 10**12)),
        "season": draw(st.none() | st.sampled_from(Season)),
        "starts_at": starts,
        "ends_at": None if starts is None else starts + timedelta(days=draw(st.integers(1, 9))),
    }


@st.composite
def policies(draw: st.DrawFn) -> PricePolicy:
    """Any policy."""
    begins = draw(instants)
    rest = {"name": draw(names), "starts_at": begins, "ends_at": begins + timedelta(days=1)}
    times_of_sleep = draw(st.none() | st.tuples(times, times).filter(lambda both: both[0] != both[1]))
    return PricePolicy.model_validate(
        {
            "title": draw(names),
            "strategy": draw(st.none() | store_wide),
            "offset_bp": draw(st.none() | st.integers(0, 5_000)),
            "strategies": draw(st.lists(strategies(), max_size=2)),
            "season_rests": draw(st.lists(st.sampled_from(Season).map(lambda one: {"season": one}), max_size=2)),
            "date_rests": draw(st.lists(st.just(rest), max_size=1)),
            "sleep": times_of_sleep and dict(zip(("from_time", "until_time"), times_of_sleep, strict=True)),
            "risk_tolerance": draw(st.none() | st.sampled_from(RiskTolerance)),
            "ending": draw(st.none() | st.sampled_from(Ending)),
            "min_margin_bp": draw(st.none() | st.integers(0, 12_000)),
            "max_step_bp": draw(st.none() | st.integers(1, 5_000)),
            "variants": draw(st.sampled_from(VariantPricing)),
        }
    )


@st.composite
def policy_facts(draw: st.DrawFn) -> PolicyFacts:
    """Any policy, live or on trial."""
    stage = draw(st.sampled_from((PolicyStage.LIVE, PolicyStage.SHADOW, PolicyStage.CANARY)))
    share = draw(st.integers(1, 9_999)) if stage is PolicyStage.CANARY else None
    return PolicyFacts(draw(st.integers(1, 500)), stage, share, draw(policies()))


def facts_of(**said: Any) -> PolicyFacts:
    return PolicyFacts(3, PolicyStage.LIVE, None, PricePolicy.model_validate({"title": "t"} | said))


@settings(max_examples=300, deadline=None)
@given(stores(), policy_facts(), st.integers(1, 10**9))
def test_no_policy_lowers_the_floor_or_lengthens_the_step(store: StoreFacts, facts: PolicyFacts, cost: int) -> None:
    laid = under(store, facts)
    before = floor_of(cost, store.vat_bp, store.settings)
    after = floor_of(cost, laid.vat_bp, laid.settings)
    if before is None:
        assert after is None, "where no price keeps the margin, none does under a policy"
    else:
        assert after is None or after >= before
    assert laid.settings.max_step_bp <= store.settings.max_step_bp
    assert laid.settings.margin_basis is store.settings.margin_basis


@settings(max_examples=200, deadline=None)
@given(stores(), policy_facts())
def test_a_policy_changes_what_it_says_and_nothing_else(store: StoreFacts, facts: PolicyFacts) -> None:
    laid = under(store, facts)
    assert laid.policy is facts
    assert replace(laid, settings=store.settings, policy=store.policy) == store
    said, own, new = facts.policy, store.settings.model_dump(), laid.settings.model_dump()
    for name in ("strategy", "offset_bp", "risk_tolerance", "ending"):
        wanted, mine = getattr(said, name), own.pop(name)
        assert new.pop(name) == (mine if wanted is None else wanted)
    for name, stricter in (("min_margin_bp", max), ("max_step_bp", min)):
        wanted, mine = getattr(said, name), own.pop(name)
        assert new.pop(name) == (mine if wanted is None else stricter(mine, wanted))
    assert new == own
    assert under(laid, facts) == laid


def test_without_a_policy_the_settings_hold(store_facts: Callable[..., StoreFacts]) -> None:
    store = store_facts(policy=facts_of(min_margin_bp=9_000))
    assert under(store, None) == store_facts()


def test_a_policy_that_says_nothing_leaves_the_settings(store_facts: Callable[..., StoreFacts]) -> None:
    facts = facts_of()
    assert under(store_facts(), facts) == store_facts(policy=facts)


KEYS = [f"{number}" for number in range(2_000)]


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 10**12).map(str), st.integers(1, 500), st.integers(1, 9_999))
def test_a_canary_gets_about_its_share(store_id: str, version: int, share_bp: int) -> None:
    inside = sum(in_canary(store_id, version, key, share_bp) for key in KEYS)
    expected = len(KEYS) * share_bp / BP_ONE
    six_sigma = 6 * (expected * (1 - share_bp / BP_ONE)) ** 0.5
    assert abs(inside - expected) <= six_sigma + 1


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 10**12).map(str), st.integers(1, 500), st.text(max_size=41), st.lists(st.integers(0, 10_000)))
def test_a_larger_share_only_adds(store_id: str, version: int, key: str, shares: list[int]) -> None:
    answers = [in_canary(store_id, version, key, share_bp) for share_bp in sorted(shares)]
    assert answers == sorted(answers)
    assert not in_canary(store_id, version, key, 0)
    assert in_canary(store_id, version, key, BP_ONE)


def test_another_policy_or_store_tries_other_items() -> None:
    def tried(store_id: str, version: int) -> set[str]:
        return {key for key in KEYS if in_canary(store_id, version, key, 1_000)}

    first = tried("1", 1)
    for other in (tried("1", 2), tried("2", 1)):
        assert len(first & other) < len(first) / 2
    assert sorted(first, key=int)[:5] == ["28", "31", "39", "43", "44"], "an item changes sides with no release"


@settings(max_examples=150, deadline=None)
@given(
    all_cases,
    st.none() | policy_facts(),
    st.none() | policy_facts(),
    st.none() | st.dates(date(2026, 1, 1), date(2030, 1, 1)),
    st.none() | st.integers(0, 10**12),
    st.none() | st.sampled_from(AutomationMode),
)
def test_recorded_facts_read_back_are_equal(
    case: tuple[StoreFacts, ItemFacts],
    policy: PolicyFacts | None,
    trial: PolicyFacts | None,
    season_ends_on: date | None,
    salvage: int | None,
    mode: AutomationMode | None,
) -> None:
    store = replace(case[0], policy=policy, trial=trial)
    if not store.settings.strategy.is_store_wide or not 0 <= store.settings.offset_bp <= 5_000:
        store = replace(store, settings=store.settings.model_copy(update={"strategy": Strategy.MATCH, "offset_bp": 0}))
    item = replace(case[1], season_ends_on=season_ends_on, salvage=salvage, mode=mode)
    read_store = store_from(json.loads(encode(store_inputs(store))))
    read_item = item_from(json.loads(encode(item_inputs(item))))
    assert read_store == store
    assert read_item == replace(item, offers=tuple(sorted(item.offers, key=lambda one: (one.competitor, one.url))))
    assert InputDigester("e", read_store, NOW)(read_item) == InputDigester("e", store, NOW)(item)


def test_what_is_recorded_of_a_store_without_policies_keeps_its_digest(
    store_facts: Callable[..., StoreFacts], item_facts: Callable[..., ItemFacts]
) -> None:
    store, item = store_facts(), item_facts(9_600, 9_700, min_price=7_000, sale_ends_on=date(2026, 4, 1))
    pinned = "acc9a078493e433ab021dc515d724c0cc10e56804d74196b031fb78cbe839cd3"
    assert InputDigester("reference-1.0", store, NOW)(item).digest == pinned
    assert not {"policy", "trial"} & store_inputs(store).keys()
    assert not {"season_ends_on", "salvage", "mode"} & item_inputs(item).keys()


def test_policies_and_season_ends_are_digested(
    store_facts: Callable[..., StoreFacts], item_facts: Callable[..., ItemFacts]
) -> None:
    cases = [
        (store_facts(), item_facts()),
        (store_facts(policy=facts_of()), item_facts()),
        (store_facts(trial=facts_of()), item_facts()),
        (store_facts(policy=facts_of(offset_bp=0)), item_facts()),
        (store_facts(), item_facts(season_ends_on=date(2026, 4, 1))),
        (store_facts(), item_facts(salvage=0)),
        (store_facts(), item_facts(mode=AutomationMode.MANUAL)),
    ]
    assert len({InputDigester("e", store, NOW)(item).digest for store, item in cases}) == len(cases)
