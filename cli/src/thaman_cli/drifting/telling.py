"""A store's drift, for machines and for people."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from thaman_cli.drifting.finding import Drift
from thaman_cli.drifting.labels import Difference, Label
from thaman_cli.drifting.story import Fact
from thaman_cli.instants import in_riyadh
from thaman_contracts.money import riyals

SHOWN = 50
"""Differences that people are told one by one; all are counted, and ``--json`` has all."""


def as_data(found: Drift) -> dict[str, Any]:
    """For machines; prices are base prices in halalas, null where the item is not there."""
    return {
        "store_id": found.store_id,
        "at": found.at.isoformat(),
        "items": found.items,
        "last": found.last,
        "hash": found.hash,
        "by_label": counts(found),
        "differences": [_difference(one) for one in found.differences],
        "unreadable": list(found.unreadable),
    }


def counts(found: Drift) -> dict[str, int]:
    """How many differences have which label."""
    counted = Counter(one.label for one in found.differences)
    return {label.value: counted[label] for label in Label}


def told(found: Drift) -> Iterator[str]:
    """For people."""
    many = len(found.differences)
    yield f"Store {found.store_id} at {in_riyadh(found.at)}: {found.items:,} items compared, {many:,} differ."
    for label, count in counts(found).items():
        if count:
            yield f"  {count:,} {label.replace('_', ' ')}"
    for one in found.differences[:SHOWN]:
        yield from _told(one)
    if many > SHOWN:
        yield f"  and {many - SHOWN:,} more: --json has all"
    if found.unreadable:
        yield f"  not compared, because Salla's answer cannot be read: {', '.join(found.unreadable)}"


def _told(one: Difference) -> Iterator[str]:
    item = one.compared
    yield (
        f"  {item.key} {one.label.replace('_', ' ')}: Salla shows {_price(item.salla)}, the ledger says"
        f" {_price(item.replayed)}; {one.why}"
    )
    for fact in item.story.facts:
        price = "" if fact.price is None else f" {_price(fact.price)}"
        detail = "" if fact.detail is None else f" ({fact.detail})"
        yield f"    {in_riyadh(fact.at)} {fact.event}{price}{detail}, entry {fact.seq}, event {fact.event_id}"


def _difference(one: Difference) -> dict[str, Any]:
    item = one.compared
    return {
        "item": item.key,
        "label": one.label.value,
        "why": one.why,
        "salla": item.salla,
        "ledger": item.replayed,
        "model_differs": list(item.model),
        "evidence": [_fact(fact) for fact in item.story.facts],
    }


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "entry": fact.seq,
        "event_id": fact.event_id,
        "event": fact.event,
        "at": fact.at.isoformat(),
        "base_price": fact.price,
        "detail": fact.detail,
    }


def _price(halalas: int | None) -> str:
    return "nothing" if halalas is None else f"{riyals(halalas)} SAR"
