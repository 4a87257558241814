"""Units of measure and count as people write them, in Arabic and English, and what they are worth. Data, not rules."""

from collections.abc import Mapping

UNITS: Mapping[str, tuple[str, float, str]] = {
    "ml": ("volume", 1, "ml, milliliter, millilitre, مل, ملل, مللي, ملي, ميلي, مليلتر, ملليلتر, مللتر"),
    "l": ("volume", 1_000, "l, liter, litre, liters, litres, ltr, لتر, ليتر, ل"),
    "floz": ("volume", 29.5735, "fl oz, fl. oz, fl.oz, floz, fluid ounce"),
    "mg": ("mass", 0.001, "mg, ملجم, ملغ, ملغم"),
    "g": ("mass", 1, "g, gm, gr, gram, grams, جم, غ, غم, غرام, جرام, قرام, جرامات"),
    "kg": ("mass", 1_000, "kg, kgs, kilo, kilogram, كيلو, كجم, كغ, كغم, كيلوجرام, كيلوغرام, كيلو جرام, كيلو غرام, ك"),
    "oz": ("mass", 28.3495, "oz, ounce, ounces, اونصة, أونصة"),
    "lb": ("mass", 453.592, "lb, lbs, pound, رطل"),
    "tola": ("mass", 11.66, "tola, تولة"),
    "mb": ("storage", 0.001, "mb, ميجابايت"),
    "gb": ("storage", 1, "gb, gigabyte, جيجا, قيقا, غيغا, جيجابايت, قيقابايت, غيغابايت, جيجا بايت, جيجابت, جيبي"),
    "tb": ("storage", 1_000, "tb, terabyte, تيرا, تيرابايت, تيرا بايت"),
    "mm": ("length", 0.1, "mm, ملم, مم, مليمتر"),
    "cm": ("length", 1, "cm, سم, سنتيمتر, سنتي"),
    "m": ("length", 100, "m, meter, metre, meters, metres, م, متر, امتار, أمتار"),
    "inch": ("length", 2.54, "inch, inches, in, بوصة, بوصات, انش, إنش, انج, \", ''"),
    "ft": ("length", 30.48, "ft, feet, foot, قدم"),
    "w": ("power", 1, "w, watt, watts, واط, وات"),
    "kw": ("power", 1_000, "kw, كيلوواط, كيلو واط"),
    "v": ("voltage", 1, "volt, volts, فولت"),
    "mah": ("charge", 1, "mah, مللي امبير, ملي امبير, ملي أمبير, مللي أمبير"),
    "hz": ("rate", 1, "hz, هرتز"),
    "mp": ("pixels", 1, "mp, megapixel, megapixels, ميجابكسل, ميجا بكسل"),
    "karat": ("karat", 1, "karat, قيراط"),
    "piece": (
        "pieces",
        1,
        "piece, pieces, pcs, pc, pce, count, ct, حبة, حبات, قطعة, قطع, capsule, capsules, كبسولة, كبسولات, pods, "
        "tablet, tablets, قرص, أقراص, sachet, sachets, ظرف, ظروف, bags, tea bags, كيس, أكياس, فتلة, منديل",
    ),
    "pack": ("pack", 1, "pack, packs, pk, عبوة, عبوات, علب, علبة, باكيت, باكيتات, كرتون, كراتين, boxes, شدة"),
}
"""Unit: its dimension, how many of the dimension's canonical unit it is, and how it is written.

Canonical units are ml, g, GB, cm, W, V, mAh, Hz, megapixels, karat, pieces and packs."""

DUALS: Mapping[str, tuple[str, int]] = {
    "حبتين": ("pieces", 2),
    "قطعتين": ("pieces", 2),
    "كبسولتين": ("pieces", 2),
    "علبتين": ("pack", 2),
    "عبوتين": ("pack", 2),
    "درزن": ("pieces", 12),
    "دزينة": ("pieces", 12),
    "dozen": ("pieces", 12),
    "twinpack": ("pack", 2),
}
"""Counts that are a word."""
