"""One line for people about each event, in Arabic and in English, made from the record alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from thaman_contracts.events import (
    EventData,
    advice,
    audit,
    licences,
    listings,
    onboarding,
    optimizer,
    policies,
    scheduler,
)
from thaman_contracts.events.breaker import BREAKER
from thaman_contracts.ids import item_key
from thaman_contracts.money import riyals


@dataclass(frozen=True, slots=True)
class Line:
    """The same sentence in both languages."""

    ar: str
    en: str


QUIET = ("OffersObserved", "PricesShadowed", "ObservationDue", "TokenRefreshDue")
"""Events that are for machines; the activity log leaves them out, the timeline shows them."""


def line_of(event: EventData) -> Line:
    """The line about ``event``; an event nobody wrote a sentence for is named."""
    template = _LINES.get(type(event))
    if template is None:
        return Line(event.event_name(), event.event_name())
    words = template[2](event) if len(template) == 3 else _words(event)
    return Line(template[0].format_map(words), template[1].format_map(words))


def _words(event: Any) -> dict[str, object]:
    return {name: getattr(event, name) for name in type(event).model_fields}


def _item(event: Any) -> dict[str, object]:
    words = _words(event) | {"item": item_key(event.product_id, event.variant_id)}
    prices = {
        name: riyals(value) for name, value in words.items() if name.endswith("_price") and isinstance(value, int)
    }
    return words | prices


def _statistics(event: optimizer.OptimizationCompleted) -> dict[str, object]:
    return event.statistics.model_dump()


def _counted(name: str) -> Callable[[Any], dict[str, object]]:
    return lambda event: _words(event) | {"count": len(getattr(event, name))}


def _mode(event: onboarding.StoreSettingsChanged) -> dict[str, object]:
    return {"mode": event.settings.mode.value, "by": event.changed_by, "version": event.settings_version}


def _policy(event: policies.PolicyDrafted) -> dict[str, object]:
    return _words(event) | {"title": event.policy.title}


def _stage(event: policies.PolicyStaged) -> dict[str, object]:
    share = "" if event.share_bp is None else f" ({event.share_bp // 100}.{event.share_bp % 100:02} %)"
    return _words(event) | {"stage": event.stage.value, "share": share}


def _sales(event: onboarding.SalesObserved) -> dict[str, object]:
    return {"order": event.order_id, "count": sum(line.quantity for line in event.lines), "state": event.state.value}


def _trigger(event: Any) -> dict[str, object]:
    return _words(event) | {"trigger": event.trigger.value}


def _reason(event: Any) -> dict[str, object]:
    return _item(event) | {"reason": event.reason.value}


def _looked(event: listings.SourceLooked) -> dict[str, object]:
    name = event.source_id
    if event.outcome is listings.LookOutcome.FAILED:
        return {
            "told_ar": f"لم يُقرأ المصدر {name}: {event.detail}",
            "told_en": f"Source {name} could not be looked into: {event.detail}",
        }
    return {
        "told_ar": f"قُرئ المصدر {name}: {event.listings} عرضًا، وتعذّرت قراءة {event.skipped}",
        "told_en": f"Source {name} was looked into: {event.listings} listings, {event.skipped} could not be read",
    }


def _licence(event: Any) -> dict[str, object]:
    return _words(event) | {name: getattr(event.licence, name) for name in ("number", "starts_on", "ends_on")}


def _answered(event: listings.MatchesAnswered) -> dict[str, object]:
    confirmed = sum(answer.confirmed for answer in event.answers)
    rejected = len(event.answers) - confirmed
    return {
        "told_ar": f"أجاب {event.answered_by} عن المطابقات: أكّد {confirmed} ورفض {rejected}",
        "told_en": f"{event.answered_by} answered matches: {confirmed} confirmed, {rejected} rejected",
    }


def _assessed(event: advice.MarketAssessed) -> dict[str, object]:
    if event.outcome is advice.AssessmentOutcome.OK:
        shown, advised = event.items_shown, len(event.advice)
        ar = f"نظر الوكلاء في {shown} من المنتجات ونصحوا في {advised} منها. {event.summary_ar}"
        en = f"Agents looked at {shown} items and advised on {advised}. {event.summary_en}"
        return {"told_ar": ar.rstrip(), "told_en": en.rstrip()}
    reason = "-" if event.reason is None else event.reason.value
    return {"told_ar": f"لا مشورة من الوكلاء ({reason})", "told_en": f"No advice from the agents ({reason})"}


def _paused(event: onboarding.StorePaused) -> dict[str, object]:
    by_ar = "أوقف القاطع التلقائي" if event.paused_by == BREAKER else f"أوقف {event.paused_by}"
    return {"by_ar": by_ar, "why_ar": event.reason_ar or event.reason}


def _proposed(event: optimizer.PriceProposed) -> dict[str, object]:
    return _item(event) | {"risk": event.risk.value, "disposition": event.disposition.value}


_Template = tuple[str, str] | tuple[str, str, Callable[[Any], dict[str, object]]]

_LINES: dict[type[EventData], _Template] = {
    onboarding.StoreAuthorized: ("تم ربط المتجر «{name}»", "Store “{name}” was connected"),
    onboarding.StoreReauthorized: ("تم تجديد ربط المتجر", "The store was connected again"),
    onboarding.StoreSettingsChanged: (
        "غيّر {by} إعدادات التسعير (الوضع {mode}، الإصدار {version})",
        "{by} changed the pricing settings (mode {mode}, version {version})",
        _mode,
    ),
    onboarding.ItemRulesChanged: (
        "غيّر {changed_by} حدود {count} من المنتجات",
        "{changed_by} changed the limits of {count} items",
        _counted("rules"),
    ),
    onboarding.StorePaused: ("{by_ar} التسعير: {why_ar}", "{paused_by} paused pricing: {reason}", _paused),
    onboarding.StoreResumed: ("استأنف {resumed_by} التسعير", "{resumed_by} resumed pricing"),
    onboarding.StoreUninstalled: ("أُزيل التطبيق من المتجر", "The app was removed from the store"),
    onboarding.StoreForgotten: (
        "نُسي المتجر: أُتلف مفتاح بياناته",
        "The store was forgotten: its data key was destroyed",
    ),
    onboarding.ReauthorizationRequired: (
        "يجب إعادة ربط المتجر: {detail}",
        "The store has to be connected again: {detail}",
    ),
    onboarding.EntitlementChanged: ("تغيّر الاشتراك إلى {status}", "The subscription is now {status}"),
    onboarding.SystemSettingsChanged: ("غيّر {changed_by} إعدادات النظام", "{changed_by} changed the system settings"),
    onboarding.ApiKeyIssued: ("أُنشئ مفتاح الوصول «{label}»", "Access key “{label}” was created"),
    onboarding.ApiKeyRevoked: ("أُلغي مفتاح الوصول {key_id}", "Access key {key_id} was revoked"),
    licences.LicenceRecorded: (
        "سجّل {recorded_by} رخصة التخفيض {number} من {starts_on} إلى {ends_on}",
        "{recorded_by} recorded discount licence {number}, {starts_on} to {ends_on}",
        _licence,
    ),
    licences.LicenceCorrected: (
        "صحّح {corrected_by} رخصة التخفيض {number}: {reason}",
        "{corrected_by} corrected discount licence {number}: {reason}",
        _licence,
    ),
    licences.LicenceRevoked: (
        "ألغى {revoked_by} رخصة تخفيض ابتداءً من {revoked_from}: {reason}",
        "{revoked_by} revoked a discount licence from {revoked_from} on: {reason}",
    ),
    onboarding.CatalogObserved: ("قُرئت أسعار {count} من المنتجات", "{count} items were read", _counted("items")),
    onboarding.CatalogItemsRemoved: ("حُذف {count} من المنتجات", "{count} items are gone", _counted("keys")),
    onboarding.SalesObserved: (
        "الطلب {order}: {count} قطعة ({state})",
        "Order {order}: {count} pieces ({state})",
        _sales,
    ),
    onboarding.ManualEditDetected: (
        "عُدّل سعر {item} يدويًا من {expected_base_price} إلى {found_base_price} ر.س",
        "The price of {item} was edited by hand from {expected_base_price} to {found_base_price} SAR",
        _item,
    ),
    onboarding.PriceWriteStarted: (
        "بدأت كتابة سعر {item}: {target_base_price} ر.س (المحاولة {attempt})",
        "Writing the price of {item}: {target_base_price} SAR (attempt {attempt})",
        _item,
    ),
    onboarding.PriceApplied: (
        "أصبح سعر {item} {shelf_price} ر.س بعد التحقق",
        "The price of {item} is now {shelf_price} SAR, read back",
        _item,
    ),
    onboarding.PriceApplyUncertain: (
        "نتيجة كتابة سعر {item} غير معروفة وستُحسم بالقراءة: {reason}",
        "The outcome of writing {item} is not known and will be settled by reading: {reason}",
        _item,
    ),
    onboarding.PriceApplyFailed: (
        "تعذّرت كتابة سعر {item}: {detail}",
        "The price of {item} could not be written: {detail}",
        _item,
    ),
    onboarding.PriceDecisionStale: (
        "لم يُكتب سعر {item} لأن الحال تغيّر ({reason}): {detail}",
        "The price of {item} was not written, things had changed ({reason}): {detail}",
        _reason,
    ),
    scheduler.OptimizationRequested: (
        "طُلب تسعير جديد ({trigger}) بواسطة {requested_by}",
        "A pricing run was asked for ({trigger}) by {requested_by}",
        _trigger,
    ),
    scheduler.RetentionDue: ("حان وقت أرشفة البيانات القديمة", "Old read models are due for archiving"),
    optimizer.RunRequested: ("طلب {requested_by} التسعير الآن", "{requested_by} asked for a run now"),
    optimizer.CompetitorLinksChanged: (
        "غيّر {changed_by} روابط المنافسين لـ {count} من المنتجات",
        "{changed_by} changed the competitor links of {count} items",
        _counted("items"),
    ),
    listings.ListingSourcesChanged: (
        "غيّر {changed_by} مصادر عروض المنافسين: {count} مصادر",
        "{changed_by} changed where competitors' listings are looked for: {count} sources",
        _counted("sources"),
    ),
    listings.LookRequested: (
        "طلب {requested_by} البحث الآن في المصدر {source_id}",
        "{requested_by} asked for a look into source {source_id} now",
    ),
    listings.ListingsMatched: (
        "وُجد في المصدر {source_id} ما قد يكون من منتجاتك: {count}",
        "Source {source_id} has listings that may be own products: {count}",
        _counted("matches"),
    ),
    listings.SourceLooked: ("{told_ar}", "{told_en}", _looked),
    listings.MatchesAnswered: ("{told_ar}", "{told_en}", _answered),
    optimizer.OptimizationStarted: (
        "بدأ التسعير على {items} من المنتجات ({trigger})",
        "A pricing run began over {items} items ({trigger})",
        _trigger,
    ),
    optimizer.MarketScouted: (
        "قُرئت عروض {competitors} من المنافسين: {offers_usable} صالح",
        "Offers of {competitors} competitors were read: {offers_usable} usable",
    ),
    advice.MarketAssessed: ("{told_ar}", "{told_en}", _assessed),
    optimizer.PriceProposed: (
        "اقتُرح لـ {item} سعر {new_shelf_price} بدل {old_shelf_price} ر.س (الخطر {risk}، {disposition}): {reason_ar}",
        "{item}: {new_shelf_price} instead of {old_shelf_price} SAR proposed ({risk} risk, {disposition}): {reason_en}",
        _proposed,
    ),
    optimizer.PriceHeld: ("بقي سعر {item} كما هو: {reason_ar}", "The price of {item} stays: {reason_en}", _item),
    optimizer.PriceApproved: (
        "وافق {approved_by} على سعر {item}",
        "{approved_by} approved the price of {item}",
        _item,
    ),
    optimizer.PriceRejected: ("رفض {rejected_by} سعر {item}", "{rejected_by} rejected the price of {item}", _item),
    optimizer.ProposalExpired: (
        "انتهى اقتراح سعر {item} ({reason})",
        "The proposal for {item} lapsed ({reason})",
        _item,
    ),
    optimizer.PriceDecided: (
        "تقرر لـ {item} سعر {shelf_price} ر.س بواسطة {decided_by}",
        "{item}: {shelf_price} SAR decided by {decided_by}",
        _item,
    ),
    optimizer.PriceReverted: (
        "طلب {reverted_by} إعادة السعر السابق لـ {item}",
        "{reverted_by} asked for the earlier price of {item}",
        _item,
    ),
    optimizer.OptimizationCompleted: (
        "انتهى التسعير: {analysed} حُلّلت، {updated} تقررت، {asked} تنتظر الموافقة، {held} بقيت",
        "The run ended: {analysed} analysed, {updated} decided, {asked} asked, {held} held",
        _statistics,
    ),
    policies.PolicyDrafted: (
        "كتب {drafted_by} سياسة التسعير {policy_version}: «{title}»",
        "{drafted_by} wrote pricing policy {policy_version}: “{title}”",
        _policy,
    ),
    policies.PolicyStaged: (
        "نقل {staged_by} سياسة التسعير {policy_version} إلى {stage}{share}",
        "{staged_by} staged pricing policy {policy_version} to {stage}{share}",
        _stage,
    ),
    audit.CheckpointSealed: (
        "خُتمت نقطة التحقق {number} على {stores} من السلاسل و{entries} من القيود",
        "Checkpoint {number} was sealed over {stores} chains with {entries} entries",
    ),
    optimizer.OptimizationFailed: ("فشل التسعير في {stage}: {reason}", "The run failed in {stage}: {reason}"),
}
