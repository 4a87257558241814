"""Recorded decisions made again in this process, from the optimizer's own log."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from thaman_cli.errors import BadUsage, ExportRefused
from thaman_kit.application import EventSourcedApplication
from thaman_kit.errors import UnknownTopic
from thaman_optimizer.adapters.recorded_runs import RecordedRuns
from thaman_optimizer.domain.recompute import Difference, Recomputed

NAMED = 20
"""Differences that are named; all are counted."""


def recomputed(application: EventSourcedApplication, store_id: str, since: datetime, until: datetime) -> Recomputed:
    """Make again what the store's runs decided that began in that time.

    Raises:
        BadUsage: the optimizer knows no such store.
        ExportRefused: the log has an event that this release does not know.
    """
    require_store(application, store_id)
    found = Recomputed()
    try:
        for record in RecordedRuns(application).records(store_id, since, until):
            found.add(record)
    except UnknownTopic as error:
        raise ExportRefused(
            "Nothing is made again: the log has an event that this release does not know",
            f"its topic is {error}",
            "Run the release that recorded it, or a newer one.",
        ) from error
    return found


def require_store(application: EventSourcedApplication, store_id: str) -> None:
    """That the optimizer knows the store.

    Raises:
        BadUsage: it does not.
    """
    if not application.database.fetch_all("SELECT store_id FROM stores WHERE store_id = %s", (store_id,)):
        raise BadUsage(
            f"The optimizer knows no store {store_id}",
            "the id was mistyped, or it was never connected",
            "Check the id.",
        )


def as_data(store_id: str, span: tuple[datetime, datetime], found: Recomputed) -> dict[str, Any]:
    """For machines."""
    return {
        "store_id": store_id,
        "from": span[0].astimezone(UTC).isoformat(),
        "to": span[1].astimezone(UTC).isoformat(),
        "runs": found.runs,
        "recomputed": found.recomputed,
        "equal": found.equal,
        "different": len(found.different),
        "differences": [_difference(one) for one in found.different[:NAMED]],
        "not_recomputed": found.left_out.total(),
        "reasons": dict(found.left_out.most_common()),
    }


def told_again(store_id: str, found: Recomputed) -> Iterator[str]:
    """For people."""
    yield (
        f"Store {store_id}: {found.recomputed:,} decisions of {found.runs:,} run(s) made again,"
        f" {found.equal:,} equal, {len(found.different):,} different."
    )
    for reason, count in found.left_out.most_common():
        yield f"  {count:,} not made again: {reason}"
    for one in found.different[:NAMED]:
        yield f"  run {one.run_id}, item {one.item}:"
        yield from (
            f"    {name}: {_short(was)} on record, {_short(now)} now" for name, (was, now) in one.fields.items()
        )
    if len(found.different) > NAMED:
        yield f"  and {len(found.different) - NAMED:,} more"


def _difference(one: Difference) -> dict[str, Any]:
    fields = {name: {"recorded": was, "now": now} for name, (was, now) in one.fields.items()}
    return {"run_id": str(one.run_id), "item": one.item, "fields": fields}


def _short(value: Any) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
