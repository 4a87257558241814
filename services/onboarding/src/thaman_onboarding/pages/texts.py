"""What the pages say. Each error: what happened, why, and what the merchant can do."""

from dataclasses import dataclass

from thaman_kit.language import Language


@dataclass(frozen=True, slots=True)
class Text:
    """One page's words. ``again`` offers to connect once more."""

    title: str
    lead: str
    step: str
    again: bool = True


CHROME: dict[Language, dict[str, str]] = {
    "ar": {
        "brand": "ثمن",
        "again": "ربط المتجر من جديد",
        "reference": "رقم الطلب للدعم",
        "connected_title": "تم ربط متجرك",
        "connected_lead": "أصبح متجر «{name}» متصلًا بثمن.",
        "finishing_title": "تم استلام الموافقة",
        "finishing_lead": "نكمل الآن قراءة بيانات متجرك، ولا يلزمك شيء. إن لم يظهر المتجر خلال دقائق فأعد الربط.",
        "next_title": "ماذا يحدث الآن؟",
        "next_read": "نقرأ منتجاتك وأسعارها كما هي في سلة، ولا نغيّر شيئًا.",
        "next_watch": "في الأيام السبعة الأولى نقترح الأسعار فقط، ولا يُكتب سعر إلا بموافقتك.",
        "next_floor": "لن يُكتب أي سعر أقل من حدّك الأدنى، ويمكنك الإيقاف في أي لحظة.",
        "land": "افتح لوحة ثمن",
        "land_soon": "يعمل هذا الزر مرة واحدة خلال عشر دقائق في هذا المتصفح.",
        "land_again": "افتح لوحة ثمن عبر سلة",
        "close": "يمكنك إغلاق هذه الصفحة.",
    },
    "en": {
        "brand": "Thaman",
        "again": "Connect the store again",
        "reference": "Request number for support",
        "connected_title": "Your store is connected",
        "connected_lead": "“{name}” is now connected to Thaman.",
        "finishing_title": "Your consent has arrived",
        "finishing_lead": "We are still reading your store's details; you need do nothing. If the store does not appear"
        " within minutes, connect it again.",
        "next_title": "What happens now?",
        "next_read": "We read your products and prices as they are in Salla and change nothing.",
        "next_watch": "For the first seven days we only suggest; a price is written only when you approve it.",
        "next_floor": "No price is ever written below your floor, and you can stop everything at any moment.",
        "land": "Open the dashboard",
        "land_soon": "The button works once, for ten minutes, in this browser.",
        "land_again": "Open the dashboard through Salla",
        "close": "You can close this page.",
    },
}

_ARABIC = {
    "login_expired": Text(
        "انتهت صلاحية محاولة الربط",
        "بدأت عملية الربط قبل أكثر من عشر دقائق، أو في متصفح آخر.",
        "ابدأ الربط من جديد من هذا المتصفح.",
    ),
    "consent_denied": Text(
        "لم تتم الموافقة",
        "لم تمنح سلة الإذن لثمن، لذلك لم يُربط أي متجر.",
        "إن كنت تريد الربط فابدأ من جديد واضغط «موافقة».",
    ),
    "code_refused": Text(
        "لم تقبل سلة رمز الربط",
        "الرمز يُستخدم مرة واحدة ولفترة قصيرة، وقد استُخدم من قبل أو انتهى.",
        "ابدأ الربط من جديد؛ لن يتأثر متجرك.",
    ),
    "install_interrupted": Text(
        "انقطعت عملية الربط",
        "انقطع الاتصال بسلة قبل أن نتأكد من النتيجة.",
        "أعد الربط لتكون الصلاحيات سليمة.",
    ),
    "scope_missing": Text(
        "الصلاحيات غير كافية",
        "لا يستطيع ثمن العمل دون صلاحية قراءة المنتجات وتعديل أسعارها وقراءة إعدادات المتجر.",
        "أعد الربط ووافق على جميع الصلاحيات المطلوبة.",
    ),
    "foreign_token": Text(
        "المتجر غير مطابق",
        "الصلاحيات التي وصلت تخص متجرًا آخر، فلم نقبلها.",
        "سجّل الدخول في سلة بالمتجر الصحيح ثم أعد الربط.",
    ),
    "stale_install": Text(
        "يوجد ربط أحدث",
        "وصلنا ربط أحدث لهذا المتجر أو أُزيل التطبيق بعد هذه المحاولة.",
        "إن لم يظهر متجرك متصلًا فأعد الربط.",
    ),
    "salla_unavailable": Text(
        "سلة لا تستجيب الآن",
        "تعذّر الاتصال بسلة في هذه اللحظة، ولم يتغيّر شيء.",
        "انتظر دقيقة ثم أعد الربط.",
    ),
    "client_misconfigured": Text(
        "خطأ في إعدادات ثمن",
        "لم تتعرّف سلة على التطبيق. الخطأ من جهتنا وليس من متجرك.",
        "أبلغ الدعم برقم الطلب أدناه.",
        again=False,
    ),
    "temporarily_unavailable": Text(
        "الخدمة غير متاحة مؤقتًا", "أحد أجزاء الخدمة لا يستجيب الآن، ولم يتغيّر شيء.", "انتظر قليلًا ثم أعد المحاولة."
    ),
    "not_found": Text("الصفحة غير موجودة", "لا يوجد شيء في هذا العنوان.", "تحقق من العنوان.", again=False),
}

_ENGLISH = {
    "login_expired": Text(
        "This attempt to connect has expired",
        "It was begun more than ten minutes ago, or in another browser.",
        "Start connecting again in this browser.",
    ),
    "consent_denied": Text(
        "Consent was not given",
        "Salla did not give Thaman permission, so no store was connected.",
        "If you want to connect it, start again and choose “Approve”.",
    ),
    "code_refused": Text(
        "Salla did not accept the code",
        "The code works once and for a short time; it was used before or has expired.",
        "Start connecting again; nothing has happened to your store.",
    ),
    "install_interrupted": Text(
        "Connecting was interrupted",
        "The connection to Salla broke before we knew the result.",
        "Connect again, so that the permissions are sound.",
    ),
    "scope_missing": Text(
        "Too few permissions",
        "Thaman cannot work without reading products, changing their prices and reading the store's settings.",
        "Connect again and approve all permissions asked for.",
    ),
    "foreign_token": Text(
        "This is another store",
        "The permissions that arrived belong to another store, so we did not accept them.",
        "Sign in to Salla with the right store, then connect again.",
    ),
    "stale_install": Text(
        "A newer connection exists",
        "A newer connection of this store has arrived, or the app was removed after this attempt.",
        "If your store does not appear as connected, connect it again.",
    ),
    "salla_unavailable": Text(
        "Salla does not answer",
        "Salla cannot be reached at this moment. Nothing has changed.",
        "Wait a minute, then connect again.",
    ),
    "client_misconfigured": Text(
        "Thaman is not set up correctly",
        "Salla does not know our app. The mistake is ours, not your store's.",
        "Tell support the request number below.",
        again=False,
    ),
    "temporarily_unavailable": Text(
        "Temporarily unavailable",
        "A part of the service does not answer now. Nothing has changed.",
        "Wait a little, then try again.",
    ),
    "not_found": Text("No such page", "There is nothing at this address.", "Check the address.", again=False),
}

_UNKNOWN: dict[Language, Text] = {
    "ar": Text("حدث خطأ", "لم يكتمل طلبك.", "أعد المحاولة، وإن تكرر الخطأ فأبلغ الدعم برقم الطلب أدناه."),
    "en": Text(
        "Something went wrong",
        "Your request was not completed.",
        "Try again; if it stays, tell support the request number below.",
    ),
}


PROBLEMS: dict[Language, dict[str, Text]] = {"ar": _ARABIC, "en": _ENGLISH}


def problem_text(code: str, language: Language) -> Text:
    """The words for a problem's code."""
    return PROBLEMS[language].get(code, _UNKNOWN[language])
