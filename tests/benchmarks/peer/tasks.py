"""The peer's tasks: ``sweep`` starts ``optimise_store`` for each store, which starts the writing of its prices.

A worker that dies gets its task delivered again (``acks_late``). Rows are then named the same and not made twice, and
a decision whose intent has no outcome is written again, which an absolute price allows.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from celery import Task, group
from requests import RequestException
from sqlalchemy import Select, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests.benchmarks.peer import ledger
from tests.benchmarks.peer.celery_app import task
from tests.benchmarks.peer.models import Decision, Intent, Item, Outcome, PriceChange, Proposal, Run, Store, rows_into
from tests.benchmarks.peer.pricing import facts_of, judge, with_ids
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


@task(**RETRIES)
def sweep(name: str) -> None:
    """Start a run of every active store."""
    with sessions()() as session:
        stores = session.scalars(select(Store.store_id).where(Store.active).order_by(Store.store_id)).all()
    group(optimise_store.s(name, store_id) for store_id in stores).apply_async()


@task(**RETRIES)
def optimise_store(name: str, store_id: str) -> None:
    """Decide about a store's items, record it in one commit, and start the writing."""
    run = run_id(store_id, name)
    with sessions()() as session:
        if session.get(Run, run) is None:
            _record_run(session, run, name, store_id)
            session.commit()
        open_ones = select(Decision.decision_id).where(Decision.run_id == run, Decision.state == "decided")
        decided = [str(one) for one in session.scalars(open_ones)]
    if Settings.load().style == "batched":
        apply_prices.delay(store_id, decided)
    else:
        group(apply_price.s(one) for one in decided).apply_async()


def _record_run(session: Session, run: UUID, name: str, store_id: str) -> None:
    now = datetime.now(UTC)
    store, items = facts_of(session, session.get_one(Store, store_id))
    judged = judge(run, store, items, now)
    session.execute(rows_into(Proposal), judged.proposals)
    if judged.decisions:
        session.execute(rows_into(Decision), with_ids(judged.decisions))
    ended = datetime.now(UTC)
    statistics = judged.counts | {"analysed": len(items)}
    session.add(Run(run_id=run, store_id=store_id, sweep=name, started_at=now, ended_at=ended, statistics=statistics))
    about = {"run_id": str(run), "store_id": store_id}
    events: list[ledger.Event] = [
        (f"{run}:1", "run_started", now, about | {"items": len(items)}),
        *judged.events,
        (f"{run}:2", "run_completed", ended, about | statistics),
    ]
    ledger.append(session, store_id, events)


@task(**RETRIES)
def apply_price(decision_id: str) -> None:
    """Write one price: intent, call, outcome."""
    with sessions()() as session:
        decision, store, item, attempts = session.execute(_to_write(UUID(decision_id))).one()
        if not _is_writable(decision, store, item):
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
    """Write a store's prices together: one commit with all intents, then the calls.

    Many simple products go into one queued call, which :func:`verify_prices` reads back; variants are written singly.
    """
    with sessions()() as session:
        store, due = _open_decisions(session, store_id, decision_ids)
        due = [(decision, item) for decision, item in due if _is_writable(decision, store, item)]
        if not due:
            return
        _begin(session, [decision for decision, _ in due], 1)
        session.commit()
        simple = [one for one, _ in due if one.variant_id is None]
        queued = {one.decision_id for one in simple} if len(simple) >= BULK_FROM else set()
        if queued:
            salla().queue_prices(store.access_token, [(one.product_id, one.base_price) for one in simple])
        singly = [(decision, item) for decision, item in due if decision.decision_id not in queued]
        found = {one.decision_id: _write(store, one) for one, _ in singly}
        if singly:
            _settle(session, singly, found)
            session.commit()
    if queued:
        verify_prices.apply_async((store_id, [str(one) for one in queued]), countdown=VERIFY_SECONDS)


@task(bind=True, max_retries=20)
def verify_prices(self: Task, store_id: str, decision_ids: Sequence[str]) -> None:
    """Read back what was queued; what does not show yet is looked at again later."""
    with sessions()() as session:
        store, waiting = _open_decisions(session, store_id, decision_ids)
        shown = salla().base_prices(store.access_token)
        done = [(one, item) for one, item in waiting if shown[one.product_id] == one.base_price]
        if done:
            _settle(session, done, {one.decision_id: one.base_price for one, _ in done})
            session.commit()
    if len(done) < len(waiting):
        raise self.retry(countdown=VERIFY_SECONDS * 2)


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


def _begin(session: Session, decisions: Sequence[Decision], attempt: int) -> None:
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
        events.append((f"{one.decision_id}:intent-{attempt}", "price_write_started", now, document))
    session.execute(rows_into(Intent), intents)
    ledger.append(session, decisions[0].store_id, events)


def _settle(session: Session, written: Sequence[tuple[Decision, Item]], found: dict[UUID, int]) -> None:
    now = datetime.now(UTC)
    outcomes, changes, events = [], [], []
    for decision, item in written:
        shown = found[decision.decision_id]
        state = "applied" if shown == decision.base_price else "failed"
        decision.state, decision.settled_at = state, now
        outcomes.append(
            {"decision_id": decision.decision_id, "state": state, "found_base_price": shown, "found_at": now}
        )
        events.append(
            (f"{decision.decision_id}:outcome", f"price_{state}", now, _about(decision) | {"found_base_price": shown})
        )
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
    session.execute(rows_into(Outcome), outcomes)
    if changes:
        session.execute(rows_into(PriceChange), changes)
    ledger.append(session, written[0][0].store_id, events)


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
