"""What happens with a proposal: the table of automation mode and risk."""

from dataclasses import dataclass
from datetime import datetime

from thaman_contracts.events.optimizer import Disposition, Risk
from thaman_contracts.events.settings import AutomationMode, StoreSettings


@dataclass(frozen=True, slots=True)
class Course:
    """The disposition, whether the merchant is told of a write, and whether an ask is marked as risky."""

    disposition: Disposition
    notify: bool = False
    marked: bool = False


_ASK = Course(Disposition.ASK)
_WRITE = Course(Disposition.WRITE)

TABLE: dict[AutomationMode, dict[Risk, Course]] = {
    AutomationMode.MANUAL: {Risk.LOW: _ASK, Risk.MEDIUM: _ASK, Risk.HIGH: _ASK},
    AutomationMode.SEMI_AUTO: {
        Risk.LOW: _WRITE,
        Risk.MEDIUM: _ASK,
        Risk.HIGH: Course(Disposition.ASK, marked=True),
    },
    AutomationMode.FULL_AUTO: {
        Risk.LOW: _WRITE,
        Risk.MEDIUM: Course(Disposition.WRITE, notify=True),
        Risk.HIGH: _ASK,
    },
}
"""High risk is never written without a person, in no mode (product.md B8)."""


def course_of(settings: StoreSettings, risk: Risk, now: datetime, own: AutomationMode | None = None) -> Course:
    """The course of a proposal; while the store is being watched everything is asked. ``own`` is the item's mode, which
    can only be more careful than the store's."""
    course = TABLE[settings.mode.narrowed(own)][risk]
    if settings.watch_until is not None and now < settings.watch_until:
        return Course(Disposition.ASK, marked=course.marked)
    return course
