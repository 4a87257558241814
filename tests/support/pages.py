"""Pages for the reader's tests: the corpus, and what has to be true of every answer, whatever was asked."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from thaman_contracts.events.optimizer import OfferFitness, OfferSource
from thaman_optimizer.domain.policy import LEAST_OFFER_CONFIDENCE_BP
from thaman_optimizer.domain.reading import Reading

CORPUS = Path(__file__).parents[2] / "services" / "optimizer" / "tests" / "corpus"


def corpus_pages() -> list[str]:
    """All pages of the corpus as they are written down, without what they should be read as."""
    parts = [part for path in sorted(CORPUS.glob("*.pages.txt")) for part in path.read_text("utf-8").split("\n### ")]
    pages = [part.partition("\n---\n")[2] for part in parts]
    lines = (CORPUS / "texts.txt").read_text("utf-8").splitlines()
    return pages + [f"<h1>A</h1><p>{line.partition(' => ')[0]}</p>" for line in lines if " => " in line]


def hostile_pages() -> dict[str, str]:
    """The pages of people who want to be misread, by name."""
    parts = (CORPUS / "hostile.pages.txt").read_text("utf-8").removeprefix("### ").split("\n### ")
    named = ((part.partition("\n")[0], part.partition("\n---\n")[2]) for part in parts)
    return {name: re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), page) for name, page in named}


def check_answer(reading: Reading) -> None:
    """What holds for the answer to any page.

    Raises:
        AssertionError: it does not hold.
    """
    assert reading.fitness in (
        OfferFitness.USABLE,
        OfferFitness.OUT_OF_STOCK,
        OfferFitness.UNREADABLE,
        OfferFitness.NO_PRICE,
    )
    told = reading.fitness in (OfferFitness.USABLE, OfferFitness.OUT_OF_STOCK)
    assert told is (reading.price is not None)
    assert told is (reading.currency is not None)
    if reading.price is not None and reading.currency is not None:
        assert 100 <= reading.price < 10**12
        assert len(reading.currency) == 3 and reading.currency.isascii() and reading.currency.isupper()
        assert 0 < reading.confidence_bp <= 10_000
        assert (reading.fitness is OfferFitness.OUT_OF_STOCK) is (reading.in_stock is False)
    else:
        assert reading.detail
    if reading.evidence is not None:
        words = reading.evidence.model_dump(mode="json", exclude_none=True)
        sources = words.pop("sources")
        if told and sources == [OfferSource.TEXT]:
            assert reading.confidence_bp < LEAST_OFFER_CONFIDENCE_BP
        # The riyal sign is younger than the tables of many a Python.
        assert all(len(text) <= 200 and text.replace("\u20c1", "").isprintable() for text in words.values())
    assert Reading.of(json.loads(json.dumps(reading.document()))) == reading


def steps_of(work: Callable[[], object]) -> int:
    """How many calls, of Python or C, some work makes: a measure of time that no busy machine changes."""
    count = 0

    def counting(_frame: FrameType, _event: str, _argument: Any) -> None:
        nonlocal count
        count += 1

    before = sys.getprofile()
    sys.setprofile(counting)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count
