"""The project's codes in words; a code that is not here (a newer version's) is shown as it is."""

from collections.abc import Mapping

from thaman_kit.language import Language

Pair = tuple[str, str]
"""The same in Arabic and in English."""

WORDS: Mapping[str, Mapping[str, Pair]] = {
    "risk": {"low": ("منخفضة", "Low"), "medium": ("متوسطة", "Medium"), "high": ("مرتفعة", "High")},
    "mode": {
        "manual": ("يدوي: كل سعر بموافقتك", "Manual: you approve every price"),
        "semi_auto": ("شبه آلي: الخطورة المنخفضة تُكتب وحدها", "Semi-automatic: low risk is written by itself"),
        "full_auto": ("آلي: يُسأل عن الخطورة المرتفعة فقط", "Automatic: only high risk is asked"),
    },
    "tolerance": {"low": ("حذر", "Careful"), "medium": ("متوازن", "Balanced"), "high": ("جريء", "Bold")},
    "strategy": {
        "match": ("مطابقة السوق", "Match the market"),
        "undercut": ("أقل من السوق", "Undercut the market"),
        "premium": ("أعلى من السوق", "Stand above the market"),
        "hold": ("تثبيت السعر", "Keep the price"),
        "demand": ("الطلب المتعلَّم من المبيعات", "Demand learned from sales"),
        "position": ("موقع محدد بين أسعار المنافسين", "A set position among rivals' prices"),
        "cost_plus": ("التكلفة مع هامش", "Cost plus a mark-up"),
        "fixed": ("سعر ثابت", "A fixed price"),
        "lock": ("سعر مقفل", "A locked price"),
    },
    "ending": {
        "exact": ("السعر كما هو", "Exact"),
        "whole": ("ريالات كاملة", "Whole riyals"),
        "point_95": ("تنتهي بـ 0.95", "Ending in .95"),
    },
    "basis": {
        "margin": ("نسبة من السعر دون الضريبة", "Share of the price without VAT"),
        "markup": ("نسبة من التكلفة", "Share of the cost"),
    },
    "advice": {"off": ("لا", "Off"), "crew": ("مشورة الوكلاء", "A crew of agents")},
    "status": {
        "sale": ("معروض", "On the shelf"),
        "out": ("نفد", "Sold out"),
        "hidden": ("مخفي", "Hidden"),
        "deleted": ("محذوف", "Deleted"),
    },
    "proposal": {
        "pending": ("ينتظر جوابك", "Waits for your answer"),
        "decided": ("تقرر", "Decided"),
        "rejected": ("رُفض", "Rejected"),
        "expired": ("انتهى", "Lapsed"),
    },
    "decision": {
        "decided": ("ينتظر الكتابة", "Waits to be written"),
        "writing": ("قيد الكتابة", "Being written"),
        "uncertain": ("النتيجة غير مؤكدة، ويُتحقق منها", "Outcome unclear, being checked"),
        "applied": ("كُتب وتُحقق منه", "Written and read back"),
        "failed": ("تعذّرت الكتابة", "Could not be written"),
        "stale": ("لم يُكتب لأن الحال تغيّر", "Not written: things had changed"),
    },
    "cause": {
        "applied": ("كتبه ثمن", "Written by Thaman"),
        "hand_edit": ("تعديل يدوي في سلة", "Edited by hand in Salla"),
        "seen": ("ظهر في سلة", "Seen in Salla"),
        "first": ("أول سعر رأيناه", "First price seen"),
    },
    "run": {
        "requested": ("طُلب", "Asked for"),
        "running": ("جارٍ", "Running"),
        "completed": ("اكتمل", "Completed"),
        "failed": ("فشل", "Failed"),
    },
    "trigger": {
        "schedule": ("في موعده", "By schedule"),
        "sweep": ("بعد قراءة المتجر", "After the store was read"),
        "catch_up": ("بدل موعد فات", "For a time that was missed"),
        "run_now": ("طُلب الآن", "Asked for at once"),
    },
    "fitness": {
        "usable": ("صالح", "Usable"),
        "stale": ("قديم", "Stale"),
        "out_of_stock": ("غير متوفر", "Out of stock"),
        "unreadable": ("لا يُقرأ", "Unreadable"),
        "no_price": ("بلا سعر", "No price"),
        "foreign_currency": ("بعملة أخرى", "Another currency"),
        "unreachable": ("الصفحة لم تُجب", "Page did not answer"),
        "refused": ("رُفضت القراءة", "Reading refused"),
        "outlier": ("شاذ", "Outlier"),
    },
    "outcome": {
        "pass": ("مرّ", "Passed"),
        "move": ("عدّل السعر", "Moved the price"),
        "note": ("ملاحظة", "Noted"),
        "hold": ("أبقى السعر", "Held the price"),
    },
    "guard": {
        "stop_fence": ("زر الإيقاف", "Stop"),
        "entitlement": ("الاشتراك", "Subscription"),
        "lock": ("القفل", "Lock"),
        "data_fitness": ("صلاحية البيانات", "Fitness of the data"),
        "strategy": ("الاستراتيجية", "Strategy"),
        "outliers": ("استبعاد الشاذ", "Outliers"),
        "rounding": ("التقريب", "Rounding"),
        "ceiling": ("الحد الأعلى", "Ceiling"),
        "floor": ("الحد الأدنى", "Floor"),
        "largest_step": ("أكبر خطوة", "Largest step"),
        "week_move": ("حد الأسبوع", "Week's limit"),
        "day_budget": ("تغييرات اليوم", "Changes of the day"),
        "cooldown": ("المهلة بين تغييرين", "Time between changes"),
        "season_window": ("فترة الهدوء", "Quiet time"),
        "discount_licence": ("التخفيضات", "Discounts"),
        "group": ("المجموعة", "Group"),
        "advice": ("مشورة الوكلاء", "Agents' advice"),
        "result": ("الخلاصة", "Result"),
    },
    "actor": {
        "policy": ("سياسة المتجر", "The store's policy"),
        "breaker": ("القاطع التلقائي", "The breaker"),
        "schedule": ("الجدول", "The schedule"),
        "scheduler": ("الجدول", "The schedule"),
    },
    "plan_reason": {
        "paused": ("المتجر متوقف", "the store is paused"),
        "unauthorised": ("يلزم ربط المتجر من جديد", "the store has to be connected again"),
        "uninstalled": ("أُزيل التطبيق", "the app was removed"),
        "stopped": ("أوقف المشغّل كل التسعير", "an operator stopped all pricing"),
    },
    "event": {
        "PriceApplied": ("أسعار كُتبت", "Prices written"),
        "PriceDecided": ("أسعار تقررت", "Prices decided"),
        "PriceProposed": ("اقتراحات", "Proposals"),
        "PriceApproved": ("موافقات", "Approvals"),
        "PriceRejected": ("رفض", "Rejections"),
        "ManualEditDetected": ("تعديلات يدوية", "Edits by hand"),
        "OptimizationCompleted": ("تشغيلات اكتملت", "Runs completed"),
        "OptimizationFailed": ("تشغيلات فشلت", "Runs failed"),
        "StorePaused": ("إيقاف", "Stops"),
        "StoreResumed": ("استئناف", "Resumptions"),
        "StoreSettingsChanged": ("الإعدادات", "Settings"),
        "ItemRulesChanged": ("حدود المنتجات", "Limits of items"),
        "StoreAuthorized": ("ربط المتجر", "Store connected"),
        "StoreReauthorized": ("تجديد الربط", "Store connected again"),
        "ReauthorizationRequired": ("طلب إعادة الربط", "Reconnection needed"),
        "StoreUninstalled": ("إزالة التطبيق", "App removed"),
        "StoreForgotten": ("نسيان المتجر", "Store forgotten"),
        "EntitlementChanged": ("الاشتراك", "Subscription"),
        "CatalogItemsRemoved": ("منتجات حُذفت", "Items removed"),
        "PriceApplyUncertain": ("كتابة نتيجتها غير مؤكدة", "Writes with unclear outcome"),
        "PriceApplyFailed": ("كتابة تعذّرت", "Writes that failed"),
        "PriceDecisionStale": ("أسعار لم تُكتب", "Prices not written"),
        "LicenceRecorded": ("رخص تخفيض سُجّلت", "Discount licences recorded"),
        "LicenceCorrected": ("رخص تخفيض صُحّحت", "Discount licences corrected"),
        "LicenceRevoked": ("رخص تخفيض أُلغيت", "Discount licences revoked"),
        "OptimizationRequested": ("تشغيلات طُلبت", "Runs asked for"),
        "OptimizationStarted": ("تشغيلات بدأت", "Runs begun"),
        "MarketAssessed": ("مشورة الوكلاء", "Agents' advice"),
        "ProposalExpired": ("اقتراحات انتهت", "Proposals lapsed"),
        "PriceReverted": ("أسعار أُعيدت", "Prices restored"),
        "CompetitorLinksChanged": ("روابط المنافسين", "Rivals' links"),
        "ListingSourcesChanged": ("مصادر العروض", "Sources of listings"),
        "ListingsMatched": ("مطابقات وُجدت", "Matches found"),
        "MatchesAnswered": ("أجوبة المطابقات", "Matches answered"),
        "PolicyDrafted": ("سياسات كُتبت", "Policies drafted"),
        "PolicyStaged": ("مراحل السياسات", "Stages of policies"),
    },
}


def word(kind: str, code: str, language: Language) -> str:
    """A code of a kind in words."""
    known = WORDS[kind].get(code)
    if known is None:
        return code
    return known[0] if language == "ar" else known[1]


def codes(kind: str) -> tuple[str, ...]:
    """All codes of a kind, in the order in which they are offered."""
    return tuple(WORDS[kind])
