"""Why a listing matches or not, in Arabic and English: made from the codes alone."""

from collections.abc import Mapping, Sequence

_WORDS: Mapping[str, tuple[str, str]] = {
    "gtin_agrees": ("رقم الباركود العالمي متطابق", "the trade item number (barcode) is the same"),
    "gtin_differs": ("رقم الباركود العالمي مختلف", "the trade item numbers (barcodes) differ"),
    "brand_and_model": ("العلامة ورقم الموديل متطابقان", "maker and model number are the same"),
    "model_agrees": ("رقم الموديل متطابق", "the model number is the same"),
    "brand_differs": ("العلامة التجارية مختلفة", "the makers differ"),
    "model_differs": ("رقم الموديل مختلف", "the model numbers differ"),
    "titles_alike": ("العنوانان متشابهان", "the titles are alike"),
    "titles_unlike": ("العنوانان غير متشابهين", "the titles are not alike"),
    "size_differs": ("المقاس أو الحجم مختلف", "the size differs"),
    "count_differs": ("عدد القطع أو العبوات مختلف", "the number of pieces or packs differs"),
    "colour_differs": ("اللون مختلف", "the colour differs"),
    "variant_differs": ("الفئة مختلفة (مثل برو أو ماكس أو مستعمل)", "the variant differs (such as Pro, Max or used)"),
    "edition_differs": ("الإصدار أو النوع مختلف", "the edition or kind differs"),
    "gender_differs": ("الفئة المستهدفة مختلفة (رجالي أو نسائي)", "it is for others (men or women)"),
    "strength_differs": ("تركيز العطر مختلف", "the perfume's strength differs"),
    "generation_differs": ("الجيل أو رقم الإصدار مختلف", "the generation or version number differs"),
    "several_own_products": ("يطابق أكثر من منتج لديك", "it matches several of your products"),
    "accessory_differs": ("أحدهما ملحق للآخر", "one is an accessory of the other"),
}

CODES = frozenset(_WORDS)
"""Every code that a match may carry."""


def words(why: Sequence[str]) -> tuple[str, str]:
    """The codes of a match as one line in Arabic and one in English; an unknown code is shown as it is."""
    said = [_WORDS.get(code, (code, code)) for code in why]
    return "؛ ".join(one[0] for one in said) + ".", "; ".join(one[1] for one in said) + "."
