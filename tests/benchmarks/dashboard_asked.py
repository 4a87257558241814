"""Long questions: how fast one is taken, how fast its page is while the owner works, and how long the answer takes."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.benchmarks.dashboard_served import Asked, Visitor
from tests.benchmarks.errors import BenchError

QUESTIONS: Mapping[str, tuple[str, str, Mapping[str, str]]] = {
    "walk_id": ("the walk along the chain", "/audit/verify", {}),
    "preview_id": ("what other settings would do", "/settings", {"deed": "preview", "margin": "25", "step": "7"}),
    "what_if_id": ("what-if on the store as it stands", "/policies/2/what-if", {"over": "now", "days": "7"}),
    "history_id": ("what-if on its recorded runs", "/policies/2/what-if", {"over": "history", "days": "7"}),
}
"""By the name that addresses have for it: what it is, where it is asked, and the form's fields."""

TIMES = 3
PAUSE_S = 0.1
"""Between two looks at a page that waits; a browser looks once a second."""

GIVES_UP_S = 300.0
_IS_OPEN = 'hx-trigger="every 1s"'


@dataclass
class Question:
    """What asking one question several times took: the form, its page while it waited, and seconds to the answer."""

    name: str
    posted: list[Asked] = field(default_factory=list)
    waiting: list[Asked] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def ask_all(visitor: Visitor, say: Callable[[str], None]) -> tuple[dict[str, list[str]], list[Question]]:
    """Ask every question :data:`TIMES` times; gives ids that are answered, and what it took."""
    known: dict[str, list[str]] = {}
    found: list[Question] = []
    for id_name, (name, address, fields) in QUESTIONS.items():
        question = Question(name)
        for number in range(TIMES):
            page = _ask(visitor, question, address, fields, "ar" if number % 2 else "en")
        known[id_name] = [page.rpartition("/")[2]]
        found.append(question)
        say(f"{name}: {max(question.seconds):.2f} s to the answer at most")
    return known, found


def _ask(visitor: Visitor, question: Question, address: str, fields: Mapping[str, str], language: str) -> str:
    """From the press of the button to the answer; gives the page's address."""
    began = time.perf_counter()
    page = _posted(visitor, question, address, fields, language)
    while True:
        seen = visitor.get(page, language)
        if seen.status != 200:
            raise BenchError(f"{page} answers {seen.status}: {seen.text[:500]}")
        taken = time.perf_counter() - began
        if _IS_OPEN not in seen.text:
            question.seconds.append(round(taken, 3))
            return page
        if taken > GIVES_UP_S:
            raise BenchError(f"{question.name} has no answer after {taken:.0f} s")
        question.waiting.append(seen)
        time.sleep(PAUSE_S)


def _posted(visitor: Visitor, question: Question, address: str, fields: Mapping[str, str], language: str) -> str:
    """The form twice: the second time it is the same question, unless that has its answer already."""
    asked = [visitor.post(address, fields, language) for _ in range(2)]
    for one in asked:
        if one.status != 303:
            raise BenchError(f"{question.name} is not taken: {one.status} {one.text[:500]}")
    question.posted += asked
    return asked[-1].location
