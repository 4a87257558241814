"""Words that mean the same, in Arabic and English. Data, not rules.

Everything is written here as people write it; :func:`phrases` brings it into the one spelling.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache

from thaman_optimizer.domain.matching.normal import bare, normalise, spellings, split

COLOURS: Mapping[str, str] = {
    "black": "black, blk, اسود, أسود, سوداء, سودا, بلاك",
    "white": "white, wht, ابيض, أبيض, بيضاء, بيضا, وايت",
    "offwhite": "off white, offwhite, اوف وايت, أوف وايت, سكري",
    "grey": "grey, gray, space grey, space gray, رمادي, رمادية, رصاصي, رصاصية, جراي",
    "silver": "silver, slvr, فضي, فضية, سيلفر",
    "gold": "gold, golden, ذهبي, ذهبية, جولد, قولد",
    "rosegold": "rose gold, روز جولد, روز قولد, ذهبي وردي, ذهب وردي",
    "red": "red, احمر, أحمر, حمراء, حمرا",
    "maroon": "maroon, burgundy, عنابي, خمري, عودي",
    "blue": "blue, cool blue, ازرق, أزرق, زرقاء, زرقا, بلو",
    "navy": "navy, navy blue, dark blue, كحلي, كحلية, ازرق داكن, نيلي",
    "skyblue": "sky blue, light blue, سماوي, ازرق فاتح, لبني",
    "green": "green, اخضر, أخضر, خضراء, خضرا, جرين",
    "olive": "olive, زيتي, زيتية",
    "turquoise": "turquoise, teal, تركواز, فيروزي",
    "yellow": "yellow, اصفر, أصفر, صفراء, صفرا",
    "orange": "orange, برتقالي, برتقالية",
    "pink": "pink, وردي, وردية, زهري, بينك",
    "purple": "purple, violet, بنفسجي, بنفسجية, موف, ليلكي",
    "brown": "brown, بني, بنية, براون",
    "beige": "beige, بيج, بيجي",
    "clear": "transparent, شفاف, شفافة",
    "midnight": "midnight, ميدنايت",
    "starlight": "starlight, ستارلايت",
    "titanium": "titanium, تيتانيوم",
}
"""Each colour with all its words. Shades that cost differently (navy, blue) are colours of their own."""

VARIANTS: Mapping[str, str] = {
    "pro": "pro, professional, prof, برو, احترافي",
    "max": "max, ماكس",
    "mini": "mini, ميني",
    "plus": "plus, بلس",
    "ultra": "ultra, الترا, ألترا",
    "lite": "lite, لايت",
    "air": "air, اير, إير",
    "fe": "fe, fan edition",
    "slim": "slim, سليم",
    "refurbished": "refurbished, renewed, used, مجدد, مجددة, مستعمل, مستعملة",
    "tester": "tester, تستر",
    "refill": "refill, عبوة تعبئة, ريفيل",
    "decaf": "decaf, decaffeinated, منزوع الكافيين, بدون كافيين, ديكاف",
    "sample": "sample, عينة, سامبل",
}
"""A word of these on one side alone makes another product: an iPhone 15 is no iPhone 15 Pro."""

EDITIONS: Mapping[str, str] = {
    "standard": "standard, std, قياسي",
    "premium": "premium, بريميوم",
    "deluxe": "deluxe, ديلوكس",
    "home": "home",
    "business": "business",
    "student": "student, academic, education, educational, edu, طلابي",
    "upgrade": "upgrade, upg, upgrd, upsell, crossgrade, ترقية",
    "ultimate": "ultimate, التميت",
    "family": "family, family pack, عائلي, عائلية",
    "gold edition": "gold edition",
    "platinum": "platinum, plat, بلاتينيوم",
    "enterprise": "enterprise, corporate",
    "oem": "oem, system builders",
    "license": "license, licence, licenses, lic, رخصة",
    "expansion": "expansion, expansion pack, اضافة",
    "intense": "intense, انتنس, إنتنس",
    "elixir": "elixir, الكسير, إلكسير",
    "mac": "mac, macintosh",
    "windows": "windows, win",
    "cardamom": "cardamom, هيل, بالهيل",
    "saffron": "saffron, زعفران, بالزعفران",
    "wired": "wired, سلكي, سلكية",
    "wireless": "wireless, لاسلكي, لاسلكية, وايرلس, cordless",
    "turkish": "turkish, تركي, تركية",
    "ethiopian": "ethiopia, ethiopian, اثيوبيا, إثيوبيا, اثيوبي, إثيوبية",
    "colombian": "colombia, colombian, كولومبيا, كولومبي, كولومبية",
    "brazilian": "brazil, brazilian, برازيل, برازيلي, برازيلية",
    "yemeni": "yemen, yemeni, يمن, يمني, يمنية, خولاني, خولانية",
    "cambodian": "cambodian, cambodi, كمبودي, كمبودية",
    "indian": "indian, هندي, هندية",
    "light roast": "light roast, تحميص فاتح, حمصة فاتحة, شقراء, شقرا",
    "medium roast": "medium roast, تحميص متوسط, حمصة متوسطة, حمصة وسط",
    "dark roast": "dark roast, تحميص غامق, تحميص داكن, حمصة غامقة",
    "ground": "ground, مطحون, مطحونة",
    "beans": "beans, whole bean, whole beans, حب, حبوب, بن حب",
}
"""What may be left unsaid, but sets products apart where both sides say something else."""

GENDERS: Mapping[str, str] = {
    "men": "men, mens, men's, man, for him, رجالي, رجالية, رجال, للرجال, hommes, homme",
    "women": "women, womens, women's, woman, ladies, for her, نسائي, نسائية, نساء, للنساء, حريمي, femme",
    "girls": "girls, girl, بناتي, بناتية, بنات",
    "boys": "boys, boy, ولادي, ولادية, اولاد, أولاد",
    "kids": "kids, children, اطفال, أطفال, للأطفال",
    "unisex": "unisex, للجنسين",
}
"""Whom it is for."""

CONCENTRATIONS: Mapping[str, str] = {
    "edp": "edp, eau de parfum, او دي بارفيوم, أو دي بارفيوم, او دو بارفيوم, او دي بارفان, او دو بارفان, "
    "أو دو بارفان, او دي برفيوم, أو دي برفان, ماء عطر",
    "edt": "edt, eau de toilette, او دي تواليت, أو دي تواليت, او دو تواليت, أو دو تواليت, ماء تواليت",
    "edc": "edc, eau de cologne, او دي كولون, كولونيا, cologne",
    "parfum": "parfum, extrait, extrait de parfum, بارفان, بارفيوم, برفيوم, اكستريت, اكستريه",
    "mist": "body mist, hair mist, body spray, معطر جسم, بخاخ جسم, معطر شعر, بدي مست, عطر شعر",
    "oil": "perfume oil, oil perfume, عطر زيتي, زيت عطري, دهن",
}
"""How strong a perfume is, which is most of its price."""

ACCESSORIES: Mapping[str, str] = {
    "case": "case, cover, sleeve, كفر, كفرات, جراب, غطاء, حافظة",
    "protector": "protector, screen protector, واقي شاشة, لاصق حماية, استكر حماية, حماية شاشة",
    "charger": "charger, شاحن",
    "cable": "cable, كيبل, كابل",
    "strap": "strap, سير, سوار ساعة",
    "mount": "mount, stand, bracket, holder, حامل, ستاند, قاعدة",
    "adapter": "adapter, adaptor, محول",
    "remote": "remote, ريموت",
}
"""What is sold for a thing and named after it: on one side alone it is never the thing."""

BRANDS: Mapping[str, str] = {
    "apple": "apple, ابل, آبل, أبل",
    "samsung": "samsung, سامسونج, سامسونق, سامسونغ",
    "huawei": "huawei, هواوي",
    "honor": "honor, هونر, أونر",
    "xiaomi": "xiaomi, شاومي, شياومي",
    "oppo": "oppo, اوبو, أوبو",
    "sony": "sony, سوني",
    "lg": "lg, ال جي, إل جي",
    "philips": "philips, فيليبس, فيلبس",
    "braun": "braun",
    "bosch": "bosch, بوش",
    "anker": "anker, انكر, أنكر",
    "jbl": "jbl, جي بي ال",
    "bose": "bose, بوز",
    "lenovo": "lenovo, لينوفو",
    "hp": "hp, اتش بي, إتش بي, hewlett packard",
    "dell": "dell, ديل",
    "asus": "asus, اسوس, أسوس",
    "acer": "acer, ايسر",
    "canon": "canon, كانون",
    "nikon": "nikon, نيكون",
    "nintendo": "nintendo, نينتندو",
    "microsoft": "microsoft, مايكروسوفت",
    "logitech": "logitech, لوجيتك, لوجيتيك",
    "dyson": "dyson, دايسون",
    "delonghi": "delonghi, de'longhi, de longhi, ديلونجي, ديلونغي",
    "nespresso": "nespresso, نسبريسو, نيسبريسو",
    "nescafe": "nescafe, نسكافيه",
    "lavazza": "lavazza, لافازا",
    "starbucks": "starbucks, ستاربكس",
    "chanel": "chanel, شانيل",
    "dior": "dior, christian dior, ديور, كريستيان ديور",
    "gucci": "gucci, قوتشي, جوتشي, غوتشي",
    "versace": "versace, فرزاتشي, فيرزاتشي",
    "armani": "armani, giorgio armani, ارماني, أرماني, جورجيو ارماني",
    "ysl": "ysl, yves saint laurent, ايف سان لوران, إيف سان لوران",
    "lancome": "lancome, لانكوم",
    "tom ford": "tom ford, توم فورد",
    "creed": "creed, كريد",
    "hugo boss": "hugo boss, boss, هوجو بوس, هوقو بوس",
    "calvin klein": "calvin klein, ck, كالفن كلاين, كالفين كلاين",
    "paco rabanne": "paco rabanne, rabanne, باكو رابان",
    "carolina herrera": "carolina herrera, كارولينا هيريرا",
    "lattafa": "lattafa, لطافة",
    "ajmal": "ajmal, اجمل, أجمل",
    "arabian oud": "arabian oud, العربية للعود",
    "abdul samad al qurashi": "abdul samad al qurashi, asq, عبدالصمد القرشي, عبد الصمد القرشي",
    "rasasi": "rasasi, الرصاصي, رصاسي",
    "nike": "nike, نايك, نايكي",
    "adidas": "adidas, اديداس, أديداس",
    "casio": "casio, كاسيو",
    "tefal": "tefal, تيفال",
    "kenwood": "kenwood, كينوود",
    "panasonic": "panasonic, باناسونيك",
    "toshiba": "toshiba, توشيبا",
    "sandisk": "sandisk, سانديسك",
    "kingston": "kingston, كينجستون, كينقستون",
}
"""Brands known under several spellings. Others are found by the brand field alone."""

WORDS: Mapping[str, str] = {
    "iphone": "iphone, ايفون, آيفون, أيفون",
    "ipad": "ipad, ايباد, آيباد, أيباد",
    "macbook": "macbook, ماك بوك, ماكبوك",
    "airpods": "airpods, ايربودز, إيربودز, اير بودز",
    "watch": "watch, ساعة",
    "smart": "smart, ذكي, ذكية",
    "galaxy": "galaxy, جالكسي, جلاكسي, قالكسي, غالاكسي",
    "buds": "buds, earbuds, بودز, سماعات اذن",
    "tab": "tab, تاب",
    "note": "note, نوت",
    "playstation": "playstation, بلايستيشن, بلاي ستيشن",
    "ps5": "ps5, playstation 5, بلايستيشن 5, بلاي ستيشن 5, سوني 5",
    "ps4": "ps4, playstation 4, بلايستيشن 4, بلاي ستيشن 4",
    "xbox": "xbox, اكس بوكس, إكس بوكس",
    "switch": "switch, سويتش",
    "phone": "phone, mobile, smartphone, جوال, هاتف, موبايل",
    "headphones": "headphones, headphone, headset, earphones, سماعة, سماعات, سماعه راس",
    "powerbank": "power bank, powerbank, باور بانك, بور بانك, بطارية متنقلة",
    "screen": "screen, display, شاشة",
    "tv": "tv, television, تلفزيون, تلفاز",
    "laptop": "laptop, notebook, لابتوب, لاب توب",
    "tablet": "tablet, تابلت",
    "keyboard": "keyboard, كيبورد, لوحة مفاتيح",
    "mouse": "mouse, ماوس, فأرة",
    "printer": "printer, طابعة",
    "camera": "camera, كاميرا",
    "wifi": "wifi, wi fi, wi-fi, واي فاي",
    "bluetooth": "bluetooth, بلوتوث",
    "perfume": "perfume, fragrance, عطر, عطور",
    "oud": "oud, oudh, عود",
    "musk": "musk, مسك",
    "amber": "amber, عنبر",
    "incense": "incense, bakhoor, بخور",
    "rose": "rose, ورد, وردة",
    "vanilla": "vanilla, فانيلا, فانيليا",
    "coffee": "coffee, قهوة, بن",
    "arabic coffee": "arabic coffee, saudi coffee, قهوة عربية, قهوة سعودية",
    "espresso": "espresso, اسبريسو, إسبريسو",
    "tea": "tea, شاي",
    "dates": "dates, تمر, تمور",
    "honey": "honey, عسل",
    "sidr": "sidr, سدر",
    "ajwa": "ajwa, عجوة",
    "machine": "machine, maker, مكينة, ماكينة, آلة, صانعة",
    "abaya": "abaya, عباية, عباءة, عبايه",
    "dress": "dress, فستان",
    "thobe": "thobe, thawb, ثوب",
    "shemagh": "shemagh, شماغ",
    "hijab": "hijab, scarf, طرحة, حجاب",
    "crepe": "crepe, كريب",
    "linen": "linen, كتان",
    "silk": "silk, حرير",
    "cotton": "cotton, قطن, قطني, قطنية",
    "embroidered": "embroidered, مطرز, مطرزة",
    "plain": "plain, سادة",
    "shoes": "shoes, sneakers, حذاء, جزمة, شوز",
    "bag": "bag, handbag, شنطة, حقيبة",
    "ring": "ring, خاتم",
    "blender": "blender, خلاط",
    "airfryer": "air fryer, airfryer, قلاية هوائية",
    "vacuum": "vacuum, مكنسة",
    "kettle": "kettle, غلاية",
    "iron": "iron, مكواة",
    "shampoo": "shampoo, شامبو",
    "cream": "cream, كريم",
    "serum": "serum, سيروم",
    "soap": "soap, صابون",
    "sunscreen": "sunscreen, واقي شمس",
    "new": "new, جديد, جديدة",
    "original": "original, genuine, اصلي, أصلي, اصلية",
    "with": "with, مع",
    "set": "set, طقم, مجموعة",
    "generation": "generation, gen, جيل, الإصدار, إصدار",
}
"""Everyday names of goods, so that an Arabic and an English title share words."""

ORDINALS: Mapping[str, str] = {
    "1": "first, 1st, اول, أول, أولى",
    "2": "second, 2nd, ثاني, ثانية",
    "3": "third, 3rd, ثالث, ثالثة",
    "4": "fourth, 4th, رابع, رابعة",
    "5": "fifth, 5th, خامس, خامسة",
    "6": "sixth, 6th, سادس, سادسة",
    "7": "seventh, 7th, سابع, سابعة",
    "8": "eighth, 8th, ثامن, ثامنة",
    "9": "ninth, 9th, تاسع, تاسعة",
    "10": "tenth, 10th, عاشر, عاشرة",
}
"""Ordinal numbers, which count where a generation is named beside them."""

GENERATION = frozenset(normalise(word) for word in ("generation", "gen", "جيل", "version", "إصدار", "v"))
"""Words that make the number beside them a generation."""

NUMBERED = frozenset(
    (
        "iphone",
        "ipad",
        "airpods",
        "pro",
        "ultra",
        "note",
        "watch",
        "playstation",
        "series",
        "buds",
        "tab",
        "redmi",
        "nova",
    )
)
"""Names behind which a number is a generation, so that one without it is another generation."""

STOP = frozenset(
    (
        "the",
        "a",
        "an",
        "of",
        "for",
        "and",
        "in",
        "by",
        "to",
        "on",
        "at",
        "من",
        "في",
        "على",
        "عن",
        "او",
        "و",
        "اند",
        "size",
        "مقاس",
        "سعه",
    )
)
"""Words that say nothing of a product."""


@lru_cache(maxsize=1)
def phrases() -> Mapping[str, tuple[tuple[tuple[str, ...], str, str], ...]]:
    """By first word: the words of a phrase, what it is (``colour``, ``brand``, ...) and its one name; longest first."""
    found: dict[str, dict[tuple[str, ...], tuple[str, str]]] = {}
    for kind, table in _TABLES:
        for name, texts in table.items():
            for words in _forms(texts):
                found.setdefault(words[0], {}).setdefault(words, (kind, name))
    return {
        first: tuple((words, *meaning) for words, meaning in sorted(known.items(), key=lambda one: -len(one[0])))
        for first, known in found.items()
    }


_TABLES: Iterable[tuple[str, Mapping[str, str]]] = (
    ("concentration", CONCENTRATIONS),
    ("colour", COLOURS),
    ("variant", VARIANTS),
    ("edition", EDITIONS),
    ("gender", GENDERS),
    ("accessory", ACCESSORIES),
    ("brand", BRANDS),
    ("word", WORDS),
)


def _forms(texts: str) -> Iterable[tuple[str, ...]]:
    for text in spellings(texts):
        words = tuple(bare(word) for word in split(text))
        if words:
            yield words
