"""The installation's folder: private files, one supervisor, secrets that last."""

import json
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from thaman_cli.errors import AlreadyRunning, StartFailed
from thaman_cli.state import Home, Running
from thaman_contracts.subjects import ROOMS


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.prepare()
    return made


def test_secrets_are_made_once_and_private(home: Home) -> None:
    first = home.load_secrets()
    again = home.load_secrets()
    assert again == first
    assert stat.S_IMODE((home.folder / "state.json").stat().st_mode) == 0o600
    assert first.passwords().keys() == set(ROOMS)
    assert len(set(first.passwords().values())) == len(ROOMS)


def test_a_secret_that_an_earlier_release_did_not_have_is_made_once(home: Home) -> None:
    kept = home.load_secrets()
    old = json.loads(kept.model_dump_json())
    del old["audit_keys"]
    (home.folder / "state.json").write_text(json.dumps(old))
    first = home.load_secrets()
    assert home.load_secrets() == first
    assert first.vault_keys == kept.vault_keys and first.audit_keys != kept.audit_keys


def test_secrets_do_not_show_in_words(home: Home) -> None:
    secrets = home.load_secrets()
    words = f"{secrets!r} {secrets}"
    assert secrets.api_key_pepper.get_secret_value() not in words
    assert not any(password in words for password in secrets.passwords().values())


def test_second_holder_is_told(home: Home) -> None:
    with home.lock():
        folder = str(home.folder)
        code = f"from pathlib import Path; from thaman_cli.state import Home\nwith Home(Path({folder!r})).lock(): pass"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert "AlreadyRunning" in done.stderr
    with home.lock():
        assert home.is_locked()
    assert not home.is_locked()


def test_second_holder_in_the_same_process_is_told(home: Home) -> None:
    with home.lock(), pytest.raises(AlreadyRunning, match="already running"), home.lock():
        raise AssertionError("two held it")


def test_running_is_only_believed_while_the_lock_is_held(home: Home) -> None:
    home.save_running(Running(pid=1, started_at="now", database_url="d", nats_url="n", urls={}))
    assert home.running() is None
    with home.lock():
        known = home.running()
        assert known is not None
        assert known.pid == 1


def test_a_folder_that_cannot_be_made_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartFailed) as caught:
        Home(tmp_path / "file" / "home").prepare()
    assert "--home" in caught.value.next_step


def test_long_logs_are_put_aside(home: Home) -> None:
    log = home.logs / "x.log"
    log.write_bytes(b"a" * 10_000_001)
    assert home.fresh_log("x") == log
    assert not log.exists()
    assert (home.logs / "x.log.1").stat().st_size == 10_000_001


def test_wipe_forgets_data_and_secrets(home: Home) -> None:
    before = home.load_secrets()
    (home.data / "sandbox.sqlite").write_text("x")
    home.wipe_data()
    assert list(home.data.iterdir()) == []
    assert home.load_secrets() != before
