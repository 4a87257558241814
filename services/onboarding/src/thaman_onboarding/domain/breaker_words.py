"""Why a store stopped by itself, for people: what, how much, the limit, and what to do; in Arabic and English."""

from collections.abc import Mapping

from thaman_contracts.events.breaker import BreakerLimits
from thaman_onboarding.domain.breaker import Anomaly, Trip

_WORDS: Mapping[Anomaly, tuple[str, str, str, str]] = {
    Anomaly.JUMPS: (
        "قفزت تكلفة منتجات أو أسعارها في سلة بأكثر من {jump}"
        " ورُصد ذلك ضمن المدة (بالدقائق: {minutes})، وعددها {count} من أصل {of} ({seen})",
        "راجع التكاليف والأسعار في سلة، فقد يكون استيرادٌ ما معطوبًا",
        "the cost or price of {count} of {of} items in Salla jumped by more than {jump}, seen within {minutes} minutes"
        " ({seen})",
        "look at costs and prices in Salla: an import may be broken",
    ),
    Anomaly.EDITS: (
        "عُدّلت أسعار منتجات يدويًا بعد كتابتنا لها ضمن المدة (بالساعات: {hours})، وعددها {count} من أصل {of}",
        "اسأل من عدّلها عن السبب، وغيّر السياسة أو اقفل هذه المنتجات",
        "{count} of {of} items were edited by hand within {hours} hours after we wrote their prices",
        "ask who edits them why, and change the policy or lock these items",
    ),
    Anomaly.TROUBLES: (
        "فشلت كتابة أسعار أو بقيت نتيجتها مجهولة ضمن المدة (بالدقائق: {minutes})، وعددها {count} من أصل {of} ({seen})",
        "راجع أسباب الفشل في سجل المتجر وحالة سلة",
        "{count} of {of} writes within {minutes} minutes failed or stay unclear ({seen})",
        "look at the reasons in the store's history, and whether Salla works",
    ),
    Anomaly.RUN_MEDIAN: (
        "بلغ وسيط التغييرات في تشغيل واحد {seen}، وعدد القرارات التي نُظر فيها {of}",
        "راجع قرارات التشغيل وعروض المنافسين التي بُنيت عليها، وارفع الحد إن كان هذا مقصودًا",
        "the median move of the {of} decisions of one run that were looked at is {seen}",
        "look at the run's decisions and the offers they rest on, and raise the limit if this is meant",
    ),
    Anomaly.LARGE_CUTS: (
        "يخفّض تشغيل واحد أسعارًا بأكثر من {cut}، وعددها {count} من أصل {of} نُظر فيها ({seen})",
        "راجع قرارات التشغيل وعروض المنافسين التي بُنيت عليها، وارفع الحد إن كان هذا مقصودًا",
        "one run cuts {count} of the {of} prices looked at by more than {cut} ({seen})",
        "look at the run's decisions and the offers they rest on, and raise the limit if this is meant",
    ),
    Anomaly.CHANGES: (
        "تغيّر السياسات أسعار منتجات ضمن المدة (بالدقائق: {minutes})، وعددها {count} من أصل {of}",
        "راجع آخر التشغيلات، وارفع الحد إن كان هذا مقصودًا",
        "policies change the prices of {count} of {of} items within {minutes} minutes",
        "look at the latest runs, and raise the limit if this is meant",
    ),
}


def words(trip: Trip, limits: BreakerLimits) -> tuple[str, str]:
    """The reason in Arabic and in English."""
    is_share = trip.setting.endswith("_bp")
    values = {
        "count": f"{trip.count:,}",
        "of": f"{trip.of:,}",
        "seen": percent(trip.seen) if is_share else f"{trip.seen:,}",
        "limit": percent(trip.limit) if is_share else f"{trip.limit:,}",
        "setting": f"breaker.{trip.setting}",
        "minutes": f"{limits.window_minutes:,}",
        "hours": f"{limits.edits_hours:,}",
        "jump": percent(limits.jump_bp),
        "cut": percent(limits.large_cut_bp),
    }
    what_ar, do_ar, what_en, do_en = _WORDS[trip.anomaly]
    arabic = f"توقفت الكتابة تلقائيًا: {what_ar}، والحد {{limit}} ({{setting}}). {do_ar}، ثم استأنف المتجر."
    english = f"Stopped by itself: {what_en}; the limit is {{limit}} ({{setting}}). Now {do_en}; then resume the store."
    return arabic.format(**values), english.format(**values)


def percent(bp: int) -> str:
    """Basis points as a percentage, without zeros that say nothing."""
    whole, rest = divmod(bp, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".") + "%"
