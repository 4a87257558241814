"""The AsyncAPI document satisfies the official parser and holds every published event."""

import json
from pathlib import Path

import pytest

from thaman_contracts.events import REGISTRY
from thaman_kit.testing_node import run_node

ROOT = Path(__file__).parents[2]


@pytest.mark.npm
def test_official_parser_accepts_the_document() -> None:
    output = run_node(ROOT / "tests/npm", "parse_asyncapi.mjs", str(ROOT / "contracts/asyncapi.json"))
    result = json.loads(output)
    assert result["valid"] and result["complaints"] == []
    assert set(result["messages"]) == {name.removeprefix("thaman.") for name in REGISTRY}
