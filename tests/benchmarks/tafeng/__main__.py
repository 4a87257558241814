"""``make tafeng``: forecasts of the last four weeks of a real grocer's sparse sales, none of which was learned from."""

import argparse
import json
import sys
from dataclasses import asdict

from tests.benchmarks.tafeng.data import TRAIN_WEEKS, DataMissing, find, load
from tests.benchmarks.tafeng.models import MODELS
from tests.benchmarks.tafeng.scores import score


def main() -> int:
    """Print the table; 0 also where the data are missing, with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="make tafeng", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    arguments = parser.parse_args()
    try:
        path = find()
    except DataMissing as missing:
        print(f"skipped: {missing}", file=sys.stderr)
        return 0
    sales = load(path)
    truth = sales.units[TRAIN_WEEKS:]
    scores = {name: score(forecast(sales), truth) for name, forecast in MODELS.items()}
    if arguments.json:
        print(json.dumps({name: asdict(one) for name, one in scores.items()}, indent=2))
        return 0
    print(f"{len(sales.product_ids)} products, {truth.size} rows\n")
    print(f"{'model':<26}{'wMAPE':>8}{'log-likelihood a row':>24}")
    for name, one in scores.items():
        print(f"{name:<26}{one.wmape:>8.3f}{one.likelihood:>24.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
