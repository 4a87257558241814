"""One sentence for a merchant about each event that is news to them, in Arabic and in English, from the event alone.

What is for machines, or is told of every item in every run, has no sentence. The page names the item and who acted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from thaman_contracts.events import EventData, advice, licences, listings, onboarding, optimizer, policies, scheduler
from thaman_contracts.events.settings import AutomationMode
from thaman_contracts.money import riyals
from thaman_dashboard.domain.codes import ENTITLEMENT, LAPSED, MODES, RISKS, STAGES, STALE, TRIGGERS, Words, words_of


@dataclass(frozen=True, slots=True)
class Line:
    """The same sentence in both languages, and who acted: a key, ``policy`` or ``breaker``; ``None`` where nobody."""

    ar: str
    en: str
    actor: str | None = None


def said_of(event: EventData) -> Line | None:
    """The sentence about ``event``; ``None`` where it is no news to a merchant."""
    known = _LINES.get(type(event))
    if known is None:
        return None
    (ar, en), actor, words = known
    given = words(event)
    return Line(
        ar.format_map({name: _in(value, 0) for name, value in given.items()}),
        en.format_map({name: _in(value, 1) for name, value in given.items()}),
        None if actor is None else getattr(event, actor),
    )


Given = dict[str, str | int | Words]


def _in(value: str | int | Words, place: int) -> str | int:
    return value[place] if isinstance(value, tuple) else value


def _none(_: Any) -> Given:
    return {}


def _amounts(*names: str) -> Callable[[Any], Given]:
    return lambda event: {name: str(riyals(getattr(event, name))) for name in names}


def _count(name: str) -> Callable[[Any], Given]:
    return lambda event: {"count": len(getattr(event, name))}


def _fields(*names: str) -> Callable[[Any], Given]:
    return lambda event: {name: str(getattr(event, name)) for name in names}


def _mode(mode: AutomationMode) -> Words:
    return words_of(MODES, mode)


def _paused(event: onboarding.StorePaused) -> Given:
    return {"why": (event.reason_ar or event.reason, event.reason)}


def _entitled(event: onboarding.EntitlementChanged) -> Given:
    return {"status": words_of(ENTITLEMENT, event.status)}


def _stale(event: onboarding.PriceDecisionStale) -> Given:
    return {"why": words_of(STALE, event.reason)}


def _proposed(event: optimizer.PriceProposed) -> Given:
    prices = _amounts("old_shelf_price", "new_shelf_price")(event)
    return prices | {"risk": words_of(RISKS, event.risk), "why": (event.reason_ar, event.reason_en)}


def _rejected(event: optimizer.PriceRejected) -> Given:
    why = f": {event.reason}" if event.reason else ""
    return {"why": why}


def _assessed(event: advice.MarketAssessed) -> Given:
    if event.outcome is not advice.AssessmentOutcome.OK:
        return {"said": ("لم تصل مشورة من الوكلاء في هذا التسعير", "The agents gave no advice in this run")}
    ar = f"نصح الوكلاء في {len(event.advice)} من المنتجات. {event.summary_ar}"
    return {"said": (ar.rstrip(), f"Agents advised on {len(event.advice)} items. {event.summary_en}".rstrip())}


def _answered(event: listings.MatchesAnswered) -> Given:
    confirmed = sum(answer.confirmed for answer in event.answers)
    return {"confirmed": confirmed, "rejected": len(event.answers) - confirmed}


_Known = tuple[Words, str | None, Callable[[Any], Given]]

_LINES: dict[type[EventData], _Known] = {
    onboarding.StoreAuthorized: (("تم ربط المتجر", "The store was connected"), None, _none),
    onboarding.StoreReauthorized: (("تم تجديد ربط المتجر", "The store was connected again"), None, _none),
    onboarding.ReauthorizationRequired: (
        ("يجب إعادة ربط المتجر: لم تعد سلة تقبل الربط السابق", "The store has to be connected again"),
        None,
        _none,
    ),
    onboarding.StoreUninstalled: (("أُزيل التطبيق من المتجر", "The app was removed from the store"), None, _none),
    onboarding.StoreForgotten: (
        ("نُسي المتجر: أُتلف مفتاح بياناته", "The store was forgotten: its data key was destroyed"),
        "asked_by",
        _none,
    ),
    onboarding.StorePaused: (("أُوقف التسعير: {why}", "Pricing was paused: {why}"), "paused_by", _paused),
    onboarding.StoreResumed: (("استُؤنف التسعير", "Pricing was resumed"), "resumed_by", _none),
    onboarding.EntitlementChanged: (
        ("تغيّر الاشتراك: {status}", "The subscription changed: {status}"), None, _entitled
    ),
    onboarding.StoreSettingsChanged: (
        ("تغيّرت إعدادات التسعير (الوضع: {mode})", "The pricing settings were changed (mode: {mode})"),
        "changed_by",
        lambda event: {"mode": _mode(event.settings.mode)},
    ),
    onboarding.ItemRulesChanged: (
        ("تغيّرت حدود {count} من المنتجات", "The limits of {count} items were changed"), "changed_by", _count("rules")
    ),
    onboarding.CatalogItemsRemoved: (
        ("حُذف من المتجر {count} من المنتجات", "{count} items were removed from the store"), None, _count("keys")
    ),
    onboarding.ManualEditDetected: (
        (
            "عُدّل السعر الأساسي يدويًا من {expected_base_price} إلى {found_base_price} ر.س",
            "The base price was edited by hand from {expected_base_price} to {found_base_price} SAR",
        ),
        None,
        _amounts("expected_base_price", "found_base_price"),
    ),
    onboarding.PriceApplied: (
        ("أصبح السعر {shelf_price} ر.س بعد التحقق منه", "The price is now {shelf_price} SAR, read back"),
        None,
        _amounts("shelf_price"),
    ),
    onboarding.PriceApplyUncertain: (
        (
            "نتيجة كتابة السعر غير معروفة، وستُحسم بالقراءة",
            "The outcome of writing the price is not known and will be settled by reading",
        ),
        None,
        _none,
    ),
    onboarding.PriceApplyFailed: (
        ("تعذّرت كتابة السعر: {detail}", "The price could not be written: {detail}"), None, _fields("detail")
    ),
    onboarding.PriceDecisionStale: (
        ("لم يُكتب السعر لأن الحال تغيّر: {why}", "The price was not written, things had changed: {why}"),
        None,
        _stale,
    ),
    licences.LicenceRecorded: (
        ("سُجّلت رخصة التخفيض {number}", "Discount licence {number} was recorded"),
        "recorded_by",
        lambda event: {"number": event.licence.number},
    ),
    licences.LicenceCorrected: (
        ("صُحّحت رخصة التخفيض {number}", "Discount licence {number} was corrected"),
        "corrected_by",
        lambda event: {"number": event.licence.number},
    ),
    licences.LicenceRevoked: (
        ("أُلغيت رخصة تخفيض ابتداءً من {revoked_from}", "A discount licence was revoked from {revoked_from} on"),
        "revoked_by",
        _fields("revoked_from"),
    ),
    scheduler.OptimizationRequested: (
        ("طُلب تسعير ({trigger})", "A pricing run was asked for ({trigger})"),
        "requested_by",
        lambda event: {"trigger": words_of(TRIGGERS, event.trigger)},
    ),
    optimizer.OptimizationStarted: (
        ("بدأ التسعير على {items} من المنتجات", "A pricing run began over {items} items"), None, _fields("items")
    ),
    optimizer.OptimizationCompleted: (
        (
            "انتهى التسعير: حُلّل {analysed}، وتقرر {updated}، وتنتظر الموافقة {asked}، وبقي {held}",
            "The run ended: {analysed} analysed, {updated} decided, {asked} waiting for approval, {held} held",
        ),
        None,
        lambda event: {name: getattr(event.statistics, name) for name in ("analysed", "updated", "asked", "held")},
    ),
    optimizer.OptimizationFailed: (
        ("فشل التسعير: {reason}", "The run failed: {reason}"), None, _fields("reason")
    ),
    advice.MarketAssessed: (("{said}", "{said}"), None, _assessed),
    optimizer.PriceProposed: (
        (
            "اقتُرح سعر {new_shelf_price} بدل {old_shelf_price} ر.س (الخطر {risk}): {why}",
            "{new_shelf_price} instead of {old_shelf_price} SAR proposed ({risk} risk): {why}",
        ),
        None,
        _proposed,
    ),
    optimizer.PriceApproved: (("تمت الموافقة على السعر", "The price was approved"), "approved_by", _none),
    optimizer.PriceRejected: (("رُفض السعر{why}", "The price was rejected{why}"), "rejected_by", _rejected),
    optimizer.ProposalExpired: (
        ("انتهى اقتراح السعر: {why}", "The proposal lapsed: {why}"),
        None,
        lambda event: {"why": words_of(LAPSED, event.reason)},
    ),
    optimizer.PriceDecided: (
        ("تقرر السعر {shelf_price} ر.س", "{shelf_price} SAR was decided"), "decided_by", _amounts("shelf_price")
    ),
    optimizer.PriceReverted: (
        ("طُلبت إعادة السعر السابق", "The earlier price was asked for"), "reverted_by", _none
    ),
    optimizer.CompetitorLinksChanged: (
        ("تغيّرت روابط المنافسين لـ {count} من المنتجات", "The competitor links of {count} items were changed"),
        "changed_by",
        _count("items"),
    ),
    listings.ListingSourcesChanged: (
        ("تغيّرت مصادر عروض المنافسين: {count}", "Where rivals' listings are looked for was changed: {count} sources"),
        "changed_by",
        _count("sources"),
    ),
    listings.ListingsMatched: (
        ("وُجد {count} من العروض قد تكون لمنتجاتك", "{count} listings were found that may be own products"),
        None,
        _count("matches"),
    ),
    listings.MatchesAnswered: (
        (
            "أُجيب عن المطابقات: تأكيد {confirmed} ورفض {rejected}",
            "Matches were answered: {confirmed} confirmed, {rejected} rejected",
        ),
        "answered_by",
        _answered,
    ),
    policies.PolicyDrafted: (
        ("كُتبت سياسة التسعير {policy_version}: «{title}»", "Pricing policy {policy_version} was written: “{title}”"),
        "drafted_by",
        lambda event: {"policy_version": event.policy_version, "title": event.policy.title},
    ),
    policies.PolicyStaged: (
        (
            "أصبحت سياسة التسعير {policy_version}: {stage}",
            "Pricing policy {policy_version} is now {stage}",
        ),
        "staged_by",
        lambda event: {"policy_version": event.policy_version, "stage": words_of(STAGES, event.stage)},
    ),
}  # fmt: skip
