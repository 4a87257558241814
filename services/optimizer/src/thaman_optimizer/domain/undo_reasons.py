"""Why an earlier price is not put back, in Arabic and English. What guards say is worded where guards are."""

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "changed_since": (
        "تغيّر السعر بعد ذلك، فيُترك كما هو",
        "the price was changed again since, so it is left as it is",
    ),
    "changed_between": (
        "غيّر أحد السعر يدويًا بين هذه التغييرات، فلا يُعرف السعر الذي يُعاد",
        "somebody changed the price by hand between these changes, so which one to restore is not known",
    ),
    "item_gone": (
        "المنتج لم يعد في المتجر، أو صار يُسعّر بحسب خياراته",
        "the item is no longer in the catalogue, or is priced through its variants now",
    ),
    "already_there": ("السعر السابق هو السعر الحالي", "the earlier price is the present one"),
    "not_applied": (
        "هذا القرار لم يُكتب في سلة (الحالة: {state})",
        "this decision did not reach Salla (state: {state})",
    ),
    "earlier_price_unknown": ("السعر السابق غير معروف", "the earlier price is not known"),
    "below_floor": (
        "السعر السابق أقل من الحد الأدنى اليوم ({floor} هللة)",
        "the earlier price is below today's floor ({floor} halalas)",
    ),
    "over_ceiling": (
        "السعر السابق أعلى من الحد الأعلى الذي وضعه التاجر ({ceiling} هللة)",
        "the earlier price is above the ceiling that the merchant set ({ceiling} halalas)",
    ),
    "change_inexpressible": (
        "الفرق بين السعرين أكبر من أن يُكتب تلقائيًا",
        "the two prices lie too far apart to be written without a person in Salla",
    ),
}
