"""Recorded runs under another pricing policy: what would have been proposed, not what shoppers would have done."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from thaman_cli.errors import BadUsage, CliError
from thaman_cli.replaying.again import NAMED, require_store
from thaman_contracts.events.policies import PricePolicy
from thaman_kit.application import EventSourcedApplication
from thaman_optimizer.adapters.recorded_runs import RecordedRuns
from thaman_optimizer.domain.whatif import Totals
from thaman_optimizer.errors import AdviceFailed
from thaman_optimizer.policies_shapes import NOTE_AR, NOTE_EN
from thaman_optimizer.whatif import Retold, retell

ALL_ITEMS = 2**31 - 1
_UNNUMBERED = 0
"""The version of a policy that is nowhere on record."""


def policy_of(file: Path) -> PricePolicy:
    """The policy in a file.

    Raises:
        BadUsage: it cannot be read, or is none.
    """
    try:
        return PricePolicy.model_validate_json(file.read_bytes(), extra="forbid")
    except OSError as error:
        raise BadUsage(f"{file} cannot be read", str(error), "Name a file that can be read.") from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors()[:5])
        raise BadUsage(f"{file} is no pricing policy", problems, "docs/guides/policies.md shows one.") from error


def under(
    application: EventSourcedApplication, store_id: str, policy: PricePolicy, since: datetime, until: datetime
) -> Retold:
    """The store's completed runs that began in that time, judged by ``policy``.

    Raises:
        BadUsage: the optimizer knows no such store.
        CliError: the engine gave no answer.
    """
    require_store(application, store_id)
    try:
        runs, left_out = RecordedRuns(application).runs(store_id, since, until, ALL_ITEMS)
        return retell(runs, left_out, _UNNUMBERED, policy)
    except AdviceFailed as error:
        raise CliError("Nothing is said: the engine gave no answer", str(error), "Try a simpler policy.") from error


def as_data(store_id: str, policy: PricePolicy, span: tuple[datetime, datetime], found: Retold) -> dict[str, Any]:
    """For machines; amounts are halalas, a price of null is a price that stays."""
    named = [
        {"run_id": str(run.run_id), "item": one.key, "shelf_price": one.now, "recorded": one.live, "policy": one.other}
        for run in found.runs
        for one in run.differences
    ]
    return {
        "store_id": store_id,
        "policy": policy.title,
        "from": span[0].astimezone(UTC).isoformat(),
        "to": span[1].astimezone(UTC).isoformat(),
        "runs": len(found.runs),
        "not_reproduced": _not_reproduced(found),
        "decisions": found.live.items,
        "different": len(named),
        "differences": named[:NAMED],
        "recorded": asdict(found.live),
        "under_policy": asdict(found.other),
        "note_ar": NOTE_AR,
        "note_en": NOTE_EN,
    }


def told_otherwise(store_id: str, policy: PricePolicy, found: Retold) -> Iterator[str]:
    """For people."""
    different = sum(run.different for run in found.runs)
    title = f"\u2068{policy.title}\u2069"
    yield (
        f"Store {store_id} under {title}: {different:,} of {found.live.items:,} decisions in {len(found.runs):,} run(s)"
        " would have been others."
    )
    yield f"  as recorded:      {_totals(found.live)}"
    yield f"  under the policy: {_totals(found.other)}"
    if _not_reproduced(found):
        yield f"  {_not_reproduced(found):,} run(s) come out otherwise under their own policy, too: see --recompute"
    yield NOTE_EN
    yield (
        f"المتجر {store_id} بسياسة {title}: كان سيختلف {different:,} من أصل {found.live.items:,} قرارًا"
        f" (عدد التشغيلات: {len(found.runs):,})."
    )
    yield NOTE_AR


def _totals(totals: Totals) -> str:
    expected = f"{totals.expected / 100:+,.2f} SAR a week expected of {totals.known:,}" if totals.known else ""
    return (
        f"{totals.raised:,} raised, {totals.cut:,} cut, {totals.held:,} held; {totals.written:,} written at once,"
        f" {totals.asked:,} asked; {totals.at_floor:,} at the floor{'; ' if expected else ''}{expected}"
    )


def _not_reproduced(found: Retold) -> int:
    return sum(not run.reproduced for run in found.runs)
