"""What each event means for the read models.

A fold looks at nothing but its event, and says what is so, never what to add. Each row names the place of its event in
its service's log (``told``), so that what is told again, at once or later, changes nothing. Columns that two services
could tell belong to one of them, so that the streams may be read in any order among each other.
"""

import json
from collections.abc import Callable
from typing import Any

from thaman_contracts.envelope import Envelope
from thaman_contracts.events import EventData, advice, onboarding, optimizer, scheduler
from thaman_contracts.ids import SYSTEM, item_key
from thaman_dashboard.domain.rows import Row, Rows
from thaman_dashboard.domain.saying import said_of
from thaman_dashboard.domain.states import DecisionState, ProposalState, RunState
from thaman_dashboard.domain.weeks import CONTROLLED, week_of

Fold = Callable[[Any, Envelope, Rows], None]


def fold(event: EventData, envelope: Envelope, rows: Rows) -> None:
    """Add what ``event`` says to ``rows``."""
    one = _FOLDS.get(type(event))
    if one is not None:
        one(event, envelope, rows)
    line = said_of(event)
    if line is not None and event.store_id != SYSTEM:
        rows.add(
            "activity",
            store_id=event.store_id,
            service=envelope.service,
            event_id=envelope.event_id,
            at=event.occurred_at,
            kind=event.event_name(),
            item_key=_item(event) if hasattr(event, "product_id") else None,
            said_ar=line.ar,
            said_en=line.en,
            actor=line.actor,
        )


def _item(event: Any) -> str:
    return item_key(event.product_id, event.variant_id)


def _common(event: EventData, envelope: Envelope) -> Row:
    return {"store_id": event.store_id, "at": event.occurred_at, "told": envelope.position}


# --- stores and the installation: onboarding's ---


def _store(*names: str, **fixed: object) -> Fold:
    """What an event says about its store; columns that it does not speak of stay as they are."""

    def one(event: Any, envelope: Envelope, rows: Rows) -> None:
        said = event.model_dump(mode="json", include=set(names)) | fixed
        _say(event, envelope, rows, said)

    return one


def _say(event: EventData, envelope: Envelope, rows: Rows, said: Row) -> None:
    rows.add("store_told", store_id=event.store_id, told=envelope.position, said=json.dumps(said, ensure_ascii=False))


def _entitled(event: onboarding.EntitlementChanged, envelope: Envelope, rows: Rows) -> None:
    ends_on = None if event.ends_on is None else event.ends_on.isoformat()
    _say(event, envelope, rows, {"entitlement": event.status, "entitlement_ends_on": ends_on})


def _unauthorised(event: onboarding.ReauthorizationRequired, envelope: Envelope, rows: Rows) -> None:
    _say(event, envelope, rows, {"connected": False, "needs_reauthorization": event.reason.value})


def _paused(event: onboarding.StorePaused, envelope: Envelope, rows: Rows) -> None:
    said = {"paused": True, "pause_reason": event.reason, "pause_reason_ar": event.reason_ar}
    _say(event, envelope, rows, said)


def _forgotten(event: onboarding.StoreForgotten, envelope: Envelope, rows: Rows) -> None:
    """Who could see the store is forgotten with it; first, because the store's row says whether it was told before."""
    for table in (
        "login_links",
        "sessions",
        "answers",
        "sheets",
        "inquiries",
        "notification_wishes",
        "invitations",
        "barred",
        "people",
        "memberships",
    ):
        rows.add(f"forget_{table}", store_id=event.store_id, told=envelope.position)
    _say(event, envelope, rows, {"name": onboarding.FORGOTTEN, "domain": None, "forgotten": True})


def _system(event: onboarding.SystemSettingsChanged, envelope: Envelope, rows: Rows) -> None:
    rows.add("system_told", stopped=event.settings.stopped, system_fence=event.system_fence, told=envelope.position)


# --- items and their prices: onboarding's ---

_SEEN = {
    "product_id", "variant_id", "name", "sku", "brand", "category", "status", "currency", "base_price", "shelf_price",
    "cost", "stock", "unlimited", "has_variants", "url",
}  # fmt: skip


def _observed(event: onboarding.CatalogObserved, envelope: Envelope, rows: Rows) -> None:
    seen = {item.key: item.model_dump(mode="json", include=_SEEN) | {"item_key": item.key} for item in event.items}
    if seen:
        listed = json.dumps(list(seen.values()), ensure_ascii=False)
        rows.add("items_seen", **_common(event, envelope), event_id=envelope.event_id, items=listed)


def _removed(event: onboarding.CatalogItemsRemoved, envelope: Envelope, rows: Rows) -> None:
    rows.add("items_gone", store_id=event.store_id, told=envelope.position, keys=list(event.keys))


def _rules(event: onboarding.ItemRulesChanged, envelope: Envelope, rows: Rows) -> None:
    for rule in {rule.key: rule for rule in event.rules}.values():
        rows.add(
            "rule_set",
            store_id=event.store_id,
            item_key=rule.key,
            product_id=rule.product_id,
            variant_id=rule.variant_id,
            min_price=rule.min_price,
            max_price=rule.max_price,
            locked=rule.locked,
            own_cost=rule.cost,
            own_mode=rule.mode,
            told=envelope.position,
        )


def _edited(event: onboarding.ManualEditDetected, envelope: Envelope, rows: Rows) -> None:
    rows.add(
        "price_edited",
        **_common(event, envelope),
        event_id=envelope.event_id,
        item_key=_item(event),
        found=event.found_base_price,
    )


# --- decisions: made by the optimizer, written by onboarding ---


def _written(state: DecisionState) -> Fold:
    def one(event: Any, envelope: Envelope, rows: Rows) -> None:
        is_settled = state not in (DecisionState.WRITING, DecisionState.UNCERTAIN)
        rows.add(
            "decision_written",
            **_common(event, envelope),
            decision_id=event.decision_id,
            run_id=event.run_id,
            item_key=_item(event),
            state=state.value,
            settled_at=event.occurred_at if is_settled else None,
            reason=getattr(event, "reason", None),
            detail=getattr(event, "detail", None),
        )

    return one


def _applied(event: onboarding.PriceApplied, envelope: Envelope, rows: Rows) -> None:
    rows.add(
        "price_applied",
        **_common(event, envelope),
        event_id=envelope.event_id,
        item_key=_item(event),
        base_price=event.base_price,
        shelf_price=event.shelf_price,
        decision_id=event.decision_id,
    )
    _written(DecisionState.APPLIED)(event, envelope, rows)


def _decided(event: optimizer.PriceDecided, envelope: Envelope, rows: Rows) -> None:
    _closed(ProposalState.DECIDED, "decided_by")(event, envelope, rows)
    rows.add(
        "decision_made",
        **_common(event, envelope),
        decision_id=event.decision_id,
        run_id=event.run_id,
        item_key=_item(event),
        proposal_id=event.proposal_id,
        shelf_price=event.shelf_price,
        decided_by=event.decided_by,
        reverts_decision_id=event.reverts_decision_id,
    )


# --- proposals and holds: the optimizer's ---


def _proposed(event: optimizer.PriceProposed, envelope: Envelope, rows: Rows) -> None:
    rows.add(
        "proposal_made",
        **_common(event, envelope),
        proposal_id=event.proposal_id,
        run_id=event.run_id,
        item_key=_item(event),
        old_shelf_price=event.old_shelf_price,
        new_shelf_price=event.new_shelf_price,
        floor=event.floor,
        ceiling=event.ceiling,
        reference=event.reference,
        risk=event.risk.value,
        disposition=event.disposition.value,
        expected=event.expected_weekly_profit_change,
        expires_at=event.expires_at,
        document=json.dumps(event.model_dump(mode="json"), ensure_ascii=False),
    )
    _ruled(event, envelope, rows, reason=None, reason_ar=None, reason_en=None)


def _held(event: optimizer.PriceHeld, envelope: Envelope, rows: Rows) -> None:
    _ruled(event, envelope, rows, reason=event.reason, reason_ar=event.reason_ar, reason_en=event.reason_en)


def _ruled(event: Any, envelope: Envelope, rows: Rows, **words: str | None) -> None:
    rows.add(
        "item_ruled",
        **_common(event, envelope),
        item_key=_item(event),
        run_id=event.run_id,
        reference=event.reference,
        **words,
    )
    rows.add(
        "market_week",
        **_common(event, envelope),
        week=week_of(event.occurred_at),
        item_key=_item(event),
        shelf_price=event.shelf_price if isinstance(event, optimizer.PriceHeld) else event.old_shelf_price,
        reference=event.reference,
        controlled=words["reason"] == CONTROLLED,
    )


def _closed(state: ProposalState, by: str | None, reason: str | None = None) -> Fold:
    def one(event: Any, envelope: Envelope, rows: Rows) -> None:
        rows.add(
            "proposal_closed",
            **_common(event, envelope),
            proposal_id=event.proposal_id,
            state=state.value,
            closed_by=None if by is None else getattr(event, by),
            closed_reason=None if reason is None else getattr(event, reason),
        )

    return one


# --- links and offers: the optimizer's ---


def _linked(event: optimizer.CompetitorLinksChanged, envelope: Envelope, rows: Rows) -> None:
    for item in {one.key: one for one in event.items}.values():
        links = json.dumps([link.model_dump(mode="json") for link in item.links], ensure_ascii=False)
        rows.add("links_told", store_id=event.store_id, item_key=item.key, links=links, told=envelope.position)


_OFFERED = {"url", "competitor", "price", "currency", "in_stock", "confidence_bp", "fitness", "observed_at"}


def _offers(event: optimizer.OffersObserved, envelope: Envelope, rows: Rows) -> None:
    told = {
        (offer.key, offer.url): offer.model_dump(mode="json", include=_OFFERED) | {"item_key": offer.key}
        for offer in event.offers
    }
    row = {
        "store_id": event.store_id,
        "told": envelope.position,
        "offers": json.dumps(list(told.values()), ensure_ascii=False),
    }
    # Points first: an offer's row says whether this was told before.
    for statement in ("offer_moves", "offer_points", "offers_told", "offer_points_old"):
        rows.add(statement, **row)


# --- runs: asked for by the scheduler, run by the optimizer ---


def _asked(event: scheduler.OptimizationRequested, envelope: Envelope, rows: Rows) -> None:
    rows.add(
        "run_asked",
        **_common(event, envelope),
        run_id=event.run_id,
        trigger=event.trigger.value,
        slot=event.slot,
        requested_by=event.requested_by,
    )


def _run(event: Any, envelope: Envelope, rows: Rows, said: Row) -> None:
    trigger = getattr(event, "trigger", None)
    rows.add(
        "run_known",
        store_id=event.store_id,
        run_id=event.run_id,
        at=event.occurred_at,
        trigger=None if trigger is None else trigger.value,
        slot=getattr(event, "slot", None),
    )
    rows.add(
        "run_told",
        store_id=event.store_id,
        run_id=event.run_id,
        told=envelope.position,
        said=json.dumps(said, ensure_ascii=False),
    )


def _started(event: optimizer.OptimizationStarted, envelope: Envelope, rows: Rows) -> None:
    said = {
        "state": RunState.RUNNING.value,
        "mode": event.mode.value,
        "items": event.items,
        "started_at": event.occurred_at.isoformat(),
    }
    _run(event, envelope, rows, said)


_SCOUTED = {"items", "links", "offers_usable", "offers_unusable", "competitors", "duration_ms"}


def _scouted(event: optimizer.MarketScouted, envelope: Envelope, rows: Rows) -> None:
    _run(event, envelope, rows, {"scouted": event.model_dump(mode="json", include=_SCOUTED)})


def _assessed(event: advice.MarketAssessed, envelope: Envelope, rows: Rows) -> None:
    told = event.model_dump(mode="json", include={"outcome", "reason", "summary_ar", "summary_en"})
    _run(event, envelope, rows, {"advice": told})


def _completed(event: optimizer.OptimizationCompleted, envelope: Envelope, rows: Rows) -> None:
    said = {
        "state": RunState.COMPLETED.value,
        "ended_at": event.occurred_at.isoformat(),
        "statistics": event.statistics.model_dump(mode="json"),
        "failure": None,
    }
    _run(event, envelope, rows, said)


def _failed(event: optimizer.OptimizationFailed, envelope: Envelope, rows: Rows) -> None:
    said = {
        "state": RunState.FAILED.value,
        "ended_at": event.occurred_at.isoformat(),
        "failure": f"{event.stage}: {event.reason}",
    }
    _run(event, envelope, rows, said)


# --- sales: onboarding's ---


def _sold(event: onboarding.SalesObserved, envelope: Envelope, rows: Rows) -> None:
    lines = [
        {"item_key": _item(line), "quantity": line.quantity, "unit_price": line.unit_price}
        for line in event.lines
        if line.product_id is not None
    ]
    rows.add(
        "order_told",
        store_id=event.store_id,
        order_id=event.order_id,
        week=week_of(event.placed_at),
        counted=event.state is onboarding.OrderState.COUNTED,
        lines=json.dumps(lines),
        told=envelope.position,
    )


_FOLDS: dict[type[EventData], Fold] = {
    onboarding.SalesObserved: _sold,
    onboarding.StoreAuthorized: _store(
        "name", "domain", "currency", "prices_include_vat", "vat_bp", "plan", "settings", "settings_version",
        connected=True, needs_reauthorization=None, forgotten=False,
    ),
    onboarding.StoreReauthorized: _store(
        "prices_include_vat", "vat_bp", "plan", connected=True, needs_reauthorization=None
    ),
    onboarding.StoreSettingsChanged: _store("settings", "settings_version"),
    onboarding.StorePaused: _paused,
    onboarding.StoreResumed: _store(paused=False, pause_reason=None, pause_reason_ar=None),
    onboarding.StoreUninstalled: _store(connected=False, needs_reauthorization=None),
    onboarding.StoreForgotten: _forgotten,
    onboarding.ReauthorizationRequired: _unauthorised,
    onboarding.EntitlementChanged: _entitled,
    onboarding.SystemSettingsChanged: _system,
    onboarding.CatalogObserved: _observed,
    onboarding.CatalogItemsRemoved: _removed,
    onboarding.ItemRulesChanged: _rules,
    onboarding.ManualEditDetected: _edited,
    onboarding.PriceWriteStarted: _written(DecisionState.WRITING),
    onboarding.PriceApplyUncertain: _written(DecisionState.UNCERTAIN),
    onboarding.PriceApplied: _applied,
    onboarding.PriceApplyFailed: _written(DecisionState.FAILED),
    onboarding.PriceDecisionStale: _written(DecisionState.STALE),
    scheduler.OptimizationRequested: _asked,
    optimizer.OptimizationStarted: _started,
    optimizer.MarketScouted: _scouted,
    optimizer.OptimizationCompleted: _completed,
    optimizer.OptimizationFailed: _failed,
    advice.MarketAssessed: _assessed,
    optimizer.CompetitorLinksChanged: _linked,
    optimizer.OffersObserved: _offers,
    optimizer.PriceProposed: _proposed,
    optimizer.PriceHeld: _held,
    optimizer.PriceRejected: _closed(ProposalState.REJECTED, "rejected_by", "reason"),
    optimizer.ProposalExpired: _closed(ProposalState.EXPIRED, None, "reason"),
    optimizer.PriceDecided: _decided,
}  # fmt: skip
