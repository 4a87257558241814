"""The store: who it is, whether it is connected, what its merchant allows.

**Order of Salla's messages.** ``app.store.authorize`` and ``app.uninstalled`` may arrive late or swapped, so the
provider's time decides, never the time of arrival. The last authorisation wins; an uninstall is a tombstone that only
a *newer* authorisation lifts. On the same second the uninstall wins, because a wrongly disconnected store costs a
click and a wrongly connected one costs trust. Any order of the same messages therefore ends in the same state.

**Fence.** A number that rises with every pause and every uninstall. Decisions carry the fence they saw and the writer
refuses a lower one, so nothing decided before a stop is written after it, also when the store was resumed meanwhile.
Resuming does not raise it: decisions made while paused carry the risen fence already.

**Name.** A store is often named after its owner, so events call it by its number; its name is in the vault.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from thaman_contracts.events.onboarding import FORGOTTEN, InstallPath, ReauthorizationReason
from thaman_contracts.events.settings import ItemRule, StoreSettings
from thaman_contracts.ids import store_uuid
from thaman_kit.domain import Aggregate, DomainEvent
from thaman_onboarding.domain import events
from thaman_onboarding.domain.forgetting import Wish
from thaman_onboarding.errors import InvalidChange, NotConnected, SettingsConflict, StaleInstall

WATCH_PERIOD = timedelta(days=7)
"""A newly connected store only watches for so long (product.md B8); policy data, carried in the store's settings."""

GRANTING = frozenset({"trial", "active"})
"""Entitlement states in which prices may be written."""


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What Salla tells about a store when it is connected."""

    store_id: str
    name: str
    domain: str | None
    plan: str
    store_type: str
    currency: str
    prices_include_vat: bool
    vat_bp: int
    scopes: tuple[str, ...] = field(default_factory=tuple)


def is_entitled(status: str | None, ends_on: date | None, today: date) -> bool:
    """Whether the store's subscription covers ``today`` (a Riyadh date).

    A store that Salla reported nothing about is entitled: free and private apps have no subscription at all.
    """
    if status is None:
        return True
    return status in GRANTING and (ends_on is None or today <= ends_on)


class Store(Aggregate):
    """One merchant's store."""

    def __init__(self, id: UUID) -> None:
        super().__init__(id)
        self.store_id = ""
        self.facts: StoreFacts | None = None
        self.installed = False
        self.via: InstallPath | None = None
        self.needs: ReauthorizationReason | None = None
        self.needs_detail: str | None = None
        self.paused = False
        self.pause_reason: str | None = None
        self.pause_reason_ar: str | None = None
        self.fence = 0
        self.settings = StoreSettings()
        self.settings_version = 0
        self.rules: dict[str, ItemRule] = {}
        self.authorized_at: datetime | None = None
        self.uninstalled_at: datetime | None = None
        self.forgotten_at: datetime | None = None
        self.entitlement: tuple[str, date | None] | None = None
        self.entitlement_at: datetime | None = None

    @classmethod
    def new(cls, store_id: str) -> "Store":
        """A store nothing is known about yet."""
        store = cls(store_uuid(store_id))
        store.store_id = store_id
        return store

    @property
    def connected(self) -> bool:
        """Whether Salla may be called for it."""
        return self.installed and self.needs is None

    # -- commands -------------------------------------------------------------------------------------------------

    def authorize(self, facts: StoreFacts, via: InstallPath, authorized_at: datetime, now: datetime) -> None:
        """New tokens of this store are in hand; ``authorized_at`` is the provider's time of their issue.

        Raises:
            StaleInstall: a later (or the same) authorisation, or an uninstall not before it, is known.
        """
        if self.authorized_at is not None and authorized_at <= self.authorized_at:
            raise StaleInstall(f"an authorisation of {self.authorized_at.isoformat()} is known already")
        if self.uninstalled_at is not None and authorized_at <= self.uninstalled_at:
            raise StaleInstall(f"the app was uninstalled at {self.uninstalled_at.isoformat()}")
        if self.installed:
            self._reauthorize(facts, via, authorized_at, now)
            return
        self.trigger(
            events.StoreAuthorized,
            store_id=facts.store_id,
            occurred_at=now,
            authorized_at=authorized_at,
            name=facts.store_id,
            domain=facts.domain,
            plan=facts.plan,
            store_type=facts.store_type,
            currency=facts.currency,
            prices_include_vat=facts.prices_include_vat,
            vat_bp=facts.vat_bp,
            via=via,
            scopes=facts.scopes,
            fence=self.fence,
            settings_version=self.settings_version + 1,
            settings=self._first_settings().model_copy(update={"watch_until": now + WATCH_PERIOD}),
        )

    def next_authorization(self, now: datetime) -> datetime:
        """The time to give an authorisation that was seen to work just now, whatever the clocks say.

        A code exchanged this moment proves that the app is installed this moment, so it is later than every
        message received before. Whole seconds, as Salla's own times are.
        """
        known = [at + timedelta(seconds=1) for at in (self.authorized_at, self.uninstalled_at) if at is not None]
        return max([now.replace(microsecond=0), *known])

    def change_settings(self, changes: Mapping[str, Any], expected: int | None, by: str, now: datetime) -> None:
        """Change the named fields of the pricing policy; naming what is in force already changes nothing.

        Raises:
            NotConnected: the store was never connected.
            SettingsConflict: ``expected`` is given and not the version in force.
            InvalidChange: a field is unknown or its value is not allowed.
        """
        self._known()
        if expected is not None and expected != self.settings_version:
            raise SettingsConflict(expected, self.settings_version)
        unknown = sorted(set(changes) - set(StoreSettings.model_fields))
        if unknown:
            raise InvalidChange([(name, "there is no such setting") for name in unknown])
        settings = _validated(self.settings.model_dump() | dict(changes))
        if settings == self.settings:
            return
        self.trigger(
            events.StoreSettingsChanged,
            store_id=self.store_id,
            occurred_at=now,
            settings_version=self.settings_version + 1,
            settings=settings,
            changed_by=by,
        )

    def set_rules(self, rules: tuple[ItemRule, ...], by: str, now: datetime) -> None:
        """Set limits and locks of single items; each rule replaces the item's earlier one.

        Raises:
            NotConnected: the store was never connected.
            InvalidChange: an item is named twice, or its lowest price is above its highest.
        """
        self._known()
        problems = [
            (f"rules.{place}", "min_price is above max_price")
            for place, rule in enumerate(rules)
            if rule.min_price is not None and rule.max_price is not None and rule.min_price > rule.max_price
        ]
        keys = [rule.key for rule in rules]
        problems += [(f"rules.{place}", "named twice") for place, key in enumerate(keys) if key in keys[:place]]
        if problems:
            raise InvalidChange(problems)
        changed = tuple(rule for rule in rules if self.rules.get(rule.key, _no_rule(rule)) != rule)
        if changed:
            self.trigger(events.ItemRulesChanged, store_id=self.store_id, occurred_at=now, rules=changed, changed_by=by)

    def pause(self, reason: str, by: str, now: datetime, reason_ar: str | None = None) -> None:
        """Stop all writing. Pausing a paused store raises the fence again, to be sure."""
        self._known()
        self.trigger(
            events.StorePaused,
            store_id=self.store_id,
            occurred_at=now,
            fence=self.fence + 1,
            reason=reason,
            paused_by=by,
            reason_ar=reason_ar,
        )

    def resume(self, by: str, now: datetime) -> None:
        """Allow writing again; a store that is not paused is left alone."""
        self._known()
        if self.paused:
            self.trigger(events.StoreResumed, store_id=self.store_id, occurred_at=now, fence=self.fence, resumed_by=by)

    def uninstall(self, uninstalled_at: datetime, now: datetime) -> bool:
        """The merchant removed the app at the provider's time ``uninstalled_at``.

        Returns whether the tokens have to go: not when a newer authorisation is known.
        """
        if self.authorized_at is not None and uninstalled_at < self.authorized_at:
            return False
        if self.uninstalled_at is not None and uninstalled_at <= self.uninstalled_at:
            return not self.installed
        if self.installed:
            self.trigger(
                events.StoreUninstalled,
                store_id=self.store_id,
                occurred_at=now,
                fence=self.fence + 1,
                uninstalled_at=uninstalled_at,
            )
        else:
            self.trigger(events.UninstallNoted, store_id=self.store_id, occurred_at=now, uninstalled_at=uninstalled_at)
        return True

    def forget(self, wish: Wish, now: datetime) -> bool:
        """The store's data key is destroyed; whether there was anything to forget.

        It ends connected stores as an uninstall does, and lifts what its merchant had set, so that the store begins as
        a new one if it ever comes back.

        Raises:
            NotConnected: the store was never connected.
        """
        if self.forgotten_at is not None:
            return False
        self._known()
        if self.installed:
            moment = now.replace(microsecond=0)
            self.uninstall(max(moment, self.authorized_at or moment), now)
        self.resume(wish.asked_by, now)
        said = tuple(_no_rule(rule) for rule in self.rules.values() if rule != _no_rule(rule))
        if said:
            self.set_rules(said, wish.asked_by, now)
        self.trigger(
            events.StoreForgotten,
            store_id=self.store_id,
            occurred_at=now,
            reason=wish.reason,
            asked_at=wish.asked_at,
            due_at=wish.due_at,
            asked_by=wish.asked_by,
        )
        return True

    def require_reauthorization(self, reason: ReauthorizationReason, detail: str, now: datetime) -> None:
        """The tokens do not work any more; said once until the merchant reconnects."""
        if self.connected:
            self.trigger(
                events.ReauthorizationRequired,
                store_id=self.store_id,
                occurred_at=now,
                reason=reason,
                detail=detail,
            )

    def change_entitlement(
        self, status: str, plan_name: str | None, ends_on: date | None, reported_at: datetime, now: datetime
    ) -> None:
        """Salla reported a trial or subscription change; the latest by provider time counts."""
        late = self.entitlement_at is not None and reported_at < self.entitlement_at
        if late or self.facts is None or self.entitlement == (status, ends_on):
            return
        self.trigger(
            events.EntitlementChanged,
            store_id=self.store_id,
            occurred_at=now,
            reported_at=reported_at,
            status=status,
            plan_name=plan_name,
            ends_on=ends_on,
        )

    def _reauthorize(self, facts: StoreFacts, via: InstallPath, authorized_at: datetime, now: datetime) -> None:
        self.trigger(
            events.StoreReauthorized,
            store_id=self.store_id,
            occurred_at=now,
            authorized_at=authorized_at,
            via=via,
            scopes=facts.scopes,
            plan=facts.plan,
            prices_include_vat=facts.prices_include_vat,
            vat_bp=facts.vat_bp,
        )

    def _first_settings(self) -> StoreSettings:
        """What a store begins with: after an uninstall what it had, after a forgetting what every new one has."""
        return self.settings if self.forgotten_at is None else StoreSettings()

    def _known(self) -> None:
        if self.facts is None:
            raise NotConnected("the store was never connected")
        if self.forgotten_at is not None:
            raise NotConnected("the store was forgotten; it has to be connected again")

    # -- folding --------------------------------------------------------------------------------------------------

    def when(self, event: DomainEvent) -> None:  # noqa: C901 - one line for each kind of event
        """Change state as ``event`` says."""
        self.store_id = event.store_id
        match event:
            case events.StoreAuthorized():
                self._when_authorized(event)
            case events.StoreReauthorized():
                self._when_reauthorized(event)
            case events.StoreSettingsChanged():
                self.settings, self.settings_version = event.settings, event.settings_version
            case events.ItemRulesChanged():
                self.rules.update({rule.key: rule for rule in event.rules})
            case events.StorePaused():
                self.paused, self.fence = True, event.fence
                self.pause_reason, self.pause_reason_ar = event.reason, event.reason_ar
            case events.StoreResumed():
                self.paused, self.pause_reason, self.pause_reason_ar = False, None, None
            case events.StoreUninstalled():
                self.installed, self.needs, self.needs_detail = False, None, None
                self.fence, self.uninstalled_at = event.fence, event.uninstalled_at
            case events.StoreForgotten():
                assert self.facts is not None
                self.facts = replace(self.facts, name=FORGOTTEN, domain=None)
                self.forgotten_at = event.occurred_at
            case events.UninstallNoted():
                self.uninstalled_at = event.uninstalled_at
            case events.ReauthorizationRequired():
                self.needs, self.needs_detail = event.reason, event.detail
            case events.EntitlementChanged():
                self.entitlement, self.entitlement_at = (event.status, event.ends_on), event.reported_at
            case _:
                super().when(event)

    def _when_authorized(self, event: events.StoreAuthorized) -> None:
        self.facts = StoreFacts(
            event.store_id,
            event.name,
            event.domain,
            event.plan,
            event.store_type,
            event.currency,
            event.prices_include_vat,
            event.vat_bp,
            event.scopes,
        )
        self.installed, self.needs, self.needs_detail = True, None, None
        self.via, self.authorized_at, self.forgotten_at = event.via, event.authorized_at, None
        self.settings, self.settings_version = event.settings, event.settings_version

    def _when_reauthorized(self, event: events.StoreReauthorized) -> None:
        known = self.facts
        assert known is not None
        self.facts = StoreFacts(
            known.store_id,
            known.name,
            known.domain,
            event.plan,
            known.store_type,
            known.currency,
            event.prices_include_vat,
            event.vat_bp,
            event.scopes,
        )
        self.needs, self.needs_detail = None, None
        self.via, self.authorized_at = event.via, event.authorized_at


def _no_rule(rule: ItemRule) -> ItemRule:
    return ItemRule(product_id=rule.product_id, variant_id=rule.variant_id)


def _validated(values: dict[str, Any]) -> StoreSettings:
    try:
        return StoreSettings.model_validate(values, extra="forbid")
    except ValidationError as error:
        problems = [(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors()]
        raise InvalidChange(problems) from error
