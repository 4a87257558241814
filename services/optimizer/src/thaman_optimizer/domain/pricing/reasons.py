"""Why, in Arabic and English: made from the record alone, so that the same record always tells the same story."""

from collections.abc import Mapping, Sequence
from typing import Any

from thaman_contracts.events.policies import Season
from thaman_contracts.money import riyals
from thaman_optimizer.domain.rests import SLEEP

WORDS: Mapping[str, tuple[str, str]] = {
    "below_floor": ("السعر الحالي أقل من الحد الأدنى", "the present price is below its floor"),
    "floor": ("الحد الأدنى للسعر {floor} ر.س", "the floor of {floor} SAR set the limit"),
    "step": ("بلغ التغيير أكبر خطوة مسموحة", "the move stops at the largest step"),
    "corridor": ("حد النطاق حول متوسط سعرك لتسعين يومًا", "the move stops at the corridor around your 90-day median"),
    "brake": ("تخفيضات متتالية مع سوق هابط، فلا خفض آخر", "repeated cuts in a falling market: no further cut"),
    "raise_only": ("التكلفة غير معروفة، فلا يُخفَّض السعر", "the cost is unknown, so the price is never cut"),
    "locked": ("المنتج مقفل من قبل التاجر", "the merchant locked this product"),
    "out_of_stock": ("المنتج غير متوفر في المخزون", "the product is out of stock"),
    "dwell": ("لم تمضِ سبعة أيام على آخر تغيير", "less than seven days since the last change"),
    "small_gain": ("الربح المتوقع أقل من أن يستحق التغيير", "the expected gain is too small to be worth a change"),
    "unlikely_gain": ("احتمال الربح غير كافٍ", "a gain is not likely enough"),
    "already_right": ("السعر الحالي مناسب", "the price is right as it is"),
    "dither": ("تغيير صغير لمعرفة استجابة المتسوقين", "a small change, made to learn how shoppers respond"),
    "no_reference": ("لا يوجد سعر مرجعي صالح من المنافسين", "rivals give no usable reference price"),
    "stock_limited": ("المخزون محدود حتى نهاية الموسم", "stock is limited until the season ends"),
    "strategy": ("السعر وفق الاستراتيجية «{strategy}»", "the price follows the strategy “{strategy}”"),
    "no_data": ("لا توجد مبيعات سابقة يُتعلَّم منها", "there are no past sales to learn from"),
    "fixed_price": ("سعر ثابت حدده التاجر", "a fixed price set by the merchant"),
    "rest": ("الأسعار في فترة راحة: {rest_ar}", "prices rest now: {rest_en}"),
    "strategy_unfit": ("لا يوجد ما تُقاس عليه الاستراتيجية", "the strategy finds nothing to measure from"),
    "group": ("لا يمكن تغيير أسعار مجموعته معًا", "its group cannot move together"),
}
"""Arabic and English of every guard code."""

MOVED: Mapping[str, tuple[str, str]] = {
    "group": ("يتغير سعره مع مجموعته", "it moves together with its group"),
}
"""What some codes mean where the price moves."""

_RESTS: Mapping[str, tuple[str, str]] = {
    Season.RAMADAN: ("رمضان", "Ramadan"),
    Season.EID_AL_FITR: ("عيد الفطر", "Eid al-Fitr"),
    Season.EID_AL_ADHA: ("عيد الأضحى", "Eid al-Adha"),
    Season.FOUNDING_DAY: ("يوم التأسيس", "Founding Day"),
    Season.NATIONAL_DAY: ("اليوم الوطني", "National Day"),
    Season.WHITE_FRIDAY: ("الجمعة البيضاء", "White Friday"),
    SLEEP: ("ساعات النوم", "the hours of sleep"),
}


def rest_values(rest: str | None) -> dict[str, str]:
    """What trail and story say of the rest that runs: a season by its names, other rests as the merchant named them."""
    if rest is None:
        return {}
    arabic, english = _RESTS.get(rest, (rest, rest))
    return {"rest": "_".join(rest.split()), "rest_ar": arabic, "rest_en": english}


def trail(codes: Sequence[str], values: Mapping[str, Any]) -> tuple[str, ...]:
    """Guard codes with the one parameter that each is about."""
    parameters = {
        "floor": "price={floor_halalas}",
        "below_floor": "price={floor_halalas}",
        "step": "bp={step_bp}",
        "corridor": "median={own_median}",
        "strategy": "kind={strategy}",
        "rest": "name={rest}",
    }
    return tuple(f"{code} {parameters[code].format(**values)}" if code in parameters else code for code in codes)


def told(codes: Sequence[str], *, old: int, new: int, values: Mapping[str, Any]) -> tuple[str, str]:
    """The story of a decision in Arabic and English."""
    words = WORDS if new == old else {**WORDS, **MOVED}
    arabic = [words[code][0].format(**values) for code in codes]
    english = [words[code][1].format(**values) for code in codes]
    if new == old:
        first = f"يبقى السعر {riyals(old)} ر.س", f"the price stays at {riyals(old)} SAR"
    else:
        first = (
            f"من {riyals(old)} إلى {riyals(new)} ر.س: الربح الأسبوعي المتوقع {values['gain']} ر.س"
            f" (80%: {values['low']} إلى {values['high']})، واحتمال الزيادة {values['chance']}%",
            f"from {riyals(old)} to {riyals(new)} SAR: expected weekly profit change {values['gain']} SAR"
            f" (80 %: {values['low']} to {values['high']}), {values['chance']} % chance of a gain",
        )
    return "؛ ".join([first[0], *arabic]) + ".", "; ".join([first[1], *english]) + "."
