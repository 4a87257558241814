"""Codes that events carry, as words of a sentence."""

from collections.abc import Mapping

Words = tuple[str, str]
"""The same in Arabic and in English."""

MODES: Mapping[str, Words] = {
    "manual": ("يدوي", "manual"),
    "semi_auto": ("شبه آلي", "semi-automatic"),
    "full_auto": ("آلي", "automatic"),
}
RISKS: Mapping[str, Words] = {
    "low": ("منخفض", "low"),
    "medium": ("متوسط", "medium"),
    "high": ("مرتفع", "high"),
}
ENTITLEMENT: Mapping[str, Words] = {
    "trial": ("فترة تجريبية", "trial"),
    "active": ("سارٍ", "active"),
    "canceled": ("ملغى", "canceled"),
    "expired": ("منتهٍ", "expired"),
}
TRIGGERS: Mapping[str, Words] = {
    "schedule": ("حسب الجدول", "on schedule"),
    "sweep": ("بعد قراءة المتجر", "after a sweep"),
    "catch_up": ("تعويضًا عن موعد فات", "to catch up"),
    "run_now": ("الآن", "now"),
}
LAPSED: Mapping[str, Words] = {
    "time": ("انقضى وقته", "its time was over"),
    "inputs_changed": ("تغيّر ما بُني عليه", "what it was built on has changed"),
    "superseded": ("حل محله اقتراح أحدث", "a newer proposal took its place"),
}
STAGES: Mapping[str, Words] = {
    "draft": ("مسودة", "a draft"),
    "shadow": ("تجربة دون كتابة", "in shadow"),
    "canary": ("على جزء من المنتجات", "a canary"),
    "live": ("سارية", "live"),
    "retired": ("متقاعدة", "retired"),
}
STALE: Mapping[str, Words] = {
    "fence": ("أُوقف المتجر بعد القرار", "the store was stopped after the decision"),
    "paused": ("التسعير متوقف", "pricing is paused"),
    "manual_edit": ("عُدّل السعر يدويًا", "the price was edited by hand"),
    "below_floor": ("السعر دون الحد الأدنى", "it is below the floor"),
    "above_ceiling": ("السعر فوق الحد الأعلى", "it is above the ceiling"),
    "step": ("الخطوة أكبر من المسموح", "the step is too large"),
    "day_budget": ("استُنفدت تغييرات اليوم", "the day's changes are used up"),
    "locked": ("المنتج مقفل", "the item is locked"),
    "expired": ("انقضى وقت القرار", "the decision is too old"),
    "superseded": ("حل محله قرار أحدث", "a newer decision took its place"),
    "item_gone": ("لم يعد المنتج موجودًا", "the item is gone"),
    "not_connected": ("المتجر غير متصل", "the store is not connected"),
    "not_entitled": ("لا يوجد اشتراك سارٍ", "there is no running subscription"),
    "already_there": ("السعر في المتجر هو نفسه", "the shop has that price already"),
}


def words_of(table: Mapping[str, Words], code: str) -> Words:
    """The words of a code; one that this release does not know stands for itself."""
    return table.get(code, (str(code), str(code)))
