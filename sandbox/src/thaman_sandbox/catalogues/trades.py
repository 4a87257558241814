"""The trades themselves."""

from thaman_sandbox.catalogues.trade import Sort, Thing, Trade, Word, thing

_ML = Word("الحجم", "Size")
_PERFUMES = Trade(
    "perfumes",
    brands=(
        Word("دار الطيب", "Dar Al Teeb"),
        Word("نسمة نجد", "Nasmat Najd"),
        Word("عود الحجاز", "Oud Al Hijaz"),
        Word("أثير", "Atheer"),
        Word("رياحين", "Rayaheen"),
        Word("مسك الشرق", "Misk Al Sharq"),
    ),
    lines=(
        Word("ليالي الرياض", "Riyadh Nights"),
        Word("ورد الطائف", "Taif Rose"),
        Word("عنبر ملكي", "Royal Amber"),
        Word("مسك أبيض", "White Musk"),
        Word("صحراء", "Desert"),
        Word("زعفران", "Saffron"),
        Word("ياسمين", "Jasmine"),
    ),
    sorts=(
        Sort(
            Word("عطر", "Eau de Parfum"),
            Word("عطور", "Perfumes"),
            12_000,
            68_000,
            _ML,
            ((Word("50 مل", "50 ml"), -3500), (Word("100 مل", "100 ml"), 0), (Word("200 مل", "200 ml"), 6000)),
        ),
        Sort(Word("بخور", "Incense"), Word("بخور", "Incense"), 4_500, 24_000),
        Sort(Word("دهن عود", "Oud Oil"), Word("دهن العود", "Oud Oils"), 25_000, 190_000),
        Sort(Word("معطر شعر", "Hair Mist"), Word("العناية", "Care"), 3_900, 14_000),
        Sort(Word("مبخرة", "Incense Burner"), Word("مباخر", "Burners"), 7_500, 42_000),
    ),
)

_COLOUR = Word("اللون", "Colour")
_ELECTRONICS = Trade(
    "electronics",
    brands=(
        Word("نوفا تك", "NovaTek"),
        Word("سراج", "Siraj"),
        Word("فولتا", "Volta"),
        Word("أوربت", "Orbit"),
        Word("كيان", "Kayan"),
    ),
    lines=(
        Word("برو", "Pro"),
        Word("لايت", "Lite"),
        Word("ماكس", "Max"),
        Word("إير", "Air"),
        Word("بلس", "Plus"),
        Word("نانو", "Nano"),
    ),
    sorts=(
        Sort(
            Word("سماعات لاسلكية", "Wireless Earbuds"),
            Word("صوتيات", "Audio"),
            9_900,
            89_900,
            _COLOUR,
            ((Word("أسود", "Black"), 0), (Word("أبيض", "White"), 0)),
        ),
        Sort(Word("شاحن سريع", "Fast Charger"), Word("شواحن", "Chargers"), 3_900, 19_900),
        Sort(Word("بطارية متنقلة", "Power Bank"), Word("شواحن", "Chargers"), 7_900, 34_900),
        Sort(Word("ساعة ذكية", "Smart Watch"), Word("ساعات", "Watches"), 24_900, 149_900),
        Sort(Word("مكنسة روبوت", "Robot Vacuum"), Word("المنزل الذكي", "Smart Home"), 69_900, 289_900),
        Sort(Word("لوحة مفاتيح", "Keyboard"), Word("ملحقات", "Accessories"), 8_900, 64_900),
    ),
)

_GRIND = Word("الطحن", "Grind")
_COFFEE = Trade(
    "coffee",
    brands=(
        Word("محمصة بن", "Bunn Roasters"),
        Word("قهوة الدار", "Dar Coffee"),
        Word("هيل", "Hail"),
        Word("سمرة", "Samra"),
        Word("محمصة السراة", "Sarat Roasters"),
    ),
    lines=(
        Word("خولاني", "Khawlani"),
        Word("يرغاشيفي", "Yirgacheffe"),
        Word("هرري", "Harari"),
        Word("كولومبيا هويلا", "Colombia Huila"),
        Word("برازيل سيرادو", "Brazil Cerrado"),
        Word("غواتيمالا", "Guatemala"),
    ),
    sorts=(
        Sort(
            Word("بن مختص", "Specialty Coffee"),
            Word("بن", "Beans"),
            4_200,
            11_900,
            _GRIND,
            ((Word("حبوب", "Whole beans"), 0), (Word("مطحون فلتر", "Filter grind"), 300)),
        ),
        Sort(Word("قهوة عربية", "Arabic Coffee"), Word("قهوة عربية", "Arabic Coffee"), 3_500, 15_000),
        Sort(Word("أظرف مقطرة", "Drip Bags"), Word("سريعة التحضير", "Instant"), 2_900, 7_900),
        Sort(Word("كبسولات", "Capsules"), Word("كبسولات", "Capsules"), 2_200, 6_900),
        Sort(Word("مطحنة", "Grinder"), Word("أدوات", "Tools"), 14_900, 119_900),
    ),
)

_SIZE = Word("المقاس", "Size")
_SIZES = ((Word("صغير", "S"), 0), (Word("وسط", "M"), 0), (Word("كبير", "L"), 0), (Word("كبير جدا", "XL"), 500))
_FASHION = Trade(
    "fashion",
    brands=(
        Word("خيط", "Khayt"),
        Word("نسيج", "Naseej"),
        Word("وسم", "Wasm"),
        Word("سدو", "Sadu"),
        Word("طراز", "Teraz"),
    ),
    lines=(
        Word("كلاسيك", "Classic"),
        Word("يومي", "Everyday"),
        Word("فاخر", "Premium"),
        Word("صيفي", "Summer"),
        Word("شتوي", "Winter"),
        Word("عصري", "Modern"),
    ),
    sorts=(
        Sort(Word("ثوب", "Thobe"), Word("رجالي", "Men"), 14_900, 59_900, _SIZE, _SIZES),
        Sort(Word("عباية", "Abaya"), Word("نسائي", "Women"), 17_900, 89_900, _SIZE, _SIZES),
        Sort(Word("شماغ", "Shemagh"), Word("رجالي", "Men"), 7_900, 39_900),
        Sort(Word("حقيبة", "Bag"), Word("حقائب", "Bags"), 9_900, 79_900),
        Sort(Word("حذاء جلدي", "Leather Shoes"), Word("أحذية", "Shoes"), 15_900, 74_900, _SIZE, _SIZES[1:]),
    ),
)

_DATES = Trade(
    "dates",
    brands=(
        Word("نخيل القصيم", "Qassim Palms"),
        Word("مزارع الأحساء", "Ahsa Farms"),
        Word("عجوة المدينة", "Madinah Ajwa"),
        Word("بساتين", "Basateen"),
    ),
    lines=(
        Word("سكري", "Sukkari"),
        Word("خلاص", "Khalas"),
        Word("عجوة", "Ajwa"),
        Word("صقعي", "Sagai"),
        Word("مجدول", "Medjool"),
    ),
    sorts=(
        Sort(Word("تمر", "Dates"), Word("تمور", "Dates"), 2_500, 18_000),
        Sort(Word("تمر محشي", "Stuffed Dates"), Word("حلويات", "Sweets"), 4_500, 16_000),
        Sort(Word("علبة هدايا", "Gift Box"), Word("هدايا", "Gifts"), 9_900, 49_900),
        Sort(Word("دبس", "Date Syrup"), Word("مؤونة", "Pantry"), 1_500, 6_000),
    ),
)

TRADES: dict[str, Trade] = {one.key: one for one in (_PERFUMES, _ELECTRONICS, _COFFEE, _FASHION, _DATES)}


def find_thing(reference: str) -> tuple[Thing, int | None] | None:
    """The thing (and the number of its choice) a reference like ``coffee-12`` or ``coffee-10-1`` stands for."""
    key, *numbers = reference.split("-")
    trade = TRADES.get(key)
    if trade is None or len(numbers) not in (1, 2) or not all(one.isdecimal() and len(one) < 7 for one in numbers):
        return None
    found = thing(trade, int(numbers[0]))
    if len(numbers) == 1:
        return found, None
    choice = int(numbers[1])
    return (found, choice) if choice < len(found.choices) else None
