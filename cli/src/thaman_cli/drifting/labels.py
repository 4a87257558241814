"""Which story explains that Salla shows another price than the ledger: one decision table. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from thaman_cli.drifting.story import Story, Write, WriteEnd


class Label(StrEnum):
    """What a difference is."""

    HAND_EDIT = "hand_edit"
    LOST_WRITE = "lost_write"
    IN_FLIGHT = "in_flight"
    BUG = "bug"


@dataclass(frozen=True, slots=True)
class Compared:
    """One item, seen from three sides; prices are base prices in halalas, ``None`` where the item is not there.

    ``salla`` is what Salla shows, ``replayed`` what the ledger alone makes of it, ``model`` names the columns of our
    live read model that differ from the replayed ones. ``head`` is the chain's end before Salla was read: what comes
    after it happened while we looked.
    """

    key: str
    salla: int | None
    replayed: int | None
    model: tuple[str, ...]
    story: Story
    head: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A labelled difference, with why it is labelled so."""

    compared: Compared
    label: Label
    why: str


def label(one: Compared) -> Difference | None:
    """What an item's difference is; ``None`` where there is none."""
    if one.model:
        columns = ", ".join(one.model)
        return Difference(one, Label.BUG, f"the live read model differs from the replayed one in: {columns}")
    if one.salla == one.replayed:
        return None
    found, why = _in_flight(one) or _lost(one) or _unexplained(one) or _by_hand(one)
    return Difference(one, found, why)


_Found = tuple[Label, str]


def _in_flight(one: Compared) -> _Found | None:
    write = one.story.write
    if write is not None and write.end.is_open:
        return Label.IN_FLIGHT, f"a write of {write.new} is {write.end} and not settled"
    if one.story.last > one.head:
        return Label.IN_FLIGHT, "something happened to it while Salla was being read"
    if write is not None and write.reason == "outcome_unknown" and one.salla == write.new:
        return Label.IN_FLIGHT, "it is the price of a write that was given up with its outcome unknown"
    return None


def _lost(one: Compared) -> _Found | None:
    """Salla shows the price from before our write, and nobody but us has seen the written one since."""
    write = one.story.write
    if write is None or write.end is not WriteEnd.APPLIED or one.salla != write.old or one.replayed != write.new:
        return None
    if _was_looked_at_since(one.story, write):
        return None
    return Label.LOST_WRITE, f"it is the price from before a write of {write.new} that is recorded as applied"


def _was_looked_at_since(story: Story, write: Write) -> bool:
    """Whether a sweep or a webhook, not our own read-back, told the item's price after the write had ended."""
    return story.look is not None and story.look.seq > write.fact.seq and not story.is_own


def _unexplained(one: Compared) -> _Found | None:
    write, look = one.story.write, one.story.look
    made = write is not None and write.end is not WriteEnd.APPLIED and one.salla == write.new
    if write is not None and made and not _was_looked_at_since(one.story, write):
        return Label.BUG, f"it is the price of a write that is recorded as {write.end} ({write.reason})"
    told = {look.price if look else None, write.new if write and write.end is WriteEnd.APPLIED else None}
    if one.replayed not in told:
        return Label.BUG, "no recorded event says the replayed price"
    return None


def _by_hand(one: Compared) -> _Found:
    if one.replayed is None:
        return Label.HAND_EDIT, "it is new at Salla, or priced by itself now; we have not looked since"
    if one.salla is None:
        return Label.HAND_EDIT, "it is gone at Salla, or priced through its variants now; we have not looked since"
    return Label.HAND_EDIT, "nothing of ours wrote it: somebody changed it at Salla, and we have not looked since"
