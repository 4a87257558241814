"""Run again what a pricing run recorded, in a process of its own, and compare. As a script: the process."""

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

Events = Sequence[dict[str, Any]]
"""Stored events of one run, each with ``topic`` and ``state``."""

_FIGURES = ("expected_weekly_profit_change", "interval80_low", "interval80_high", "probability_of_gain_bp")


def recorded(events: Events) -> dict[str, list[Any]]:
    """What the run said: of each item the input digest, price or reason of the hold, risk, and expectations."""
    answers = {}
    for one in _said(events):
        moved = "new_shelf_price" in one
        expected = [one[name] for name in _FIGURES] if moved and one.get(_FIGURES[0]) is not None else None
        key = "/".join(name for name in (one["product_id"], one["variant_id"]) if name)
        price = one["new_shelf_price"] if moved else one["reason"]
        answers[key] = [one["input_digest"], price, one["risk"] if moved else None, expected]
    return answers


def replayed(events: Events, seed: int, **environment: str) -> dict[str, list[Any]]:
    """The same from a new process that is given the record alone, in the order that ``seed`` shuffles it to."""
    given = record_of(events) | {"seed": seed}
    done = subprocess.run(
        [sys.executable, str(Path(__file__))],
        input=json.dumps(given),
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4_000:]
    return {key: rest for key, *rest in map(json.loads, done.stdout.splitlines())}


def record_of(events: Events) -> dict[str, Any]:
    """All that the run's decisions depend on, as it recorded it."""
    (started,) = (one["state"] for one in events if one["topic"] == "run.Started")
    (scouted,) = (one["state"] for one in events if one["topic"] == "run.MarketScouted")
    assessed = next((one["state"] for one in events if one["topic"] == "run.MarketAssessed"), None)
    items = [one["inputs"] for one in _said(events)]
    return {"store": started["store_inputs"], "now": scouted["occurred_at"], "items": items, "assessed": assessed}


def _said(events: Events) -> list[dict[str, Any]]:
    return [one["state"] for one in events if one["topic"] in ("proposal.Proposed", "proposal.Held")]


def main() -> None:
    """Decide again what comes in, and print what :func:`recorded` gives, a line an item."""
    from thaman_optimizer.domain.engine import Move
    from thaman_optimizer.domain.replay import replay

    given = json.load(sys.stdin)
    random.Random(given["seed"]).shuffle(given["items"])
    for verdict in replay(given["store"], given["items"], datetime.fromisoformat(given["now"]), given["assessed"]):
        found, figures = verdict.finding, None
        if not isinstance(found, Move):
            print(json.dumps([verdict.key, verdict.inputs.digest, found.reason, None, None]))
            continue
        if (outlook := found.outlook) is not None:
            figures = [outlook.expected, outlook.low, outlook.high, outlook.chance_bp]
        print(json.dumps([verdict.key, verdict.inputs.digest, found.shelf_price, found.assessment.risk, figures]))


if __name__ == "__main__":
    main()
