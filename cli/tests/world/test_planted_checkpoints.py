"""Checkpoints that do not fit: spoiled in one place, and that place is named."""

from typing import Any

import pytest

from thaman_audit.bootstrap import build
from thaman_audit.testing import KEY, settings_for


@pytest.fixture
def sealed(installation: Any) -> Any:
    """The installation with two checkpoints, which the ledger has heard of."""
    container = build(settings_for(installation.url_of("audit"), audit_keys=KEY))
    assert container.sealer is not None
    for _ in range(2):
        container.sealer.seal(container.checkpoints.latest())
        installation.spread()
    container.close()
    assert installation.check().ok
    return installation


SPOILED = {
    "UPDATE audit_events SET state = replace(convert_from(state, 'UTF8'), '\"stores\":1', '\"stores\":9')::bytea"
    " WHERE originator_version = 1": "Checkpoint 1: signature",
    "UPDATE audit_events SET state = replace(convert_from(state, 'UTF8'), '\"root\":\"', '\"root\":\"no ')::bytea"
    " WHERE originator_version = 2": "checkpoint 2 cannot be read",
    "UPDATE checkpoint_heads SET hash = sha256('x') WHERE number = 1": "Checkpoint 1: checkpoint",
    "UPDATE checkpoint_histories SET root = sha256('x') WHERE number = 1": "Checkpoint 1: checkpoint (the histories",
    "DELETE FROM audit_events WHERE originator_version = 1": "Checkpoint 1: checkpoint",
}


@pytest.mark.parametrize("statement", SPOILED)
def test_a_spoiled_checkpoint(sealed: Any, statement: str) -> None:
    sealed.spoil(statement)
    found = [v for v in sealed.check().violations if v.rule == "checkpoint_broken"]
    assert len(found) == 1 and SPOILED[statement] in found[0].what


def test_a_sealed_chain_made_anew(sealed: Any) -> None:
    sealed.spoil("UPDATE ledger SET hash = sha256('x') WHERE store_id = '77' AND seq = 9")
    found = [v.what for v in sealed.check().violations if v.rule == "sealed_entry_changed"]
    assert found == ["store 77, entry 9 is not what checkpoint 1 sealed"]


def test_what_was_not_sealed_yet_is_no_matter_of_checkpoints(installation: Any) -> None:
    assert installation.check().ok
    installation.spoil("DELETE FROM ledger WHERE store_id = '77' AND seq = 9")
    assert "chain_broken" in installation.rules() and "sealed_entry_changed" not in installation.rules()
