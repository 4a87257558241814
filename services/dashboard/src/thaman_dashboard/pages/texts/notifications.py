"""What the notifications say."""

from collections.abc import Mapping

from thaman_dashboard.pages.plurals import Forms

ARABIC: Mapping[str, str | Forms] = {
    "notice.notifications_read": "عُلّمت مقروءة.",
    "notice.notifications_chosen": "حُفظ ما تريد أن تسمع عنه.",
    "notifications.title": "التنبيهات",
    "notifications.bell": {
        "zero": "التنبيهات: لا جديد",
        "one": "التنبيهات الجديدة: {n}",
        "two": "التنبيهات الجديدة: {n}",
        "few": "التنبيهات الجديدة: {n}",
        "many": "التنبيهات الجديدة: {n}",
        "other": "التنبيهات الجديدة: {n}",
    },
    "notifications.lead": "تظهر هنا وفي الجرس أعلى كل صفحة. لا يُرسل شيء بالبريد ولا إلى أنظمة أخرى.",
    "notifications.listed": "آخر ثلاثين يومًا",
    "notifications.new": "جديد",
    "notifications.read": "علّم الكل مقروءًا",
    "notifications.none": "لا تنبيهات",
    "notifications.none_why": "حين يحدث شيء مما اخترته يظهر هنا.",
    "notifications.choose": "ما أريد أن أسمع عنه",
    "notifications.choose_lead": "لك وحدك، في هذا المتجر.",
    "notifications.save": "احفظ الاختيار",
    "notifications.approvals": {
        "zero": "لا أسعار تنتظر جوابك",
        "one": "سعر واحد ينتظر جوابك",
        "two": "سعران ينتظران جوابك",
        "few": "{n} أسعار تنتظر جوابك",
        "many": "{n} سعرًا ينتظر جوابك",
        "other": "{n} سعر ينتظر جوابك",
    },
    "notifications.floors": {
        "zero": "لا أسعار خارج حدودها",
        "one": "سعر واحد خارج حدوده يحتاج إلى قرارك",
        "two": "سعران خارج حدودهما يحتاجان إلى قرارك",
        "few": "{n} أسعار خارج حدودها تحتاج إلى قرارك",
        "many": "{n} سعرًا خارج حدوده يحتاج إلى قرارك",
        "other": "{n} سعر خارج حدوده يحتاج إلى قرارك",
    },
    "notifications.look": "انظر",
}

ENGLISH: Mapping[str, str | Forms] = {
    "notice.notifications_read": "Marked as read.",
    "notice.notifications_chosen": "What you want to hear of was saved.",
    "notifications.title": "Notifications",
    "notifications.bell": {"one": "Notifications: {n} new", "other": "Notifications: {n} new"},
    "notifications.lead": (
        "They appear here and at the bell above every page. Nothing is sent by mail or to other systems."
    ),
    "notifications.listed": "The last thirty days",
    "notifications.new": "New",
    "notifications.read": "Mark all as read",
    "notifications.none": "No notifications",
    "notifications.none_why": "When something happens that you chose to hear of, it appears here.",
    "notifications.choose": "What I want to hear of",
    "notifications.choose_lead": "For you alone, at this store.",
    "notifications.save": "Save the choice",
    "notifications.approvals": {
        "one": "{n} price waits for your answer",
        "other": "{n} prices wait for your answer",
    },
    "notifications.floors": {
        "one": "{n} price stands outside its limits and needs your decision",
        "other": "{n} prices stand outside their limits and need your decision",
    },
    "notifications.look": "Look",
}
