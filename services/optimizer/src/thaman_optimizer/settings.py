"""The optimizer's settings; what merchants and operators set are events, not these."""

from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from thaman_kit.settings import ServiceSettings


class OptimizerSettings(ServiceSettings):
    """Environment of the optimizer."""

    optimizer_runs_at_once: int = Field(4, ge=1, le=64, description="Stores whose runs one worker does at a time.")
    optimizer_lease_seconds: float = Field(
        60.0, ge=1, le=900, description="How long a worker that died keeps a run from the others."
    )
    optimizer_expiry_seconds: float = Field(
        60.0, gt=0, le=3_600, description="How often unanswered proposals are looked through."
    )
    optimizer_refetch_minutes: int = Field(
        60, ge=0, le=1_440, description="A competitor's page is not read again sooner than this."
    )
    optimizer_allow_loopback: bool = Field(
        False, description="Competitor pages may be on this machine; only for the local sandbox, never in production."
    )
    optimizer_page_timeout_seconds: float = Field(10.0, gt=0, le=60, description="Most time for one page.")
    optimizer_scout_seconds: float = Field(120.0, gt=0, le=900, description="Most time a run spends on reading pages.")
    optimizer_host_pause_seconds: float = Field(
        0.25, ge=0, le=10, description="Pause between two requests to one competitor's site."
    )
    optimizer_pages_at_once: int = Field(16, ge=1, le=256, description="Pages one run reads at the same time.")
    optimizer_look_hours: float = Field(
        24.0, gt=0, le=720, description="Every source of competitors' listings is looked into this often."
    )
    optimizer_look_check_seconds: float = Field(
        300.0, gt=0, le=3_600, description="How often it is asked which sources are due."
    )
    optimizer_looks_at_once: int = Field(2, ge=1, le=32, description="Stores whose sources one worker looks into.")
    optimizer_look_searches: int = Field(
        50, ge=1, le=10_000, description="Most products that one look into a search engine searches for."
    )
    optimizer_crew_url: str | None = Field(
        None,
        description="Base address of an OpenAI-compatible endpoint, e.g. https://llm.example/v1. With it, runs of"
        " stores that want advice go to the workers with a crew (`thaman_optimizer crew`); without it nobody is asked.",
    )
    optimizer_crew_key: SecretStr | None = Field(None, description="Key at that endpoint, where it asks for one.")
    optimizer_crew_model: str = Field("", max_length=200, description="The model's name at that endpoint.")
    optimizer_crew_input_price: int | None = Field(
        None, ge=0, description="Millionths of a US dollar for a million tokens sent; 0 for a model of your own."
    )
    optimizer_crew_output_price: int | None = Field(
        None, ge=0, description="Millionths of a US dollar for a million tokens received; 0 for a model of your own."
    )
    optimizer_crew_deadline_seconds: float = Field(60.0, gt=0, le=600, description="Most time a crew has for a run.")
    optimizer_crew_call_seconds: float = Field(30.0, gt=0, le=300, description="Most time for one call of the model.")
    optimizer_crew_answer_tokens: int = Field(2_000, ge=100, le=32_000, description="Most tokens of one answer.")
    optimizer_crew_run_tokens: int = Field(200_000, ge=1_000, description="Most tokens that one run may use.")
    optimizer_crew_run_micro_usd: int = Field(
        500_000, ge=0, description="Most that one run may cost, in millionths of a US dollar."
    )
    optimizer_crew_day_tokens: int = Field(1_000_000, ge=0, description="Most tokens of a store's runs in a day (UTC).")
    optimizer_crew_day_micro_usd: int = Field(
        2_000_000, ge=0, description="Most that a store's runs in a day (UTC) may cost, in millionths of a US dollar."
    )
    optimizer_crew_failures: int = Field(
        3, ge=1, le=100, description="After so many failures in a row the endpoint is left alone for a while."
    )
    optimizer_crew_rest_seconds: float = Field(600.0, gt=0, le=86_400, description="How long it is left alone.")
    optimizer_crew_patience_seconds: float = Field(
        300.0, gt=0, le=3_600, description="A run that no worker with a crew ended within this goes on without advice."
    )

    optimizer_search_provider: Literal["tavily", "serper"] | None = Field(
        None,
        description="The search engine that rivals' listings are looked for with; without it sources of the kind"
        " `search` cannot be looked into.",
    )
    optimizer_search_key: SecretStr | None = Field(None, description="Key at the search engine.")
    optimizer_search_url: str | None = Field(
        None, description="Base address of the search engine's API, where it is not the provider's own."
    )
    optimizer_look_seconds: float = Field(
        900.0,
        gt=0,
        le=3_600,
        description="Most time for a look into one source of listings; what is found by then counts.",
    )
    optimizer_look_pages: int = Field(500, ge=1, le=5_000, description="Most rivals' pages that one look asks for.")

    @field_validator("optimizer_search_provider", "optimizer_search_key", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("optimizer_crew_url", "optimizer_search_url")
    @classmethod
    def _is_address(cls, value: str | None) -> str | None:
        if not value:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
            raise ValueError("is not an address like https://api.example/v1")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _crew_is_whole(self) -> Self:
        unset = [
            f"THAMAN_{name.upper()}"
            for name in ("optimizer_crew_model", "optimizer_crew_input_price", "optimizer_crew_output_price")
            if getattr(self, name) in (None, "")
        ]
        if self.optimizer_crew_url is not None and unset:
            raise ValueError(f"with THAMAN_OPTIMIZER_CREW_URL set, these are needed too: {', '.join(unset)}")
        return self

    @model_validator(mode="after")
    def _search_is_whole(self) -> Self:
        if self.optimizer_search_provider is not None and self.optimizer_search_key is None:
            raise ValueError("with THAMAN_OPTIMIZER_SEARCH_PROVIDER set, THAMAN_OPTIMIZER_SEARCH_KEY is needed too")
        return self
