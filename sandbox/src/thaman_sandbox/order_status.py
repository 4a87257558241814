"""Salla's original order statuses."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Status:
    """One of Salla's original order statuses; the ids are the same in every store."""

    id: int
    slug: str
    name_ar: str
    name_en: str


STATUSES = {
    one.slug: one
    for one in (
        Status(1473353380, "payment_pending", "بإنتظار الدفع", "Payment pending"),
        Status(566146469, "under_review", "بإنتظار المراجعة", "Under review"),
        Status(1939592358, "in_progress", "قيد التنفيذ", "In progress"),
        Status(1298199463, "completed", "تم التنفيذ", "Completed"),
        Status(349994915, "delivering", "جاري التوصيل", "Delivering"),
        Status(1723506348, "delivered", "تم التوصيل", "Delivered"),
        Status(814202285, "shipped", "تم الشحن", "Shipped"),
        Status(525144736, "canceled", "ملغي", "Cancelled"),
        Status(989286562, "restored", "مسترجع", "Restored"),
        Status(1548352431, "restoring", "قيد الإسترجاع", "Restoring"),
    )
}


def status_name(slug: str, language: str) -> tuple[int, str]:
    """The id and name of a status."""
    status = STATUSES[slug]
    return status.id, status.name_en if language.startswith("en") else status.name_ar
