"""What the pages say, part by part: a part is a module with ``ARABIC`` and ``ENGLISH``.

Both catalogues have the same keys and places to fill; counted texts bring every form.
"""

from collections.abc import Iterable, Mapping

from thaman_dashboard.pages.plurals import Forms
from thaman_dashboard.pages.texts import (
    analytics,
    answering,
    audit,
    embedded,
    inquiries,
    licences,
    live,
    notifications,
    operator,
    people,
    policies,
    products,
    running,
    settings,
)
from thaman_dashboard.pages.texts.arabic import ARABIC
from thaman_dashboard.pages.texts.english import ENGLISH
from thaman_kit.language import Language

Catalogue = Mapping[str, str | Forms]

PARTS: tuple[tuple[Catalogue, Catalogue], ...] = (
    (ARABIC, ENGLISH),
    (answering.ARABIC, answering.ENGLISH),
    (analytics.ARABIC, analytics.ENGLISH),
    (audit.ARABIC, audit.ENGLISH),
    (inquiries.ARABIC, inquiries.ENGLISH),
    (live.ARABIC, live.ENGLISH),
    (running.ARABIC, running.ENGLISH),
    (embedded.ARABIC, embedded.ENGLISH),
    (operator.ARABIC, operator.ENGLISH),
    (people.ARABIC, people.ENGLISH),
    (products.ARABIC, products.ENGLISH),
    (licences.ARABIC, licences.ENGLISH),
    (notifications.ARABIC, notifications.ENGLISH),
    (policies.ARABIC, policies.ENGLISH),
    (settings.ARABIC, settings.ENGLISH),
)
"""Each part in Arabic and in English."""


def _joined(parts: Iterable[Catalogue]) -> Catalogue:
    joined: dict[str, str | Forms] = {}
    for part in parts:
        twice = joined.keys() & part.keys()
        assert not twice, f"two parts say {sorted(twice)}"
        joined |= part
    return joined


TEXTS: Mapping[Language, Catalogue] = {
    "ar": _joined(arabic for arabic, _ in PARTS),
    "en": _joined(english for _, english in PARTS),
}

__all__ = ["PARTS", "TEXTS", "Catalogue"]
