"""How a service is configured: environment variables that start with ``THAMAN_``.

Each service subclasses :class:`ServiceSettings` in its own ``settings.py`` and loads it with ``Settings.load()``, which
turns every mistake into one readable message. Secrets may also come as files: with ``THAMAN_SECRETS_DIR=/run/secrets``
the file ``/run/secrets/thaman_database_url`` gives ``THAMAN_DATABASE_URL``.
"""

import os
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from thaman_kit.errors import SettingsError

PREFIX = "THAMAN_"
SECRETS_DIR = "THAMAN_SECRETS_DIR"
MIN_PEPPER = 32

_EXAMPLES = {
    "postgresql": "postgresql://user:password@host:5432/database",
    "nats": "nats://host:4222",
    "http": "https://thaman.example.com",
}


class ServiceSettings(BaseSettings):
    """What every service needs to know; the description of each field is its help text."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="ignore", frozen=True, hide_input_in_errors=True, validate_default=True
    )

    database_url: SecretStr = Field(
        description="PostgreSQL address of this service's own role, e.g. postgresql://onboarding_app:...@db:5432/thaman"
    )
    database_pool_size: int = Field(default=5, ge=1, le=200, description="Connections this process may hold open.")
    nats_url: str = Field(
        default="nats://127.0.0.1:4222",
        description="NATS addresses, comma separated, e.g. nats://n1:4222,nats://n2:4222",
    )
    nats_user: str | None = Field(default=None, description="User name at NATS, where it asks for one.")
    nats_password: SecretStr | None = Field(default=None, description="Password at NATS, where it asks for one.")
    nats_replicas: Literal[1, 3, 5] = Field(default=1, description="Copies of each stream; 3 in a cluster of three.")
    nats_provision: bool = Field(
        default=True,
        description="Whether the service may create missing streams and consumers; false where a job does it.",
    )
    consumer_retry_delays: tuple[float, ...] = Field(
        default=(0.2, 1.0, 5.0, 15.0),
        description="Seconds between the deliveries of a failing message, as a JSON list, e.g. [0.2,1,5,15]."
        " After the last one it is parked as a dead letter.",
    )
    consumer_ack_wait: float = Field(
        default=30.0, ge=1, le=600, description="Seconds until another replica takes over what a dead one had in hand."
    )
    http_host: str = Field(default="127.0.0.1", min_length=1, description="Address the API listens on.")
    http_port: int = Field(default=8080, ge=0, le=65535, description="Port of the API; 0 picks a free one.")
    health_host: str = Field(default="127.0.0.1", min_length=1, description="Address of the health port.")
    health_port: int = Field(default=9080, ge=0, le=65535, description="Port of /livez, /readyz and /metrics.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least severe log lines that are written."
    )
    log_format: Literal["json", "text"] = Field(
        default="json", description="json for machines, text for people at a terminal."
    )
    environment: Literal["development", "test", "production"] = Field(
        default="development", description="Production refuses what is only good for trying things out."
    )
    public_url: str = Field(
        default="http://127.0.0.1:8080",
        description="Where browsers and Salla reach this service, without a slash at the end.",
    )
    api_key_pepper: SecretStr = Field(
        description=f"Secret that API keys are hashed with, at least {MIN_PEPPER} characters, equal for all services."
        " Make one with: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
    )

    @classmethod
    def load(cls, **overrides: Any) -> Self:
        """Read the environment (and the secrets folder, where one is named).

        Raises:
            SettingsError: with one line per wrong or missing variable: what, why, and what it is for.
        """
        folder = os.environ.get(SECRETS_DIR)
        try:
            return cls(_secrets_dir=folder, **overrides) if folder else cls(**overrides)
        except ValidationError as error:
            raise SettingsError(_explain(cls, error)) from None

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr) -> SecretStr:
        _check_url(value.get_secret_value(), ("postgresql", "postgres"), _EXAMPLES["postgresql"])
        return value

    @field_validator("nats_url")
    @classmethod
    def _is_nats(cls, value: str) -> str:
        for address in value.split(","):
            _check_url(address.strip(), ("nats", "tls"), _EXAMPLES["nats"])
        return ",".join(address.strip() for address in value.split(","))

    @field_validator("public_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        _check_url(value, ("http", "https"), _EXAMPLES["http"])
        return value.rstrip("/")

    @field_validator("api_key_pepper")
    @classmethod
    def _is_long(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < MIN_PEPPER:
            raise ValueError(f"is shorter than {MIN_PEPPER} characters")
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _lower(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @classmethod
    def service(cls) -> str:
        """The service these settings are of, by the package they are defined in: ``onboarding``."""
        return cls.__module__.partition(".")[0].removeprefix("thaman_")

    @property
    def nats_servers(self) -> list[str]:
        """The NATS addresses one by one."""
        return self.nats_url.split(",")

    @property
    def is_production(self) -> bool:
        """Whether this is a real installation."""
        return self.environment == "production"


def _check_url(value: str, schemes: tuple[str, ...], example: str) -> None:
    # urlsplit's own errors may quote parts of a password, so they are not passed on.
    try:
        parts = urlsplit(value)
        good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise ValueError(f"is not an address like {example}")


def _explain(cls: type[BaseSettings], error: ValidationError) -> str:
    lines = [f"{len(error.errors())} setting(s) of {cls.__module__} are wrong:"]
    for item in error.errors(include_input=False, include_url=False, include_context=False):
        name = str(item["loc"][0]) if item["loc"] else "?"
        reason = "is not set" if item["type"] == "missing" else item["msg"].removeprefix("Value error, ")
        field = cls.model_fields.get(name)
        help_text = f" ({field.description})" if field is not None and field.description else ""
        lines.append(f"  {_variable(cls, name)}: {reason}{help_text}")
    return "\n".join(lines)


def _variable(cls: type[BaseSettings], name: str) -> str:
    field = cls.model_fields.get(name)
    if field is not None and isinstance(field.validation_alias, str):
        return field.validation_alias
    return f"{cls.model_config.get('env_prefix', '')}{name}".upper()
