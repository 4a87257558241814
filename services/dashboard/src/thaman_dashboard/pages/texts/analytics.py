"""What the analytics pages say: realised profit, market position, price index, rivals' movement, with each method."""

from thaman_dashboard.pages.plurals import Forms

ARABIC: dict[str, str | Forms] = {
    "menu.analytics": "التحليلات",
    "analytics.rooms": "أقسام التحليلات",
    "analytics.room_profit": "الربح المحقق",
    "analytics.room_market": "الموقع في السوق",
    "analytics.room_index": "مؤشر الأسعار",
    "analytics.room_rivals": "تحركات المنافسين",
    "analytics.not_enough": "لا بيانات كافية بعد",
    "analytics.no_control": "لا يُعرف ما جلبته التغييرات إلا بمنتجات تُترك أسعارها للمقارنة. حدّد حصة "
    "المقارنة في الإعدادات.",
    "analytics.begins_soon": "حصة المقارنة {share} من المنتجات، وتبدأ المقارنة مع التشغيل القادم.",
    "analytics.effect": "جلبت تغييرات الأسعار في الأسبوع: {amount}",
    "analytics.between": "في 19 حالة من 20 بين {low} و{high}.",
    "analytics.sure": "الفرق أوضح من أن يكون صدفة.",
    "analytics.unsure": "المجال يضم الصفر، فقد لا يكون للتغييرات أثر.",
    "analytics.per_product": "للمنتج الواحد في الأسبوع: {amount}. الخط المتقطع هو الصفر.",
    "analytics.interval_label": "موقع الأثر ومجاله من الصفر؛ والمبالغ مذكورة في النص",
    "analytics.missing_weeks_before": "يلزم {weeks} أسابيع كاملة من المبيعات قبل البدء على الأقل.",
    "analytics.missing_weeks_after": "يلزم {weeks} أسابيع كاملة بعد البدء على الأقل.",
    "analytics.missing_treated": "يلزم {products} منتجًا مسعّرًا معروف الربح على الأقل.",
    "analytics.missing_control": "يلزم {products} منتجًا معروف الربح في حصة المقارنة على الأقل.",
    "analytics.missing_unknown": "ربح أكثر من نصف المنتجات في أحد الجانبين غير معروف. أدخل تكاليفها.",
    "analytics.missing_no_sales": "لا مبيعات قبل البدء أو بعده.",
    "analytics.sides": "الجانبان: متوسط الربح الأسبوعي للمنتج قبل البدء وبعده",
    "analytics.side": "الجانب",
    "analytics.side_treated": "منتجات تُسعَّر",
    "analytics.side_control": "حصة المقارنة",
    "analytics.products": "المنتجات",
    "analytics.unknown": "ربحها غير معروف",
    "analytics.before": "الربح الأسبوعي للمنتج قبل",
    "analytics.after": "الربح الأسبوعي للمنتج بعد",
    "analytics.began": "بدأت المقارنة في أسبوع",
    "analytics.weeks_before": "أسابيع كاملة قبل",
    "analytics.weeks_after": "أسابيع كاملة بعد",
    "analytics.apart": "منتجات لا تُقارن",
    "analytics.method": "كيف حُسب",
    "analytics.method_did": "فرق الفروق: متوسط تغيّر الربح الأسبوعي للمنتجات المسعّرة ناقص متوسط تغيّره في "
    "حصة المقارنة. الجانبان بالصدفة (بصمة المنتج)، فما يحرك السوق كله يسقط من الحساب. كل منتج ملاحظة واحدة، "
    "والمجال لويلش بنسبة 95٪.",
    "analytics.method_rule": "لا يُعرض رقم إلا بـ {products} منتجًا معروف الربح في كل جانب و{weeks} أسابيع "
    "كاملة قبل البدء وبعده. أسبوع البدء لا يُحسب.",
    "analytics.method_unknown": "الربح هو المدفوع دون الضريبة ناقص الرسوم في الإعدادات وناقص التكلفة المعروفة "
    "حين أُبلغ عن الطلب. منتج بيع منه ما لا يُعرف سعره أو تكلفته يُستبعد ويُعد أعلاه. الأسابيع من الاثنين إلى "
    "الأحد بالتوقيت العالمي.",
    "analytics.market_method": "المنتجات التي لها عرض صالح حديث، مقارنة بسعر السوق في آخر تشغيل. المساوي ما "
    "بعُد عنه واحدًا بالمئة أو أقل. وما لا عرض له غير محسوب.",
    "analytics.by_week": "أسبوعًا بعد أسبوع",
    "analytics.by_category": "حسب التصنيف",
    "analytics.by_brand": "حسب العلامة التجارية",
    "analytics.by_item": "منتجًا منتجًا، الأبعد أولًا",
    "analytics.week": "الأسبوع من",
    "analytics.week_method": "كما وجدها آخر تشغيل في كل أسبوع (من الاثنين، بالتوقيت العالمي). الأسبوع بلا "
    "تشغيل غائب، والمنتج بلا سعر سوق فيه غير محسوب.",
    "analytics.bars_label": "نسبة المنتجات الأقل والمساوية والأعلى في كل أسبوع؛ والأعداد في الجدول أدناه",
    "analytics.unnamed": "بلا اسم",
    "analytics.position": "الموقع",
    "analytics.distance": "البعد عن السوق",
    "analytics.index_title": "أسعارك والسوق، أول أسبوع = 100٪",
    "analytics.index_label": "مؤشر أسعارك ومؤشر السوق أسبوعًا بعد أسبوع؛ والأرقام في الجدول أدناه",
    "analytics.index_own": "أسعارك",
    "analytics.index_rivals": "سعر السوق",
    "analytics.index_items": "منتجات قورنت بالأسبوع السابق",
    "analytics.index_needs": "يلزم أسبوعان متتاليان فيهما تشغيل وجد سعر سوق للمنتجات نفسها.",
    "analytics.index_method": "مؤشر متسلسل: بين كل أسبوعين متوسط هندسي لتغيّر أسعار المنتجات التي عُرف سعرها "
    "وسعر سوقها فيهما معًا، فما يدخل أو يخرج من المنتجات لا يحركه. سعر السوق ما استخلصه التشغيل من عروض "
    "المنافسين الصالحة. 13 أسبوعًا على الأكثر، والأسبوع الذي لا يُقارن بسابقه يبدأ من جديد.",
    "analytics.days": {
        "zero": "اليوم",
        "one": "آخر يوم",
        "two": "آخر يومين",
        "few": "آخر {n} أيام",
        "many": "آخر {n} يومًا",
        "other": "آخر {n} يوم",
    },
    "analytics.moved": "أسعار غيّرها المنافسون",
    "analytics.rises": "رفع",
    "analytics.falls": "خفض",
    "analytics.median": "التغيّر الأوسط",
    "analytics.last_move": "آخر تغيير",
    "analytics.none_moved": "لم يغيّر أي منافس سعرًا صالحًا في هذه الأيام.",
    "analytics.moved_method": "كل قراءة صالحة وجدت سعرًا غير الذي قبله في الصفحة نفسها. ما تغيّر بين قراءتين "
    "وعاد لم يُرَ. يُعرض {most} منافسًا على الأكثر.",
}

ENGLISH: dict[str, str | Forms] = {
    "menu.analytics": "Analytics",
    "analytics.rooms": "Parts of the analytics",
    "analytics.room_profit": "Realised profit",
    "analytics.room_market": "Position in the market",
    "analytics.room_index": "Price index",
    "analytics.room_rivals": "Rivals' movement",
    "analytics.not_enough": "Not enough data yet",
    "analytics.no_control": "What changes of prices bring is only known against products whose prices are "
    "left alone. Set a control share in the settings.",
    "analytics.begins_soon": "The control share is {share} of the products. The comparison begins with the next run.",
    "analytics.effect": "Changes of prices brought, in a week: {amount}",
    "analytics.between": "19 times of 20 between {low} and {high}.",
    "analytics.sure": "The difference is too clear for chance.",
    "analytics.unsure": "Zero lies between, so the changes may have had no effect.",
    "analytics.per_product": "Of one product in a week: {amount}. The broken line is zero.",
    "analytics.interval_label": "Where the effect and its interval lie from zero; the amounts are in the text",
    "analytics.missing_weeks_before": "At least {weeks} whole weeks of sales before the beginning are needed.",
    "analytics.missing_weeks_after": "At least {weeks} whole weeks since the beginning are needed.",
    "analytics.missing_treated": "At least {products} priced products with a known profit are needed.",
    "analytics.missing_control": "At least {products} products with a known profit are needed in the control share.",
    "analytics.missing_unknown": "The profit of more than half of the products of a side is unknown. Enter "
    "their costs.",
    "analytics.missing_no_sales": "There are no sales before or after the beginning.",
    "analytics.sides": "Both sides: mean weekly profit of a product before and after",
    "analytics.side": "Side",
    "analytics.side_treated": "Priced products",
    "analytics.side_control": "Control share",
    "analytics.products": "Products",
    "analytics.unknown": "Of unknown profit",
    "analytics.before": "Weekly profit of one before",
    "analytics.after": "Weekly profit of one after",
    "analytics.began": "The comparison began in the week of",
    "analytics.weeks_before": "Whole weeks before",
    "analytics.weeks_after": "Whole weeks after",
    "analytics.apart": "Products not compared",
    "analytics.method": "How it is worked out",
    "analytics.method_did": "A difference in differences: the mean change of weekly profit of priced products "
    "minus that of the control share. Which side a product is on is chance (its hash), so what moves the "
    "whole market falls out. A product is one observation; the interval is Welch's, at 95 %.",
    "analytics.method_rule": "No figure is shown with fewer than {products} products of known profit on each "
    "side and {weeks} whole weeks before and after. The week of the beginning is on neither side.",
    "analytics.method_unknown": "Profit is what was paid without VAT, less the fees of the settings, less the "
    "cost that was known when the order was told. A product that sold at an unknown price or cost is left out "
    "and counted above. Weeks are Monday to Sunday, UTC.",
    "analytics.market_method": "Items with a fresh usable offer against the market's price of the latest run. "
    "Within one per cent is equal. What has no offer is not counted.",
    "analytics.by_week": "Week by week",
    "analytics.by_category": "By category",
    "analytics.by_brand": "By brand",
    "analytics.by_item": "Item by item, farthest first",
    "analytics.week": "Week of",
    "analytics.week_method": "As the last run of each week (from Monday, UTC) found them. A week without a "
    "run is missing; an item without a market price in it is not counted.",
    "analytics.bars_label": "The shares of items below, equal and above in each week; the numbers are in the "
    "table below",
    "analytics.unnamed": "Without a name",
    "analytics.position": "Position",
    "analytics.distance": "Distance from the market",
    "analytics.index_title": "Your prices and the market's, first week = 100 %",
    "analytics.index_label": "The index of your prices and of the market's week by week; the figures are in "
    "the table below",
    "analytics.index_own": "Your prices",
    "analytics.index_rivals": "Market price",
    "analytics.index_items": "Items compared with the week before",
    "analytics.index_needs": "Two weeks in a row are needed in which a run found a market price of the same items.",
    "analytics.index_method": "A chained index: from week to week the geometric mean of how prices changed, "
    "over items whose own and market price are known in both, so that items which come or go move nothing. "
    "The market price is what a run made of rivals' usable offers. 13 weeks at most; a week that cannot be "
    "compared with the one before begins anew.",
    "analytics.days": {"one": "Last {n} day", "other": "Last {n} days"},
    "analytics.moved": "Prices that rivals changed",
    "analytics.rises": "Up",
    "analytics.falls": "Down",
    "analytics.median": "Middle change",
    "analytics.last_move": "Last change",
    "analytics.none_moved": "No rival changed a usable price in these days.",
    "analytics.moved_method": "Every usable reading that found another price than the one before on the same "
    "page. What changed and came back between two readings was not seen. {most} rivals at most.",
}
