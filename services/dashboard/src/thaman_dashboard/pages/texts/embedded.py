"""What is said to who comes in from onboarding's page or from Salla's admin."""

from collections.abc import Mapping

from thaman_dashboard.pages.plurals import Forms

ARABIC: Mapping[str, str | Forms] = {
    "entry.arriving": "متجرك في الطريق",
    "entry.arriving_why": "تم الربط، ونجهّز صفحاته الآن. يأخذ ذلك ثواني عادة.",
    "entry.arriving_again": "افتح اللوحة",
    "embedded.title": "ثمن في سلة",
    "embedded.open": "افتح اللوحة في نافذة جديدة",
    "embedded.once": "يعمل الرابط مرة واحدة خلال ربع ساعة. أعد تحميل هذه الصفحة لرابط جديد.",
    "embedded.expired": "انتهت صلاحية هذه الصفحة",
    "embedded.expired_step": "أغلق الصفحة في لوحة سلة وافتحها من جديد.",
    "embedded.not_connected": "المتجر غير مربوط بثمن بعد",
    "embedded.not_connected_step": "اربطه مرة واحدة، وتظهر هنا حال التسعير. إن ربطته قبل لحظات فأعد تحميل الصفحة.",
    "embedded.connect": "ربط المتجر",
    "embedded.removed": "ليس لك دخول إلى هذا المتجر هنا",
    "embedded.removed_step": "أزالك مالك المتجر من ثمن. اطلب منه دعوة إن احتجت إليها.",
    "problem.salla_silent.title": "سلة لا تجيب الآن",
    "problem.salla_silent.why": "لم تقل لنا سلة لمن هذه الصفحة، فلم نعرض شيئًا.",
    "problem.salla_silent.step": "انتظر دقيقة ثم أعد تحميل الصفحة.",
}

ENGLISH: Mapping[str, str | Forms] = {
    "entry.arriving": "Your store is on its way",
    "entry.arriving_why": "It is connected, and its pages are being made. That usually takes seconds.",
    "entry.arriving_again": "Open the dashboard",
    "embedded.title": "Thaman in Salla",
    "embedded.open": "Open the dashboard in a new tab",
    "embedded.once": "The link works once, for a quarter of an hour. Load this page again for a new one.",
    "embedded.expired": "This page has expired",
    "embedded.expired_step": "Close the page in Salla's admin and open it again.",
    "embedded.not_connected": "The store is not connected to Thaman yet",
    "embedded.not_connected_step": "Connect it once, and this page shows how pricing stands. If you connected it a"
    " moment ago, load this page again.",
    "embedded.connect": "Connect the store",
    "embedded.removed": "You have no access to this store here",
    "embedded.removed_step": "An owner of the store removed you from Thaman. Ask them for an invitation.",
    "problem.salla_silent.title": "Salla does not answer",
    "problem.salla_silent.why": "Salla did not tell us whose page this is, so nothing is shown.",
    "problem.salla_silent.step": "Wait a minute, then load the page again.",
}
