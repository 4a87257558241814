"""Why, in Arabic and English: made from the recorded codes only, so that the text made later is the same text.

A code is ``"<name>"`` or ``"<name> key=value ..."``, as guards and the risk assessment write it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from thaman_contracts.events.optimizer import GuardStep
from thaman_contracts.events.settings import Strategy
from thaman_contracts.money import change_bp, riyals

_WORDS: Mapping[str, tuple[str, str]] = {
    "system_stopped": ("أُوقفت كل عمليات التسعير من قبل المشغّل", "an operator stopped all pricing"),
    "store_paused": ("تسعير المتجر متوقف مؤقتًا", "pricing of this store is paused"),
    "not_entitled": ("لا يوجد اشتراك أو فترة تجريبية سارية", "there is no running subscription or trial"),
    "item_locked": ("المنتج مقفل من قبل التاجر", "the merchant locked this item"),
    "hand_edit": (
        "عُدّل السعر يدويًا، ويُترك كما هو لمدة {hours} ساعة",
        "the price was edited by hand and is left alone for {hours} hours",
    ),
    "write_in_flight": ("هناك كتابة سعر سابقة لم تُحسم بعد", "an earlier price write is not settled yet"),
    "not_connected": ("المتجر غير متصل بسلة", "the store is not connected to Salla"),
    "catalogue_stale": ("لم تُقرأ بيانات المتجر حديثًا", "the catalogue was not read recently"),
    "off_shelf": ("المنتج غير معروض للبيع ({status})", "the item is not on the shelf ({status})"),
    "sale_running": ("يوجد تخفيض سارٍ، ولا يُمس", "a sale is running and is never touched"),
    "sale_scheduled": ("هناك سعر تخفيض معيّن لم يبدأ بعد", "a sale price is set and has not started yet"),
    "price_unusable": ("السعر الحالي صفر أو غير صالح", "the present price is zero or unusable"),
    "foreign_currency": (
        "عملة المنتج {currency} ليست عملة المتجر",
        "the item's currency {currency} is not the store's",
    ),
    "tax_unclear": (
        "السعر المعروض لا يطابق السعر الأساسي مع الضريبة",
        "the shelf price does not follow from the base price and VAT",
    ),
    "cost_unknown": ("تكلفة المنتج غير معروفة، فلا حد أدنى للسعر", "the cost is unknown, so there is no floor"),
    "cost_zero": ("التكلفة صفر، فلا حد أدنى يحمي السعر", "the cost is zero, so no floor protects the price"),
    "margin_impossible": (
        "هامش الربح مع الرسوم يبلغ السعر كله أو يزيد",
        "minimum margin and fees together reach the whole price",
    ),
    "baseline_unknown": ("لا يُعرف سعر سابق يُبنى عليه الحد الأعلى", "no earlier price is known to set a ceiling from"),
    "floor_out_of_range": ("الحد الأدنى خارج النطاق المعقول", "the floor is beyond any reasonable amount"),
    "no_reference": ("لا يوجد سعر مرجعي صالح من المنافسين", "rivals give no usable reference price"),
    "offers_few": (
        "عدد عروض المنافسين الصالحة {fit} أقل من المطلوب {needed}",
        "only {fit} usable rival offers, {needed} are needed",
    ),
    "offers_disagree": (
        "عروض المنافسين متباعدة: بقي {used} والمطلوب {needed}",
        "rivals' offers disagree: {used} left, {needed} needed",
    ),
    "above_ceiling": (
        "السعر الحالي أعلى من الحد الأعلى ولا يطلب السوق خفضه",
        "the price stands above its ceiling and the market does not ask for less",
    ),
    "no_room": ("لا يوجد سعر مناسب ضمن حد التغيير", "no suitable price lies within the limit of movement"),
    "day_budget": ("استُنفد عدد التغييرات المسموح به في اليوم", "the changes allowed in a day are used up"),
    "cooldown": ("لم تمضِ {minutes} دقيقة منذ آخر تغيير", "less than {minutes} minutes since the last change"),
    "quiet_window": ("فترة هدوء للأسعار: {name}", "prices rest now: {name}"),
    "already_right": ("السعر الحالي مناسب", "the price is right as it is"),
    "outside_limits": ("السعر الناتج خارج الحدين الأدنى والأعلى", "the result would break floor or ceiling"),
    "outside_movement": ("السعر الناتج يتجاوز حد التغيير", "the result would break a limit of movement"),
    "change_inexpressible": (
        "الفرق كبير جدًا، ويلزم تصحيح السعر يدويًا",
        "the difference is too large: correct the price by hand",
    ),
    "breaks_limit": ("يتجاوز حد التغيير، فيلزم قرار شخص", "it breaks a limit of movement, so a person must decide"),
    "outside_limits_now": ("السعر الحالي خارج حدوده", "the present price breaks its own limits"),
    "change_large": ("تغيير كبير", "the change is large"),
    "near_floor": ("قريب من الحد الأدنى", "the price comes near its floor"),
    "change_medium": ("تغيير متوسط", "the change is not small"),
    "margin_thin": ("هامش الربح ضيق", "the margin becomes thin"),
    "offers_weak": ("أدلة السوق ضعيفة", "the market is weakly seen"),
    "small_raise": ("رفع صغير", "a small raise"),
    "small_cut": ("خفض صغير", "a small cut"),
}

_STRATEGY: Mapping[Strategy, tuple[str, str]] = {
    Strategy.MATCH: ("مطابقة السوق", "match the market"),
    Strategy.UNDERCUT: ("أقل من السوق", "undercut the market"),
    Strategy.PREMIUM: ("أعلى من السوق", "stand above the market"),
    Strategy.HOLD: ("تثبيت السعر", "keep the price"),
}

_CURRENCY: Mapping[str, tuple[str, str]] = {"SAR": ("ر.س", "SAR")}

_LIMITS: Mapping[str, tuple[str, str]] = {
    "ceiling": ("الحد الأعلى", "the ceiling"),
    "floor": ("الحد الأدنى", "the floor"),
    "largest_step": ("أكبر خطوة", "the largest step"),
    "week_move": ("حد الأسبوع", "the week's limit"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason in both languages."""

    ar: str
    en: str


def words(code: str) -> Reason:
    """A code in words; one that is not known (from another engine version) is shown as it is."""
    name, _, rest = code.partition(" ")
    if name not in _WORDS:
        return Reason(code, code)
    values = dict(pair.split("=", 1) for pair in rest.split() if "=" in pair)
    ar, en = (text.format_map(_Given(values)) for text in _WORDS[name])
    return Reason(ar, en)


def why_held(trail: Sequence[GuardStep]) -> Reason:
    """The reason of a hold: its last trail entry."""
    said = words(trail[-1].detail)
    return Reason(f"السعر باقٍ: {said.ar}.", f"The price stays: {said.en}.")


def why_proposed(
    *,
    currency: str,
    old: int,
    new: int,
    reference: int | None,
    offers: int,
    strategy: Strategy,
    risk_reasons: Sequence[str],
    trail: Sequence[GuardStep],
) -> Reason:
    """The reason of a proposal from its recorded fields (shelf prices in halalas)."""
    risks = [words(reason) for reason in risk_reasons]
    limited = [_LIMITS[step.guard] for step in trail if step.outcome == "move" and step.guard in _LIMITS]
    unit = _CURRENCY.get(currency, (currency, currency))
    ar = [_change_ar(old, new, unit[0]), _market_ar(reference, offers, strategy, unit[0])]
    en = [_change_en(old, new, unit[1]), _market_en(reference, offers, strategy, unit[1])]
    if limited:
        ar.append(f"قُيّد بـ: {'، '.join(limit[0] for limit in limited)}.")
        en.append(f"Limited by {', '.join(limit[1] for limit in limited)}.")
    ar.append(f"تقدير الخطورة: {'، '.join(risk.ar for risk in risks)}.")
    en.append(f"Risk: {', '.join(risk.en for risk in risks)}.")
    return Reason(" ".join(ar), " ".join(en))


class _Given(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def _change_en(old: int, new: int, unit: str) -> str:
    verb = "Raise" if new > old else "Lower"
    return f"{verb} from {riyals(old)} to {riyals(new)} {unit} ({_percent(old, new)})."


def _change_ar(old: int, new: int, unit: str) -> str:
    verb = "رفع" if new > old else "خفض"
    return f"{verb} السعر من {riyals(old)} إلى {riyals(new)} {unit} ({_percent(old, new)})."


def _percent(old: int, new: int) -> str:
    return f"{riyals(change_bp(old, new)):+} %"


def _market_en(reference: int | None, offers: int, strategy: Strategy, unit: str) -> str:
    if reference is None:
        return "Rivals give no reference price; the price is brought back inside its limits."
    seen = f"Rivals' reference price is {riyals(reference)} {unit} from {offers} offers"
    return f"{seen}; strategy: {_STRATEGY[strategy][1]}."


def _market_ar(reference: int | None, offers: int, strategy: Strategy, unit: str) -> str:
    if reference is None:
        return "لا سعر مرجعيًا من المنافسين؛ يُعاد السعر إلى داخل حدوده."
    return (
        f"السعر المرجعي للمنافسين {riyals(reference)} {unit} من {offers} عروض؛ الاستراتيجية: {_STRATEGY[strategy][0]}."
    )
