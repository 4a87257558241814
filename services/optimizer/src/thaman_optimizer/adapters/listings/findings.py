"""What a look has found so far: it is all there whenever the look's time is over."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from thaman_contracts.events.listings import LookOutcome
from thaman_optimizer.domain.reading.letters import shown
from thaman_optimizer.listing_ports import Listing, Look, PageMemory

MOST_PROBLEMS = 20
MOST_NAME = 200
"""Letters of a competitor's name."""

_MOST_LETTERS = 200


class GivenUp(Exception):
    """A look that cannot go on; the message is a sentence for the merchant."""


@dataclass(slots=True)
class Findings:
    """Collects a look. ``kept`` are listings by address where a source is read a page at a time."""

    listings: list[Listing] = field(default_factory=list)
    kept: dict[str, Listing] = field(default_factory=dict)
    pages: dict[str, PageMemory] = field(default_factory=dict)
    searched: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    skipped: int = 0
    requests: int = 0
    cut_short: str | None = None

    def begin_with(self, known: Mapping[str, PageMemory]) -> None:
        """What earlier looks found holds until its page says otherwise."""
        self.kept = {url: page.listing for url, page in known.items() if page.listing is not None}

    def forget_all_but(self, urls: frozenset[str]) -> None:
        """Pages that the source no longer has are no longer listings."""
        self.kept = {url: listing for url, listing in self.kept.items() if url in urls}

    def remember(self, page: PageMemory) -> None:
        """A page was asked for."""
        self.pages[page.url] = page
        if page.listing is None:
            self.kept.pop(page.url, None)
        else:
            self.kept[page.url] = page.listing

    def skip(self, why: str) -> None:
        """A row or page could not be read."""
        self.skipped += 1
        self.tell(why)

    def tell(self, problem: str) -> None:
        """Something that the merchant should know; the first 20 are kept."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(shown(problem, _MOST_LETTERS))

    def cut(self, why: str) -> None:
        """The look ends before it is through, and what it has found counts."""
        self.cut_short = self.cut_short or why

    def look(self, given_up: str | None = None) -> Look:
        """The look's answer; ``given_up`` says why nothing more could be done."""
        why = given_up or self.cut_short
        found = bool(self.listings or self.pages or self.searched)
        if given_up is not None and not found:
            return self._look(LookOutcome.FAILED, (), shown(given_up, _MOST_LETTERS))
        if why is not None and shown(why, _MOST_LETTERS) not in self.problems:
            # It is the most important one.
            self.problems[:] = [shown(why, _MOST_LETTERS), *self.problems][:MOST_PROBLEMS]
        outcome = LookOutcome.READ if why is None else LookOutcome.PARTLY
        # Pages answer in any order; what is made of them must not depend on it.
        return self._look(outcome, (*self.listings, *(self.kept[url] for url in sorted(self.kept))), None)

    def _look(self, outcome: LookOutcome, listings: tuple[Listing, ...], detail: str | None) -> Look:
        return Look(
            outcome,
            listings=listings,
            skipped=self.skipped,
            problems=tuple(self.problems),
            requests=self.requests,
            pages=tuple(self.pages.values()),
            searched=tuple(self.searched),
            detail=detail,
        )
