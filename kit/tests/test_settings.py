"""Settings: environment and secret files in, readable mistakes out, no secret in any of it."""

from pathlib import Path

import pytest
from pydantic import Field

from thaman_kit.errors import SettingsError
from thaman_kit.settings import ServiceSettings

PEPPER = "p" * 32
URL = "postgresql://app:s3cr3t-pw@db:5432/thaman"


class DemoSettings(ServiceSettings):
    """A service's own settings."""

    salla_client_id: str = Field(description="Client id of the app at Salla.")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A complete and correct environment."""
    for name, value in {"DATABASE_URL": URL, "API_KEY_PEPPER": PEPPER, "SALLA_CLIENT_ID": "c1"}.items():
        monkeypatch.setenv(f"THAMAN_{name}", value)


def test_a_complete_environment_loads() -> None:
    settings = DemoSettings.load(nats_url="nats://a:4222, nats://b:4222")
    assert settings.database_url.get_secret_value() == URL
    assert settings.nats_servers == ["nats://a:4222", "nats://b:4222"]
    assert (settings.http_host, settings.log_format, settings.is_production) == ("127.0.0.1", "json", False)


def test_nothing_shows_secrets() -> None:
    settings = DemoSettings.load(nats_password="n4ts-pw")
    shown = f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert not [secret for secret in ("s3cr3t-pw", PEPPER, "n4ts-pw") if secret in shown]


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("THAMAN_DATABASE_URL", "mysql://u:hunter2@db/x", "postgresql://user:password@host:5432/database"),
        ("THAMAN_DATABASE_URL", "postgresql://u:hunter2@[db/x", "is not an address like"),
        ("THAMAN_NATS_URL", "http://hunter2:4222", "is not an address like nats://host:4222"),
        ("THAMAN_PUBLIC_URL", "hunter2.example.com", "is not an address like https://"),
        ("THAMAN_API_KEY_PEPPER", "hunter2", "shorter than 32"),
        ("THAMAN_HTTP_PORT", "hunter2", "valid integer"),
        ("THAMAN_HEALTH_PORT", "70000", "65535"),
        ("THAMAN_LOG_LEVEL", "hunter2", "'debug', 'info'"),
    ],
)
def test_a_wrong_value_is_explained_without_being_shown(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, reason: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        DemoSettings.load()
    assert variable in str(caught.value)
    assert reason in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_every_missing_variable_is_listed_with_its_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THAMAN_DATABASE_URL")
    monkeypatch.delenv("THAMAN_SALLA_CLIENT_ID")
    with pytest.raises(SettingsError) as caught:
        DemoSettings.load()
    message = str(caught.value)
    assert "2 setting(s)" in message
    assert "THAMAN_DATABASE_URL: is not set (PostgreSQL address" in message
    assert "THAMAN_SALLA_CLIENT_ID: is not set (Client id of the app at Salla.)" in message


def test_secrets_come_from_files_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("THAMAN_DATABASE_URL")
    monkeypatch.setenv("THAMAN_SECRETS_DIR", str(tmp_path))
    (tmp_path / "thaman_database_url").write_text(URL + "\n")
    assert DemoSettings.load().database_url.get_secret_value() == URL


def test_level_in_capitals_and_slash_at_the_end_are_fine() -> None:
    settings = DemoSettings.load(log_level="WARNING", public_url="https://t.example.com/")
    assert (settings.log_level, settings.public_url) == ("warning", "https://t.example.com")
