"""``thaman price``: one answer a line, in order, bad lines named, memory between calls."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from tests.support.pricing import POLICY, products

from thaman_cli.main import main


def lines(found: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(one) + "\n" for one in found)


def run(folder: Path, content: str | bytes, *more: str, policy: dict[str, Any] | None = None) -> tuple[int, list[Any]]:
    """The command's exit code and its answers."""
    given, asked, target = folder / "policy.json", folder / "in.jsonl", folder / "out.jsonl"
    given.write_text(json.dumps(policy or POLICY))
    asked.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(SystemExit) as caught:
        main(["price", "--policy", str(given), "--input", str(asked), "--output", str(target), *more])
    assert isinstance(caught.value.code, int)
    answers = [json.loads(line) for line in target.read_text().splitlines()] if target.exists() else []
    return caught.value.code, answers


def test_an_answer_for_each_line_in_order(tmp_path: Path) -> None:
    asked = products(60)
    code, answers = run(tmp_path, lines(asked))
    assert code == 0
    assert [one["product_id"] for one in answers] == [one["product_id"] for one in asked]
    assert {one["action"] for one in answers} == {"propose", "hold"}
    keys = ("product_id", "action", "price", "disposition", "risk", "reference", "expected_weekly_profit_change")
    assert list(answers[0]) == [*keys, "interval80", "probability_of_gain", "guards", "reasons"]


def test_bad_lines_are_named_and_the_rest_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = products(3)
    bad = ['{"product_id": "x", "price": -1}', "{", "", "[]", json.dumps(good[0]), '{"product_id": "n", "price": NaN}']
    content = lines(good[:2]) + "\n".join(bad) + "\n" + lines(good[2:])
    code, answers = run(tmp_path, content.encode() + b'{"product_id": "\xff"}')
    assert code == 3
    assert [one.get("line") for one in answers] == [None, None, 3, 4, 5, 6, 7, 8, None, 10]
    assert answers[2]["product_id"] == "x"
    assert "price" in answers[2]["error"]
    assert "earlier line" in answers[6]["error"]
    assert all(one["action"] == "error" for one in answers if "line" in one)
    assert "7 of 10 lines" in capsys.readouterr().err
    assert run(tmp_path, lines(good))[1][2] == answers[8], "bad lines teach nothing"


def test_pipes(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text(json.dumps(POLICY))
    asked = products(5)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(lines(asked).encode())))
    with pytest.raises(SystemExit) as caught:
        main(["price", "--policy", str(policy), "--input", "-", "--output", "-"])
    assert caught.value.code == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == run(tmp_path, lines(asked))[1]


def test_no_lines_no_answers(tmp_path: Path) -> None:
    assert run(tmp_path, "") == (0, [])


def test_memory_makes_pieces_of_a_history_the_same_as_the_whole(tmp_path: Path) -> None:
    whole = products(40, weeks=20)
    expected = run(tmp_path, lines(whole))[1]
    kept = ("--state", str(tmp_path / "memory"))
    for start in range(0, 20, 5):
        piece = [one | {"history": one["history"][start : start + 5]} for one in whole]
        code, answers = run(tmp_path, lines(piece), *kept)
        assert code == 0
    assert answers == expected
    assert run(tmp_path, lines([one | {"history": []} for one in whole]), *kept)[1] == expected
    assert run(tmp_path, lines([one | {"history": []} for one in whole]))[1] != expected


def test_a_damaged_memory_is_refused_and_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    memory = tmp_path / "memory"
    memory.mkdir()
    (memory / "weeks.json").write_text('{"format": "another"}')
    assert run(tmp_path, lines(products(2)), "--state", str(memory)) == (2, [])
    assert "next:" in capsys.readouterr().err
    assert (memory / "weeks.json").read_text() == '{"format": "another"}'


@pytest.mark.parametrize("change", [{"now": None}, {"now": "tomorrow"}, {"min_margin_bp": None}, {"mode": "wild"}])
def test_a_policy_that_cannot_be_meant_is_refused(tmp_path: Path, change: dict[str, Any]) -> None:
    assert run(tmp_path, lines(products(2)), policy=POLICY | change) == (2, [])


def test_a_missing_file_is_an_error_with_a_next_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["price", "--policy", str(tmp_path / "no"), "--input", "-", "--output", "-"])
    assert caught.value.code == 2
    assert "next:" in capsys.readouterr().err
