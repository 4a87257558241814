"""The peer's tasks: ``sweep`` starts ``optimise_store`` for each store, whose decisions bring the writing of prices.

A worker that dies gets its task delivered again (``acks_late``). Rows are then named the same and not made twice, and
a decision whose intent has no outcome is read and written again, which an absolute price allows. What must follow a
change is in the outbox, in the transaction of the change.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from celery import group
from requests import RequestException
from sqlalchemy import Select, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests.benchmarks.peer.celery_app import task
from tests.benchmarks.peer.ledger import Event, Follow, record
from tests.benchmarks.peer.models import Decision, Intent, Item, PriceChange, Proposal, Run, Store, rows_into
from tests.benchmarks.peer.pricing import facts_of, judge
from tests.benchmarks.peer.resources import PriceNotShown, salla, sessions
from tests.benchmarks.peer.settings import Settings
from thaman_contracts.ids import run_id

RETRIES: dict[str, Any] = {
    "autoretry_for": (OperationalError, RequestException, PriceNotShown),
    "retry_backoff": True,
    "max_retries": 8,
}
BULK_FROM = 10
"""From so many simple products on, one queued call is made instead of one call each, as ours does."""
VERIFY_SECONDS = 0.4
NAMED = "tests.benchmarks.peer.tasks."


@task(**RETRIES)
def sweep(name: str) -> None:
    """Start a run of every active store."""
    with sessions()() as session:
        stores = session.scalars(select(Store.store_id).where(Store.active).order_by(Store.store_id)).all()
    group(optimise_store.s(name, store_id) for store_id in stores).apply_async()


@task(**RETRIES)
def optimise_store(name: str, store_id: str) -> None:
    """Decide about a store's items and record it in one commit, with the tasks that write the prices."""
    run = run_id(store_id, name)
    with sessions()() as session:
        if session.get(Run, run) is None:
            _record_run(session, run, name, store_id)
            session.commit()


def _record_run(session: Session, run: UUID, name: str, store_id: str) -> None:
    now = datetime.now(UTC)
    store, items = facts_of(session, session.get_one(Store, store_id))
    is_batched = Settings.load().style == "batched"
    judged = judge(run, store, items, now, None if is_batched else NAMED + "apply_price")
    session.execute(rows_into(Proposal), judged.proposals)
    if judged.decisions:
        session.execute(rows_into(Decision), judged.decisions)
    ended = datetime.now(UTC)
    statistics = judged.counts | {"analysed": len(items)}
    session.add(Run(run_id=run, store_id=store_id, sweep=name, started_at=now, ended_at=ended, statistics=statistics))
    about = {"run_id": str(run), "store_id": store_id}
    decided = [str(row["decision_id"]) for row in judged.decisions]
    write = Follow(NAMED + "apply_prices", [store_id, decided]) if is_batched and decided else None
    events = [
        Event(f"{run}:1", "run_started", now, run, about | {"items": len(items)}),
        *judged.events,
        Event(f"{run}:2", "run_completed", ended, run, about | statistics, follow=write),
    ]
    record(session, store_id, events)


@task(**RETRIES)
def apply_price(decision_id: str) -> None:
    """Write one price: look what Salla shows, intent, call, outcome."""
    with sessions()() as session:
        decision, store, item, attempts = session.execute(_to_write(UUID(decision_id))).one()
        if not _is_writable(decision, store, item):
            return
        shown = salla().base_price(store.access_token, decision.product_id, decision.variant_id)
        if not _is_as_expected(decision, shown):
            _settle(session, [(decision, item)], {decision.decision_id: shown})
            session.commit()
            return
        attempt = attempts + 1
        _begin(session, [decision], attempt)
        session.commit()
        found = _write(store, decision)
        _settle(session, [(decision, item)], {decision.decision_id: found})
        session.commit()
    if found != decision.base_price:
        raise PriceNotShown(f"decision {decision_id}, attempt {attempt}: Salla shows {found} halalas")


@task(**RETRIES)
def apply_prices(store_id: str, decision_ids: Sequence[str]) -> None:
    """Write a store's prices together: look what Salla shows, one commit with all intents, then the calls.

    Many simple products go into one queued call, which :func:`verify_prices` reads back; variants are written singly.
    """
    with sessions()() as session:
        store, open_ones = _open_decisions(session, store_id, decision_ids)
        due = [(decision, item) for decision, item in open_ones if _is_writable(decision, store, item)]
        if not due:
            return
        shown = salla().base_prices(store.access_token)
        before = {one.decision_id: shown[one.variant_id or one.product_id] for one, _ in due}
        moved = [each for each in due if not _is_as_expected(each[0], before[each[0].decision_id])]
        if moved:
            _settle(session, moved, before)
        due = [each for each in due if each not in moved]
        simple = [one for one, _ in due if one.variant_id is None]
        queued = simple if len(simple) >= BULK_FROM else []
        if due:
            _begin(session, [decision for decision, _ in due], 1, verify=queued)
        session.commit()
        if queued:
            salla().queue_prices(store.access_token, [(one.product_id, one.base_price) for one in queued])
        singly = [(decision, item) for decision, item in due if decision not in queued]
        found = {one.decision_id: _write(store, one) for one, _ in singly}
        if singly:
            _settle(session, singly, found)
            session.commit()


@task(**RETRIES)
def verify_prices(store_id: str, decision_ids: Sequence[str], look: int = 1) -> None:
    """Read back what was queued; what does not show yet is looked at again later."""
    with sessions()() as session:
        store, waiting = _open_decisions(session, store_id, decision_ids)
        shown = salla().base_prices(store.access_token)
        done = [(one, item) for one, item in waiting if shown[one.product_id] == one.base_price]
        left = [one for one, _ in waiting if shown[one.product_id] != one.base_price]
        if done:
            _settle(session, done, {one.decision_id: one.base_price for one, _ in done})
        if left:
            record(session, store_id, [_to_verify(left, look + 1)])
        session.commit()


def _to_verify(queued: Sequence[Decision], look: int) -> Event:
    now = datetime.now(UTC)
    first = queued[0]
    ids = [str(one.decision_id) for one in queued]
    follow = Follow(
        NAMED + "verify_prices", [first.store_id, ids, look], now + look * timedelta(seconds=VERIFY_SECONDS)
    )
    document = {"store_id": first.store_id, "decisions": len(queued), "look": look}
    return Event(f"{first.run_id}:verify-{look}", "prices_queued", now, first.run_id, document, follow=follow)


def _open_decisions(
    session: Session, store_id: str, decision_ids: Sequence[str]
) -> tuple[Store, list[tuple[Decision, Item]]]:
    ids = [UUID(one) for one in decision_ids]
    wanted = select(Decision).where(Decision.decision_id.in_(ids), Decision.state == "decided")
    decisions = session.scalars(wanted.order_by(Decision.decision_id).with_for_update()).all()
    items = {one.item_key: one for one in session.scalars(select(Item).where(Item.store_id == store_id))}
    return session.get_one(Store, store_id), [(one, items[one.item_key]) for one in decisions]


def _write(store: Store, decision: Decision) -> int:
    return salla().set_price(store.access_token, decision.product_id, decision.variant_id, decision.base_price)


def _to_write(decision_id: UUID) -> Select[Decision, Store, Item, int]:
    """All that one write needs, in one query."""
    attempts = select(func.count()).where(Intent.decision_id == decision_id).scalar_subquery()
    return (
        select(Decision, Store, Item, attempts)
        .join(Store, Store.store_id == Decision.store_id)
        .join(Item, (Item.store_id == Decision.store_id) & (Item.item_key == Decision.item_key))
        .where(Decision.decision_id == decision_id)
        .with_for_update(of=Decision)
    )


def _is_writable(decision: Decision, store: Store, item: Item) -> bool:
    """The checks at the last moment."""
    return (
        decision.state == "decided"
        and store.active
        and decision.fence >= store.fence
        and item.base_price == decision.expected_base_price
        and decision.floor <= decision.shelf_price <= decision.ceiling
    )


def _is_as_expected(decision: Decision, shown: int) -> bool:
    """Whether nobody changed the price meanwhile. A lost outcome of ours shows the target, which is written again."""
    return shown in (decision.expected_base_price, decision.base_price)


def _begin(session: Session, decisions: Sequence[Decision], attempt: int, verify: Sequence[Decision] = ()) -> None:
    now = datetime.now(UTC)
    intents, events = [], []
    for one in decisions:
        document = _about(one) | {"attempt": attempt, "target_base_price": one.base_price}
        intents.append(
            {
                "decision_id": one.decision_id,
                "attempt": attempt,
                "target_base_price": one.base_price,
                "started_at": now,
            }
        )
        name = f"{one.decision_id}:intent-{attempt}"
        events.append(Event(name, "price_write_started", now, one.run_id, document, one.item_key))
    session.execute(rows_into(Intent), intents)
    if verify:
        events.append(_to_verify(verify, 1))
    record(session, decisions[0].store_id, events)


def _settle(session: Session, written: Sequence[tuple[Decision, Item]], found: Mapping[UUID, int]) -> None:
    now = datetime.now(UTC)
    changes, events = [], []
    for decision, item in written:
        shown = found[decision.decision_id]
        state = "applied" if shown == decision.base_price else "failed"
        decision.state, decision.settled_at, decision.found_base_price = state, now, shown
        document = _about(decision) | {"found_base_price": shown}
        name = f"{decision.decision_id}:outcome"
        events.append(Event(name, f"price_{state}", now, decision.run_id, document, decision.item_key))
        if state == "applied":
            item.base_price, item.shelf_price = decision.base_price, decision.shelf_price
            changes.append(
                {
                    "store_id": decision.store_id,
                    "item_key": decision.item_key,
                    "at": now,
                    "base_price": decision.base_price,
                    "old_base_price": decision.expected_base_price,
                    "decision_id": decision.decision_id,
                }
            )
    if changes:
        session.execute(rows_into(PriceChange), changes)
    record(session, written[0][0].store_id, events)


def _about(decision: Decision) -> dict[str, object]:
    return {
        "decision_id": str(decision.decision_id),
        "run_id": str(decision.run_id),
        "store_id": decision.store_id,
        "product_id": decision.product_id,
        "variant_id": decision.variant_id,
        "expected_base_price": decision.expected_base_price,
        "shelf_price": decision.shelf_price,
    }
