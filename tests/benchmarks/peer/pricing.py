"""What the peer knows about a store, decided by the same pure function as ours, as rows to insert."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.benchmarks.peer.ledger import Event, Follow
from tests.benchmarks.peer.models import Item, Offer, Store
from thaman_contracts.events.onboarding import ItemStatus
from thaman_contracts.events.optimizer import Disposition, OfferFitness
from thaman_contracts.events.settings import StoreSettings
from thaman_contracts.ids import decision_id
from thaman_optimizer.domain import explain
from thaman_optimizer.domain.advice import ENGINE_VERSION
from thaman_optimizer.domain.analyst import Verdict
from thaman_optimizer.domain.analyst import judge as verdicts
from thaman_optimizer.domain.engine import Finding, Move, is_priced
from thaman_optimizer.domain.facts import ItemFacts, OfferFacts, StoreFacts
from thaman_optimizer.domain.past import ItemPast
from thaman_optimizer.domain.pricing import Week

Row = dict[str, Any]


@dataclass(slots=True)
class Judged:
    """A run's rows."""

    proposals: list[Row] = field(default_factory=list)
    decisions: list[Row] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("write", "ask", "hold"), 0))


def facts_of(session: Session, store: Store) -> tuple[StoreFacts, list[ItemFacts]]:
    """A store's facts and those of its items."""
    offers: dict[str, list[OfferFacts]] = {}
    wanted = select(Offer.item_key, Offer.competitor, Offer.url, Offer.price, Offer.observed_at)
    for key, competitor, url, price, at in session.execute(wanted.where(Offer.store_id == store.store_id)):
        offers.setdefault(key, []).append(OfferFacts(competitor, url, OfferFitness.USABLE, price, True, 10_000, at))
    items = session.scalars(select(Item).where(Item.store_id == store.store_id).order_by(Item.item_key))
    return _store_facts(store), [
        _item_facts(one, tuple(offers.get(one.item_key, ())))
        for one in items
        if is_priced(ItemStatus(one.status), one.has_variants)
    ]


def judge(
    run_id: UUID, store: StoreFacts, items: Sequence[ItemFacts], now: datetime, apply: str | None = None
) -> Judged:
    """Decide about every item; ``apply`` names the task that is to follow each decision."""
    judged = Judged()
    week = now.date() - timedelta(days=now.weekday())
    for verdict in verdicts(store, [_with_past(item, week) for item in items], now):
        _judge_item(judged, run_id, store, verdict, now, apply)
    return judged


def _with_past(item: ItemFacts, week: date) -> ItemFacts:
    """What ours knows of a store that was just connected: this week's price, and no sale."""
    history = (Week(week, 0.0, item.shelf_price, 1.0, None),)
    return replace(item, past=ItemPast(brand=None, category=None, stock=None, changed_at=None, history=history))


def _judge_item(
    judged: Judged, run_id: UUID, store: StoreFacts, verdict: Verdict, now: datetime, apply: str | None
) -> None:
    key, item, finding, inputs, course = (
        verdict.key,
        verdict.item,
        verdict.finding,
        verdict.inputs,
        verdict.disposition,
    )
    proposal = verdict.proposal_id(run_id)
    judged.counts[course.value] += 1
    names = {"proposal_id": proposal, "run_id": run_id, "store_id": store.store_id}
    document = _document(store, item, finding, inputs.digest)
    judged.proposals.append(
        names
        | {
            "item_key": key,
            "state": {"write": "decided", "ask": "pending", "hold": "held"}[course.value],
            "risk": finding.assessment.risk.value if isinstance(finding, Move) else None,
            "disposition": course.value,
            "proposed_at": now,
            "document": document,
        }
    )
    said = "price_proposed" if isinstance(finding, Move) else "price_held"
    told = document | {"inputs": inputs.item, "proposal_id": str(proposal), "run_id": str(run_id)}
    judged.events.append(Event(f"{proposal}:1", said, now, run_id, told, key))
    if isinstance(finding, Move) and course is Disposition.WRITE:
        decision = names | {"decision_id": decision_id(proposal)} | _decision(store, item, finding, key, now)
        judged.decisions.append(decision)
        plain = {
            name: value if value is None or isinstance(value, int) else str(value) for name, value in decision.items()
        }
        follow = None if apply is None else Follow(apply, [str(decision["decision_id"])])
        judged.events.append(Event(f"{proposal}:2", "price_decided", now, run_id, plain, key, follow))


def _decision(store: StoreFacts, item: ItemFacts, move: Move, key: str, now: datetime) -> Row:
    return {
        "item_key": key,
        "product_id": item.product_id,
        "variant_id": item.variant_id,
        "expected_base_price": item.base_price,
        "base_price": move.base_price,
        "shelf_price": move.shelf_price,
        "floor": move.limits.floor,
        "ceiling": move.limits.ceiling,
        "fence": store.fence,
        "state": "decided",
        "decided_at": now,
        "settled_at": None,
        "found_base_price": None,
    }


def _document(store: StoreFacts, item: ItemFacts, finding: Finding, digest: str) -> Row:
    document: Row = {
        "trail": [step.model_dump(mode="json") for step in finding.trail],
        "reference": finding.reference.price,
        "offers_used": finding.reference.used,
        "old_base_price": item.base_price,
        "old_shelf_price": item.shelf_price,
        "engine_version": ENGINE_VERSION,
        "input_digest": digest,
        "settings_version": store.settings_version,
    }
    if not isinstance(finding, Move):
        said = explain.why_held(finding.trail)
        return document | {"reason": finding.reason, "reason_ar": said.ar, "reason_en": said.en}
    said = explain.why_proposed(
        currency=item.currency,
        old=item.shelf_price,
        new=finding.shelf_price,
        reference=finding.reference.price,
        offers=finding.reference.used,
        strategy=finding.strategy,
        risk_reasons=finding.assessment.reasons,
        trail=finding.trail,
        outlook=finding.outlook,
    )
    return document | {
        "new_base_price": finding.base_price,
        "new_shelf_price": finding.shelf_price,
        "floor": finding.limits.floor,
        "ceiling": finding.limits.ceiling,
        "risk_reasons": list(finding.assessment.reasons),
        "reason_ar": said.ar,
        "reason_en": said.en,
    }


def _store_facts(store: Store) -> StoreFacts:
    return StoreFacts(
        store_id=store.store_id,
        currency=store.currency,
        prices_include_vat=store.prices_include_vat,
        vat_bp=store.vat_bp,
        connected=True,
        paused=not store.active,
        stopped=False,
        entitled=True,
        fence=store.fence,
        settings=StoreSettings.model_validate(store.settings),
        settings_version=store.settings_version,
        catalogue_at=store.catalogue_at,
    )


def _item_facts(item: Item, offers: tuple[OfferFacts, ...]) -> ItemFacts:
    return ItemFacts(
        product_id=item.product_id,
        variant_id=item.variant_id,
        currency=item.currency,
        status=ItemStatus(item.status),
        base_price=item.base_price,
        shelf_price=item.shelf_price,
        sale_price=item.sale_price,
        sale_ends_on=date.fromisoformat(item.sale_ends_on) if item.sale_ends_on else None,
        sale_running=item.sale_running,
        cost=item.cost,
        baseline=item.baseline,
        offers=offers,
    )
