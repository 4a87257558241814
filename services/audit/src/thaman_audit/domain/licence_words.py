"""Licences and sale prices in words, Arabic and English, a sentence a line."""

from collections.abc import Iterator

from thaman_audit.domain.licence_answer import KnownLicence, LicenceLedger, SeenSale
from thaman_audit.domain.why.words import Pair, amount, clock, percent, shown

MOST = 20
"""Sale prices of one list that are told one by one."""

_STATE: dict[str, Pair] = {
    "coming": ("لم تبدأ بعد", "not begun yet"),
    "in_force": ("سارية", "in force"),
    "ended": ("منتهية", "ended"),
    "revoked": ("ملغاة", "revoked"),
}
_WHY: dict[str, Pair] = {
    "discount_too_large": ("نسبة التخفيض أكبر مما في الرخصة", "the discount is larger than the licence states"),
    "discount_too_small": ("نسبة التخفيض أصغر مما في الرخصة", "the discount is smaller than the licence states"),
    "other_products": ("الرخصة لمنتجات أخرى", "the licence is for other products"),
    "revoked": ("الرخصة ملغاة", "the licence was revoked"),
    "other_days": ("خارج أيام الرخصة", "outside the licence's days"),
    "no_licence": ("لا رخصة مسجلة", "no licence is on record"),
}


def told_ar(told: LicenceLedger) -> tuple[str, ...]:
    """The answer in Arabic."""
    return tuple(_lines(told, 0))


def told_en(told: LicenceLedger) -> tuple[str, ...]:
    """The answer in English."""
    return tuple(_lines(told, 1))


def _lines(told: LicenceLedger, language: int) -> Iterator[str]:
    when = clock(told.at)
    yield (
        f"رخص التخفيض للمتجر {shown(told.store_id)} كما عُرفت في {when} (الأوقات كلها بتوقيت الرياض).",
        f"Discount licences of store {shown(told.store_id)} as known at {when} (all times are Riyadh's).",
    )[language]
    yield (
        "لا يكتب ثَمَن أسعار تخفيض؛ فكل سعر تخفيض هنا وضعه التاجر وشوهد في المتجر.",
        "Thaman writes no sale prices; each of these was set by the merchant and seen on the shop.",
    )[language]
    if not told.licences:
        yield ("لا رخصة مسجلة.", "No licence is on record.")[language]
    for one in told.licences:
        yield _licence(one, language)
        yield from _sales(one.sales, language)
    if not told.uncovered:
        yield ("لا يوجد سعر تخفيض بلا رخصة.", "No sale price without a licence was seen.")[language]
        return
    count = shown(len(told.uncovered))
    yield (f"أسعار تخفيض بلا رخصة تغطيها، وعددها {count}:", f"Sale prices that no licence covers: {count}.")[language]
    for missed in told.uncovered[:MOST]:
        yield f"{_sale(missed, language)} {('السبب', 'Why')[language]}: {_WHY[missed.why][language]}."
    yield from _more(len(told.uncovered), language)


def _licence(one: KnownLicence, language: int) -> str:
    said = one.licence
    days = shown(said.starts_on), shown(said.ends_on)
    head = (
        f"الرخصة {shown(said.number)} من {shown(said.authority)}، من {days[0]} إلى {days[1]}",
        f"Licence {shown(said.number)} of {shown(said.authority)}, {days[0]} to {days[1]}",
    )[language]
    if said.max_discount_bp is not None:
        most = percent(said.max_discount_bp)
        head += (f"، والحد الأعلى للتخفيض {most}", f", at most {most} off")[language]
    ended = "" if one.revoked_from is None else (" من ", " from ")[language] + shown(one.revoked_from)
    sales = shown(len(one.sales))
    tail = (f"وشوهد تحتها من أسعار التخفيض {sales}", f"sale prices seen under it: {sales}")[language]
    return f"{head}: {_STATE[one.state][language]}{ended}{('، ', '; ')[language]}{tail}."


def _sales(sales: tuple[SeenSale, ...], language: int) -> Iterator[str]:
    for one in sales[:MOST]:
        yield _sale(one, language)
    yield from _more(len(sales), language)


def _sale(one: SeenSale, language: int) -> str:
    named = f"{shown(one.item)} {shown(one.name)}"
    off = "" if one.discount_bp is None else f" ({percent(one.discount_bp)})"
    prices = amount(one.sale_price), amount(one.base_price)
    if language == 0:
        until = "وما زال ساريًا" if one.until is None else f"إلى {clock(one.until)}"
        return f"المنتج {named}: {prices[0]} ر.س بدل {prices[1]} ر.س{off}، من {clock(one.since)} {until}."
    until = "and still running" if one.until is None else f"to {clock(one.until)}"
    return f"Item {named}: {prices[0]} SAR instead of {prices[1]} SAR{off}, from {clock(one.since)} {until}."


def _more(count: int, language: int) -> Iterator[str]:
    if count > MOST:
        yield (f"وعدد الباقي {shown(count - MOST)}.", f"And {shown(count - MOST)} more.")[language]
