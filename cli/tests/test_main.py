"""The command's manners: exit codes, errors with what, why and next step, JSON on stdout only."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from thaman_cli import plan
from thaman_cli.commands.settings import parse_change
from thaman_cli.errors import EXIT_CODES, AlreadyRunning, BadUsage, CliError
from thaman_cli.main import main
from thaman_cli.output import Output, table
from thaman_cli.world.quiet import NotQuiet

Captured = pytest.CaptureFixture[str]


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    assert isinstance(caught.value.code, int)
    return caught.value.code


def all_errors(root: type[CliError] = CliError) -> list[type[CliError]]:
    return [root, *(error for child in root.__subclasses__() for error in all_errors(child))]


def test_every_error_has_an_exit_code_of_its_own() -> None:
    assert NotQuiet in all_errors(), "errors of the rooms count, too"
    codes = [error.exit_code for error in all_errors()]
    assert len(set(codes)) == len(codes)
    assert set(codes) | {0, 130} == set(EXIT_CODES)


def test_help_lists_commands_and_exit_codes(capsys: Captured) -> None:
    assert run("--help") == 0
    words = re.sub(r"\s+", " ", capsys.readouterr().out)
    for command in (
        "up",
        "demo",
        "down",
        "status",
        "doctor",
        "sandbox",
        "check-world",
        "audit",
        "dead-letters",
        "export",
        "keys",
        "migrate",
        "undo",
    ):
        assert command in words
    assert "already running in this folder" in words


@pytest.mark.parametrize(
    "command",
    [
        ("down",),
        ("sign-in", "77"),
        ("sign-in", "--operator"),
        ("settings", "get"),
        ("check-world",),
        ("dead-letters", "list"),
        ("export", "list"),
        ("export", "run", "6a3ce9b0-3c5c-5b5e-8a57-0d3c8f5a1e11"),
        ("keys", "rotate-vault"),
        ("keys", "rotate-audit"),
        ("audit", "verify"),
        ("audit", "export", "--store", "77", "--file", "ledger.jsonl"),
        ("keys", "create", "--label", "x"),
        ("migrate",),
    ],
)
def test_commands_that_need_a_running_system_say_so(
    command: tuple[str, ...], tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("THAMAN_DATABASE_URL", raising=False)
    monkeypatch.delenv("THAMAN_NATS_URL", raising=False)
    assert run(*command, "--home", str(tmp_path), "--json") == 4
    said = capsys.readouterr()
    error = json.loads(said.out.splitlines()[-1])
    assert error["exit_code"] == 4
    assert error["why"]
    assert "thaman up" in error["next_step"]


def test_status_of_nothing(tmp_path: Path, capsys: Captured) -> None:
    assert run("status", "--home", str(tmp_path), "--json") == 4
    assert json.loads(capsys.readouterr().out) == {"running": False, "processes": [], "urls": {}}


def test_bad_options_are_usage_errors(capsys: Captured) -> None:
    assert run("up", "--no-such-option", "--json") == 2
    assert json.loads(capsys.readouterr().out)["exit_code"] == 2


def test_a_crew_without_a_model_is_refused(tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "can_crew", lambda: True)
    monkeypatch.delenv("THAMAN_OPTIMIZER_CREW_URL", raising=False)
    assert run("up", "--home", str(tmp_path), "--no-sandbox", "--crew", "--json") == 2
    assert "THAMAN_OPTIMIZER_CREW_URL" in json.loads(capsys.readouterr().out)["next_step"]


def test_a_crew_that_is_not_installed_is_refused(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "can_crew", lambda: False)
    monkeypatch.setenv("THAMAN_OPTIMIZER_CREW_URL", "http://127.0.0.1:1/v1")  # which alone asks for a crew
    assert run("up", "--home", str(tmp_path), "--json") == 2
    assert "extra `crew`" in json.loads(capsys.readouterr().out)["why"]


def test_doctor_looks_at_everything(tmp_path: Path, capsys: Captured) -> None:
    code = run("doctor", "--home", str(tmp_path / "new"), "--json")
    answer = json.loads(capsys.readouterr().out)
    names = [finding["name"] for finding in answer["findings"]]
    assert names[:4] == ["python", "packages", "folder", "disk"]
    assert answer["ok"] is (code == 0)
    assert all(finding["next_step"] for finding in answer["findings"] if finding["state"] == "bad")


def test_doctor_names_a_database_that_does_not_answer(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THAMAN_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    assert run("doctor", "--home", str(tmp_path), "--json") == 8
    findings = {finding["name"]: finding for finding in json.loads(capsys.readouterr().out)["findings"]}
    assert findings["database"]["state"] == "bad"


def test_fresh_does_not_touch_foreign_servers(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THAMAN_NATS_URL", "nats://127.0.0.1:1")
    assert run("demo", "--fresh", "--home", str(tmp_path)) == BadUsage.exit_code
    assert "--fresh" in capsys.readouterr().err


def test_an_error_shows_what_why_and_next_step(capsys: Captured) -> None:
    Output().error(AlreadyRunning("It runs", "the lock is held", "stop it"))
    words = capsys.readouterr().err
    assert [word in words for word in ("It runs", "the lock is held", "stop it")] == [True] * 3


def test_no_colour_without_a_terminal(capsys: Captured) -> None:
    out = Output()
    with out.step("one [thing]"):
        pass
    out.console.print(table("t", ("a", "b"), [("x", 1)]))
    words = capsys.readouterr().out
    assert "\x1b" not in words
    assert "one [thing]" in words


def test_json_keeps_words_off_stdout(capsys: Captured) -> None:
    out = Output(as_json=True)
    with out.step("work"):
        pass
    out.result({"a": "ثمن"}, "words")
    said = capsys.readouterr()
    assert said.out == '{"a": "ثمن"}\n'
    assert "work" in said.err


@pytest.mark.parametrize(
    ("text", "pair"),
    [("stopped=true", ("stopped", True)), ("sweep_hours=6", ("sweep_hours", 6)), ("a=b=c", ("a", "b=c"))],
)
def test_settings_are_parsed(text: str, pair: tuple[str, object]) -> None:
    assert parse_change(text) == pair


def test_settings_without_value_are_refused() -> None:
    with pytest.raises(BadUsage, match="NAME=VALUE"):
        parse_change("stopped")


@pytest.mark.parametrize("given", [(), ("--run", "a", "--policy", "1"), ("--as-of", "yesterday")])
def test_an_undo_names_one_thing(capsys: Captured, tmp_path: Path, given: tuple[str, ...]) -> None:
    assert run("undo", "1", *given, "--home", str(tmp_path)) == BadUsage.exit_code
    assert "next:" in capsys.readouterr().err


def test_the_command_line_itself_loads_no_service() -> None:
    """Each call would pay for it: what a command needs is imported when it runs."""
    heavy = {"thaman_cli.world", "thaman_audit", "thaman_onboarding", "thaman_scheduler", "nats", "uvicorn", "crewai"}
    script = "import sys, thaman_cli.main; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert heavy.isdisjoint(loaded)
