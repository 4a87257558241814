"""The lowest price in words, Arabic and English, a sentence a line."""

from collections.abc import Iterator

from thaman_audit.domain.lowest_answer import LowestPrice
from thaman_audit.domain.why.words import amount, clock, shown

GAPS = 5
"""Times without a known price that are told one by one."""


def told_en(told: LowestPrice) -> tuple[str, ...]:
    """The answer in English."""
    return tuple(_english(told))


def told_ar(told: LowestPrice) -> tuple[str, ...]:
    """The answer in Arabic."""
    return tuple(_arabic(told))


def _english(told: LowestPrice) -> Iterator[str]:
    time = f"Item {shown(told.item)}, the {shown(told.days)} days before {clock(told.at)} (all times are Riyadh's)"
    if told.price is None or told.since is None:
        yield f"{time}: {'it was not on sale' if told.is_whole else 'no price on the shelf is known'}."
    else:
        until = "and it still stood then" if told.until is None else f"until {clock(told.until)}"
        yield f"{time}: the lowest price on the shelf was {amount(told.price)} SAR, from {clock(told.since)} {until}."
    if told.proven_by:
        how = "Thaman wrote it and read it back" if told.decision_id else "Salla showed it"
        yield f"{how}: entry {shown(told.proven_by.seq)} of the store's chain, event {shown(told.proven_by.event_id)}."
    if told.is_whole:
        yield "The record covers the whole time."
        return
    yield "The record does not cover the whole time; the price may have been lower while it is not known:"
    for gap in told.unknown[:GAPS]:
        yield f"from {clock(gap.since)} to {clock(gap.until)}."
    if len(told.unknown) > GAPS:
        yield f"And {shown(len(told.unknown) - GAPS)} more times."


def _arabic(told: LowestPrice) -> Iterator[str]:
    time = (
        f"المنتج {shown(told.item)} في المدة السابقة لـ {clock(told.at)}، وعدد أيامها {shown(told.days)}"
        " (الأوقات كلها بتوقيت الرياض)"
    )
    if told.price is None or told.since is None:
        yield f"{time}: {'لم يكن معروضًا للبيع' if told.is_whole else 'لا يُعرف له سعر للمتسوق'}."
    else:
        until = "وكان ساريًا حينها" if told.until is None else f"إلى {clock(told.until)}"
        yield f"{time}: أدنى سعر للمتسوق {amount(told.price)} ر.س، من {clock(told.since)} {until}."
    if told.proven_by:
        how = "كتبه ثَمَن وتحقق منه بالقراءة" if told.decision_id else "أظهرته سلة"
        yield f"{how}: القيد {shown(told.proven_by.seq)} من سلسلة المتجر، الحدث {shown(told.proven_by.event_id)}."
    if told.is_whole:
        yield "السجل يغطي المدة كلها."
        return
    yield "السجل لا يغطي المدة كلها، وربما كان السعر أدنى حين لا يُعرف:"
    for gap in told.unknown[:GAPS]:
        yield f"من {clock(gap.since)} إلى {clock(gap.until)}."
    if len(told.unknown) > GAPS:
        yield f"وعدد المدد الأخرى {shown(len(told.unknown) - GAPS)}."
