"""``make match``: the shipped matcher on labelled pairs that it was not trained with.

``--write`` trains first and replaces the shipped model; ``--speed`` measures 10,000 titles against 10,000 instead.
"""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks.match.data import DataMissing, digest, find
from tests.benchmarks.match.evaluate import Evaluation, evaluate, evaluate_own
from tests.benchmarks.match.speed import COUNT, LIMIT_SECONDS, Speed, measure
from tests.benchmarks.match.train import script_digest, train
from tests.support.title_pairs import FRESH
from thaman_optimizer.adapters import matching_model
from thaman_optimizer.adapters.matching_model import matcher_of, model_document

_MODEL = Path(matching_model.__file__).parent / matching_model.MODEL_FILE


def main() -> int:
    """Print tables; 0 also where the data are missing, with the reason on stderr, 1 where a limit of time is broken."""
    arguments = _arguments()
    if arguments.speed:
        return _speed(arguments.titles, as_json=arguments.json)
    try:
        folder = find()
    except DataMissing as missing:
        print(f"skipped: {missing}", file=sys.stderr)
        folder = None
    if arguments.write and folder is None:
        print("nothing to train with", file=sys.stderr)
        return 1
    if arguments.write and folder:
        _MODEL.write_text(json.dumps(train(folder), separators=(",", ":")) + "\n", encoding="utf-8")
        print(f"written: {_MODEL} ({_MODEL.stat().st_size // 1024} kB)", file=sys.stderr)
    document = model_document()
    matcher = matcher_of(document)
    found = evaluate(folder, matcher) if folder else []
    found += [evaluate_own(matcher), evaluate_own(matcher, FRESH, "fresh pairs")]
    if folder and document["made"]["data"] != digest(folder):
        print("the shipped model was trained with other data", file=sys.stderr)
    if document["made"]["script"] != script_digest():
        print("the shipped model was made by another version of the training script", file=sys.stderr)
    if arguments.json:
        print(json.dumps([one.document() for one in found], indent=2))
    else:
        print(f"{document['version']}: exact from {matcher.exact_at}, similar from {matcher.similar_at}\n")
        print("\n\n".join(map(_table, found)))
    return 0


def _table(found: Evaluation) -> str:
    some = next(iter(found.titles.values()))
    lines = [
        f"{found.name}: {some.pairs} pairs, {some.matches} of them matches",
        f"{'':<26}{'F1':>7}{'precision':>11}{'recall':>8}{'recall at 95 %':>16}{'at 98 %':>9}",
    ]
    for name, one in found.titles.items():
        lines.append(
            f"{name:<26}{one.f1:>7.3f}{one.precision:>11.3f}{one.recall:>8.3f}"
            f"{one.recall_at_95:>16.3f}{one.recall_at_98:>9.3f}"
        )
    for name, rule in found.rules.items():
        precision = "none taken" if rule.precision is None else f"{rule.precision:.3f}"
        lines.append(f"rule: {name:<20}{precision:>18}{rule.recall:>8.3f}   ({rule.right} of {rule.taken} right)")
    return "\n".join(lines)


def _speed(count: int, *, as_json: bool) -> int:
    sides = [measure("ours", count), measure("rapidfuzz", count)]
    if as_json:
        print(json.dumps([asdict(one) for one in sides], indent=2))
    else:
        print(f"{count:,} titles against {count:,}\n")
        print(f"{'':<12}{'seconds':>9}{'CPU':>8}{'found':>8}{'kept':>8}{'peak MB':>9}  parts")
        print("\n".join(map(_line, sides)))
    return 1 if sides[0].cpu_seconds > LIMIT_SECONDS and count == COUNT else 0


def _line(one: Speed) -> str:
    parts = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in one.parts.items())
    kept = "-" if one.kept is None else f"{one.kept:.3f}"
    return (
        f"{one.side:<12}{one.seconds:>9.1f}{one.cpu_seconds:>8.1f}{one.found:>8.3f}{kept:>8}{one.peak_mb:>9}  {parts}"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make match", description=__doc__)
    parser.add_argument("--write", action="store_true", help="train, and replace the shipped model")
    parser.add_argument("--speed", action="store_true", help="measure speed and memory beside comparing all with all")
    parser.add_argument("--titles", type=int, default=COUNT, help=f"how many, with --speed (default {COUNT:,})")
    parser.add_argument("--json", action="store_true", help="JSON instead of tables")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
