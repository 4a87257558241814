"""``thaman why``: what it prints, for people and for machines, and what it says of questions without an answer."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from thaman_audit.bootstrap import build
from thaman_audit.testing import Streams, settings_for
from thaman_audit.testing_why import Pricing
from thaman_cli.main import main
from thaman_kit.migrate import migrate

# Long ago, because the command knows what time it is.
ONE = Pricing("77", 10_000, 9_900, hours=-24 * 365)
SMALL = Pricing("77", 500, 600, "5", "51", cause="r5", hours=-24 * 365)

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def database(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    migrate(database_url, ["audit"])
    monkeypatch.setenv("THAMAN_DATABASE_URL", database_url)
    container = build(settings_for(database_url))
    Streams(container).deliver(*ONE.whole(), *SMALL.whole())
    container.close()
    yield database_url


def ask(capsys: Captured, *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(["why", *arguments])
    assert isinstance(caught.value.code, int)
    out, err = capsys.readouterr()
    return caught.value.code, out, err


def ask_json(capsys: Captured, *arguments: str) -> tuple[int, dict[str, Any]]:
    code, out, _ = ask(capsys, *arguments, "--json")
    assert len(out.splitlines()) == 1
    return code, json.loads(out)


@pytest.mark.usefixtures("database")
def test_people_read_both_languages_and_machines_one_object(capsys: Captured) -> None:
    code, out, err = ask(capsys, "77", "1")
    assert (code, err) == (0, "")
    assert "Decided by the policy" in out
    assert "قرّرته السياسة" in out
    assert "\u206899.00\u2069 SAR on the shelf" in out
    code, told = ask_json(capsys, "77", "1")
    assert code == 0
    assert (told["price"]["base_price"], told["price"]["how"]) == (9_900, "decision")
    assert told["at"].endswith("Z")
    code, told = ask_json(capsys, "77", "5", "--variant", "51")
    assert (code, told["item"], told["price"]["base_price"]) == (0, "5/51", 600)


@pytest.mark.usefixtures("database")
def test_an_instant_without_an_offset_is_riyadhs(capsys: Captured) -> None:
    expected = ONE.run.began.isoformat().replace("+00:00", "Z")
    for text in ("2025-11-24T12:30", "2025-11-24T09:30:00Z", "2025-11-24T10:30:00+01:00"):
        code, told = ask_json(capsys, "77", "1", "--at", text)
        assert (code, told["at"], told["price"]["how"]) == (0, expected, "first_seen")
    code, told = ask_json(capsys, "77", "1", "--at", "2025-01-01")
    assert (code, told["status"], told["at"]) == (0, "before_first_seen", "2024-12-31T21:00:00Z")


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("77", "1", "--at", "2999-01-01"), "has not come yet"),
        (("77", "1", "--at", "yesterday"), "is not an instant"),
        (("77", "5"), "no price of its own"),
        (("77", "404"), "no price of item"),
        (("78", "1"), "no price of item"),
    ],
)
def test_questions_without_an_answer(capsys: Captured, arguments: tuple[str, ...], words: str) -> None:
    code, told = ask_json(capsys, *arguments)
    assert code == told["exit_code"] == 2
    assert words in told["error"]
    assert told["next_step"]


def test_a_spoiled_ledger_is_said(database: str, capsys: Captured) -> None:
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute("UPDATE audit.ledger SET data = '\\xff' WHERE type LIKE '%.PriceProposed.%'")
    code, told = ask_json(capsys, "77", "1")
    assert code == told["exit_code"] == 11
    assert "contradicts itself" in told["error"]
