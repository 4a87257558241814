"""Each invariant with violations planted: the world is spoiled in one place, and that place is named."""

from datetime import timedelta
from typing import Any

import pytest
from tests.support.planted import DECISION, ITEM, LATER, RUN, STORE, add, second_change, violation

from thaman_audit.testing_events import authorized, observed, price_change
from thaman_cli.world import PriceWrite, Refresh
from thaman_contracts.events import onboarding, optimizer

# Invariant 1


def test_a_write_at_salla_that_nobody_intended(installation: Any) -> None:
    installation.salla.write_log.append(PriceWrite(7, STORE, "2", 499, touches_sale=False, effective=False))
    assert "I1 write_without_intent: write 7 at Salla, store 77, item 2" in violation(
        installation, "write_without_intent"
    )


def test_a_decision_written_twice_with_effect(installation: Any) -> None:
    installation.salla.write_log.append(PriceWrite(2, STORE, ITEM, 9_900, touches_sale=False, effective=True))
    found = violation(installation, "written_twice")
    assert "writes [1, 2]" in found and str(DECISION) in found


def test_repeating_a_write_without_effect_is_allowed(installation: Any) -> None:
    installation.salla.write_log.append(PriceWrite(2, STORE, ITEM, 9_900, touches_sale=False, effective=False))
    assert installation.check().ok


def test_a_sale_price_written(installation: Any) -> None:
    installation.salla.write_log.append(PriceWrite(2, STORE, "2", None, touches_sale=True, effective=True))
    violation(installation, "sale_price_written")


def test_a_write_without_a_decision(installation: Any) -> None:
    undecided = [event for event in second_change() if not isinstance(event, optimizer.PriceDecided)]
    add(installation, *undecided, shown=9_800)
    violation(installation, "write_without_decision")


def test_a_write_that_began_before_its_decision(installation: Any) -> None:
    add(installation, *second_change(occurred_at=LATER + timedelta(minutes=1)), shown=9_800)
    violation(installation, "write_before_decision")


def test_a_write_of_another_price_than_decided(installation: Any) -> None:
    add(installation, *second_change(base_price=9_850), shown=9_800)
    assert installation.rules() == {"write_of_another_price", "another_price_applied"}


def test_a_write_of_another_item_than_decided(installation: Any) -> None:
    add(installation, *second_change(product_id="2"), shown=9_800)
    violation(installation, "write_of_another_item")


# Invariant 3


def test_salla_shows_another_price(installation: Any) -> None:
    installation.salla.shown[STORE]["2"] = 501
    assert "item 2: we know 500, Salla shows 501" in violation(installation, "salla_shows_another_price")


def test_salla_no_longer_shows_an_item(installation: Any) -> None:
    del installation.salla.shown[STORE]["2"]
    violation(installation, "salla_shows_another_price")


def test_a_store_that_is_gone_cannot_be_compared(installation: Any) -> None:
    add(installation, onboarding.StoreUninstalled(store_id=STORE, occurred_at=LATER, fence=1))
    installation.salla.shown = {}
    assert installation.check().ok


def test_the_audits_prices_differ(installation: Any) -> None:
    installation.spoil("UPDATE audit.prices SET base_price = 1 WHERE item = '2'")
    violation(installation, "ledger_knows_another_price")


def test_the_price_history_ends_elsewhere(installation: Any) -> None:
    installation.spoil("DELETE FROM audit.price_history WHERE item = '1' AND cause = 'decision'")
    violation(installation, "history_ends_with_another_price")


def test_a_decision_nobody_settled(installation: Any) -> None:
    unsettled = [event for event in second_change() if event.service != "onboarding"]
    add(installation, *unsettled)
    violation(installation, "decision_without_one_outcome")
    assert installation.check(quiet=False).ok, "while things are under way that is no violation"


# Invariant 4


def test_an_event_the_ledger_passed_by(installation: Any) -> None:
    installation.store(onboarding.StoreResumed(store_id=STORE, occurred_at=LATER, fence=1, resumed_by="m"))
    assert "event_missing" in installation.rules()
    assert installation.check(quiet=False).ok, "it may still be on its way"
    installation.spoil("UPDATE audit.audit_tracking SET notification_id = 999")
    (found,) = installation.check(quiet=False).violations
    assert found.rule == "event_lost" and "store.Resumed" in found.what


def test_an_entry_nobody_stored(installation: Any) -> None:
    installation.spoil(
        "SELECT ledger_append('{77}', '{f:1}', '{optimizer}', '{thaman.optimizer.X.v1}', '{99}', ARRAY[now()],"
        " ARRAY[%(body)s::bytea])",
        body=b'{"store_id":"77"}',
    )
    assert "entry 10 of store 77, optimizer f:1 was never stored" in violation(installation, "event_invented")


def test_a_changed_entry(installation: Any) -> None:
    installation.spoil(f"UPDATE audit.ledger SET data = {replaced('9900', '9901')} WHERE type LIKE '%%PriceApplied%%'")
    assert installation.rules() == {"event_changed", "chain_broken"}


def replaced(old: str, new: str) -> str:
    """An expression for an entry's data with something else in it."""
    return f"convert_to(replace(convert_from(data, 'UTF8'), '{old}', '{new}'), 'UTF8')"


def test_a_cut_chain(installation: Any) -> None:
    installation.spoil("UPDATE audit.heads SET seq = seq + 1")
    assert "store 77, entry 10" in violation(installation, "chain_broken")


def test_a_gap_in_a_history(installation: Any) -> None:
    installation.spoil("DELETE FROM optimizer.optimizer_events WHERE topic = 'proposal.Proposed'")
    assert {"versions_not_contiguous", "event_invented"} <= installation.rules()


def test_order_not_kept(installation: Any) -> None:
    installation.spoil("UPDATE audit.ledger SET position = 1 WHERE seq = (SELECT max(seq) FROM audit.ledger)")
    assert {"order_not_kept", "chain_broken"} == installation.rules()


# Invariant 5


def test_a_run_of_two_stores(installation: Any) -> None:
    strange = price_change("78", "5", 1_000, 990, cause="r9")
    strange = [
        event.model_copy(update={"run_id": RUN}) for event in strange if isinstance(event, onboarding.WriteEvent)
    ]
    add(installation, *strange)
    found = [v for v in installation.check().violations if v.rule == "shared_between_stores"]
    assert f"run_id {RUN} belongs to stores ['77', '78']" in [v.what for v in found]


def test_an_entry_in_another_stores_chain(installation: Any) -> None:
    spoilt = replaced('"77"', '"78"')
    installation.spoil(f"UPDATE audit.ledger SET data = {spoilt} WHERE seq = 2")
    assert "entry_in_another_chain" in installation.rules()


def test_a_key_that_opens_another_store_elsewhere(installation: Any) -> None:
    for service, store in (("audit", "77"), ("optimizer", "78")):
        installation.spoil(
            f"INSERT INTO {service}.api_keys (key_id, key_hash, scope, store_id, label)"
            f" VALUES ('key_1', 'h', 'store', '{store}', 'x')"
        )
    assert "key key_1 opens" in violation(installation, "key_opens_several_stores")


def test_a_row_of_the_dashboard_that_names_another_stores_run(installation: Any) -> None:
    row = "INSERT INTO dashboard.held (store_id, item_key, run_id, at, told) VALUES (%(store)s, '1', %(run)s, now(), 1)"
    installation.spoil(row, store=STORE, run=RUN)
    assert installation.check().ok
    installation.spoil(row, store="78", run=RUN)
    found = violation(installation, "row_of_another_store")
    assert f"dashboard.held has run_id {RUN} of store ['77'] in rows of ['78']" in found


# Invariant 6


def test_a_refresh_token_sent_twice(installation: Any) -> None:
    installation.salla.token_ledger.append(Refresh(STORE, "b", "reused"))
    assert "store 77, token b: 2 times" in violation(installation, "refresh_token_sent_twice")


@pytest.mark.parametrize("secret", ["ory_at_canarycanary", "ory_rt_canarycanary", "thk_live_" + "c" * 43])
def test_a_secret_in_a_row(installation: Any, secret: str) -> None:
    installation.spoil(
        "INSERT INTO onboarding.dead_letters (upstream, position, store_id, subject, headers, body, state, reason)"
        " VALUES ('scheduler:1', 1, '77', 's', '{}', %(body)s, 'retried', 'r')",
        body=f"said {secret}".encode(),
    )
    assert "onboarding.dead_letters.body" in violation(installation, "secret_in_clear")


# Invariant 7


def job(installation: Any, state: str, run_at: str = "now()", **more: str) -> None:
    """Plant a job."""
    names, values = ", ".join(["", *more]), ", ".join(["", *more.values()])
    installation.spoil(
        f"INSERT INTO optimizer.jobs (queue, key, store_id, payload, state, run_at{names})"
        f" VALUES ('optimize', 'k', '77', '{{}}', '{state}', {run_at}{values})"
    )


def test_a_job_still_waiting(installation: Any) -> None:
    job(installation, "waiting")
    assert "optimizer job 1 (optimize k), store 77, waiting" in violation(installation, "still_under_way")


def test_a_job_that_failed_and_waits_for_its_next_attempt(installation: Any) -> None:
    job(installation, "waiting", "now() + interval '1 hour'", last_error="'boom'")
    assert "boom" in violation(installation, "still_under_way")


def test_an_appointment_is_no_work_at_hand(installation: Any) -> None:
    job(installation, "waiting", "now() + interval '1 hour'")
    assert installation.check().ok


def test_a_job_given_up(installation: Any) -> None:
    job(installation, "dead", last_error="'boom'")
    assert "boom" in violation(installation, "given_up")


def test_a_parked_message(installation: Any) -> None:
    installation.spoil(
        "INSERT INTO scheduler.dead_letters (upstream, position, store_id, subject, headers, body, state, reason)"
        " VALUES ('onboarding:3', 1, '77', 's', '{}', '', 'parked', 'poison')"
    )
    assert "poison" in violation(installation, "given_up")


def test_a_consumer_that_lags(installation: Any) -> None:
    installation.spoil("DELETE FROM optimizer.optimizer_tracking WHERE application_name LIKE 'onboarding:%%'")
    assert "optimizer has read onboarding:3 up to 0 of" in violation(installation, "still_under_way")


def test_an_open_decision(installation: Any) -> None:
    installation.spoil(
        "INSERT INTO onboarding.decisions (decision_id, store_id, key, decision, cause, state)"
        " VALUES (gen_random_uuid(), '77', '1', '{}', '{}', 'uncertain')"
    )
    assert "store 77, item 1 is uncertain" in violation(installation, "still_under_way")


# Invariant 8


def test_a_topic_nobody_knows(installation: Any) -> None:
    installation.spoil(
        "UPDATE scheduler.scheduler_events SET topic = 'gone.Gone' WHERE topic = 'slot.OptimizationRequested'"
    )
    assert "event_unreadable" in installation.rules(quiet=False)


def test_a_state_that_cannot_be_read(installation: Any) -> None:
    installation.spoil(
        "UPDATE optimizer.optimizer_events SET state = '{\"store_id\":\"77\"}' WHERE topic = 'run.Started'"
    )
    found = [v for v in installation.check(quiet=False).violations if v.invariant == 8]
    assert [v.rule for v in found] == ["event_unreadable"] and "run.Started" in found[0].what


def test_a_history_that_does_not_fold(installation: Any) -> None:
    installation.store(authorized("79"))
    installation.spoil(
        "UPDATE onboarding.onboarding_events SET originator_id = ("
        "SELECT originator_id FROM onboarding.onboarding_events WHERE topic = 'store.Authorized' LIMIT 1),"
        " originator_version = 2 WHERE topic = 'catalogue.Observed'"
    )
    found = [v for v in installation.check(quiet=False).violations if v.rule == "history_does_not_fold"]
    assert len(found) == 1 and "onboarding Store" in found[0].what


def test_observations_alone_are_enough_for_a_store_that_is_not_connected(installation: Any) -> None:
    add(installation, observed("78", ("1", 100)))
    assert installation.check().ok
