"""Why, in Arabic and English: made from the recorded codes only, so that the text made later is the same text.

A code is ``"<name>"`` or ``"<name> key=value ..."``, as guards and the risk assessment write it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from thaman_contracts.events.advice import AdviceWhy
from thaman_contracts.events.optimizer import GuardStep
from thaman_contracts.events.settings import Strategy
from thaman_contracts.money import change_bp, riyals
from thaman_optimizer.domain.advice import Outlook
from thaman_optimizer.domain.pricing.reasons import WORDS
from thaman_optimizer.domain.undo_reasons import WORDS as UNDO_WORDS

_WORDS: Mapping[str, tuple[str, str]] = {
    "system_stopped": ("أُوقفت كل عمليات التسعير من قبل المشغّل", "an operator stopped all pricing"),
    "store_paused": ("تسعير المتجر متوقف مؤقتًا", "pricing of this store is paused"),
    "not_entitled": ("لا يوجد اشتراك أو فترة تجريبية سارية", "there is no running subscription or trial"),
    "control_share": (
        "المنتج في حصة المقارنة، فيُترك سعره كما هو ليُقاس به أثر تغيير الأسعار الأخرى",
        "the item is in the control share: its price is left alone, so that the effect of others can be measured",
    ),
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
    "no_advice": ("لا يستطيع محرك التسعير تسعير هذا المنتج", "the pricing engine cannot price this item"),
    "model_high": ("يقدّر نموذج الطلب خطورة عالية", "the demand model sees a high risk"),
    "model_medium": ("يقدّر نموذج الطلب خطورة متوسطة", "the demand model is not sure enough"),
    "sibling_held": ("لا يمكن تغيير متغيّر آخر من المنتج نفسه ({item})", "another variant ({item}) may not change"),
    "siblings_part": (
        "القيود تفرّق بين متغيّرات متساوية السعر ({item})",
        "limits would part variants that cost the same ({item})",
    ),
    "sibling_medium": ("متغيّر آخر من المنتج متوسط الخطورة", "another variant moves at medium risk"),
    "sibling_high": ("متغيّر آخر من المنتج عالي الخطورة", "another variant moves at high risk"),
    "advice_heard": (
        "سُمعت مشورة الوكلاء ({why_ar}): استُبعد {dropped} وخُفّف وزن {weakened} من العروض، والطلب المتوقع {demand}%",
        "the agents' advice was heard ({why_en}): {dropped} offers left out, {weakened} weakened, demand {demand} %",
    ),
    "advice_hold": ("نصح الوكلاء بإبقاء السعر ({why_ar})", "the agents advised to keep the price ({why_en})"),
    "advice_risk": ("يرى الوكلاء خطورة أعلى ({why_ar})", "the agents see a higher risk ({why_en})"),
    "advice_price": ("تغيّر السعر بعد مشورة الوكلاء", "the agents' advice led to another price"),
    "advice_evidence": ("الخطورة أعلى بعد مشورة الوكلاء", "the risk is higher once the agents' advice is heard"),
    "advice_unheard": ("الخطورة أعلى من دون مشورة الوكلاء", "the risk is higher without the agents' advice"),
    "not_the_models_price": (
        "حدّد أحد القيود سعرًا غير الذي اختاره نموذج الطلب",
        "a limit set another price than the demand model chose",
    ),
}

_STRATEGY: Mapping[Strategy, tuple[str, str]] = {
    Strategy.MATCH: ("مطابقة السوق", "match the market"),
    Strategy.UNDERCUT: ("أقل من السوق", "undercut the market"),
    Strategy.PREMIUM: ("أعلى من السوق", "stand above the market"),
    Strategy.HOLD: ("تثبيت السعر", "keep the price"),
    Strategy.DEMAND: ("الطلب المتعلَّم من المبيعات", "demand learned from sales"),
    Strategy.POSITION: ("موقع محدد من أسعار المنافسين", "a set position among rivals' prices"),
    Strategy.COST_PLUS: ("التكلفة مع هامش", "cost plus a mark-up"),
    Strategy.FIXED: ("سعر ثابت حدده التاجر", "a fixed price set by the merchant"),
    Strategy.LOCK: ("سعر مقفل", "a locked price"),
}

_MARKETLESS = frozenset((Strategy.DEMAND, Strategy.COST_PLUS, Strategy.FIXED))
"""Strategies that price without a reference."""

_CURRENCY: Mapping[str, tuple[str, str]] = {"SAR": ("ر.س", "SAR")}

_WHY: Mapping[str, tuple[str, str]] = {
    AdviceWhy.MISREAD: ("سعر مقروء خطأً", "a misread price"),
    AdviceWhy.OTHER_PRODUCT: ("منتج آخر", "another product"),
    AdviceWhy.OTHER_PACK: ("عبوة أخرى", "another pack"),
    AdviceWhy.BAIT: ("عرض غير جاد", "a bait offer"),
    AdviceWhy.SEASON: ("الموسم", "the season"),
    AdviceWhy.EVENT: ("مناسبة", "an event"),
    AdviceWhy.THIN_MARKET: ("سوق قليل العروض", "a thin market"),
    AdviceWhy.CONFLICT: ("أدلة متعارضة", "evidence that disagrees"),
    AdviceWhy.OTHER: ("سبب آخر", "another reason"),
}
"""The agents' reasons in words; they only choose among these."""

_LIMITS: Mapping[str, tuple[str, str]] = {
    "ceiling": ("الحد الأعلى", "the ceiling"),
    "floor": ("الحد الأدنى", "the floor"),
    "largest_step": ("أكبر خطوة", "the largest step"),
    "week_move": ("حد الأسبوع", "the week's limit"),
}


_TOLD = frozenset({"dither", "corridor", "brake", "raise_only", "stock_limited", "no_data", "below_floor"})
"""Codes of the demand model that a merchant is told of with a proposal."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason in both languages."""

    ar: str
    en: str


def words(code: str) -> Reason:
    """A code in words; one that is not known (from another engine version) is shown as it is."""
    name, _, rest = code.partition(" ")
    known = _WORDS.get(name) or WORDS.get(name) or UNDO_WORDS.get(name)
    if known is None:
        return Reason(code, code)
    values = dict(pair.split("=", 1) for pair in rest.split() if "=" in pair)
    if (why := _WHY.get(values.get("why", ""))) is not None:
        values |= {"why_ar": why[0], "why_en": why[1]}
    ar, en = (text.format_map(_Given(values)) for text in known)
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
    outlook: Outlook | None = None,
) -> Reason:
    """The reason of a proposal from its recorded fields (amounts in halalas, shelf prices)."""
    risks = [words(reason) for reason in risk_reasons]
    advised = [words(step.detail) for step in trail if step.guard == "advice"]
    limited = [_LIMITS[step.guard] for step in trail if step.outcome == "move" and step.guard in _LIMITS]
    unit = _CURRENCY.get(currency, (currency, currency))
    ar = [_change_ar(old, new, unit[0]), _market_ar(reference, offers, strategy, unit[0])]
    en = [_change_en(old, new, unit[1]), _market_en(reference, offers, strategy, unit[1])]
    ar += _expected_ar(outlook, _learned(trail), unit[0])
    en += _expected_en(outlook, _learned(trail), unit[1])
    ar += [f"{one.ar}." for one in advised]
    en += [f"{one.en[:1].upper()}{one.en[1:]}." for one in advised]
    if limited:
        ar.append(f"قُيّد بـ: {'، '.join(limit[0] for limit in limited)}.")
        en.append(f"Limited by {', '.join(limit[1] for limit in limited)}.")
    ar.append(f"تقدير الخطورة: {'، '.join(risk.ar for risk in risks)}.")
    en.append(f"Risk: {', '.join(risk.en for risk in risks)}.")
    return Reason(" ".join(ar), " ".join(en))


def _learned(trail: Sequence[GuardStep]) -> list[Reason]:
    """What shaped the demand model's choice where it made one, from the strategy guard's entry."""
    said = [step.detail for step in trail if step.guard == "strategy" and " codes=" in step.detail]
    codes = said[0].partition(" codes=")[2].split(",") if said else []
    return [words(code) for code in codes if code in _TOLD]


def _expected_en(outlook: Outlook | None, learned: Sequence[Reason], unit: str) -> list[str]:
    told = []
    if outlook is not None:
        told.append(
            f"Expected weekly profit change: {riyals(outlook.expected)} {unit} (80 %: {riyals(outlook.low)} to"
            f" {riyals(outlook.high)}), {outlook.chance_bp // 100} % chance of a gain."
        )
    return told + [f"{one.en[:1].upper()}{one.en[1:]}." for one in learned]


def _expected_ar(outlook: Outlook | None, learned: Sequence[Reason], unit: str) -> list[str]:
    told = []
    if outlook is not None:
        told.append(
            f"التغير الأسبوعي المتوقع في الربح {riyals(outlook.expected)} {unit} (80%: {riyals(outlook.low)} إلى"
            f" {riyals(outlook.high)})، واحتمال الزيادة {outlook.chance_bp // 100}%."
        )
    return told + [f"{one.ar}." for one in learned]


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
    if reference is None and strategy in _MARKETLESS:
        return f"Rivals give no reference price; strategy: {_STRATEGY[strategy][1]}."
    if reference is None:
        return "Rivals give no reference price; the price is brought back inside its limits."
    seen = f"Rivals' reference price is {riyals(reference)} {unit} from {offers} offers"
    return f"{seen}; strategy: {_STRATEGY[strategy][1]}."


def _market_ar(reference: int | None, offers: int, strategy: Strategy, unit: str) -> str:
    if reference is None and strategy in _MARKETLESS:
        return f"لا سعر مرجعيًا من المنافسين؛ الاستراتيجية: {_STRATEGY[strategy][0]}."
    if reference is None:
        return "لا سعر مرجعيًا من المنافسين؛ يُعاد السعر إلى داخل حدوده."
    return (
        f"السعر المرجعي للمنافسين {riyals(reference)} {unit} من {offers} عروض؛ الاستراتيجية: {_STRATEGY[strategy][0]}."
    )
