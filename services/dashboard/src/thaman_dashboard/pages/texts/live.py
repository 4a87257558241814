"""Texts of the frame: the stop in the header, how old the pages are, and what is shown without a network."""

from collections.abc import Mapping

from thaman_dashboard.pages.plurals import Forms

ARABIC: Mapping[str, str | Forms] = {
    "live.stop": "إيقاف",
    "live.stop_sure": "لن يُكتب أي سعر لهذا المتجر حتى يسمح المالك بذلك من جديد.",
    "live.as_of": "حتى",
    "live.heard": "آخر خبر من الخدمات:",
    "live.stale": "قد تكون هذه الصفحات قديمة: لم تصل الأخبار منذ {when}. لا تتغير الأسعار بسبب ذلك.",
    "live.news": "تغيّرت القائمة. اعرضها من جديد.",
    "live.lost": "انقطع الاتصال. تُعاد المحاولة، وما تراه قد يكون قديمًا.",
    "live.offline_title": "لا يوجد اتصال",
    "live.offline_why": "لم تصل هذه الصفحة لأن جهازك غير متصل بالإنترنت، أو لأن ثمن لا يجيب.",
    "live.offline_prices": "لا تتأثر أسعارك بذلك: الحدود والإيقاف يعملان في الخادم.",
    "live.again": "أعد المحاولة",
    "live.app_name": "ثمن: أسعار متجرك",
    "live.app_about": "أسعار متجرك في سلة، وما ينتظر جوابك.",
}

ENGLISH: Mapping[str, str | Forms] = {
    "live.stop": "Stop",
    "live.stop_sure": "No price of this store is written until an owner allows it again.",
    "live.as_of": "As of",
    "live.heard": "Last news of the services:",
    "live.stale": "These pages may be out of date: no news has come in since {when}. No price changes because of that.",
    "live.news": "The list has changed. Show it anew.",
    "live.lost": "The connection is lost. It is tried again, and what you see may be out of date.",
    "live.offline_title": "No connection",
    "live.offline_why": "This page did not arrive: your device is offline, or Thaman does not answer.",
    "live.offline_prices": "Your prices are not affected: limits and the stop work on the server.",
    "live.again": "Try again",
    "live.app_name": "Thaman: your store's prices",
    "live.app_about": "Prices of your Salla store, and what waits for your answer.",
}
