"""What words near an amount say about it, in Arabic and English.

All patterns are looked up in folded text (:func:`~thaman_optimizer.domain.reading.letters.folded`), and are folded
themselves, so that they are written here as people write them.
"""

import re
from collections.abc import Mapping

from thaman_optimizer.domain.reading.letters import folded


def any_of(phrases: str) -> re.Pattern[str]:
    """Any of the phrases, parted by semicolons, as words of their own; Arabic ones with what is written onto them.

    They may hold regular expressions in small letters; a space stands for any white space, `` ?`` for perhaps some.
    """
    inner = "|".join(folded(one).replace(" ?", r"\s*").replace(" ", r"\s+") for one in phrases.split("; "))
    return re.compile(rf"(?<!\w)(?:[وفبل]|ال|بال|لل|وال)?(?:{inner})(?!\w)")


BEFORE: Mapping[str, re.Pattern[str]] = {
    "from": any_of(
        "تبدأ من; يبدأ من; بدءا من; ابتداء من; ابتداءا من; من; حتى; لغاية; حتي; from; starting at; "
        "starts at; starting; as low as; up to; upto; at least; between; بين"
    ),
    "was": any_of(
        "كان; كانت; السعر السابق; سعر سابق; السعر القديم; السعر الأصلي; السعر الاساسي; سعر السوق; السعر قبل; "
        "قبل الخصم; قبل التخفيض; قبل; بدلا من; بدل; عوضا عن; was; old price; list price; original price; "
        "original price was; regular price; market price; rrp; msrp; before; instead of; compare at; "
        "compare at price; retail price; reg; السعر العادي"
    ),
    "now": any_of(
        "الان; الآن; السعر الحالي; سعر العرض; سعر التخفيض; السعر بعد الخصم; السعر بعد التخفيض; بعد الخصم; "
        "بعد التخفيض; السعر بعد; اصبح; صار; now; sale price; special price; offer price; deal price; "
        "our price; current price; current price is; now only"
    ),
}
"""Roles of the amount that follows."""

AFTER: Mapping[str, re.Pattern[str]] = {
    "was": any_of("قبل الخصم; قبل التخفيض; سابقا; before discount; before"),
    "now": any_of("بعد الخصم; بعد التخفيض; after discount"),
    "from": any_of("فأكثر; وأكثر; فما فوق; and up; and above; or more"),
}
"""Roles of the amount before."""

BESIDE: Mapping[str, re.Pattern[str]] = {
    "instalment": any_of(
        "قسط; أقساط; قسم; قسّمها; قسمها; تقسيط; بالتقسيط; دفعات; دفعة; دفعه; دفعتين; تابي; تمارا; tabby; "
        "tamara; instal+ments?; payments? of; payments; interest[- ]free; pay in; monthly payments?; split; "
        "الدفعة; مقدم; down payment; madfu; مدفوع"
    ),
    "minimum": any_of(
        "فوق; أكثر من; للطلبات; طلبات; عند الشراء بـ?; الحد الأدنى; أعلى من; يتجاوز; تتجاوز; تزيد عن; "
        "orders? (?:over|above|of); over; above; spend; minimum; min; when you spend; more than; بقيمة"
    ),
    "shipping": any_of("توصيل; التوصيل; شحن; الشحن; رسوم الشحن; shipping; delivery; postage; ship; ships; shipped"),
    "coupon": any_of(
        "كوبون; الكوبون; قسيمة; كود; الكود; رمز; بكود; code; coupon; promo; voucher; at checkout; عند الدفع; "
        "في السلة; in cart"
    ),
    "member": any_of(
        "للأعضاء; الأعضاء; عضو; عضوية; للمشتركين; members?; member price; prime; vip; plus; club; للجملة; "
        "جملة; الجملة; wholesale; للموظفين; students?; للطلاب; new customers; b2b; dealers?"
    ),
    "bundle": any_of(
        "عند شراء; اشتر; اشتري; buy; any; قطعتين; قطع; حبات; حبتين; علب; pack; packs; bundle; for both; "
        "pieces; pcs; items; باقة; كرتون; for [2-9]; sets?; together"
    ),
    "period": any_of(
        "شهريا; شهري; في الشهر; شهر; الشهر; سنويا; سنوي; سنة; السنة; يوميا; يوم; اليوم; ليلة; الليلة; أسبوع; "
        "الأسبوع; اسبوعيا; اشتراك; الاشتراك; إيجار; الايجار; للإيجار; تأجير; استئجار; month; months; "
        "monthly; mo; mth; year; yearly; yr; annually; week; weekly; day; daily; night; subscription; "
        "subscribe; rent; rental; lease; hire"
    ),
    "unit": any_of(
        "كيلو; كجم; كغ; جرام; غرام; جم; متر; م2; لتر; مل; للحبة; للقطعة; حبة; قطعة; للوحدة; الوحدة; لكل; "
        "per; kg; kilo; g; gram; 100 ?g; 100 ?ml; ml; l; litre; liter; metre; meter; m; sqm; each; unit; "
        "unit price; piece; ea; pc; oz; lb"
    ),
    "extra": any_of(
        "ضمان; الضمان; تأمين; تركيب; التركيب; تغليف; خدمة; رسوم; الرسوم; عربون; هدية; محفظة; رصيد; warranty; "
        "insurance; installation; assembly; gift; wrap; wrapping; fees?; deposit; protection; wallet; "
        "balance; add-?on; refund; return; trade-?in; cod; cash on delivery; الدفع عند الاستلام"
    ),
    "about": any_of("تقريبا; حوالي; يعادل; approx; approximately; about; around; equivalent; est; estimated"),
}
"""Roles of amounts that are not the price of one piece for everybody, on whichever side the word stands."""

SAVING = any_of(
    "وفر; وفّر; توفير; التوفير; خصم; الخصم; تخفيض; التخفيض; save; saving; savings; you save; off; "
    "discount; rebate; cash ?back; كاش باك; استرداد; نقاط; نقطة; points?; reward; rewards; earn; اكسب; "
    "مكافأة; less; اقل; drop"
)
"""Beside an amount that is taken off; looked up after ``before the discount`` and the like are taken out."""

PERCENT = re.compile(
    r"(?:(?<!\w)(?:ال)?(?:خصم|تخفيض|وفر|توفير|save|off|discount|sale)(?!\w))?\s*[-–−(]?\s*[0-9]{1,3}(?:[.,][0-9]+)?\s*[%٪]"
    r"\s*\)?\s*(?:(?:off|خصم|تخفيض|discount)(?!\w))?"
)
"""A share taken off, which is said of the price and is no amount."""

RATE = re.compile(
    r"\s*(?:/|per|a|في|كل|لكل|ل)?\s*(?:ال)?(?:month|mo|mth|year|yr|week|day|night|شهر|شهريا|سنه|سنويا|يوم|يوميا|ليله|اسبوع|kg|كيلو"
    r"|متر|لتر|100 ?g|100 ?ml|piece|unit|حبه|قطعه)(?:ly)?\s*\.?\s*"
)
"""A line that is nothing but what an amount is for: a time or a measure."""
